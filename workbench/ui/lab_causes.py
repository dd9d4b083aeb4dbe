"""What is wrong with a retrieval, not only how much: pushed-out documents, what each part brings, documents nobody finds.

Markup from the values of a comparison; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.numbers import count, difference, measured, not_measured
from workbench.records import Comparison, ComponentBlame, FewLabels, Findability, HarmStep
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import arm_label, badge, details, escape, interval_bar, join, paragraph, section, table
from workbench.ui.tokens import css_name

COMPONENT_NAMES = {
    "bm25": "keyword leg (BM25)",
    "weights": "fusion by score instead of rank",
    "rerank": "reranker",
    "title": "titles on passages",
    "small": "smaller passages",
}
SHOWN_DOCUMENTS = 12
"""Documents listed by name where a search finds them nowhere; the rest is counted."""


def recommendation(comparison: Comparison) -> str:
    """The arm to go on with and why, or that nothing was measured; "" for a comparison made before there were any."""
    advised = comparison.recommended
    if advised is None:
        return ""
    known = badge(f"shown by {advised.basis}", "accent") if advised.shown else badge("a lead, not shown", "muted")
    head = f"{badge('recommended', 'accent')} {arm_label(advised.arm)} {known}" if advised.arm else ""
    return f'<div class="wb-recommended" data-arm="{escape(advised.arm or "")}">{head}{paragraph(advised.reason)}</div>'


def harm_section(steps: Sequence[HarmStep]) -> str:
    """What fusion and reranking pushed out of the first places, and what they brought in."""
    told = [step for step in steps if step.harmed.value is not None]
    rows = [
        [
            f"{arm_label(step.before)} → {arm_label(step.after)}",
            escape(measured(step.helped, share=True)),
            escape(measured(step.harmed, share=True)),
            count(step.documents_in),
            count(step.documents_out),
        ]
        for step in told
    ]
    if not rows:
        return ""
    headings = ["Step", "Questions helped", "Questions harmed", "Right documents in", "Right documents out"]
    note = "Helped and harmed: a right document came into the first places, or left them, and nothing right was there otherwise."
    return section("What each step brings in and pushes out", table(headings, rows, numeric=range(1, 5)), note=note)


def blame_section(blame: ComponentBlame | None) -> str:
    """What each part brings over naive retrieval."""
    if blame is None:
        return ""
    rows = [
        [
            escape(COMPONENT_NAMES.get(name, name)),
            interval_bar(gain, low=-0.2, high=0.2) + f'<span class="wb-num">{escape(difference(gain))}</span>',
        ]
        for name, gain in blame.gains.items()
    ]
    rows += [
        [escape(COMPONENT_NAMES.get(name, name)), f'<span class="wb-muted">not tested: {escape(reason)}</span>']
        for name, reason in blame.not_tested.items()
    ]
    combined = [[escape(_combined(subset.components)), escape(measured(subset.value))] for subset in blame.subsets]
    behind = details("Every combination", table(["Dense with", blame.measure], combined, numeric=[1]))
    note = f"Shapley value of each part: its mean gain in {blame.measure} over every combination of the others."
    return section(
        "Which part brings the gain", table(["Part", f"Gain in {blame.measure}, −0.2 to 0.2"], rows), behind, note=note
    )


def findability_section(found: Findability | None, titles: Mapping[str, str]) -> str:
    """Which documents a search cannot find even by their own words.

    Args:
        found: None when it was not asked for.
        titles: doc_id -> title.
    """
    if found is None:
        return ""
    rows = [
        [
            arm_label(arm),
            interval_bar(share, colour_class=f"wb-arm-{css_name(arm)}")
            + f'<span class="wb-num">{escape(measured(share, share=True))}</span>',
        ]
        for arm, share in found.arms.items()
    ]
    drawn = "all that give one" if found.naive_misses.method == "exact" else "a sample"
    note = (
        f"{count(found.probes)} probe queries made from the title, a heading and the most telling sentence of "
        f"{count(found.sampled)} documents, {drawn}; found means among the first {found.k}. Probes are no questions of users. "
        "They share their words with the document, which favours keyword search: read the documents that are missed, "
        "not the order of the searches."
    )
    lists = [
        _missed("No search finds", found.missed_by_all, titles),
        _missed(f"{arm_name('dense').capitalize()} does not find", found.missed_by_naive, titles),
    ]
    misses = paragraph(
        f"Found by none of their probes: {measured(found.naive_misses, share=True)} of these documents with naive retrieval, "
        f"{measured(found.all_miss, share=True)} with any search."
    )
    return section(
        "Can documents be found at all",
        table(["Search", "Documents found, 0 to 100 %"], rows),
        misses,
        join(lists),
        note=note,
    )


def few_labels_section(few: FewLabels | None) -> str:
    """What a few grades say, beside what the grades alone would say."""
    if few is None:
        return ""
    rows = [
        [
            arm_label(arm),
            escape(measured(powered.estimate, share=True)),
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
    headings = ["Search", "Missed", "By the grades alone"]
    return section("What the grades say", table(headings, rows, numeric=[1, 2]), note=note)


def _combined(components: Sequence[str]) -> str:
    return " + ".join(COMPONENT_NAMES.get(name, name) for name in components) or "nothing added"


def _missed(what: str, doc_ids: Sequence[str], titles: Mapping[str, str]) -> str:
    if not doc_ids:
        return ""
    items = join(f"<li>{escape(titles.get(doc_id, doc_id))}</li>" for doc_id in doc_ids[:SHOWN_DOCUMENTS])
    more = len(doc_ids) - SHOWN_DOCUMENTS
    rest = paragraph(f"and {count(more)} more", muted=True) if more > 0 else ""
    return details(f"{what}: {count(len(doc_ids))}", f'<ul class="wb-list">{items}</ul>{rest}')
