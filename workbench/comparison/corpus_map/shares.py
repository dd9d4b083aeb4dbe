"""What each arm misses in each region, and where that is more than elsewhere beyond chance.

Whether an arm missed a question was decided by the comparison; regions were made of passages alone, so that a test of them
looks at nothing they were made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.comparison.tables import StoredComparison
from workbench.evaluation.statistics import ALPHA, holm
from workbench.intervals import wilson
from workbench.records import Estimate

NONE_HERE = "no question with a relevant document lies in this region"
NONE_AT_ALL = "no question has a labelled document"


@dataclass(frozen=True, slots=True)
class Misses:
    """Questions one arm was asked and can be held to.

    Attributes:
        missed: query_id -> whether no relevant document is among the first k.
        reason: why nothing can be said of the arm; None where something can.
    """

    missed: Mapping[str, bool]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RegionMisses:
    """One region: shares missed by arm, arms that stand out, corrected p-values of those that were tested."""

    missed: Mapping[str, Estimate]
    stands_out: tuple[str, ...]
    p_values: Mapping[str, float]


def misses_of(stored: StoredComparison) -> dict[str, Misses]:
    """Arm -> the questions it missed, as the failure codes count them."""
    failed = stored.failures[stored.failures["first"].astype(bool) & stored.failures["failed"].astype(bool)]
    found = {}
    for arm, told in stored.comparison.failures.items():
        asked = stored.per_query.loc[stored.per_query["run"] == arm, "query_id"].unique()
        own = set(failed.loc[failed["run"] == arm, "query_id"])
        if told.share.value is None:
            found[arm] = Misses({}, (told.share.reason if len(asked) else None) or NONE_AT_ALL)
        else:
            found[arm] = Misses({str(query_id): query_id in own for query_id in asked})
    return found


def region_misses(misses: Mapping[str, Misses], region_of: Mapping[str, int], regions: int) -> list[RegionMisses]:
    """Shares missed in each region, and the arms that miss more there than in all other regions together.

    The test is Fisher's exact one, one-sided since only "more" is ever claimed, on missed and found here against elsewhere;
    Holm corrects over all regions and arms, for a reader sees them in one picture.

    Args:
        misses: arm -> what it missed.
        region_of: query_id -> region.
        regions: how many there are.
    """
    tables = {arm: _counts(of_arm, region_of, regions) for arm, of_arm in misses.items()}
    tested = {
        (arm, region): _p_value(counts, region)
        for arm, counts in tables.items()
        for region in range(regions)
        if _testable(counts, region)
    }
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))
    return [
        RegionMisses(
            {arm: _share(misses[arm], tables[arm][region]) for arm in misses},
            tuple(arm for arm in misses if corrected.get((arm, region), 1.0) < ALPHA),
            {arm: corrected[arm, region] for arm in misses if (arm, region) in corrected},
        )
        for region in range(regions)
    ]


Counts = npt.NDArray[np.int64]
"""(regions, 2) questions missed and found."""


def _counts(misses: Misses, region_of: Mapping[str, int], regions: int) -> Counts:
    counts = np.zeros((regions, 2), dtype=np.int64)
    for query_id, missed in misses.missed.items():
        counts[region_of[query_id], 0 if missed else 1] += 1
    return counts


def _testable(counts: Counts, region: int) -> bool:
    """Whether there are questions here and elsewhere."""
    return bool(0 < counts[region].sum() < counts.sum())


def _p_value(counts: Counts, region: int) -> float:
    from scipy.stats import fisher_exact

    here = counts[region]
    return float(fisher_exact(np.array([here, counts.sum(axis=0) - here]), alternative="greater").pvalue)


def _share(misses: Misses, counts: Sequence[int] | Counts) -> Estimate:
    if misses.reason is not None:
        return Estimate.not_measured(misses.reason)
    missed, found = int(counts[0]), int(counts[1])
    return wilson(missed, missed + found) if missed + found else Estimate.not_measured(NONE_HERE)
