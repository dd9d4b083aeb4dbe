"""What became of each question when one arm is exchanged for another: got back, lost, still failing, found by both.

It reads the values per question that a comparison kept; it scores nothing itself.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import pandas as pd

from workbench.report.words import Changes

Outcome = Literal["recovered", "lost", "still failing", "found by both"]
OUTCOMES: tuple[Outcome, ...] = ("recovered", "lost", "still failing", "found by both")
MEANINGS: dict[Outcome, str] = {
    "recovered": "only {candidate} finds it",
    "lost": "only {baseline} finds it",
    "still failing": "neither finds it",
    "found by both": "both find it",
}
"""What an outcome means for the two arms compared."""
_BY_HITS: dict[tuple[bool, bool], Outcome] = {
    (False, True): "recovered",
    (True, False): "lost",
    (False, False): "still failing",
    (True, True): "found by both",
}


def found(per_query: pd.DataFrame, run: str, k: int) -> pd.Series:
    """Whether a run shows a right document in its top k, per query_id; empty when neither measure was kept.

    success@k says it, and recall@k does as well: any is found when the share found is above 0.
    """
    for measure in (f"success@{k}", f"recall@{k}"):
        rows = per_query[(per_query["run"] == run) & (per_query["measure"] == measure)]
        if len(rows):
            return rows.set_index("query_id")["value"] > 0
    return pd.Series(dtype=bool, name="value").rename_axis("query_id")


def outcomes(per_query: pd.DataFrame, baseline: str, candidate: str, k: int) -> pd.Series:
    """Outcome per query_id over the questions both runs answer, in the order of the baseline."""
    before, after = found(per_query, baseline, k), found(per_query, candidate, k)
    shared = before.index[before.index.isin(after.index)]
    pairs = zip(before.loc[shared], after.loc[shared], strict=True)
    return pd.Series([_BY_HITS[bool(b), bool(a)] for b, a in pairs], index=shared, dtype=str, name="outcome")


def tally(each: pd.Series, among: Collection[str] | None = None) -> dict[Outcome, int]:
    """Questions by outcome, every outcome named.

    Args:
        each: outcome per query_id.
        among: query_ids that are counted; all of them when None.
    """
    counted = each if among is None else each[each.index.isin(list(among))]
    found = counted.value_counts()
    return {outcome: int(found.get(outcome, 0)) for outcome in OUTCOMES}


def changes(per_query: pd.DataFrame, baseline: str, candidate: str, k: int) -> Changes | None:
    """How many questions the candidate gets back, loses and still fails; None when no question has both."""
    each = outcomes(per_query, baseline, candidate, k)
    if each.empty:
        return None
    counts = tally(each)
    return Changes(baseline, candidate, *(counts[outcome] for outcome in OUTCOMES[:3]))
