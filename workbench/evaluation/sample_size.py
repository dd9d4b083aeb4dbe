"""How large a drop an eval set of a given size can show, and how many items it takes to show a smaller one.

Power of McNemar's exact test by sums of binomial probabilities, and of two separate samples by the normal approximation;
it plans tests and makes none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

from workbench.evaluation.statistics import ALPHA, POWER
from workbench.records import CaseInputs, Estimate, EvalItem, NeededItems, RunHistory, RunSummary, SampleSize

ASSUMED_RATE = 0.85
"""Pass rate the figures are for where no run states verdicts."""
ASSUMED_DISCORDANT = 0.10
"""Share of items on which two versions disagree where no two runs can be laid side by side."""
FEWEST_PAIRS = 30
"""Items answered by both of two runs below which the share on which they disagree says too little."""
DROPS = (0.10, 0.05, 0.03, 0.01)
TOPIC_CHANCE = 0.95
PRECISION = 1e-5
"""Of a smallest drop."""
NEGLIGIBLE = 1e-12
"""Numbers of disagreements less likely than this are left out of the sum."""
MOST_ITEMS = 10_000_000
"""Items above which nobody plans a set."""


def sample_size(inputs: CaseInputs, history: RunHistory) -> SampleSize:
    """What the eval set of a case can show.

    Args:
        inputs: the case; only items with a reference count.
        history: its runs: the newest with verdicts gives the pass rate, runs side by side the share of disagreement.
    """
    items = sum(map(has_reference, inputs.evals.items))
    rate, rate_from = _rate(history)
    share = rate.value if rate.value is not None else ASSUMED_RATE
    discordant, discordant_from = _discordant(history)
    return SampleSize(
        items=items,
        rate=rate,
        rate_from=rate_from,
        discordant=discordant,
        discordant_from=discordant_from,
        paired_drop=smallest_drop_paired(items, share, discordant),
        separate_drop=smallest_drop_separate(items, share),
        needed=tuple(items_needed(drop, share, discordant) for drop in DROPS if drop < share),
        topic_share=smallest_topic(items),
    )


def has_reference(item: EvalItem) -> bool:
    """Whether an item can be scored against something: a reference answer or reference documents."""
    return bool(item.reference or item.reference_doc_ids)


def smallest_drop_paired(n: int, rate: float, discordant: float = ASSUMED_DISCORDANT) -> float | None:
    """Smallest drop of a pass rate that McNemar's exact test at 5 % sees with 80 % power, on `n` items both versions answer.

    None where no drop can be seen: five items never give a p-value below 5 %.

    Args:
        n: items.
        rate: pass rate before the drop, 0 to 1.
        discordant: share of items on which the versions disagree, 0 to 1; never less than the drop itself.

    >>> round(smallest_drop_paired(40, 0.85), 2)
    0.19
    """
    return _smallest(lambda drop: paired_power(n, drop, rate, discordant), rate)


def smallest_drop_separate(n: int, rate: float) -> float | None:
    """The same for two samples of `n` different items each; None where no drop can be seen.

    >>> round(smallest_drop_separate(100, 0.85), 2)
    0.17
    """
    return _smallest(lambda drop: separate_power(n, drop, rate), rate) if n > 1 else None


def items_needed(drop: float, rate: float, discordant: float = ASSUMED_DISCORDANT) -> NeededItems:
    """Fewest items that show a drop with 80 % power, paired and in each of two separate samples.

    Raises:
        ValueError: the drop is not above 0 and below the rate.

    >>> items_needed(0.05, 0.85)
    NeededItems(drop=0.05, paired=337, separate=906)
    """
    if not 0 < drop < rate <= 1:
        raise ValueError(f"a drop must lie above 0 and below the pass rate: got {drop} of {rate}")
    return NeededItems(
        drop,
        _fewest(lambda n: paired_power(n, drop, rate, discordant)),
        _fewest(lambda n: separate_power(n, drop, rate)),
    )


@lru_cache(maxsize=4096)
def paired_power(n: int, drop: float, rate: float, discordant: float = ASSUMED_DISCORDANT) -> float:
    """Chance, 0 to 1, that McNemar's exact two-sided test at 5 % finds a drop of `drop` on `n` items answered by both versions.

    The number D of items on which the versions disagree is binomial; of these a share (d + drop) / 2d got worse. The test rejects
    where so few of D got better that twice their binomial tail at one half is at most 5 %.

    Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12.
    """
    import numpy as np
    from scipy.stats import binom

    if n < 1 or drop <= 0:
        return 0.0
    share = _possible_discordant(drop, rate, discordant)
    counts = np.arange(n + 1)
    weights = binom.pmf(counts, n, share)
    counts, weights = counts[weights > NEGLIGIBLE], weights[weights > NEGLIGIBLE]
    quantile = binom.ppf(ALPHA / 2, counts, 0.5)
    most_better = np.where(binom.cdf(quantile, counts, 0.5) <= ALPHA / 2, quantile, quantile - 1)
    found = binom.cdf(most_better, counts, (share - drop) / (2 * share))
    return float((weights * np.where(most_better < 0, 0.0, found)).sum())


def separate_power(n: int, drop: float, rate: float) -> float:
    """Chance that a two-sided z-test at 5 % with pooled variance finds the drop between two samples of `n` items each.

    Source: Fleiss, Levin & Paik 2003, "Statistical Methods for Rates and Proportions", chapter 4.
    """
    if n < 1 or drop <= 0:
        return 0.0
    after, pooled = rate - drop, rate - drop / 2
    spread = math.sqrt(rate * (1 - rate) + after * (1 - after))
    room = drop * math.sqrt(n) - NormalDist().inv_cdf(1 - ALPHA / 2) * math.sqrt(2 * pooled * (1 - pooled))
    # Without spread every sample is alike and the drop shows whenever it exceeds the limit of the test.
    return NormalDist().cdf(room / spread) if spread > 0 else float(room > 0)


def smallest_topic(n: int) -> float | None:
    """Share of the traffic a topic must have for `n` items drawn at random to hold one of it with 95 % chance.

    >>> round(smallest_topic(59), 2)
    0.05
    """
    return 1 - (1 - TOPIC_CHANCE) ** (1 / n) if n else None


def _possible_discordant(drop: float, rate: float, discordant: float) -> float:
    """The share of disagreement nearest to the one given that a drop from this rate allows.

    No less than the drop; and no more items can get better than failed before, nor get worse than passed.
    """
    return min(max(discordant, drop), 2 * (1 - rate) + drop, 2 * rate - drop)


def _smallest(power: Callable[[float], float], rate: float) -> float | None:
    low, high = 0.0, rate
    if power(high) < POWER:
        return None
    while high - low > PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high


def _fewest(power: Callable[[int], float]) -> int:
    """Fewest items from which on the power is reached; MOST_ITEMS where they would not do."""
    high = 8
    while power(high) < POWER:
        high *= 2
        if high > MOST_ITEMS:
            return MOST_ITEMS
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high


def _rate(history: RunHistory) -> tuple[Estimate, str]:
    run = newest_with_verdicts(history)
    if run is not None:
        return run.passed, f"run {run.run_id}"
    return Estimate(ASSUMED_RATE, None, None, 0, "assumed"), "assumed"


def newest_with_verdicts(history: RunHistory) -> RunSummary | None:
    """The newest run in which at least one item passed; one without a date counts only where none has any."""
    runs = [run for run in history.runs if run.passed.value]
    dated = [run for run in runs if run.at is not None]
    found = dated or runs
    return found[-1] if found else None


def _discordant(history: RunHistory) -> tuple[float, str]:
    """The share on which the client's runs disagree, never less than what is assumed without any.

    Runs of versions that hardly differ agree on nearly everything; planned with that, a set would look able to see far smaller
    drops of a change that matters than it is.
    """
    pairs = [change for change in history.changes if change.metric == "passed" and change.items]
    items = sum(change.items for change in pairs)
    differing = sum(change.better + change.worse for change in pairs)
    if items < FEWEST_PAIRS:
        return ASSUMED_DISCORDANT, "assumed"
    runs = "two runs" if len(pairs) == 1 else f"{len(pairs)} pairs of runs"
    share = differing / items
    if share < ASSUMED_DISCORDANT:
        return ASSUMED_DISCORDANT, f"assumed; {runs} side by side disagree on {share:.1%}".replace("%", " %")
    return share, f"{runs} side by side"
