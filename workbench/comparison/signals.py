"""What a comparison says about the cause "wrong retrieval": signals R-01 and R-08.

Signals that need no comparison are read from the log and the corpus in `workbench.retrieval.symptoms`.
"""

from __future__ import annotations

from workbench.comparison.deployed import DEPLOYED
from workbench.numbers import difference, measured, p_value, percent
from workbench.records import Comparison, Difference, Observation, Source, Status
from workbench.retrieval.recipes import arm_name

RECALL = "recall@5"
MIN_RECALL = 0.7
"""Catalogue threshold of R-01: below it, wrong documents are the rule rather than the exception."""

MIN_GAIN = 0.10
"""Catalogue threshold of R-08: gain in recall that a change of retrieval must bring to explain a stuck pilot."""

FULL_WEIGHT_QUERIES = 50
HALF_RULE = 0.7
"""Trust in R-01 when only its first half, the recall, was measured."""

STAND_IN = 0.7
"""Trust in the naive arm as a stand-in where the log does not say what the deployed system retrieved."""

LABELS = (Source("qrels/test.tsv"),)


def observe_comparison(comparison: Comparison | None) -> list[Observation]:
    """Observations R-01 and R-08; both unknown without a comparison on labels."""
    return [_missed_documents(comparison), _better_arm(comparison)]


def _missed_documents(comparison: Comparison | None) -> Observation:
    """R-01: recall of the known right documents is below 0.7.

    The catalogue's other half, that answers are right when given the right document, needs a language model and is
    not measured; the finding says so.
    """
    arm = _measured_arm(comparison)
    if comparison is None or arm is None:
        return Observation(
            "R-01", "unknown", "no question has both relevance labels and a ranking to check them against"
        )
    estimate = comparison.arms[arm].measures[RECALL]
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Observation("R-01", "unknown", f"recall could not be measured: {estimate.reason}")
    finding = (
        f"{_capital(_who(arm))} has {measured(estimate, share=True)} of the right documents "
        f"among its first five, over {estimate.n} judged questions; below {percent(MIN_RECALL, estimate.n)} is too few. "
        "Whether answers are right when given the right document was not measured."
    )
    return Observation(
        "R-01",
        "seen" if estimate.value < MIN_RECALL else "clean",
        finding,
        LABELS,
        quality=HALF_RULE * (1.0 if arm == DEPLOYED else STAND_IN),
        n=estimate.n,
        n_min=FULL_WEIGHT_QUERIES,
        value=estimate,
    )


def _better_arm(comparison: Comparison | None) -> Observation:
    """R-08: another arm beats the deployed ranking by more than 10 points of recall, corrected p below 5 %.

    Clean when the interval of the best arm's gain stays below 10 points; unknown in between.
    """
    arm = _measured_arm(comparison)
    gains = [d for d in comparison.differences if d.baseline == arm and d.measure == RECALL] if comparison else []
    if comparison is None or arm is None or not gains:
        return Observation("R-08", "unknown", "no two arms could be compared on judged questions")
    best = max(gains, key=lambda d: d.difference.value or 0.0)
    gain, high = best.difference.value or 0.0, best.difference.high or 0.0
    finding = (
        f"{_capital(arm_name(best.candidate))} finds {difference(best.difference, share=True)} of the right documents among the "
        f"first five compared with {_who(arm)}, on the same {best.difference.n} questions "
        f"(corrected {p_value(best.p_corrected)})."
    )
    return Observation(
        "R-08",
        _gain_status(best, gain, high),
        finding,
        LABELS,
        quality=1.0 if arm == DEPLOYED else STAND_IN,
        n=best.difference.n,
        n_min=FULL_WEIGHT_QUERIES,
        value=best.difference,
    )


def _gain_status(best: Difference, gain: float, high: float) -> Status:
    if gain > MIN_GAIN and best.verdict == "better":
        return "seen"
    return "clean" if high < MIN_GAIN else "unknown"


def _measured_arm(comparison: Comparison | None) -> str | None:
    """The deployed system where the log shows it, else naive dense in its place; None without labels."""
    arms = comparison.arms if comparison else {}
    measured = (arm for arm in (DEPLOYED, "dense") if arm in arms and arms[arm].measures)
    return next((arm for arm in measured if arms[arm].measures[RECALL].value is not None), None)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _who(arm: str) -> str:
    stand_in = "naive dense retrieval (in place of the deployed system, whose log names no document of the corpus)"
    return "the deployed system" if arm == DEPLOYED else stand_in
