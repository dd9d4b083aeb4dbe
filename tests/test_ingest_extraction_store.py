import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CancelledError
from workbench.ingest.corpus import documents as ingest
from workbench.ingest.corpus.documents import read_corpus
from workbench.ingest.corpus.extraction_store import ExtractionStore, FileReading, ReadingKey
from workbench.ingest.corpus.isolated import GivenUpError
from workbench.records import Document, DocumentDate, IntakeFile, Section, Source

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FILES = 30


@pytest.fixture
def case(tmp_path: Path) -> Path:
    (tmp_path / "acme" / "corpus").mkdir(parents=True)
    for number in range(FILES):
        (tmp_path / "acme" / "corpus" / f"{number:02}.txt").write_text(f"Effective 1 March 2025\nExcess is {number}.")
    return tmp_path / "acme"


@pytest.fixture
def read_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files a reader was called for."""
    names: list[str] = []
    reader = ingest.read_file

    def counted(path: Path, kind: str | None = None):
        names.append(path.name)
        return reader(path, kind)

    monkeypatch.setattr(ingest, "read_file", counted)
    return names


def read(case: Path, store: Path) -> tuple[list[Document], list[IntakeFile]]:
    with ExtractionStore(store) as kept:
        return read_corpus(case, store=kept)


def key(path: str = "corpus/a.txt", size: int = 1, modified_ns: int = 1, settings: str = "") -> ReadingKey:
    return ReadingKey(path, size, modified_ns, settings)


@st.composite
def readings(draw: st.DrawFn) -> FileReading:
    facts = st.dictionaries(TEXTS, TEXTS, max_size=2)
    known = st.builds(DocumentDate, st.dates(), st.just("claimed"), TEXTS)
    section = st.builds(Section, st.integers(0, 9), st.lists(TEXTS, max_size=2).map(tuple), TEXTS)
    found = st.builds(
        Document,
        TEXTS, TEXTS, TEXTS, st.builds(Source, TEXTS, TEXTS), st.none() | st.dates(), facts,
        st.lists(known, max_size=2).map(tuple), st.lists(section, max_size=2).map(tuple),
    )  # fmt: skip
    counts = st.dictionaries(TEXTS, st.integers(0, 9), max_size=2)
    entry = st.builds(IntakeFile, TEXTS, TEXTS, st.sampled_from(["loaded", "empty"]), masked=counts, found=counts)
    return FileReading(tuple(draw(st.lists(entry, max_size=2))), tuple(draw(st.lists(found, max_size=2))))


@given(readings())
def test_what_is_kept_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, reading: FileReading) -> None:
    path = tmp_path_factory.mktemp("store") / "documents.sqlite"
    with ExtractionStore(path) as store:
        store.put(key(), reading)
        assert store.get(key()) == reading
    with ExtractionStore(path) as store:
        assert store.get(key()) == reading


@pytest.mark.parametrize("other", [key(size=2), key(modified_ns=2), key(settings="masked"), key(path="corpus/b.txt")])
def test_a_file_that_changed_or_is_masked_otherwise_is_not_known(tmp_path: Path, other: ReadingKey) -> None:
    with ExtractionStore(tmp_path / "documents.sqlite") as store:
        store.put(key(), FileReading(()))
    with ExtractionStore(tmp_path / "documents.sqlite") as store:
        assert store.get(other) is None


def test_the_second_run_reads_nothing_and_gives_the_same(case: Path, tmp_path: Path, read_names: list[str]) -> None:
    first = read(case, tmp_path / "documents.sqlite")
    assert len(read_names) == FILES
    assert read(case, tmp_path / "documents.sqlite") == first == read_corpus(case)
    assert len(read_names) == 2 * FILES  # the last one ran without a store


def test_only_what_changed_is_read_again_and_what_is_gone_is_forgotten(
    case: Path, tmp_path: Path, read_names: list[str]
) -> None:
    store = tmp_path / "documents.sqlite"
    read(case, store)
    read_names.clear()
    (case / "corpus" / "03.txt").write_text("Excess is 350 from now on.")
    (case / "corpus" / "04.txt").unlink()
    documents, _ = read(case, store)
    assert read_names == ["03.txt"]
    assert "Excess is 350 from now on." in {document.text for document in documents}
    with sqlite3.connect(store) as connection:
        kept = {path for (path,) in connection.execute("SELECT path FROM readings")}
    connection.close()
    assert kept == {f"corpus/{number:02}.txt" for number in range(FILES) if number != 4}


CHILD = """
    import sys, time
    from pathlib import Path
    from workbench.ingest.corpus.documents import read_corpus
    from workbench.ingest.corpus.extraction_store import ExtractionStore

    def slowly(share, name):
        time.sleep(0.05)
        if name.startswith("20"):
            print("in the middle", flush=True)
            time.sleep(60)

    with ExtractionStore(Path(sys.argv[2])) as store:
        read_corpus(Path(sys.argv[1]), store=store, progress=slowly)
"""


def child(code: str, *arguments: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_run_that_is_killed_goes_on_where_it_was(case: Path, tmp_path: Path, read_names: list[str]) -> None:
    expected = read_corpus(case)
    read_names.clear()
    store = tmp_path / "documents.sqlite"
    with child(CHILD, case, store) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "in the middle\n"
        running.send_signal(signal.SIGKILL)
    assert read(case, store) == expected
    # 20 files took a second; what was read in the last half of it may be lost.
    assert FILES - 20 <= len(read_names) < FILES
    assert read_names[-1] == f"{FILES - 1}.txt"


TOGETHER = """
    import sys
    from pathlib import Path
    from workbench.ingest.corpus.documents import read_corpus
    from workbench.ingest.corpus.extraction_store import ExtractionStore

    for _ in range(3):
        with ExtractionStore(Path(sys.argv[2])) as store:
            documents, _ = read_corpus(Path(sys.argv[1]), store=store)
            assert store.usable
    print(len(documents))
"""


def test_two_runs_at_once_do_not_disturb_each_other(case: Path, tmp_path: Path) -> None:
    store = tmp_path / "documents.sqlite"
    running = [child(TOGETHER, case, store) for _ in range(2)]
    assert [one.communicate(timeout=120)[0] for one in running] == [f"{FILES}\n"] * 2
    with ExtractionStore(store) as kept:
        assert read_corpus(case, store=kept) == read_corpus(case)


def test_a_store_another_process_holds_is_done_without(case: Path, tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    read(case, path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with ExtractionStore(path, timeout=0.1) as store:
        assert len(read_corpus(case, store=store)[0]) == FILES
        assert not store.usable
    holder.execute("ROLLBACK")
    holder.close()
    with ExtractionStore(path) as store:
        assert store.usable


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def garbage(data: bytes) -> bytes:
    return b"no database at all" * 100


def scrambled(data: bytes) -> bytes:
    """A tenth of all bytes behind the first page changed."""
    chance = random.Random(5)
    return data[:4096] + bytes(chance.randrange(256) if chance.random() < 0.1 else byte for byte in data[4096:])


def without_content(data: bytes) -> bytes:
    return data[:100] + bytes(len(data) - 100)


@pytest.mark.parametrize("damage", [cut, garbage, scrambled, without_content])
def test_a_damaged_store_is_thrown_away_and_made_anew(
    case: Path, tmp_path: Path, read_names: list[str], damage: Callable[[bytes], bytes]
) -> None:
    store = tmp_path / "documents.sqlite"
    expected = read(case, store)
    store.write_bytes(damage(store.read_bytes()))
    assert read(case, store) == expected
    read_names.clear()
    assert read(case, store) == expected
    assert read_names == []


@given(st.data())
def test_whatever_bytes_are_changed_the_corpus_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("case")
    (root / "corpus").mkdir()
    (root / "corpus" / "a.txt").write_text("Excess is 350.")
    store = root / "documents.sqlite"
    expected = read(root, store)
    held = bytearray(store.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        held[data.draw(st.integers(0, len(held) - 1))] = data.draw(st.integers(0, 255))
    store.write_bytes(bytes(held))
    assert read(root, store) == expected


def test_a_large_archive_goes_on_in_the_middle_too(tmp_path: Path, read_names: list[str]) -> None:
    (tmp_path / "acme" / "corpus").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "acme" / "corpus" / "share.zip", "w") as archive:
        for name in "abc":
            archive.writestr(f"{name}.txt", f"Text {name}")

    def cancel(share: float, name: str) -> None:
        if name.endswith(": c.txt"):
            raise CancelledError("cancelled")

    path = tmp_path / "documents.sqlite"
    with ExtractionStore(path) as store, pytest.raises(CancelledError):
        read_corpus(tmp_path / "acme", store=store, progress=cancel)
    assert read_names == ["a.txt", "b.txt"]
    first = read(tmp_path / "acme", path)
    assert read_names == ["a.txt", "b.txt", "c.txt"]
    assert read(tmp_path / "acme", path) == first == read_corpus(tmp_path / "acme")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT path FROM readings").fetchall() == [("corpus/share.zip",)]
    connection.close()


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(case: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with ExtractionStore(tmp_path / "file" / "documents.sqlite") as store:
        assert len(read_corpus(case, store=store)[0]) == FILES
        assert not store.usable


@pytest.mark.parametrize("fault", [PermissionError(13, "denied"), GivenUpError("took more than 60 seconds")])
def test_what_may_go_better_next_time_is_tried_again(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fails(path: Path, kind: str) -> None:
        raise fault

    store = tmp_path / "documents.sqlite"
    with monkeypatch.context() as refused:
        refused.setattr(ingest, "read_file", fails)
        assert {entry.status for entry in read(case, store)[1]} == {"unreadable"}
    assert {entry.status for entry in read(case, store)[1]} == {"loaded"}


def test_only_the_newest_reading_of_a_file_is_kept(tmp_path: Path) -> None:
    newer = FileReading((), (Document("d", "t", "text", Source("corpus/a.txt"), date(2025, 3, 1)),))
    with ExtractionStore(tmp_path / "documents.sqlite") as store:
        store.put(key(), FileReading(()))
        store.put(key(modified_ns=2), newer)
        assert store.get(key(modified_ns=2)) == newer
    with ExtractionStore(tmp_path / "documents.sqlite") as store:
        assert (store.get(key()), store.get(key(modified_ns=2))) == (None, newer)
