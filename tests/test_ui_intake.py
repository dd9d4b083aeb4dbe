"""The intake page in-process: what it says of files, logs, health and masking, and that text of the client stays text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import ipywidgets as widgets
import pytest
from bs4 import BeautifulSoup, Tag

from workbench import compute
from workbench.case import Case, new_case
from workbench.compute import JobState
from workbench.intake.words import NOTHING
from workbench.records import (
    Boilerplate,
    ColumnGuess,
    CorpusHealth,
    DuplicateGroup,
    EmptyPages,
    Estimate,
    FileMapping,
    Intake,
    IntakeFile,
    LogIntake,
    LogQuestion,
    Observation,
    Source,
)
from workbench.session import intake
from workbench.ui import intake_page
from workbench.ui.intake_files import EVERY, LOOK, REMARKS, SHOWN, FileTable, remarks
from workbench.ui.intake_health import health_markup
from workbench.ui.intake_mapping import MappingEditor, mapping_markup, sureness
from workbench.ui.intake_masking import NOTHING as NOTHING_MASKED
from workbench.ui.intake_masking import masking_markup
from workbench.ui.intake_page import IntakePanel, figures, unread_sentence, waiting_markup

HOSTILE = "<img src=x onerror=alert(1)>"
ZONE = LogQuestion("logs/a.csv", "at", "time zone", "Which time zone are the times in 'when' in?")
UNIT = LogQuestion("logs/a.csv", "latency_ms", "unit", "In which unit is 'took'?", ("seconds", "milliseconds"))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return new_case(tmp_path, "acme")


def walk(widget: widgets.Widget) -> list[widgets.Widget]:
    return [widget, *(part for child in getattr(widget, "children", ()) for part in walk(child))]


def read(widget: widgets.Widget) -> BeautifulSoup:
    return soup("".join(part.value for part in walk(widget) if isinstance(part, widgets.HTML)))


def soup(markup: str) -> BeautifulSoup:
    return BeautifulSoup(markup, "html.parser")


def rows(page: BeautifulSoup) -> list[Tag]:
    return page.select("tbody tr")


def table(case: Case, *files: IntakeFile, questions: tuple[LogQuestion, ...] = ()) -> FileTable:
    return FileTable(case, files, moved=lambda: None, questions=questions)


def empty_intake(**changes: object) -> Intake:
    nothing = Intake("acme", "s", (), {}, 0, 0, 0, LogIntake(), 0, 0, {}, {}, None)
    return replace(nothing, **changes)


MIXED = (
    IntakeFile("corpus/a.pdf", "pdf", "unreadable", "a.pdf: damaged PDF; export it again"),
    IntakeFile("corpus/b.md", "md", "loaded", documents=1, characters=1234),
    IntakeFile("corpus/c.txt", "empty", "empty", "nothing in it; check the export"),
    IntakeFile("corpus/d.docx", "docx", "loaded", documents=1, characters=9, warnings=("1 picture was not read",)),
    IntakeFile("corpus/e.bin", "none", "skipped", "no text"),
)


# ---------------------------------------------------------------- files


def test_files_that_need_somebody_are_shown_first_and_counted_as_the_sentence_counts_them(case: Case) -> None:
    files = table(case, *MIXED)
    assert [label for label, _ in files.state.options] == [
        "need a look (2)", "read, with remarks (1)", "every file (5)", "read (2)", "empty (1)", "not read (1)", "left out (1)",
    ]  # fmt: skip
    assert files.state.value == LOOK
    assert [file.path for file in files.matching()] == ["corpus/a.pdf", "corpus/c.txt"]


def test_without_unread_files_the_remarks_come_first_then_every_file(case: Case) -> None:
    assert table(case, MIXED[1], MIXED[3]).state.value == REMARKS
    assert table(case, MIXED[1]).state.value == EVERY


def test_a_row_does_not_repeat_the_name_of_its_file_nor_its_state(case: Case) -> None:
    first, second = rows(read(table(case, *MIXED).widget))
    assert [cell.text for cell in first.find_all("td")] == [
        "corpus/a.pdf", "pdf", "not read", "", "", "damaged PDF; export it again",
    ]  # fmt: skip
    assert [cell.text for cell in second.find_all("td")][1:3] == ["", "empty"]


def test_a_search_looks_at_names_kinds_and_reasons(case: Case) -> None:
    files = table(case, *MIXED)
    files.state.value = EVERY
    for wanted, found in (("PICTURE", ["corpus/d.docx"]), ("md", ["corpus/b.md"]), ("nowhere", [])):
        files.search.value = wanted
        assert [file.path for file in files.matching()] == found
    assert "No file matches" in read(files.widget).text


def test_many_files_are_paged_through(case: Case) -> None:
    many = [IntakeFile(f"corpus/{n:05d}.md", "md", "loaded", documents=1) for n in range(2 * SHOWN + 1)]
    files = table(case, *many)
    assert (len(rows(read(files.widget))), files.earlier.disabled, files.later.disabled) == (SHOWN, True, False)
    files.later.click()
    files.later.click()
    assert "41 to 41 of 41 files" in read(files.widget).text
    assert (files.earlier.disabled, files.later.disabled) == (False, True)
    files.search.value = "00001"
    assert "1 file" in read(files.widget).text
    assert files.later.layout.display == "none"


def test_filters_outlive_a_second_reading(case: Case) -> None:
    before = table(case, *MIXED)
    before.state.value, before.search.value = EVERY, "docx"
    after = FileTable(case, MIXED[1:], moved=lambda: None, before=before)
    assert [file.path for file in after.matching()] == ["corpus/d.docx"]
    before.state.value = "unreadable"
    assert FileTable(case, MIXED[1:2], moved=lambda: None, before=before).state.value == EVERY


def test_what_is_asked_below_is_not_said_of_the_file_again() -> None:
    told = (
        "300 of 300 times in 'when' name no time zone and are left out",
        "300 values in 'took' state no unit and are left out",
        ZONE.text,
        UNIT.text,
        "2 lines could not be read",
    )
    file = IntakeFile("logs/a.csv", "table", "loaded", documents=300, warnings=told, part="logs")
    assert remarks(file, (ZONE, UNIT)) == ["2 lines could not be read", "2 things to ask, under Query log"]
    assert remarks(file)[:2] == list(told[:2])


def test_names_and_reasons_of_the_client_stay_text(case: Case) -> None:
    file = IntakeFile(
        f"corpus/{HOSTILE}.md", HOSTILE, "unreadable", HOSTILE, warnings=(HOSTILE,), sorted_by=HOSTILE, part="x"
    )
    page = read(table(case, file).widget)
    assert not page.find_all("img")
    assert page.text.count(HOSTILE) == 5


def test_a_member_of_an_archive_opens_through_the_archive(case: Case) -> None:
    page = read(table(case, IntakeFile("corpus/s.zip/a/b.md", "md", "loaded", documents=1)).widget)
    assert "path=corpus%2Fs.zip&at=member+%27a%2Fb.md%27" in page.a["href"]


def test_no_file_is_said_in_words(case: Case) -> None:
    assert "No file was handed over" in read(table(case).widget).text


def test_a_file_is_moved_and_an_impossible_move_is_one_sentence(case: Case) -> None:
    (case.root / "corpus" / "b.md").write_text("text")
    moved: list[bool] = []
    files = FileTable(case, MIXED, moved=lambda: moved.append(True))
    press = next(part for part in walk(files.widget) if getattr(part, "description", "") == "Move").click
    press()
    assert "Choose a file first" in read(files.widget).text
    files.file.value, files.target.value = "corpus/../../etc/passwd", "logs"
    press()
    assert read(files.widget).select_one("[role=alert]") is not None
    assert moved == []
    files.file.value = "corpus/b.md"
    press()
    assert (case.root / "logs" / "b.md").is_file()
    assert moved == [True]


# ---------------------------------------------------------------- the query log


def mapping(**changes: object) -> FileMapping:
    guesses = (ColumnGuess("query", "Frage", 0.5, 200, "What?"), ColumnGuess("answer", "", 0.0))
    return replace(FileMapping("logs/a.csv", "table", guesses, ("x",), lines=3, interactions=1), **changes)


def test_a_mapping_says_how_sure_each_column_is_and_leaves_out_empty_columns() -> None:
    page = soup(mapping_markup(mapping(bad_lines=2)))
    assert [cell.text for cell in page.find_all("th")] == ["Field", "Column", "How sure", "Example, masked"]
    assert "50 %, n = 200: please check" in page.text
    assert "not in this file" in page.text
    assert page.caption.text == "1 question from 3 records, 2 could not be read."


def test_a_trace_is_read_by_known_keys() -> None:
    page = soup(mapping_markup(mapping(format="Langfuse")))
    assert "known key" in page.text
    assert "please check" not in page.text


def test_what_a_person_chose_is_said_to_be_so() -> None:
    assert sureness(ColumnGuess("query", "q", 1.0, set_by_user=True)) == "set by a person"


def test_columns_examples_and_keys_of_the_client_stay_text() -> None:
    hostile = mapping(
        columns=(ColumnGuess("query", HOSTILE, 1.0, 3, HOSTILE),), unused=(HOSTILE,), units={"query": HOSTILE}
    )
    page = soup(mapping_markup(hostile))
    assert not page.find_all("img")
    assert page.text.count(HOSTILE) == 4


def test_every_question_is_the_label_of_its_control(case: Case) -> None:
    log = LogIntake(300, mappings=(mapping(questions=(ZONE, UNIT)),), questions=(ZONE, UNIT))
    editor = MappingEditor(case, log, corrected=lambda: None)
    described = [part.description for part in walk(editor.widget) if isinstance(part, widgets.Text | widgets.Dropdown)]
    assert described == [ZONE.text, UNIT.text]


def test_the_form_of_the_columns_is_built_when_somebody_asks_for_it(case: Case) -> None:
    editor = MappingEditor(case, LogIntake(1, mappings=(mapping(),)), corrected=lambda: None)
    assert editor.form.columns == {}
    editor.correct.click()
    assert editor.form.columns["query"].value == "Frage"
    assert set(editor.form.columns["answer"].options) == {("not in this file", ""), ("Frage", "Frage"), ("x", "x")}


def test_an_answer_is_stored_and_a_wrong_one_is_refused(case: Case) -> None:
    (case.root / "logs" / "a.csv").write_text("when,question,took\n2026-05-04 09:00:00,What?,1\n")
    done: list[bool] = []
    log = LogIntake(1, mappings=(mapping(questions=(ZONE,)),), questions=(ZONE,))
    editor = MappingEditor(case, log, corrected=lambda: done.append(True))
    press = next(p for p in walk(editor.widget) if getattr(p, "description", "") == "Store and read again").click
    press()
    assert "Nothing was changed" in read(editor.widget).text
    editor.form.questions[ZONE].value = "Atlantis"
    press()
    assert "Atlantis" in read(editor.widget).select_one("[role=alert]").text
    editor.form.questions[ZONE].value = "Europe/Berlin"
    press()
    assert done == [True]


def test_a_read_only_case_shows_its_questions_without_controls(case: Case) -> None:
    case.root.chmod(0o555)
    log = LogIntake(1, mappings=(mapping(questions=(ZONE,)),), questions=(ZONE,))
    editor = MappingEditor(case, log, corrected=lambda: None)
    case.root.chmod(0o755)
    assert ZONE.text in read(editor.widget).text
    assert not [part for part in walk(editor.widget) if isinstance(part, widgets.Button)]


def test_a_log_says_its_span_what_was_never_logged_and_what_is_wrong(case: Case) -> None:
    day = datetime(2026, 5, 4, tzinfo=UTC)
    log = LogIntake(
        1, day, day, never_logged=("model", "cost"), mappings=(mapping(),), faults=(f"logs/b.csv: {HOSTILE}",)
    )
    page = read(MappingEditor(case, log, corrected=lambda: None).widget)
    assert "1 question, 2026-05-04 to 2026-05-04." in page.text
    assert "Never logged, which is evidence too: model, cost." in page.text
    assert HOSTILE in page.text
    assert not page.find_all("img")


def test_no_log_is_said_in_words(case: Case) -> None:
    assert "No query log was handed over" in read(MappingEditor(case, LogIntake(), corrected=lambda: None).widget).text


# ---------------------------------------------------------------- health and masking


def test_a_share_is_written_with_what_it_is_of() -> None:
    health = CorpusHealth(
        4, 1, shares={
            "undated": Estimate.exact(0.25, 4), "boilerplate": Estimate.exact(0.5, 4),
            "with_empty_pages": Estimate.not_measured("no document with pages"),
        },
    )  # fmt: skip
    page = soup(health_markup(health, (), "acme"))
    cells = [row.find_all("td")[2].text for row in rows(page)]
    assert cells == ["50 % of all characters", "25 % of 4 documents", "not measured: no document with pages"]
    assert "4 documents, 1 character; every document was looked at." in page.text


def test_every_table_behind_a_share_keeps_the_clients_text_as_text() -> None:
    health = CorpusHealth(
        2, 10, duplicates=(DuplicateGroup((HOSTILE, "b"), 1.0, True),), boilerplate=(Boilerplate(HOSTILE, 2, 9),),
        undated=(HOSTILE,), ownerless=(HOSTILE,), languages={HOSTILE: 2}, empty_pages=(EmptyPages(HOSTILE, 1, 2),),
    )  # fmt: skip
    finding = Observation("corpus.undated", "seen", HOSTILE, (Source(HOSTILE),))
    page = soup(health_markup(health, (finding,), "acme"))
    assert not page.find_all("img")
    assert page.text.count(HOSTILE) == 8
    assert [part.text for part in page.find_all("summary")] == [
        "Copies (1)", "Repeated lines (1)", "Without a date (1)", "Without author or owner (1)", "Languages (1)",
        "Pages without text (1)",
    ]  # fmt: skip


def test_a_long_table_says_how_much_of_it_is_shown() -> None:
    page = soup(health_markup(CorpusHealth(60, 1, undated=tuple(f"d{n}" for n in range(60))), (), None))
    assert page.caption.text == "The first 50 of 60."
    assert len(page.select("details tbody tr")) == 50


def test_a_group_of_many_copies_is_cut_and_counted() -> None:
    group = DuplicateGroup(tuple(f"d{n}" for n in range(13)), 0.9, False)
    assert "and 3 more" in soup(health_markup(CorpusHealth(13, 1, duplicates=(group,)), (), None)).text


def test_masking_counts_by_kind_in_words() -> None:
    page = soup(masking_markup(empty_intake(masked={"email": 1200}, found={"email": 2, HOSTILE: 1})))
    assert [[cell.text for cell in row.find_all("td")] for row in rows(page)] == [
        [HOSTILE, "0", "1"],
        ["e-mail addresses", "1,200", "2"],
    ]
    assert NOTHING_MASKED in soup(masking_markup(empty_intake())).text


# ---------------------------------------------------------------- the page


def test_the_figures_say_what_they_are_of() -> None:
    found = empty_intake(files=MIXED, documents=2, passages=1, masked={"email": 3}, found={"phone": 1})
    cards = [card.text for card in soup(figures(found)).select(".wb-card-meaning")]
    assert cards == [
        "of 5; 2 need somebody to look; 1 left out", "in 1 passage to search", "no query log was handed over",
        "secrets and personal data; 1 left in documents",
    ]  # fmt: skip
    whole = soup(figures(empty_intake(files=MIXED[1:2]))).select(".wb-card-meaning")
    assert whole[0].text == "every file that was handed over"


def test_a_case_without_a_result_says_why(case: Case) -> None:
    assert unread_sentence(case, under_way=True) == intake_page.BEING_READ
    assert unread_sentence(case, under_way=False) == NOTHING
    (case.root / "corpus" / "a.md").write_text("text")
    assert unread_sentence(case, under_way=False).startswith("One file is here")
    (case.root / "inbox" / "b.md").write_text("text")
    assert unread_sentence(case, under_way=False).startswith("2 files are here")


def test_the_drop_folder_says_how_many_files_wait(case: Case) -> None:
    assert "(it is empty)" in waiting_markup(case)
    (case.root / "inbox" / "b.md").write_text("text")
    assert "(1 file waits there)" in waiting_markup(case)
    case.root.chmod(0o555)
    words = waiting_markup(case)
    case.root.chmod(0o755)
    assert "marked read-only" in words


def test_an_empty_case_has_no_figures_and_says_what_goes_in(case: Case) -> None:
    page = read(IntakePanel(case))
    assert page.h1.text == NOTHING
    assert page.select_one(".wb-empty") is not None
    assert not page.select(".wb-card")


def test_a_result_is_shown_and_stays_where_nothing_changed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    (case.root / "corpus" / "a.md").write_text("# Hail\n\nHail damage is covered.")
    result = intake(case)
    panel = IntakePanel(case)
    assert read(panel).h1.text == result.sentence
    parts = panel.children[-1].children
    monkeypatch.setattr(
        intake_page, "start_intake", lambda asked: compute.run_job(asked.root, "intake", lambda progress: None)
    )

    async def press() -> None:
        panel.read.click()
        assert panel.read.disabled
        await panel.progress._watching

    asyncio.run(press())
    assert panel.children[-1].children is parts
    assert not panel.read.disabled
    assert panel.announcer.said == result.sentence


def test_what_comes_in_during_a_reading_is_read_right_after_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = IntakePanel(case)
    begun: list[str] = []

    def start(asked: Case) -> None:
        begun.append(asked.slug)
        compute.run_job(asked.root, "intake", lambda progress: None)

    monkeypatch.setattr(intake_page, "start_intake", start)

    async def press() -> None:
        panel._start()
        panel._start()
        await panel.progress._watching
        await asyncio.sleep(0)
        await panel.progress._watching

    asyncio.run(press())
    assert begun == ["acme", "acme"]


def test_a_stopped_reading_is_not_begun_again_by_itself(case: Case) -> None:
    panel = IntakePanel(case)
    panel._once_more = True
    panel._ended(JobState("intake", "cancelled"))
    assert not panel.progress.under_way
    assert panel.announcer.said == "The reading was stopped."
