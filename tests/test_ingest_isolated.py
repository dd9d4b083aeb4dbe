import time
from pathlib import Path

import pytest
from docx import Document as new_docx
from test_ingest_readers import write_pdf

from workbench.errors import CancelledError, InputError
from workbench.ingest.corpus import isolated
from workbench.ingest.corpus.documents import read_corpus
from workbench.ingest.corpus.isolated import ReaderProcess
from workbench.ingest.readers import read_file

HOSTILE = """
import ctypes, os, sys, time
from workbench.ingest.corpus import isolated
from workbench.ingest.readers import read_file

def hostile(path, kind):
    print("a library that prints", flush=True)
    if "hang" in path.name:
        time.sleep(60)
    if "crash" in path.name:
        ctypes.string_at(0)
    if "memory" in path.name:
        bytearray(2 * isolated.MAX_MEMORY)
    if "fault" in path.name:
        raise ZeroDivisionError
    return read_file(path, kind)

isolated.read_file = hostile
isolated.serve()
"""


def test_a_file_reads_the_same_in_a_process_of_its_own(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", "First page", "", "Third page")
    doc = new_docx()
    doc.add_heading("Form CF-207b", 1)
    doc.add_paragraph("Prämie \U0001f4a7\nzweite Zeile")
    doc.save(str(tmp_path / "b.docx"))
    (tmp_path / "c.txt").write_text("")
    with ReaderProcess(60) as read:
        for name, kind in (("a.pdf", "pdf"), ("b.docx", "docx"), ("c.txt", "txt")):
            assert read(tmp_path / name, kind) == read_file(tmp_path / name, kind)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hang.txt", "took more than 2 seconds"),
        ("crash.txt", "ended the program that read it"),
        ("memory.txt", r"could not be read \(MemoryError\)|ended the program"),
        ("fault.txt", r"could not be read \(ZeroDivisionError\)"),
    ],
)
def test_a_hostile_file_costs_nothing_but_itself(tmp_path: Path, name: str, said: str) -> None:
    for path in (tmp_path / name, tmp_path / "good.txt"):
        path.write_text("Excess is 350.")
    with ReaderProcess(2, code=HOSTILE) as read:
        assert read(tmp_path / "good.txt", "txt").text == "Excess is 350."
        with pytest.raises(InputError, match=said) as error:
            read(tmp_path / name, "txt")
        assert str(error.value).startswith(name)
        assert read(tmp_path / "good.txt", "txt").text == "Excess is 350."


def test_a_fault_the_reader_names_stays_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    with ReaderProcess(60) as read, pytest.raises(InputError, match=r"a\.pdf: damaged PDF"):
        read(tmp_path / "a.pdf", "pdf")


def test_a_wait_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel() -> None:
        raise CancelledError("cancelled")

    monkeypatch.setattr(isolated, "TICK_SECONDS", 0.05)
    (tmp_path / "hang.txt").write_text("x")
    begin = time.monotonic()
    with pytest.raises(CancelledError), ReaderProcess(60, cancel, HOSTILE) as read:
        read(tmp_path / "hang.txt", "txt")
    assert time.monotonic() - begin < 20


def test_a_corpus_is_the_same_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    write_pdf(tmp_path / "corpus" / "a.pdf", "First page")
    (tmp_path / "corpus" / "b.txt").write_text("Effective 1 March 2025")
    (tmp_path / "corpus" / "c.csv").write_text("title,text\nA,b\n")
    (tmp_path / "corpus" / "d.pdf").write_bytes(b"%PDF-1.7")
    assert read_corpus(tmp_path, time_limit=60) == read_corpus(tmp_path)


def test_without_a_process_files_are_read_in_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "gone"))
    (tmp_path / "a.txt").write_text("Excess is 350.")
    with ReaderProcess(60) as read:
        assert read(tmp_path / "a.txt", "txt").text == "Excess is 350."
