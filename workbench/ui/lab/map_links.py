"""From one question to what two arms retrieved for it: lines on the map and the same in words.

It finds places in a stored map and a stored ranking; nothing is scored and nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.numbers import count
from workbench.retrieval.recipes import arm_name
from workbench.ui.lab.map_charts import CLEAR, WHITE
from workbench.ui.lab.query_charts import RIGHT_COLOUR

if TYPE_CHECKING:
    from workbench.comparison.corpus_map.tables import StoredMap
    from workbench.ui.lab.queries import Rankings

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ArmLinks:
    """Lines from a question to the top k of one arm.

    Attributes:
        ends: where the documents lie, best first.
        retrieved: documents in the top k. right: those of them that are right. absent: those that are not on the map.
    """

    arm: str
    ends: tuple[Point, ...]
    retrieved: int
    right: int
    absent: int


@dataclass(frozen=True, slots=True)
class Links:
    """Everything drawn for one question.

    Attributes:
        at: where it lies; None where it is not on the map.
        before, after: lines to what the two arms retrieved.
        rings: place of a right document -> its doc_id; the passage an arm retrieved, else the one nearest to the question.
        right: documents labelled right. unseen: those of them that are not on the map.
    """

    query_id: str
    at: Point | None
    region: int | None
    before: ArmLinks
    after: ArmLinks
    rings: Mapping[Point, str]
    right: int
    unseen: int


class Places:
    """Where passages, documents and questions lie on a map; indexed once, so that one question is answered at once."""

    def __init__(self, stored: StoredMap) -> None:
        passages, queries = stored.passages, stored.queries
        spots = list(zip(passages["x"].astype(float), passages["y"].astype(float), strict=True))
        self._passages: dict[str, Point] = dict(zip(map(str, passages["passage_id"]), spots, strict=True))
        self._documents: dict[str, list[Point]] = {}
        for doc_id, spot in zip(passages["doc_id"], spots, strict=True):
            self._documents.setdefault(str(doc_id), []).append(spot)
        self._stand_ins = dict(
            zip(map(str, stored.stand_ins["retrieved"]), map(str, stored.stand_ins["passage_id"]), strict=True)
        )
        columns = (queries["x"].astype(float), queries["y"].astype(float), queries["region"])
        self._queries = {
            str(q): ((x, y), int(region)) for q, x, y, region in zip(queries["query_id"], *columns, strict=True)
        }

    def links(self, rankings: Rankings, query_id: str, before: str, after: str, k: int) -> Links:
        """The lines of one question to the top k of two arms; empty ones where it is not on the map."""
        at, region = self._queries.get(query_id, (None, None))
        right = [doc_id for doc_id, grade in rankings.grades(query_id).items() if grade > 0]
        rings: dict[Point, str] = {}
        arms = {arm: self._arm(rankings, query_id, arm, k, at, rings) for arm in dict.fromkeys([before, after])}
        retrieved = set(rings.values())
        rings |= {
            spot: doc_id
            for doc_id in right
            if doc_id not in retrieved and (spot := self._document(doc_id, at)) is not None
        }
        unseen = len(right) - len(set(rings.values()))
        return Links(query_id, at, region, arms[before], arms[after], rings, len(right), unseen)

    def _arm(
        self, rankings: Rankings, query_id: str, arm: str, k: int, at: Point | None, rings: dict[Point, str]
    ) -> ArmLinks:
        rows = rankings.of(query_id)
        top = rows[(rows["run"] == arm) & (rows["rank"] <= k)].sort_values("rank")
        grades = rankings.grades(query_id)
        ends: list[Point] = []
        absent = hits = 0
        for doc_id, passage_id in zip(top["doc_id"], top["passage_id"], strict=True):
            good = grades.get(doc_id, 0) > 0
            hits += good
            spot = self._passage(str(passage_id)) or self._document(str(doc_id), at)
            if spot is None or at is None:
                absent += 1
                continue
            if good:
                rings[spot] = doc_id
            ends.append(spot)
        return ArmLinks(arm, tuple(ends), len(top), hits, absent)

    def _passage(self, retrieved: str) -> Point | None:
        """Where a passage lies, or the one that stands for it where it is of another cut."""
        return self._passages.get(retrieved) or self._passages.get(self._stand_ins.get(retrieved, ""))

    def _document(self, doc_id: str, at: Point | None) -> Point | None:
        """The passage of a document nearest to the question: where only the document is known, it is the fair guess."""
        spots = self._documents.get(doc_id, [])
        if not spots:
            return None
        return min(spots, key=lambda spot: (spot[0] - at[0]) ** 2 + (spot[1] - at[1]) ** 2) if at else spots[0]


def link_shapes(links: Links, colours: tuple[str, str]) -> list[dict[str, Any]]:
    """Lines, rings and the chosen question as shapes: they lie above the points, and drawing them leaves 20,000 points alone.

    The two arms differ in colour, in dashes, and in the mark at the end of a line.

    Args:
        links: of one question.
        colours: of the lines to the first and to the second arm.
    """
    if links.at is None:
        return []
    arms = list(zip(dict.fromkeys([links.before, links.after]), colours, ("solid", "dash"), strict=False))
    lines = [_line(links.at, end, colour, dash) for arm, colour, dash in arms for end in arm.ends]
    rings = [_mark(spot, 11, RIGHT_COLOUR, 3) for spot in links.rings]
    ends = [
        _mark(end, 5, WHITE, 1, fill=colour, kind="circle" if dash == "solid" else "rect")
        for arm, colour, dash in arms
        for end in arm.ends
    ]
    return [*lines, *rings, *ends, _mark(links.at, 9, RIGHT_COLOUR, 4, fill=WHITE)]


def links_words(links: Links, text: str, region: str, k: int) -> list[str]:
    """The same in sentences, for people who do not see the lines.

    The lines themselves are named by the caller, who knows their colours.
    """
    if links.at is None:
        return [f"“{text}” is not on the map."]
    told = [f"“{text}” lies in {region}." if region else f"“{text}” lies in no region."]
    for arm in dict.fromkeys([links.before, links.after]):
        told.append(_arm_words(arm, links.right, k))
    if links.unseen:
        told.append(f"{count(links.unseen)} of {count(links.right)} right documents are not on the map.")
    return told


def _arm_words(arm: ArmLinks, right: int, k: int) -> str:
    name = arm_name(arm.arm)
    if not arm.retrieved:
        return f"{name}: no ranking for this question."
    found = f"{count(arm.right)} of {count(right)} right documents" if right else "nobody labelled what is right"
    absent = f", {count(arm.absent)} of {count(arm.retrieved)} not on the map" if arm.absent else ""
    return f"{name}, top {k}: {found}{absent}."


def _line(start: Point, end: Point, colour: str, dash: str) -> dict[str, Any]:
    line = {"color": colour, "width": 2.5, "dash": dash}
    return {"type": "line", "x0": start[0], "y0": start[1], "x1": end[0], "y1": end[1], "line": line}


def _mark(
    at: Point, radius: int, colour: str, width: int, *, fill: str = CLEAR, kind: str = "circle"
) -> dict[str, Any]:
    """A mark of so many pixels around a place of the map, however far one has zoomed in."""
    return {
        "type": kind, "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": at[0], "yanchor": at[1],
        "x0": -radius, "x1": radius, "y0": -radius, "y1": radius, "fillcolor": fill,
        "line": {"color": colour, "width": width},
    }  # fmt: skip
