"""Tables of results as CSV text, for spreadsheets and for whoever wants to compute on.

The text follows RFC 4180. Client text may not become a formula in a spreadsheet: see `text_cell`. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.report.outcomes import outcomes
from workbench.report.words import failure_name, measure_labels
from workbench.retrieval.recipes import arm_name

if TYPE_CHECKING:
    import pandas as pd

    from workbench.comparison.tables import StoredComparison

Cell = str | int | float | None
NOT_LABELLED = "not labelled"
NOT_REACHED = "not reached"
DECIMALS = 6
FORMULA = "=+-@＝＋－＠"
"""What a spreadsheet may take for the beginning of a formula, in both widths."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LEADING = re.compile(rf"^(?=\s*[{re.escape(FORMULA)}])")
_AFTER_SEMICOLON = re.compile(rf"(;[\s\"']*)(?=[{re.escape(FORMULA)}])")


def text_cell(text: str) -> str:
    """Client text that a spreadsheet shows as text.

    Control characters, tabs and line breaks among them, become spaces. An apostrophe goes before a text that begins with
    `=`, `+`, `-`, `@` or their full-width forms, white space before it or not. The same after a semicolon: a spreadsheet
    set to semicolons would begin a cell there.

    >>> text_cell("=HYPERLINK(1)"), text_cell("a - b"), text_cell("x;=1+1")
    ("'=HYPERLINK(1)", 'a - b', "x;'=1+1")
    """
    readable = text.encode("utf-8", "replace").decode("utf-8")
    flat = _CONTROL.sub(" ", readable)
    return _AFTER_SEMICOLON.sub(r"\1'", _LEADING.sub("'", flat))


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    r"""A table as CSV: text through `text_cell`, numbers with at most six decimals, nothing for None and nan.

    >>> csv_text(["question", "change"], [["-2 degrees?", -0.25], ["why", None]])
    "question,change\r\n'-2 degrees?,-0.25\r\nwhy,\r\n"
    """
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([text_cell(heading) for heading in headings])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return lines.getvalue()


def questions_csv(stored: StoredComparison, query_ids: Sequence[str], baseline: str, candidate: str, k: int) -> str:
    """What became of questions between two arms, one row a question.

    Columns: query_id, question, outcome, and for each of the two arms its name, the rank of the first right document, every
    measure, the failures with their sentences, and the document ranked first. Ranks, measures and failures are empty for
    questions nobody judged. Write it as `utf-8-sig` for Excel.

    Args:
        stored: the comparison.
        query_ids: the questions, in the order of the rows; ids that are not in the comparison are left out.
        baseline: the arm compared.
        candidate: the arm it is compared with.
        k: the cut at which a question counts as missed.
    """
    wanted = set(query_ids)
    texts = dict(zip(stored.queries["query_id"], stored.queries["text"], strict=True))
    became = outcomes(stored.per_query, baseline, candidate, k).to_dict()
    measures = measure_labels(stored.comparison)
    titles = dict(zip(stored.documents["doc_id"], stored.documents["title"], strict=True))
    sides = [_Side(stored, arm, wanted, measures, titles) for arm in (baseline, candidate)]
    headings = ["query_id", "question", "outcome"]
    for side in ("baseline", "candidate"):
        headings += [
            f"{name} {side}"
            for name in ("arm", "right rank", *measures, "failures", "why", "best doc_id", "best title")
        ]
    rows = (
        [query_id, texts[query_id], became.get(query_id, NOT_LABELLED), *sides[0].cells(query_id), *sides[1].cells(query_id)]
        for query_id in query_ids
        if query_id in texts
    )  # fmt: skip
    return csv_text(headings, rows)


class _Side:
    """One arm's part of the rows."""

    def __init__(
        self,
        stored: StoredComparison,
        arm: str,
        wanted: set[str],
        measures: Sequence[str],
        titles: Mapping[str, str],
    ) -> None:
        def own(frame: pd.DataFrame) -> pd.DataFrame:
            return frame[(frame["run"] == arm) & frame["query_id"].isin(wanted)]

        self._name, self._measures, self._titles = arm_name(arm), measures, titles
        ranked, failed, scored = own(stored.rankings), own(stored.failures), own(stored.per_query)
        self._values = dict(
            zip(zip(scored["query_id"], scored["measure"], strict=True), scored["value"].astype(float), strict=True)
        )
        self._judged = {query_id for query_id, _ in self._values}
        first = ranked[ranked["rank"] == 1]
        self._best = dict(zip(first["query_id"], first["doc_id"], strict=True))
        right = stored.qrels.loc[stored.qrels["grade"] > 0, ["query_id", "doc_id"]]
        self._ranks = ranked.merge(right, on=["query_id", "doc_id"]).groupby("query_id")["rank"].min().to_dict()
        counted = failed[failed["failed"].astype(bool)].sort_values("first", ascending=False, kind="stable")
        self._failures: dict[str, list[tuple[str, str]]] = {}
        for query_id, code, rule in zip(counted["query_id"], counted["code"], counted["rule"], strict=True):
            self._failures.setdefault(query_id, []).append((failure_name(str(code)), str(rule)))

    def cells(self, query_id: str) -> list[Cell]:
        """Cells of this arm for one question."""
        rank: Cell = int(self._ranks[query_id]) if query_id in self._ranks else None
        if rank is None and query_id in self._judged:
            rank = NOT_REACHED
        failures = self._failures.get(query_id, [])
        best = str(self._best.get(query_id, ""))
        return [
            self._name,
            rank,
            *(self._values.get((query_id, measure)) for measure in self._measures),
            " | ".join(name for name, _ in failures),
            " | ".join(rule for _, rule in failures),
            best,
            str(self._titles.get(best, "")),
        ]


def _cell(value: Cell) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        return text_cell(value)
    return str(value) if isinstance(value, int) else f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
