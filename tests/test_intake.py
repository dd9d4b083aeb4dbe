"""Taking stock: every file of a case is accounted for, with what a person can do about those that gave nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from workbench import session
from workbench.case import Case, files_below, new_case, open_case
from workbench.cli import main
from workbench.errors import CaseError
from workbench.intake import take_stock
from workbench.intake.words import intake_sentence
from workbench.records import Intake, IntakeFile
from workbench.report.intake_text import intake_summary
from workbench.session import taking_in

LOG = """asked_at,question,answer,retrieved_docs,session_id,user_id
2026-05-04T09:00:00Z,What is the excess for hail?,350 pounds,hail.md,s1,u1
2026-05-04T09:05:00Z,Who repairs hail damage?,The approved repairer,hail.md,s1,u1
2026-05-05T10:00:00Z,Write to ann@example.org about storms,Done,storm.md,s2,u2
"""


@pytest.fixture
def case(tmp_path: Path) -> Case:
    case = new_case(tmp_path, "acme")
    put = {
        "corpus/hail.md": "# Hail\n\nVehicles damaged by hail are booked with the approved repairer within two days.",
        "corpus/empty.txt": "",
        "corpus/photo.png": "\x89PNG\r\n\x1a\n",
        "logs/export.csv": LOG,
        "logs/notes.txt": "nothing of a log",
        "evals/golden.csv": "question,reference\nWhat is the excess?,350 pounds\n",
        "governance/0001-answer-model.md": "# ADR 1\n\nDate: 2026-02-01\n\nStatus: accepted\n",
        "repo/app.py": "print('pilot')\n",
        "repo/git-log.txt": "commit 1a2b3c4\nauthor Ann <a@example.org>\nauthor-date 2026-02-01T10:00:00+00:00\n"
        "commit-date 2026-02-01T10:00:00+00:00\n\n    first\n\nA\tapp.py\n",
        "queries.jsonl": '{"_id": "q1", "text": "hail repair"}\n',
        "qrels/test.tsv": "q1\thail.md\t1\n",
        "left-over.bin": "x",
        "inbox/later.md": "# Later\n\nThis waits.",
    }
    for name, text in put.items():
        path = case.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="latin-1")
    with zipfile.ZipFile(case.root / "corpus" / "share.zip", "w") as archive:
        archive.writestr("deep/storm.md", "# Storm\n\nStorm cover begins at force eight on the Beaufort scale.")
    return case


def test_every_file_of_the_case_is_in_the_intake(case: Case) -> None:
    intake = take_stock(case)
    listed = {file.path for file in intake.files}
    there = {path.relative_to(case.root).as_posix() for path in files_below(case.root)}
    there = {path for path in there if not path.startswith(".workbench/")}
    assert there <= listed
    assert "corpus/share.zip/deep/storm.md" in listed


def test_files_that_gave_nothing_say_why_and_the_others_what_they_gave(case: Case) -> None:
    files = {file.path: file for file in take_stock(case).files}
    states = {path: (file.part, file.status, file.documents) for path, file in files.items()}
    assert states["corpus/hail.md"] == ("corpus", "loaded", 1)
    assert states["corpus/empty.txt"][1] == "empty"
    assert states["corpus/photo.png"][1] == "skipped"
    assert states["logs/export.csv"] == ("logs", "loaded", 3)
    assert states["logs/notes.txt"][1] == "unreadable"
    assert states["evals/golden.csv"] == ("evals", "loaded", 1)
    assert states["governance/0001-answer-model.md"] == ("governance", "loaded", 1)
    assert states["repo/app.py"] == ("repo", "loaded", 1)
    assert states["repo/git-log.txt"] == ("repo", "loaded", 1)
    assert states["queries.jsonl"] == ("labels", "loaded", 1)
    assert states["qrels/test.tsv"] == ("labels", "loaded", 1)
    assert states["left-over.bin"] == ("none", "skipped", 0)
    assert states["inbox/later.md"] == ("inbox", "skipped", 0)
    assert all(file.reason for file in files.values() if file.status != "loaded")


def test_sums_are_those_of_the_parts(case: Case) -> None:
    intake = take_stock(case)
    assert (intake.documents, intake.log.interactions, intake.eval_items) == (2, 3, 1)
    assert intake.masked == {"email": 1}
    assert intake.log.logged["answer"] == 3
    assert "cost" in intake.log.never_logged
    assert str(intake.log.first) == "2026-05-04 09:00:00+00:00"
    assert sum(sum(counts.values()) for counts in intake.counts.values()) == len(intake.files)
    assert intake.health is not None
    assert intake.health.documents == 2


def test_a_corpus_that_contradicts_itself_stops_nothing_else(case: Case) -> None:
    shutil.rmtree(case.root / "corpus")
    (case.root / "corpus.jsonl").write_text('{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n')
    intake = take_stock(case)
    found = next(file for file in intake.files if file.path == "corpus.jsonl")
    assert (found.status, intake.documents, intake.log.interactions) == ("unreadable", 0, 3)
    assert "repeats the id 'a'" in str(found.reason)
    assert intake.health is None


def test_labels_that_fit_no_document_are_said_of_their_file(case: Case) -> None:
    (case.root / "qrels" / "test.tsv").write_text("q1\tgone.md\t1\n")
    found = next(file for file in take_stock(case).files if file.path == "qrels/test.tsv")
    assert found.status == "unreadable"
    assert "'gone.md' is not in the corpus" in str(found.reason)


def test_an_intake_is_kept_until_a_file_changes(case: Case) -> None:
    assert session.stored_intake(case) is None
    found = session.intake(case)
    assert "corpus/later.md" in {file.path for file in found.files}
    assert not list((case.root / "inbox").iterdir())
    assert session.stored_intake(case) == found
    (case.root / "corpus" / "new.md").write_text("new")
    assert session.stored_intake(case) is None


def test_an_intake_during_which_a_file_changed_is_not_kept_as_that_of_the_new_file(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_and_changed(*args: object, **options: object) -> Intake:
        found = take_stock(*args, **options)
        (case.root / "corpus" / "hail.md").write_text("Another text, put there while the others were read.")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(taking_in, "take_stock", read_and_changed)
        session.intake(case)
    assert session.stored_intake(case) is None
    assert session.intake(case) == session.stored_intake(case)


def test_a_case_marked_read_only_is_read_and_not_touched(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(case.root.parent / "cache"))
    case.root.chmod(0o555)
    try:
        found = session.intake(case)
    finally:
        case.root.chmod(0o755)
    assert found.documents == 2
    assert not (case.root / ".workbench").exists()
    assert (case.root / "inbox" / "later.md").is_file()


def test_the_command_writes_what_the_contract_says(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["intake", str(case.root), "--json", "--out", str(tmp_path / "out")]) == 0
    printed = json.loads(capsys.readouterr().out)
    written = json.loads((tmp_path / "out" / "intake.json").read_text())
    assert printed == written
    assert written["schema"] == "workbench.intake/1"
    keys = {"path", "kind", "status", "reason", "documents", "characters", "warnings"}
    assert all(keys <= entry.keys() for entry in written["files"])
    assert "ann@example.org" not in json.dumps(written)


def test_the_command_names_files_that_need_a_look(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["intake", str(case.root)]) == 0
    printed = capsys.readouterr().out
    assert "empty       corpus/empty.txt" in printed
    assert "corpus/hail.md" not in printed
    assert main(["intake", str(case.root), "--files"]) == 0
    assert "corpus/hail.md" in capsys.readouterr().out


def test_a_question_about_a_log_is_asked_once(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    (case.root / "logs" / "export.csv").write_text("asked_at,question,answer\n2026-05-04 09:00:00,Hail?,Yes\n")
    assert main(["intake", str(case.root), "--files"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("ime zone") == 1
    assert "\nasked: " in printed
    assert "logs/export.csv: table, 1 question from 1 record\n" in printed


def test_what_was_masked_is_said_in_words(case: Case) -> None:
    masked = replace(take_stock(case), masked={"card": 1, "email": 2, "secret": 1, "new kind": 3})
    assert "masked: 1 card number, 2 e-mail addresses, 1 secret, 3 new kind" in intake_summary(masked)


def test_a_reason_names_neither_its_file_nor_itself_again(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    (case.root / "corpus" / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    files = {file.path: file for file in take_stock(case).files}
    assert str(files["corpus/broken.pdf"].reason).startswith("damaged PDF")
    shutil.rmtree(case.root / "corpus")
    (case.root / "corpus.jsonl").write_text('{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n')
    assert main(["intake", str(case.root)]) == 0
    assert capsys.readouterr().out.count("repeats the id") == 1


def test_a_reader_that_has_seen_enough_is_no_error(case: Case) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "workbench.cli", "intake", str(case.root), "--files"]
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    heavy = {
        "duckdb",
        "pyarrow",
        "pandas",
        "presidio_analyzer",
        "lxml",
        "python_calamine",
        "pptx",
        "docx",
        "bs4",
        "torch",
    }
    code = f"import sys, workbench.session; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@pytest.mark.parametrize("folder", ["inbox", "qrels", "logs/results"])
def test_results_are_not_written_where_they_would_be_read_as_the_clients(case: Case, folder: str) -> None:
    with pytest.raises(CaseError, match="lies among the client's files"):
        session.intake(case, out=case.root / folder)


def test_a_correction_on_the_command_line_is_kept(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["intake", str(case.root), "--map", "logs/export.csv:query=answer"]) == 0
    capsys.readouterr()
    found = session.stored_intake(open_case(case.root))
    assert found is not None
    guess = next(entry for entry in found.log.mappings[0].columns if entry.field == "query")
    assert (guess.column, guess.set_by_user) == ("answer", True)


@pytest.mark.parametrize("wrong", ["nonsense", "logs/gone.csv:query=x", "logs/export.csv:query=no_such_column"])
def test_a_wrong_correction_is_one_sentence(case: Case, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    assert main(["intake", str(case.root), "--map", wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (case.root / "log_mapping.json").exists()


def test_the_sentence_counts_what_needs_a_look() -> None:
    read, unreadable = IntakeFile("a", "pdf", "loaded"), IntakeFile("b", "pdf", "unreadable")
    files = (read, unreadable, IntakeFile("c", "png", "skipped"))
    assert intake_sentence(files, 1, 0, 0) == "1 of 3 files was read, which holds 1 document; 1 needs somebody to look."
    assert intake_sentence((read, *files), 2, 0, 0) == (
        "2 of 4 files were read, which hold 2 documents; 1 needs somebody to look."
    )
    assert intake_sentence((read, read), 2, 0, 0) == "All 2 files were read, which hold 2 documents."
    assert intake_sentence((unreadable, unreadable), 0, 0, 0) == "None of 2 files was read; 2 need somebody to look."
    assert intake_sentence((), 0, 0, 0).startswith("Nothing has been handed over yet")


def test_the_sentence_about_a_single_file_counts_no_files() -> None:
    read, skipped = IntakeFile("a", "pdf", "loaded"), IntakeFile("c", "png", "skipped")
    assert intake_sentence((read,), 1, 2, 3) == (
        "The one file was read, which holds 1 document, 2 logged questions and 3 eval items."
    )
    assert intake_sentence((skipped,), 0, 0, 0) == "The one file was not read; 1 was left out."


def test_an_analysis_takes_in_what_waits_first(case: Case) -> None:
    session.run_analysis(str(case.root))
    found = session.stored_intake(case)
    assert found is not None
    assert "corpus/later.md" in {file.path for file in found.files}
    assert session.stored_diagnosis(case) is not None


def test_a_diagnosis_from_the_command_line_says_what_waits(case: Case) -> None:
    lines = session.diagnose(case).not_measured
    assert "1 file waits in the drop folder and was not looked at; take the files in first" in lines
    assert (case.root / "inbox" / "later.md").is_file()
