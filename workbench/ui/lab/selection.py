"""Which questions of a comparison are looked at: by outcome, by failure, by region of the map, by document, or picked by hand.

Pure functions over the stored tables; what shows the questions, and what narrows them, is in the views of the lab.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.report.outcomes import outcomes
from workbench.ui.lab.queries import NOT_LABELLED

if TYPE_CHECKING:
    from workbench.comparison.tables import StoredComparison


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions a question has to meet, all of those that are set; none set means every question.

    Attributes:
        outcome: what became of it between the two arms compared, one of `OUTCOMES` or `NOT_LABELLED`; "" for any.
        failure: failure code that explains why it was missed; "" for any.
        failed_arm: the arm that missed it with that code; "" for either of the two compared. Without `failure`, any code.
        region: region of the map; None for any.
        place: folder ("policies/"), file or doc_id that one of its right documents belongs to; for a question nobody
            judged, that its best document in the candidate belongs to. "" for any.
        picked: ids picked on the map; None for any.
    """

    outcome: str = ""
    failure: str = ""
    failed_arm: str = ""
    region: int | None = None
    place: str = ""
    picked: frozenset[str] | None = None

    @property
    def narrows(self) -> bool:
        """Whether any condition is set."""
        return self != Selection()


class Selector:
    """Answers which questions meet a selection; the tables are indexed once."""

    def __init__(self, stored: StoredComparison, k: int) -> None:
        self._stored, self._k = stored, k
        self._ids = [str(query_id) for query_id in stored.queries["query_id"]]
        self._outcomes: dict[tuple[str, str], dict[str, str]] = {}
        first = stored.failures[stored.failures["first"].astype(bool)]
        self._codes: dict[tuple[str, str], set[str]] = {}
        for run, query_id, code in zip(first["run"], first["query_id"], first["code"], strict=True):
            self._codes.setdefault((str(run), str(code)), set()).add(str(query_id))
        self._paths = dict(zip(stored.documents["doc_id"], stored.documents["path"], strict=True))
        right = stored.qrels.loc[stored.qrels["grade"] > 0]
        self._right: dict[str, set[str]] = {}
        for query_id, doc_id in zip(right["query_id"], right["doc_id"], strict=True):
            self._right.setdefault(str(query_id), set()).add(str(doc_id))

    def select(
        self, selection: Selection, baseline: str, candidate: str, regions: Mapping[str, int]
    ) -> tuple[str, ...]:
        """query_ids that meet the selection, in the order of the comparison.

        Args:
            selection: what is asked for.
            baseline: the arm outcomes count from.
            candidate: the arm they count to.
            regions: query_id -> region of the map; empty while there is no map, and then no question is in a region.
        """
        kept: list[Set[str]] = []
        if selection.outcome:
            became = self._became(baseline, candidate)
            kept.append({q for q in self._ids if became.get(q, NOT_LABELLED) == selection.outcome})
        if selection.failure or selection.failed_arm:
            kept.append(self._failed(selection, baseline, candidate))
        if selection.region is not None:
            kept.append({query_id for query_id, region in regions.items() if region == selection.region})
        if selection.place:
            kept.append(set().union(*self.about(selection.place, candidate)))
        if selection.picked is not None:
            kept.append(selection.picked)
        return tuple(query_id for query_id in self._ids if all(query_id in each for each in kept))

    def _became(self, baseline: str, candidate: str) -> dict[str, str]:
        pair = (baseline, candidate)
        if pair not in self._outcomes:
            became = outcomes(self._stored.per_query, baseline, candidate, self._k)
            self._outcomes[pair] = {str(query_id): str(outcome) for query_id, outcome in became.items()}
        return self._outcomes[pair]

    def _failed(self, selection: Selection, baseline: str, candidate: str) -> set[str]:
        runs = {selection.failed_arm} if selection.failed_arm else {baseline, candidate}
        found = [
            ids
            for (run, code), ids in self._codes.items()
            if run in runs and (not selection.failure or code == selection.failure)
        ]
        return set().union(*found)

    def about(self, place: str, candidate: str) -> tuple[set[str], set[str]]:
        """Judged questions with a right document in a place, and questions nobody judged whose best document lies there.

        Args:
            place: folder ("policies/"), file or doc_id.
            candidate: the arm whose best document counts.
        """

        def lies_there(doc_id: str) -> bool:
            path = self._paths.get(doc_id, "")
            return place in (doc_id, path) or (place.endswith("/") and path.startswith(place))

        judged = {query_id for query_id, docs in self._right.items() if any(map(lies_there, docs))}
        rankings = self._stored.rankings
        best = rankings[(rankings["run"] == candidate) & (rankings["rank"] == 1)]
        unjudged = {
            str(query_id)
            for query_id, doc_id in zip(best["query_id"], best["doc_id"], strict=True)
            if query_id not in self._right and lies_there(str(doc_id))
        }
        return judged, unjudged
