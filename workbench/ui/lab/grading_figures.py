"""What the grades given so far say, as markup: intervals, differences, how far grading has come and what more would bring.

Pure functions from values to markup; what a grader reads before a question is finished is in `grading_markup`.
"""

from __future__ import annotations

from workbench.evaluation.few_labels.forecast import questions_for, width_at, width_of
from workbench.evaluation.few_labels.pool import K
from workbench.evaluation.few_labels.powered import MIN_QUERIES
from workbench.numbers import count, difference, measured, not_measured
from workbench.records import Comparison, Estimate, FewLabels
from workbench.ui.components import (
    arm_label,
    bullets,
    details,
    escape,
    interval_bar,
    paragraph,
    table,
)
from workbench.ui.tokens import ARM_COLOURS, css_name

NARROW = 0.2
"""Width an interval is forecast to reach: 10 points either way."""


def intervals_markup(now: Comparison, start: Comparison, *, updating: bool) -> str:
    """Every arm's share of missed questions with its interval, now and when this session began."""
    few, before = now.few_labels, start.few_labels
    k = few.k if few else K
    missed = (
        f"A search misses a question when none of its first {k} documents has a grade of 2 or 3: a 1 is not enough."
    )
    if few is None:
        return _framed(paragraph(f"Nothing is graded yet. {missed}", muted=True), updating)
    reasons = {powered.estimate.reason for powered in few.arms.values()}
    if len(reasons) == 1 and (reason := next(iter(reasons))) is not None:
        return _framed(paragraph(f"No interval yet: {reason}. {missed}", muted=True), updating)
    rows = [_arm_row(arm, powered.estimate, _before(before, arm)) for arm, powered in few.arms.items()]
    caption = f"Missed: none of the first {few.k} documents graded 2 or 3. 95 % intervals, 0 to 100 %; n = {count(few.queries)}."
    headings = ["Search", "Missed", "Points wide"]
    return _framed(table(headings, rows, caption=caption), updating)


def differences_markup(few: FewLabels | None) -> str:
    """The differences of all pairs, behind a line that opens it."""
    rows = [
        [
            arm_label(gap.candidate),
            arm_label(gap.baseline),
            escape(difference(gap.difference.estimate, share=True)),
        ]
        for gap in (few.differences if few else ())
        if gap.difference.estimate.value is not None
    ]
    if not rows:
        return ""
    caption = "Share missed by the first less share missed by the second; below 0 the first misses fewer."
    return details("Differences between searches", table(["Search", "Against", "Difference"], rows, caption=caption))


def forecast_words(few: FewLabels | None, goal: int, total: int) -> list[str]:
    """What the questions to come would bring, as far as that can be told."""
    counted = few.queries if few else 0
    if counted < MIN_QUERIES:
        if total < MIN_QUERIES:
            return [f"An interval needs {MIN_QUERIES} questions; this case has {count(total)}."]
        more = MIN_QUERIES - counted
        return [f"{count(more)} more question{'s' if more > 1 else ''} until the first intervals."]
    assert few is not None
    shares = [powered.estimate for powered in few.arms.values() if powered.estimate.value is not None]
    gaps = [gap.difference.estimate for gap in few.differences if gap.difference.estimate.method != "exact"]
    said = []
    widest = max(shares, key=lambda estimate: width_of(estimate) or 0.0, default=None)
    if widest is not None and widest.method != "exact":
        said.append(_narrowing(widest, total))
    if goal > counted:
        widths = [width for gap in gaps if (width := width_at(gap, goal, "difference")) is not None]
        if widths:
            said.append(
                f"After {count(goal)} questions a difference below about {_points(max(widths) / 2)} points would not show."
            )
    return said


def progress_markup(counted: int, goal: int, graded: int) -> str:
    """How many questions are done of those decided on, as words and a bar."""
    percent = round(100 * min(1.0, counted / goal)) if goal else 0
    label = f"{count(counted)} of {count(goal)} questions finished"
    return (
        f'<p class="wb-grading-progress"><b>{escape(label)}</b><span>{count(graded)} grade{"" if graded == 1 else "s"}</span></p>'
        f'<div class="wb-track" role="progressbar" aria-label="{escape(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}"><i style="width:{percent}%"></i></div>'
    )


def standing_words(few: FewLabels | None, *, put_off: int, waiting: int, by_default: int) -> list[str]:
    """What is graded and does not count, and why."""
    said = []
    if put_off:
        said.append(f"Put off: {_questions(put_off)}. Questions after the first of them wait until it is graded.")
    outside = few.outside if few else 0
    if waiting:
        said.append(f"Graded and waiting: {_questions(waiting)} behind one that is open; they count once it is graded.")
    if outside > waiting:
        said.append(
            f"Graded and not counted: {_questions(outside - waiting)}, unfinished out of turn, imported, or given under "
            "another plan."
        )
    if by_default:
        said.append(f"{_questions(by_default).capitalize()} without any result counts as missed, without a grade.")
    return said


def labels_words(comparison: Comparison, agreement: tuple[int, int]) -> str:
    """How grading relates to labels that are there already."""
    labelled = comparison.judged + comparison.without_relevant
    if not labelled:
        return (
            "No question has labels. Grade the documents the searches returned, without being told which search returned what: "
            f"from {MIN_QUERIES} finished questions on, each search gets its share of missed questions with an interval."
        )
    same, both = agreement
    compared = f" In finished questions grade and label agree on {count(same)} of {count(both)}." if both else ""
    return (
        f"{count(labelled)} of {count(comparison.queries)} questions have labels, and the scoreboard's measures come from those. "
        f"Your grades change none of them: they are a second opinion, given without seeing labels or searches.{compared}"
    )


def method_markup(k: int) -> str:
    """How grading works, for those who ask."""
    return details(
        "How grading works",
        bullets(
            [
                f"The documents are the first {k} of every search, each asked for once. Those that all searches share come "
                "first, then the rest, both shuffled; which search returned what is shown when the question is finished.",
                "A question is finished as soon as its grades settle every search; the others are left out.",
                "Questions come in an order drawn by chance, with those that tell searches apart a little earlier. Any beginning "
                "of it without a gap is a fair sample, so that the intervals hold for all questions. A question that is put off "
                "leaves a gap.",
                "Decide beforehand how many questions to grade. Who stops as soon as an interval leaves out 0 finds differences "
                "that are not there; so it is not forecast when one will show.",
                f"Below {MIN_QUERIES} questions no interval is shown: so few say next to nothing, and cannot show how far "
                "to trust the predictions.",
                "Grades are kept in labels.jsonl beside case.toml, with time and name; undo adds a withdrawal. Look at what the "
                "searches returned after grading: a grade changed after that look is not blind any more.",
            ]
        ),
    )


def _framed(markup: str, updating: bool) -> str:
    note = '<span class="wb-muted wb-updating">updating</span>' if updating else ""
    return f'<div class="wb-grading-intervals" aria-busy="{str(updating).lower()}">{note}{markup}</div>'


def _arm_row(arm: str, now: Estimate, before: Estimate | None) -> list[str]:
    if now.value is None:
        return [arm_label(arm), escape(not_measured(now.reason))]
    hue = f"wb-arm-{css_name(arm)}" if arm in ARM_COLOURS else ""
    bar = interval_bar(now, colour_class=hue)
    earlier = width_of(before) if before else None
    was = f"{_points(earlier)} at the start" if earlier is not None else "none at the start"
    return [
        arm_label(arm),
        f'<span class="wb-cell"><span class="wb-nowrap">{escape(measured(now, share=True))}</span>{bar}</span>',
        f'{_points(width_of(now) or 0.0)} <small class="wb-muted">{escape(was)}</small>',
    ]


def _before(few: FewLabels | None, arm: str) -> Estimate | None:
    powered = few.arms.get(arm) if few else None
    return powered.estimate if powered else None


def _narrowing(widest: Estimate, total: int) -> str:
    width = width_of(widest) or 0.0
    now = f"The widest interval is {_points(width)} points"
    if width <= NARROW:
        return f"{now}."
    needed = questions_for(widest, NARROW, total, "share")
    if needed is None:
        return f"{now}; grading all {count(total)} questions would not bring it to {_points(NARROW)}."
    return f"{now}; about {_questions(needed - widest.n, 'more ')} would bring it to {_points(NARROW)}."


def _points(share: float) -> str:
    return f"{100 * share:.0f}"


def _questions(number: int, more: str = "") -> str:
    return f"{count(number)} {more}question{'' if number == 1 else 's'}"
