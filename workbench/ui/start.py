"""The start page: which cases there are, what each holds and says, a new one, and the agenda of the session.

It reads stored results and starts the analysis as a job; it analyses nothing itself.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import ipywidgets as widgets

from workbench.case import INBOX, PARTS, Case, files_below, new_case
from workbench.compute import JobState
from workbench.errors import WorkbenchError
from workbench.ingest.labels import find_beside
from workbench.numbers import count
from workbench.records import Diagnosis
from workbench.report.words import CAUSE_NAMES, VERDICT_WORDS, listing
from workbench.session import ANALYSIS
from workbench.ui import components as ui
from workbench.ui.figure import under_voila
from workbench.ui.navigation import readable_cases
from workbench.ui.page import PageContext, column, guarded, html, safe_callback
from workbench.ui.progress import JobProgress
from workbench.ui.steps import available_steps, step_href

SESSION_MINUTES = 30
SMALL_NUMBERS = (
    "none",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
COUNTED = 1000
"""Files counted per folder; above, "over 1,000" is as good as the number."""
PART_WORDS: Mapping[str, str] = {
    "corpus": "documents the pilot answers from",
    "logs": "questions people asked it, with answers",
    "evals": "test sets and test runs",
    "governance": "decisions, sign-offs, risk papers, policies",
    "repo": "a copy of the pilot's repository, with its history",
}
LABEL_WORDS: Mapping[str, str] = {
    "queries.jsonl": "questions to test with",
    "qrels/test.tsv": "which document is right for which question",
}
LABELLED = "questions with right answers"
LONGEST_NAME, ECHOED = 64, 60
"""Characters a case name may have, and those of a longer one that are repeated."""
NO_NAME = "Give the case a name first."


def build_start_page(context: PageContext) -> widgets.Widget:
    """The start page of a workspace; with a case in the address, that case comes first in words."""
    diagnoses = {case.slug: _diagnosis(case) for case in context.cases}
    opening = html(ui.sentence(opening_sentence(context, diagnoses)))

    def analysed(case: Case) -> Diagnosis | None:
        diagnoses[case.slug] = _diagnosis(case)
        opening.value = ui.sentence(opening_sentence(context, diagnoses))
        return diagnoses[case.slug]

    def row(case: Case) -> widgets.Widget:
        return guarded(partial(_case_row, case, diagnoses[case.slug], analysed))

    def added(case: Case) -> None:
        nonlocal context
        context, diagnoses[case.slug] = replace(context, cases=(*context.cases, case)), None
        opening.value = ui.sentence(opening_sentence(context, diagnoses))
        cases.children = (*cases.children, row(case))

    cases = column(*(row(case) for case in context.cases))
    return column(
        opening,
        cases,
        html(ui.join(fault_markup(fault) for fault in context.faults)),
        _new_case_form(context.workspaces, added, first=not context.cases),
        html(agenda()),
    )


def opening_sentence(context: PageContext, diagnoses: Mapping[str, Diagnosis | None]) -> str:
    """What there is, in words to read aloud."""
    if context.case is not None:
        diagnosis = diagnoses[context.case.slug]
        return diagnosis.sentence if diagnosis else f"{context.case.name} is open and has not been analysed yet."
    if not context.cases:
        return "There is no case here yet: name one, put the client's files into its folder, and analyse it."
    done = sum(diagnosis is not None for diagnosis in diagnoses.values())
    if len(context.cases) == 1:
        return "One case is in this workspace; " + (
            "it has been analysed." if done else "it has not been analysed yet."
        )
    analysed = f"{_in_words(done)} of them analysed" if done else "none of them analysed yet"
    return f"{_in_words(len(context.cases)).capitalize()} cases are in this workspace, {analysed}."


def case_markup(case: Case, diagnosis: Diagnosis | None) -> str:
    """A case on the start page: its name, what it holds, what is missing, what the analysis said."""
    held, missing = holdings(case.root)
    name = ui.escape(case.name)
    title = f'<a href="{ui.escape(step_href("diagnosis", case.slug))}">{name}</a>' if _can_open() else name
    state = ui.badge(verdict_words(diagnosis), "accent") if diagnosis else ui.badge("not analysed", "muted")
    holds = f"Holds {listing(held)}." if held else "Holds no files yet."
    lacks = f" Not there: {listing(missing)}." if missing and held else ""
    return (
        f'<div class="wb-case-row" data-case="{ui.escape(case.slug)}"><h2 class="wb-name">{title} {state}</h2>'
        f"{ui.paragraph(holds + lacks, muted=True)}</div>"
    )


def fault_markup(fault: str) -> str:
    """A folder that cannot be opened as a case; the others are not affected."""
    name, _, reason = fault.partition(": ")
    title = f'<h2 class="wb-name">{ui.escape(name)} {ui.badge("cannot be opened")}</h2>'
    return f'<div class="wb-case-box">{title}{ui.paragraph(f"{reason}.", muted=True)}</div>'


def verdict_words(diagnosis: Diagnosis) -> str:
    """The verdict in a few words: "Wrong retrieval: likely"."""
    words = VERDICT_WORDS[diagnosis.verdict]
    return f"{CAUSE_NAMES[diagnosis.primary]}: {words}" if diagnosis.primary else words


def holdings(root: Path) -> tuple[list[str], list[str]]:
    """What a case folder holds by part, in words with file counts, and the parts that are not there."""
    counts = {part: _files_in(root, part) for part in PARTS}
    held = [f"{_how_many(number)} in {part}" for part, number in counts.items() if number]
    missing = [part for part, number in counts.items() if not number]
    labelled = labelled_questions(root)
    if labelled:
        return [*held, f"{count(labelled)} question{'' if labelled == 1 else 's'} with right answers"], missing
    queries = ["queries.jsonl"] if find_beside(root, "queries.jsonl") else []
    return [*held, *queries], [*missing, LABELLED]


def labelled_questions(root: Path) -> int:
    """Questions of a case with at least one right document in `qrels/test.tsv`; 0 without questions or labels."""
    path = find_beside(root / "qrels", "test.tsv")
    if path is None or find_beside(root, "queries.jsonl") is None:
        return 0
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as stream:
        lines = (str(line).split("\t") for line in stream)
        return len({cells[0] for cells in lines if len(cells) > 2 and cells[2].strip().strip("0").isdecimal()})


def agenda() -> str:
    """The steps of the session with minutes and what to say; what is left of the half hour is for questions."""
    steps = available_steps()
    left = SESSION_MINUTES - sum(step.minutes for step in steps)
    lines = [(step.minutes, step.title, step.say) for step in steps]
    if left > 0:
        lines.append((left, "Questions", "What surprised you, and what should we look at next time?"))
    rows = ui.join(
        f"<li><span>{minutes} min</span><b>{ui.escape(title)}</b>{ui.escape(say)}</li>" for minutes, title, say in lines
    )
    return ui.section(
        "Thirty minutes", f'<ol class="wb-agenda">{rows}</ol>', note="What each step is for, in words to say."
    )


def _case_row(case: Case, diagnosis: Diagnosis | None, analysed: Callable[[Case], Diagnosis | None]) -> widgets.Widget:
    words = html("")
    analyse = widgets.Button(tooltip=f"Run the whole analysis of {case.name}")

    def fill(found: Diagnosis | None) -> None:
        words.value = case_markup(case, found)
        analyse.description = "Analyse again" if found else "Analyse now"
        analyse.button_style = "" if found else "primary"

    def ended(_: JobState) -> None:
        analyse.disabled = False
        fill(analysed(case))

    def begin(_: widgets.Button) -> None:
        analyse.disabled = True
        progress.follow(partial(_start, case))

    fill(diagnosis)
    progress = JobProgress(case, ANALYSIS, ended)
    analyse.on_click(safe_callback(begin))
    analyse.disabled = progress.under_way
    box = widgets.HBox([column(words, progress), analyse])
    box.add_class("wb-case-box")
    return box


def _diagnosis(case: Case) -> Diagnosis | None:
    if not case.derived.is_dir():
        return None
    # Loading what reads results takes a second; a workspace without any need not wait for it.
    from workbench.session import stored_diagnosis

    return stored_diagnosis(case)


def _start(case: Case) -> None:
    from workbench.session import start_analysis

    start_analysis(case)


def _new_case_form(workspaces: Sequence[Path], added: Callable[[Case], None], *, first: bool) -> widgets.Widget:
    name = widgets.Text(placeholder="acme-claims", description="Name", continuous_update=False)
    make = widgets.Button(description="New case", tooltip="Make an empty case folder of this name")
    if first:
        make.button_style = "primary"
    answer = html("")

    def create(_: widgets.Button) -> None:
        wanted = name.value.strip()
        if fault := name_fault(wanted, {case.slug for case in readable_cases(workspaces)[0]}):
            answer.value = refusal(fault)
            return
        try:
            case = new_case(workspaces[0], wanted)
        except WorkbenchError as error:
            answer.value = refusal(f"{error}.")
            return
        answer.value = created_markup(case)
        added(case)

    make.on_click(safe_callback(create))
    line = widgets.HBox([name, make])
    line.add_class("wb-form")
    return column(html(ui.section("New case", note="One case per client; letters, digits, - _ .")), line, answer)


def name_fault(name: str, taken: Collection[str] = ()) -> str | None:
    """Why a name needs no further look, in a sentence: there is none, it is taken, or too long to repeat; else None.

    A name is taken by a case of any folder: a new one of that name would hide it.
    """
    if not name:
        return NO_NAME
    if name in taken:
        return f"'{name}' is the name of a case already; choose another name or open that one."
    return _too_long(name) if len(name) > LONGEST_NAME else None


def _too_long(name: str) -> str:
    return f"'{name[:ECHOED]}…' is too long for a case name; use at most {LONGEST_NAME} characters."


def refusal(sentence: str) -> str:
    """A sentence under the form: the case was not made, and why."""
    return f'<p class="wb-text" role="alert">{ui.escape(sentence)}</p>'


def created_markup(case: Case) -> str:
    """What to do after a case folder was made: where it is and what goes where."""
    places = {**{f"{part}/": words for part, words in PART_WORDS.items()}, **LABEL_WORDS}
    rows = [[f"<code>{ui.escape(place)}</code>", ui.escape(words)] for place, words in places.items()]
    link = f'<p class="wb-text"><a href="{ui.escape(step_href("intake", case.slug))}">Hand files over</a></p>'
    return ui.join(
        [
            ui.paragraph(
                f"Upload the client's files on the intake page, or put them into {case.root}: into {INBOX}/ to have them "
                "sorted by content, or where they belong. Any part may stay empty."
            ),
            ui.table(["Folder or file", "What goes into it"], rows),
            link if _can_open() else "",
        ]
    )


def _files_in(root: Path, part: str) -> int:
    beside = sum((root / f"{part}{suffix}").is_file() for suffix in (".jsonl", ".jsonl.gz"))
    return beside + sum(1 for _ in islice(files_below(root / part), COUNTED + 1))


def _how_many(number: int) -> str:
    if number > COUNTED:
        return f"over {count(COUNTED)} files"
    return f"{count(number)} file{'' if number == 1 else 's'}"


def _in_words(number: int) -> str:
    return SMALL_NUMBERS[number] if number < len(SMALL_NUMBERS) else count(number)


def _can_open() -> bool:
    return under_voila()
