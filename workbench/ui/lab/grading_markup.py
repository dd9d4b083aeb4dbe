"""What the grading view says, as markup: the question and its document, what comes next, what was found.

Pure functions from values to markup; client text is escaped by the components it passes through. Nothing that is shown
before a question is finished tells which arm returned a document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.comparison.grading import Labelling
from workbench.comparison.grading_round import ShownDocument
from workbench.evaluation.few_labels.plan import Planned
from workbench.evaluation.few_labels.pool import Grades
from workbench.evaluation.few_labels.powered import MIN_QUERIES
from workbench.numbers import count
from workbench.records import Source
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import (
    badge,
    details,
    escape,
    join,
    paragraph,
    source_link,
    table,
)
from workbench.ui.passages import passage, query_stems, text_stems

MEANINGS: Sequence[tuple[int, str, str]] = (
    (0, "Unrelated", "about something else"),
    (1, "On topic", "without the answer"),
    (2, "In part", "a partial or buried answer"),
    (3, "Exactly", "answers the question"),
)
"""Each grade: its key, its word, and what it means."""
SHOWN_NEXT = 6
EVEN = 0.05
"""A chance this near to the average is called as likely as others."""
NO_PASSAGE = "Only the document is known here, not the passage: open it to grade it."


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document as a grader reads it: what the client wrote, where, and whether there is a newer version of it."""

    title: str
    updated_on: str = ""
    source: Source | None = None
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class PassageText:
    """A passage and the headings it stands under; "" where there are none."""

    text: str
    section: str = ""


def question_markup(text: str, entry: Planned, position: int, total: int) -> str:
    """The question and its place in the plan.

    Whether the searches agree on it stands in the queue alone: told here, it would tell the grader what to expect.
    """
    place = f"Question {count(position)} of {count(total)} in the plan, drawn by chance."
    return (
        f'<p class="wb-grading-plan">{escape(place)}</p>'
        f'<h3 class="wb-question" data-question="{escape(entry.query_id)}">{escape(text)}</h3>'
    )


def why_words(entry: Planned, total: int) -> str:
    """Why a question stands where it stands in the plan: chance, and whether it was more likely to come early than others."""
    weight = entry.share * total
    likely = "more" if weight > 1 + EVEN else "less" if weight < 1 - EVEN else "as"
    chance = "as likely as others" if likely == "as" else f"{likely} likely than others"
    agree = (
        "the searches return the same documents"
        if entry.disagreement == 0
        else "the searches nearly agree"
        if entry.disagreement < 0.35
        else "the searches agree in part"
        if entry.disagreement < 0.65
        else "the searches return largely different documents"
    )
    return f"Drawn by chance, {chance}: {agree}."


def document_markup(
    document: DocumentText,
    passages: Sequence[PassageText],
    *,
    query: str,
    place: str,
    grade: int | None,
    by: str = "",
    case_slug: str | None,
) -> str:
    """A document to grade: title, date, source, and the passages that carried it with the question's words marked."""
    link = source_link(document.source, case_slug) if document.source else ""
    badges = [badge("a newer version is in the corpus", "muted")] if document.outdated else []
    if grade is not None:
        badges.append(badge(f"graded {grade}{f' by {by}' if by else ''}", "accent"))
    first, *more = passages or [PassageText("")]
    head = passage(
        document.title,
        first.text,
        query=query,
        section=first.section,
        date=document.updated_on,
        badges=badges,
        link=link,
    )
    rest = join(passage("Another passage of it", one.text, query=query, section=one.section) for one in more)
    missing = "" if first.text else paragraph(NO_PASSAGE, muted=True)
    return (
        f'<div class="wb-grading-document" tabindex="0" role="region" aria-label="{escape(place)}">'
        f'<p class="wb-grading-place">{escape(place)}</p>{head}{missing}{rest}</div>'
    )


def nearest(passages: Sequence[PassageText], question: str) -> list[PassageText]:
    """The one passage that holds most of a question's words, stems counted once, the first of equals; none of none."""
    stems = query_stems(question)

    def shared(one: PassageText) -> int:
        return len(stems & text_stems(one.text))

    return [max(passages, key=shared)] if passages else []


def place_words(documents: Sequence[ShownDocument], here: ShownDocument) -> str:
    """Where a document stands in its question: "Document 3 of 8", and whether the result needs it."""
    place = f"Document {count(documents.index(here) + 1)} of {count(len(documents))}"
    return f"{place}, not needed for the result" if here.state == "spare" else place


def done_markup(total: int, counted: int) -> str:
    """What stands in the place of a document when none is left."""
    if not total:
        said = "There is no question to grade: no search keeps enough results a question."
    elif total < MIN_QUERIES:
        said = f"Every question is graded. An interval needs {MIN_QUERIES} of them, and this case has {count(total)}."
    else:
        said = f"Every question is graded: {count(counted)} count. Undo takes the last grade of this session back."
    return f'<div class="wb-empty"><p class="wb-empty-missing">{escape(said)}</p></div>'


def revealed_markup(labelling: Labelling, query_id: str, grades: Grades, text: str, titles: Mapping[str, str]) -> str:
    """Which search returned what for a finished question, with the grades given; "" for no question."""
    tops = labelling.pool.tops.get(query_id)
    if not tops:
        return ""
    outcomes = labelling.pool.outcomes(query_id, grades)
    words = {True: "found", False: "missed", None: "open"}
    rows = [
        [
            escape(titles.get(item.doc_id, item.doc_id)),
            escape(grades.get((query_id, item.doc_id), "not needed")),
            *(str(top.index(item.doc_id) + 1) if item.doc_id in top else "" for top in tops.values()),
        ]
        for item in labelling.pool.items[query_id]
    ]
    ends = ["<b>Result</b>", "", *(f"<b>{words[outcomes[arm]]}</b>" for arm in tops)]
    headings = ["Document", "Grade", *(arm_name(arm) for arm in tops)]
    caption = f"{text}. Rank of each document among the first {labelling.pool.k} of each search."
    shown = table(headings, [*rows, ends], caption=caption, numeric=range(1, len(headings)))
    return details("What the searches returned for the question before", shown)


def queue_markup(labelling: Labelling, query_ids: Sequence[str], texts: Mapping[str, str]) -> str:
    """The questions that come next, with why."""
    entries = {entry.query_id: entry for entry in labelling.plan.queries}
    total = len(entries)
    rows = [
        [escape(texts.get(query_id, query_id)), escape(why_words(entries[query_id], total))]
        for query_id in query_ids[:SHOWN_NEXT]
    ]
    return details("Next in the plan", table(["Question", "Why it comes there"], rows)) if rows else ""


def read_only_words(slug: str) -> tuple[str, str, str]:
    """What stands there where grades cannot be kept: what is missing, what grading gives, how to go on."""
    return (
        "Grades cannot be kept here: the case is read-only.",
        "Grading gives each search its share of missed questions with an interval.",
        f'Copy the case and open the copy: cp -a "{slug}" "{slug}-grading" && chmod -R u+w "{slug}-grading". '
        "The copy is analysed once, then it can be graded.",
    )
