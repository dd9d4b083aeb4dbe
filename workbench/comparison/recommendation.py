"""Which arm the evidence speaks for, and why: the best one measured, unless a simpler one does as well.

It chooses from labels, or from a few grades where there are no labels; with neither it recommends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from workbench.comparison.deployed import DEPLOYED
from workbench.evaluation.statistics import ALPHA, EQUIVALENCE_MARGIN
from workbench.numbers import count, measured
from workbench.records import (
    ArmReport,
    Difference,
    DifferenceVerdict,
    Estimate,
    FewLabels,
    PoweredDifference,
    Recommendation,
)
from workbench.retrieval.recipes import BASES, RERANKERS, arm_name

MEASURE = "nDCG@10"
SIMPLICITY = ("bm25", "dense", "hybrid")
"""Ways of searching, the one that needs least first: BM25 needs no model, hybrid needs both indexes."""

TURNED: dict[DifferenceVerdict, DifferenceVerdict] = {"better": "worse", "worse": "better"}

Says = Callable[[str, str], DifferenceVerdict | None]
"""What is known of an arm against another, from the first one's side; None where they were not tested."""

More = Callable[[Sequence[str]], str]
"""What it would take to tell the choice apart from some arms; "" where nobody knows."""


def recommend(
    arms: Mapping[str, ArmReport], differences: Sequence[Difference], few_labels: FewLabels | None
) -> Recommendation:
    """The arm to go on with.

    The arm of the highest nDCG@10, or of the lowest failure share where only a few labels are there. A simpler arm takes its
    place when the two are equivalent, or when they cannot be told apart and lie within 0.03 of each other, unless another arm
    is shown to be better than it. `shown` is true when there are other arms with a measure, and each is shown to be worse or
    equivalent; the deployed system is one of them, and never the choice.
    """
    values = _measured({arm: report.measures.get(MEASURE) for arm, report in arms.items()})
    if values.keys() - {DEPLOYED}:
        return _by_labels(values, [d for d in differences if d.measure == MEASURE])
    shares = _measured({arm: e.estimate for arm, e in few_labels.arms.items()}) if few_labels else {}
    if few_labels and shares.keys() - {DEPLOYED}:
        return _by_few_labels(shares, few_labels)
    if few_labels and few_labels.graded:
        why = next((e.estimate.reason for e in few_labels.arms.values()), None) or "no arm can be graded"
        return Recommendation(None, "none", False, f"No arm is recommended yet: {why}.")
    return Recommendation(
        None,
        "none",
        False,
        "No arm is recommended: no question has a document labelled relevant, so none was measured.",
    )


def complexity(arm: str) -> tuple[int, int, int]:
    """Order of arms by what they need to run: rerankers, then models and indexes, then additions; a client's own arm is last."""
    base, *additions = arm.split("+")
    if base not in SIMPLICITY:
        return (2, 0, 0)
    return (int(any(name in RERANKERS for name in additions)), SIMPLICITY.index(base), len(additions))


def _measured(estimates: Mapping[str, Estimate | None]) -> dict[str, Estimate]:
    return {arm: estimate for arm, estimate in estimates.items() if estimate and estimate.value is not None}


def _by_labels(values: Mapping[str, Estimate], differences: Sequence[Difference]) -> Recommendation:
    between = {(d.baseline, d.candidate): d for d in differences}

    def found(arm: str, other: str) -> Difference | None:
        return between.get((other, arm)) or between.get((arm, other))

    def says(arm: str, other: str) -> DifferenceVerdict | None:
        gap = found(arm, other)
        return _from_its_side(gap.verdict, gap.candidate == arm) if gap else None

    def near(arm: str, other: str) -> bool:
        gap = found(arm, other)
        return gap is not None and gap.difference.value is not None and abs(gap.difference.value) <= EQUIVALENCE_MARGIN

    best = max(_choices(values), key=lambda arm: (values[arm].value or 0.0, [-part for part in complexity(arm)]))
    chosen = _simplest(best, values, says, near)
    own = values[chosen]
    told = [f"{_capital(_name(chosen))} has {MEASURE} {measured(own)} over {_questions(own.n, 'judged')}"]

    def more(undecided: Sequence[str]) -> str:
        needed = [
            gap.more_queries_needed for arm in undecided if (gap := found(chosen, arm)) and gap.more_queries_needed
        ]
        which = "" if len(undecided) == 1 else " the first of them"
        return f"about {count(min(needed))} more judged questions would probably tell{which}" if needed else ""

    if chosen != best:
        told.append(_instead(best, f"is at {measured(values[best])}", says(chosen, best), more))
    others = [arm for arm in values if arm != chosen]
    told += _against(chosen, best, others, says, "do better than", "is as good as", more)
    return Recommendation(chosen, "labels", _is_shown(chosen, others, says), f"{'. '.join(told)}.")


def _by_few_labels(shares: Mapping[str, Estimate], few: FewLabels) -> Recommendation:
    between = {(d.baseline, d.candidate): d for d in few.differences}

    def found(arm: str, other: str) -> PoweredDifference | None:
        return between.get((other, arm)) or between.get((arm, other))

    def says(arm: str, other: str) -> DifferenceVerdict | None:
        gap = found(arm, other)
        verdict = _powered_verdict(gap.difference.estimate, len(between)) if gap else None
        return _from_its_side(verdict, gap.candidate == arm) if gap and verdict else None

    def near(arm: str, other: str) -> bool:
        value = gap.difference.estimate.value if (gap := found(arm, other)) else None
        return value is not None and abs(value) <= EQUIVALENCE_MARGIN

    best = min(_choices(shares), key=lambda arm: (shares[arm].value or 0.0, complexity(arm)))
    chosen = _simplest(best, shares, says, near)
    own = shares[chosen]
    told = [f"By {_questions(own.n, 'graded')} {_name(chosen)} misses {measured(own, share=True)} of all questions"]

    def more(_: Sequence[str]) -> str:
        return "more grades may tell"

    if chosen != best:
        told.append(_instead(best, f"misses {measured(shares[best], share=True)}", says(chosen, best), more))
    others = [arm for arm in shares if arm != chosen]
    told += _against(chosen, best, others, says, "miss fewer than", "misses as many as", more)
    return Recommendation(chosen, "few labels", _is_shown(chosen, others, says), f"{'. '.join(told)}.")


def _choices(values: Collection[str]) -> list[str]:
    """The deployed system is what is compared with, and no choice."""
    return [arm for arm in values if arm != DEPLOYED]


def _simplest(best: str, values: Collection[str], says: Says, near: Callable[[str, str], bool]) -> str:
    """The simplest arm that does as well as the best one and that no arm is shown to beat; else the best one."""
    choices = _choices(values)
    for arm in sorted((one for one in choices if complexity(one) < complexity(best)), key=complexity):
        verdict = says(arm, best)
        as_good = verdict == "equivalent" or (verdict == "undetermined" and near(arm, best))
        if as_good and not any(says(arm, other) == "worse" for other in choices):
            return arm
    return best


def _instead(best: str, stands: str, verdict: DifferenceVerdict | None, more: More) -> str:
    """Why the arm with the best figure is not the choice."""
    equal = verdict == "equivalent"
    needs = "it needs more to run" if best.split("+")[0] in BASES else "what it needs to run is not known here"
    words = "no difference that matters" if equal else "not told apart"
    return f"{_capital(_name(best))} {stands}: {words}, and {needs}{'' if equal else _after(more([best]))}"


def _against(
    chosen: str, best: str, others: Sequence[str], says: Says, beats: str, equals: str, more: More
) -> list[str]:
    """What is known of the choice against every other arm but the best, a sentence for each kind of knowledge."""
    if not others:
        return ["No other arm was measured, so nothing speaks for it but its own figure"]
    groups: dict[DifferenceVerdict | None, list[str]] = {}
    for arm in (one for one in others if one != best):
        groups.setdefault(says(chosen, arm), []).append(arm)
    # After a sentence about the best arm, "it" would be that one.
    it = "it" if chosen == best else _name(chosen)
    sentences: dict[DifferenceVerdict | None, str] = {
        "better": f"{it} is shown to {beats} {{}}",
        "equivalent": f"{it} {equals} {{}}",
        "undetermined": f"{it} is not told apart from {{}}{_after(more(groups.get('undetermined', [])))}",
        "worse": f"{{}} is shown to {beats} {it}",
        None: f"{it} was not tested against {{}}",
    }
    return [_capital(said.format(_listed(groups[kind]))) for kind, said in sentences.items() if kind in groups]


def _after(more: str) -> str:
    return f"; {more}" if more else ""


def _is_shown(chosen: str, others: Sequence[str], says: Says) -> bool:
    return bool(others) and all(says(chosen, arm) in ("better", "equivalent") for arm in others)


def _from_its_side(verdict: DifferenceVerdict, is_candidate: bool) -> DifferenceVerdict:
    return verdict if is_candidate else TURNED.get(verdict, verdict)


def _powered_verdict(gap: Estimate, tests: int) -> DifferenceVerdict | None:
    """What a difference of failure shares allows to say of the candidate, tested together with others.

    The bound next to 0 is moved away from the estimate as far as a Bonferroni interval reaches: an arm that is picked out of
    several because it leads must not be called better for having been lucky once.
    """
    from scipy.special import stdtrit

    if gap.value is None or gap.low is None or gap.high is None:
        return None
    if gap.value:
        further = float(stdtrit(gap.n - 1, 1 - ALPHA / (2 * tests)) / stdtrit(gap.n - 1, 1 - ALPHA / 2))
        reach = further * abs(gap.value - (gap.low if gap.value > 0 else gap.high))
        if abs(gap.value) > reach:
            return "worse" if gap.value > 0 else "better"
    within = gap.low >= -EQUIVALENCE_MARGIN and gap.high <= EQUIVALENCE_MARGIN
    return "equivalent" if within else "undetermined"


def _questions(number: int, kind: str) -> str:
    return f"{count(number)} {kind} question{'' if number == 1 else 's'}"


def _name(arm: str) -> str:
    return f"the {arm_name(arm)}" if arm == DEPLOYED else arm_name(arm)


def _listed(arms: Sequence[str]) -> str:
    names = [_name(arm) for arm in arms]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
