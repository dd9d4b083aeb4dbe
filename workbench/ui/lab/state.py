"""The one state the views of the lab share: two arms compared, the questions looked at, the question chosen.

A view reads it, observes it and changes it; views never know each other. Nothing here is a widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import traitlets

from workbench.case import Case
from workbench.evaluation.failures import FAILURE_K
from workbench.records import Comparison
from workbench.ui.lab.queries import Rankings, question_rows
from workbench.ui.lab.selection import Selection, Selector

if TYPE_CHECKING:
    from workbench.comparison.tables import StoredComparison

BASELINE = "dense"
CANDIDATES = ("hybrid+rerank", "hybrid", "bm25", "deployed")
"""Arms set against naive dense retrieval, the one a page opens with first; variants follow them."""


class Lab(traitlets.HasTraits):
    """A comparison and what is looked at in it.

    Attributes:
        stored: the comparison with its tables; they never change while the page is open.
        case: the case it belongs to; None where a comparison is shown by itself, and then nothing can be kept.
        runs: arms that ranked something, in the order of the comparison.
        k: the cut at which a question counts as missed.
        rankings: the rankings, indexed.
        texts: query_id -> question.
        comparison: what is said of the arms; the grading view sets it anew after each grade.
        baseline: the arm compared. candidate: the arm it is compared with.
        question: query_id chosen; "" only where there is no question at all.
        selection: which questions are looked at.
        matching: query_ids that meet the selection, in the order of the comparison.
        regions: query_id -> region of the map; empty until a map is there. region_names: region -> its name.
        view: key of the view that is open.
    """

    comparison = traitlets.Instance(Comparison)
    baseline = traitlets.Unicode()
    candidate = traitlets.Unicode()
    question = traitlets.Unicode()
    selection = traitlets.Instance(Selection, args=())
    matching = traitlets.Tuple()
    regions: traitlets.Dict[str, int] = traitlets.Dict()
    region_names: traitlets.Dict[int, str] = traitlets.Dict()
    view = traitlets.Unicode()

    def __init__(
        self, stored: StoredComparison, *, case: Case | None = None, asked: Mapping[str, str] | None = None
    ) -> None:
        """Open a comparison.

        Args:
            stored: the comparison.
            case: the case it belongs to.
            asked: what an address asks for: "question", "with" and "against" (arms), "view", and the parts of a
                selection by their names. What is unknown is passed over.
        """
        wanted = dict(asked or {})
        self.stored, self.case = stored, case
        ran = set(stored.rankings["run"])
        self.runs = [arm for arm in stored.comparison.arms if arm in ran]
        self.k = next((failures.k for failures in stored.comparison.failures.values()), FAILURE_K)
        self.rankings = Rankings(stored)
        self.texts = {str(q): str(t) for q, t in zip(stored.queries["query_id"], stored.queries["text"], strict=True)}
        self._selector = Selector(stored, self.k)
        baseline = wanted.get("against", BASELINE)
        baseline = baseline if baseline in self.runs else BASELINE if BASELINE in self.runs else self.runs[0]
        others = [arm for arm in dict.fromkeys([wanted.get("with", ""), *CANDIDATES, *self.runs]) if arm in self.runs]
        candidate = next((arm for arm in others if arm != baseline), baseline)
        question, listed = wanted.get("question", ""), question_rows(stored, baseline, candidate, self.k)
        super().__init__(
            comparison=stored.comparison,
            baseline=baseline,
            candidate=candidate,
            question=question if question in self.texts else listed[0].query_id if listed else "",
            selection=_selection_of(wanted),
            view=wanted.get("view", ""),
        )
        self._narrowed()
        self.observe(self._narrowed, ["baseline", "candidate", "selection", "regions"])

    @property
    def case_slug(self) -> str | None:
        """The case in links to sources; None writes places as plain text."""
        return self.case.slug if self.case else None

    def narrow(self, **conditions: object) -> None:
        """Set some conditions of the selection and keep the others; a value of None or "" clears one."""
        cleared = {
            name: getattr(Selection(), name) if value in (None, "") else value for name, value in conditions.items()
        }
        self.selection = replace(self.selection, **cleared)  # type: ignore[arg-type]

    def widen(self) -> None:
        """Look at every question again."""
        self.selection = Selection()

    def about(self, place: str) -> tuple[set[str], set[str]]:
        """What a place brings into the selection: judged questions, and questions nobody judged."""
        return self._selector.about(place, self.candidate)

    def _narrowed(self, _change: Any = None) -> None:  # noqa: ANN401 - a traitlets change
        self.matching = self._selector.select(self.selection, self.baseline, self.candidate, self.regions)


def _selection_of(asked: Mapping[str, str]) -> Selection:
    region = asked.get("region", "")
    return Selection(
        outcome=asked.get("outcome", ""),
        failure=asked.get("failure", ""),
        failed_arm=asked.get("failed_arm", ""),
        region=int(region) if region.isascii() and region.isdigit() else None,
        place=asked.get("place", ""),
    )
