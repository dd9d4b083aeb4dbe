"""Ranking measures per query, computed by ir-measures under the field's labels.

Only means over queries get intervals, and those are made in `workbench.evaluation.statistics`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.records import Qrels, RankedDocument, Run

if TYPE_CHECKING:
    import pandas as pd

MIN_RELEVANCE = 1
"""Grade from which a document counts as relevant."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of one ranking, 0 to 1, higher is better.

    Attributes:
        name: the label shown, without the cutoff.
        cutoff: how many documents of the ranking are looked at.
        oracle: the measure as ir-measures writes it.
    """

    name: str
    cutoff: int
    oracle: str

    def __str__(self) -> str:
        return f"{self.name}@{self.cutoff}"


MEASURES: dict[str, Measure] = {
    str(measure): measure
    for measure in (
        Measure("nDCG", 10, "nDCG@10"),
        Measure("recall", 10, "R@10"),
        Measure("recall", 5, "R@5"),
        Measure("success", 5, "Success@5"),
        Measure("MRR", 10, "RR@10"),
    )
}


def per_query(run: Run, qrels: Qrels, measures: Sequence[Measure]) -> pd.DataFrame:
    """One row a query and measure: columns run, query_id, measure, value.

    A query of the qrels that the run does not rank scores 0; a query without a relevant document has no value and no
    row. Measures that look deeper than the run goes are left out: five results cannot be scored at ten.
    """
    import ir_measures
    import pandas as pd

    usable = {ir_measures.parse_measure(m.oracle): str(m) for m in measures if m.cutoff <= run.depth}
    judged = {q: dict(grades) for q, grades in qrels.items() if any(g >= MIN_RELEVANCE for g in grades.values())}
    rows: list[tuple[str, str, str, float]] = []
    if usable and judged:
        scored = {q: _scores_by_position(run.rankings.get(q, ())) for q in judged}
        found = ir_measures.iter_calc(list(usable), judged, scored)
        rows = [(run.name, metric.query_id, usable[metric.measure], float(metric.value)) for metric in found]
    frame = pd.DataFrame(rows, columns=["run", "query_id", "measure", "value"])
    return frame.sort_values(["measure", "query_id"], ignore_index=True)


def first_relevant_rank(ranking: Sequence[RankedDocument], relevance: Mapping[str, int]) -> int | None:
    """Rank, from 1, of the first relevant document; None when the ranking holds none."""
    ranks = (rank for rank, document in enumerate(ranking, 1) if relevance.get(document.doc_id, 0) >= MIN_RELEVANCE)
    return next(ranks, None)


def _scores_by_position(ranking: Sequence[RankedDocument]) -> dict[str, float]:
    # The ranking's order is the truth: equal scores must not be put in another order by the scorer.
    return {document.doc_id: float(len(ranking) - position) for position, document in enumerate(ranking)}
