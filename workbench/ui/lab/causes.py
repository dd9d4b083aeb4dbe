"""What is wrong with a retrieval, as markup: failures in words, harm of each step, what each part brings, what grades say.

From the values of a comparison alone; nothing is computed here, and nothing listens to the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.evaluation.failures import CODES, FIXES
from workbench.numbers import count, difference, is_share, measured, not_measured
from workbench.records import Comparison, ComponentBlame, Estimate, FewLabels, HarmStep
from workbench.report.words import failure_meaning, failure_name
from workbench.ui.components import arm_label, bullets, details, escape, interval_bar, section, table
from workbench.ui.tokens import css_name

COMPONENT_NAMES = {
    "bm25": "keyword leg (BM25)",
    "weights": "fusion by score instead of rank",
    "rerank": "reranker",
    "title": "titles on passages",
    "small": "smaller passages",
}


def counted_arms(comparison: Comparison) -> list[str]:
    """Arms whose misses were counted."""
    return [arm for arm, failures in comparison.failures.items() if failures.share.value is not None]


def seen_codes(comparison: Comparison) -> list[str]:
    """Codes that name a failure of some search, the commonest first."""
    total: Mapping[str, int] = {
        code: sum(comparison.failures[arm].by_code.get(code, 0) for arm in counted_arms(comparison)) for code in CODES
    }
    return sorted((code for code in CODES if total[code]), key=lambda code: -total[code])


def codes_meaning(comparison: Comparison) -> str:
    """What each failure that occurs means and what to do about it, folded away."""
    rows = [
        [escape(failure_name(code)), escape(failure_meaning(code)), escape(FIXES[code])]
        for code in seen_codes(comparison)
    ]
    return (
        details("What the failures mean and what to do", table(["Failure", "Meaning", "What to do"], rows))
        if rows
        else ""
    )


def codes_open(comparison: Comparison) -> str:
    """Failures that were not looked for, or not in full, and why."""
    told = [f"{failure_name(code)}: {reason}" for code, reason in comparison.codes_not_tested.items()]
    return details(f"Not looked for, or not in full: {count(len(told))}", bullets(told)) if told else ""


def harm_section(steps: Sequence[HarmStep]) -> str:
    """What fusion and reranking pushed out of the first places, and what they brought in."""
    told = [step for step in steps if step.harmed.value is not None]
    if not told:
        return ""
    rows = [
        [
            f"{arm_label(step.before)} → {arm_label(step.after)}",
            _bar_cell(step.helped, step.after),
            _bar_cell(step.harmed, step.after),
            count(step.documents_in),
            count(step.documents_out),
        ]
        for step in told
    ]
    n = max(step.harmed.n for step in told)
    headings = ["Step", "Questions helped", "Questions harmed", "Right documents in", "Right documents out"]
    note = (
        f"Helped: a right document came into the top {told[0].k} and none was there; harmed: the only ones there left. "
        f"n = {count(n)} questions, bars on 0 to 30 %."
    )
    shown = table(headings, rows, numeric=(3, 4))
    return section("What each step brings in and pushes out", shown, note=note)


def _bar_cell(share: Estimate, arm: str) -> str:
    bar = interval_bar(share, high=0.3, colour_class=f"wb-arm-{css_name(arm)}")
    return f'{bar}<span class="wb-num">{escape(measured(share, share=True))}</span>'


def few_labels_section(few: FewLabels | None) -> str:
    """What a few grades say, beside what the grades alone would say; intervals get shorter as grades come in."""
    if few is None:
        return ""
    rows = [
        [
            arm_label(arm),
            interval_bar(powered.estimate, colour_class=f"wb-arm-{css_name(arm)}")
            + f'<span class="wb-num">{escape(measured(powered.estimate, share=True))}</span>',
            escape(measured(powered.human_only, share=True)),
        ]
        for arm, powered in few.arms.items()
    ]
    note = (
        f"{count(few.graded)} grades for {count(few.queries)} questions of the plan; a question is missed when none of the "
        f"first {few.k} documents has a grade of 2 or 3. The rest is predicted from {few.predictor} and corrected by the grades."
    )
    if few.outside:
        note += f" Graded and not counted, because questions before them in the plan are open: {count(few.outside)}."
    rows = rows or [[escape(not_measured("no question is graded to the end"))]]
    headings = ["Search", f"Missed in the top {few.k}, 0 to 100 %", "By the grades alone"]
    return section("What the grades say", table(headings, rows), note=note)


def blame_section(blame: ComponentBlame | None) -> str:
    """What each part brings over naive retrieval."""
    if blame is None:
        return ""
    rows = [
        [
            escape(COMPONENT_NAMES.get(name, name)),
            interval_bar(gain, low=-0.2, high=0.2)
            + f'<span class="wb-num">{escape(difference(gain, share=is_share(blame.measure)))}</span>',
        ]
        for name, gain in blame.gains.items()
    ]
    rows += [
        [escape(COMPONENT_NAMES.get(name, name)), f'<span class="wb-muted">not tested: {escape(reason)}</span>']
        for name, reason in blame.not_tested.items()
    ]
    combined = [[escape(_combined(subset.components)), escape(measured(subset.value))] for subset in blame.subsets]
    behind = details("Every combination", table(["Dense with", blame.measure], combined, numeric=[1]))
    n = max((gain.n for gain in blame.gains.values()), default=0)
    note = (
        f"Mean gain in {blame.measure} of each part over every combination of the others (Shapley value), "
        f"n = {count(n)} questions."
    )
    return section(
        "Which part brings the gain", table(["Part", f"Gain in {blame.measure}, −0.2 to 0.2"], rows), behind, note=note
    )


def _combined(components: Sequence[str]) -> str:
    return " + ".join(COMPONENT_NAMES.get(name, name) for name in components) or "nothing added"
