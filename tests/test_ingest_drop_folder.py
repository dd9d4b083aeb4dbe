import gzip
import io
import json
import os
import signal
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.errors import CancelledError, CaseError, InputError
from workbench.ingest.handover.drop_folder import Placed, move_to, take_in
from workbench.ingest.handover.journal import not_unpacked, placings
from workbench.ingest.handover.moves import move
from workbench.ingest.handover.plans import alone

LOG = """question,answer,asked_at,user_id
What is the excess?,It is 350.,2026-03-02T10:00:00Z,u1
And for theft?,It is 500.,2026-03-02T10:01:00Z,u2
"""
LATER = 4_000_000_000.0
"""A time at which every file has long been written."""


def case(tmp_path: Path, files: dict[str, str | dict[str, str]]) -> Path:
    """A case with files in its drop folder; a file given as a mapping is a zip of that."""
    root = tmp_path / "acme"
    (root / "inbox").mkdir(parents=True)
    for name, content in files.items():
        path = root / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            with zipfile.ZipFile(path, "w") as archive:
                for member, text in content.items():
                    archive.writestr(member, text)
    return root


def sorted_in(root: Path) -> list[Placed]:
    return take_in(root, now=lambda: LATER)


def files_of(root: Path) -> dict[str, str]:
    """Every file of the case but the workbench's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode("utf-8", errors="replace")
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".workbench" not in path.parts
    }


def test_files_go_where_they_belong_and_the_journal_says_why(tmp_path: Path) -> None:
    root = case(
        tmp_path,
        {"export.csv": LOG, "terms.txt": "The excess is 350.", "share/claims/a.txt": "a", "evals/set.csv": "x"},
    )
    placed = sorted_in(root)
    assert list(files_of(root)) == ["corpus/share/claims/a.txt", "corpus/terms.txt", "evals/set.csv", "logs/export.csv"]
    assert {file.from_path: file.to_path for file in placed} == {
        "inbox/export.csv": "logs/export.csv",
        "inbox/terms.txt": "corpus/terms.txt",
        "inbox/share/claims/a.txt": "corpus/share/claims/a.txt",
        "inbox/evals/set.csv": "evals/set.csv",
    }
    line = placings(root)["logs/export.csv"]
    assert (line.source, line.part, line.confidence) == ("inbox/export.csv", "logs", 0.9)
    assert line.reason == "columns question, answer, asked_at, user_id: a query log"
    assert list((root / "inbox").iterdir()) == []


def test_an_archive_of_documents_goes_into_a_folder_of_its_name(tmp_path: Path) -> None:
    root = case(tmp_path, {"share.zip": {"a.txt": "a", "sub/b.txt": "b"}})
    assert [file.from_path for file in sorted_in(root)] == ["inbox/share.zip/a.txt", "inbox/share.zip/sub/b.txt"]
    assert files_of(root) == {"corpus/share/a.txt": "a", "corpus/share/sub/b.txt": "b"}


def test_an_archive_that_mixes_parts_is_spread_over_them(tmp_path: Path) -> None:
    root = case(
        tmp_path, {"handover.zip": {"acme/governance/raci.txt": "r", "acme/export.csv": LOG, "acme/terms.txt": "t"}}
    )
    sorted_in(root)
    assert list(files_of(root)) == ["corpus/terms.txt", "governance/raci.txt", "logs/export.csv"]


def test_a_repository_dropped_as_a_folder_arrives_whole(tmp_path: Path) -> None:
    root = case(tmp_path, {"pilot/.git/HEAD": "ref: x", "pilot/.git/objects/ab/cd": "blob", "pilot/policies/p.md": "p"})
    sorted_in(root)
    assert list(files_of(root)) == ["repo/.git/HEAD", "repo/.git/objects/ab/cd", "repo/policies/p.md"]


def test_nothing_is_overwritten_and_the_same_file_is_not_kept_twice(tmp_path: Path) -> None:
    root = case(tmp_path, {"a.txt": "new", "b.txt": "same"})
    (root / "corpus").mkdir()
    (root / "corpus" / "a.txt").write_text("old")
    (root / "corpus" / "b.txt").write_text("same")
    placed = {file.from_path: file for file in sorted_in(root)}
    assert files_of(root) == {"corpus/a.txt": "old", "corpus/a (2).txt": "new", "corpus/b.txt": "same"}
    assert (placed["inbox/a.txt"].to_path, placed["inbox/a.txt"].reason) == ("corpus/a (2).txt", "")
    assert placed["inbox/b.txt"].reason == "the same file was there already"


def test_labels_that_can_only_have_one_name_wait_while_it_is_taken(tmp_path: Path) -> None:
    root = case(tmp_path, {"queries.jsonl": '{"_id": "1", "text": "new"}\n'})
    (root / "queries.jsonl").write_text("old")
    placed = sorted_in(root)
    assert [(file.to_path, file.reason) for file in placed] == [
        (None, "another queries.jsonl is there already; take one of the two away")
    ]
    assert set(files_of(root)) == {"inbox/queries.jsonl", "queries.jsonl"}


def test_an_archive_with_a_refused_member_is_kept_and_never_taken_in_again(tmp_path: Path) -> None:
    root = case(tmp_path, {"share.zip": {"a.txt": "a", "../evil.txt": "e", "__MACOSX/x": "junk"}})
    placed = sorted_in(root)
    assert [(file.from_path, file.to_path) for file in placed] == [
        ("inbox/share.zip/a.txt", "corpus/share/a.txt"),
        ("inbox/share.zip/../evil.txt", None),
    ]
    assert set(files_of(root)) == {"corpus/share/a.txt", "inbox/_kept/share.zip"}
    assert [line.source for line in not_unpacked(root)] == ["inbox/share.zip/../evil.txt"]
    assert sorted_in(root) == []


def test_an_archive_with_junk_alone_beside_its_documents_is_taken_away(tmp_path: Path) -> None:
    root = case(tmp_path, {"share.zip": {"a.txt": "a", "__MACOSX/x": "junk"}})
    sorted_in(root)
    assert set(files_of(root)) == {"corpus/share/a.txt"}


def test_a_damaged_archive_goes_to_the_corpus_as_it_is(tmp_path: Path) -> None:
    root = case(tmp_path, {})
    (root / "inbox" / "share.zip").write_bytes(b"PK\x03\x04 and nothing else")
    assert [file.to_path for file in sorted_in(root)] == ["corpus/share.zip"]


def test_an_archive_whose_name_points_up_stays_inside_the_corpus(tmp_path: Path) -> None:
    root = case(tmp_path, {"...zip": {"a.txt": "a", "b.txt": "b"}})
    sorted_in(root)
    assert list(files_of(root)) == ["corpus/archive/a.txt", "corpus/archive/b.txt"]


def test_links_are_left_where_they_are(tmp_path: Path) -> None:
    root = case(tmp_path, {"share/a.txt": "a"})
    (tmp_path / "outside.txt").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.txt").write_text("b")
    (root / "inbox" / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "inbox" / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "inbox" / "share" / "inner.txt").symlink_to(tmp_path / "outside.txt")
    placed = sorted_in(root)
    assert {file.from_path for file in placed if file.to_path is None} == {
        "inbox/link.txt",
        "inbox/folder",
        "inbox/share/inner.txt",
    }
    assert [path.name for path in (root / "corpus" / "share").iterdir()] == ["a.txt"]
    assert (tmp_path / "outside.txt").read_text() == "secret"
    assert (tmp_path / "elsewhere" / "b.txt").exists()


def test_a_part_that_is_a_link_ends_the_run_and_loses_nothing(tmp_path: Path) -> None:
    root = case(tmp_path, {"a.txt": "a"})
    (tmp_path / "elsewhere").mkdir()
    (root / "corpus").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CaseError, match="corpus: is a link"):
        sorted_in(root)
    assert (root / "inbox" / "a.txt").read_text() == "a"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_that_grows_while_one_looks_is_left_for_the_next_time(tmp_path: Path) -> None:
    root = case(tmp_path, {"growing.txt": "one", "whole.txt": "w", "share/growing.txt": "one", "share/whole.txt": "w"})
    written = (root / "inbox" / "growing.txt").stat().st_mtime

    def copying(_: float) -> None:
        for path in ("growing.txt", "share/growing.txt"):
            with (root / "inbox" / path).open("a") as stream:
                stream.write(" two")

    placed = take_in(root, now=lambda: written + 0.5, pause=copying)
    assert {file.from_path: file.to_path for file in placed} == {
        "inbox/growing.txt": None,
        "inbox/share": None,
        "inbox/whole.txt": "corpus/whole.txt",
    }
    sorted_in(root)
    assert files_of(root)["corpus/growing.txt"] == "one two"


def test_a_young_file_that_does_not_change_is_taken_and_an_old_one_is_not_waited_for(tmp_path: Path) -> None:
    root = case(tmp_path, {"a.txt": "a"})
    pauses: list[float] = []
    written = (root / "inbox" / "a.txt").stat().st_mtime
    assert [file.to_path for file in take_in(root, now=lambda: written, pause=pauses.append)] == ["corpus/a.txt"]
    assert pauses == [1.0]
    take_in(root, now=lambda: LATER, pause=pauses.append)
    assert pauses == [1.0]


def test_unfinished_downloads_stay(tmp_path: Path) -> None:
    root = case(tmp_path, {"a.pdf.crdownload": "x", ".DS_Store": "x"})
    assert [file.from_path for file in sorted_in(root)] == ["inbox/a.pdf.crdownload"]
    assert set(files_of(root)) == {"inbox/a.pdf.crdownload", "inbox/.DS_Store"}


def test_no_drop_folder_is_no_fault_and_a_read_only_case_is_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert take_in(tmp_path / "empty") == []
    root = case(tmp_path, {"a.txt": "a"})
    root.chmod(0o555)
    try:
        with pytest.raises(CaseError, match="read-only"):
            sorted_in(root)
    finally:
        root.chmod(0o755)


def test_two_runs_at_once_keep_out_of_each_others_way(tmp_path: Path) -> None:
    root = case(tmp_path, {"a.txt": "a"})
    with alone(root / ".workbench" / "inbox"), pytest.raises(CaseError, match="another run"):
        sorted_in(root)
    assert len(sorted_in(root)) == 1


def test_progress_is_told_and_a_cancelled_run_is_continued(tmp_path: Path) -> None:
    root = case(tmp_path, {"share.zip": {f"{number}.txt": str(number) for number in range(5)}})
    told: list[str] = []

    def cancelling(share: float, name: str) -> None:
        assert 0 <= share <= 1
        told.append(name)
        if len(told) == 9:  # the archive, five members looked into, and the third being moved
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        take_in(root, progress=cancelling, now=lambda: LATER)
    assert len(files_of(root)) == 3
    sorted_in(root)
    assert files_of(root) == {f"corpus/share/{number}.txt": str(number) for number in range(5)}


def test_a_full_disk_leaves_the_archive_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = case(tmp_path, {"share.zip": {"a.txt": "a"}})
    usage = __import__("shutil").disk_usage(root)
    monkeypatch.setattr("workbench.ingest.archives.unpacking.shutil.disk_usage", lambda _: usage._replace(free=5))
    placed = sorted_in(root)
    assert placed[0].to_path is None
    assert "make room and try again" in placed[0].reason
    assert set(files_of(root)) == {"inbox/share.zip"}
    assert [path.name for path in (root / ".workbench" / "inbox").iterdir()] == ["lock"]


def test_another_file_system_is_reached_by_a_copy_that_nobody_sees_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "scratch").mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    move(tmp_path / "a.txt", tmp_path / "out" / "a.txt", tmp_path / "scratch")
    assert (tmp_path / "out" / "a.txt").read_text() == "a"
    assert not (tmp_path / "a.txt").exists()
    (tmp_path / "b.txt").write_text("b")
    with pytest.raises(FileExistsError):
        move(tmp_path / "b.txt", tmp_path / "out" / "a.txt", tmp_path / "scratch")
    assert (tmp_path / "out" / "a.txt").read_text() == "a"
    assert list((tmp_path / "scratch").iterdir()) == []


# ---------------------------------------------------------------- kill -9

CHANGES = ("link", "unlink", "replace", "mkdir", "rmdir")
"""Everything by which a run changes what lies in a folder."""


def killed_at(step: int, *, after: bool, work: Callable[[], object]) -> bool:
    """Run the work in a process that is killed at its n-th change of a folder; whether it was killed."""
    child = os.fork()
    if child == 0:
        done = 0

        def counting(change: Callable[..., object]) -> Callable[..., object]:
            def counted(*arguments: object, **options: object) -> object:
                nonlocal done
                done += 1
                if done == step and not after:
                    os.kill(os.getpid(), signal.SIGKILL)
                number = done
                try:
                    return change(*arguments, **options)
                finally:
                    if number == step and after:
                        os.kill(os.getpid(), signal.SIGKILL)

            return counted

        try:
            for name in CHANGES:
                setattr(os, name, counting(getattr(os, name)))
            work()
        except BaseException:  # the parent must never see this process go on with the tests
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0 or os.WIFSIGNALED(status), f"the run failed: {os.waitstatus_to_exitcode(status)}"
    return status != 0


HANDED = {
    "handover.zip": {"logs/export.csv": LOG, "a.txt": "one", "sub/b.txt": "two", "../evil": "e"},
    "share.zip": {"c.txt": "three"},
    "pilot/.git/HEAD": "ref: x",
    "pilot/main.py": "print()",
    "terms.txt": "four",
}
EXPECTED = {
    "corpus/a.txt": "one",
    "corpus/share/c.txt": "three",
    "corpus/sub/b.txt": "two",
    "corpus/terms (2).txt": "four",
    "corpus/terms.txt": "here before",
    "logs/export.csv": LOG,
    "repo/.git/HEAD": "ref: x",
    "repo/main.py": "print()",
}


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to kill a run in the middle")
@pytest.mark.parametrize("after", [False, True])
def test_a_run_killed_at_any_point_loses_nothing_and_repeats_nothing(tmp_path: Path, after: bool) -> None:
    step = 0
    killed = True
    while killed:
        step += 1
        root = case(tmp_path / str(step), HANDED)
        (root / "corpus").mkdir()
        (root / "corpus" / "terms.txt").write_text("here before")
        killed = killed_at(step, after=after, work=lambda root=root: sorted_in(root))  # type: ignore[misc]
        sorted_in(root)
        found = files_of(root)
        found.pop("inbox/_kept/handover.zip")
        assert found == EXPECTED, f"killed at change {step}"
        assert [path.name for path in (root / ".workbench" / "inbox").iterdir()] == ["lock"]
        assert {path for path in placings(root) if (root / path).is_file()} == set(EXPECTED) - {"corpus/terms.txt"}
    assert step > 30


# ---------------------------------------------------------------- moving by hand


def moved_case(tmp_path: Path) -> Path:
    root = case(tmp_path, {})
    (root / "corpus" / "share").mkdir(parents=True)
    (root / "corpus" / "share" / "chat.csv").write_text("chat")
    return root


def test_a_person_moves_a_file_to_another_part_and_the_journal_knows(tmp_path: Path) -> None:
    root = moved_case(tmp_path)
    assert move_to(root, "corpus/share/chat.csv", "logs") == "logs/share/chat.csv"
    assert files_of(root) == {"logs/share/chat.csv": "chat"}
    line = placings(root)["logs/share/chat.csv"]
    assert (line.confidence, line.reason, line.source) == (1.0, "moved by a person", "corpus/share/chat.csv")
    assert move_to(root, "logs/share/chat.csv", "logs") == "logs/share/chat.csv"


def test_a_file_is_not_moved_over_another(tmp_path: Path) -> None:
    root = moved_case(tmp_path)
    (root / "logs" / "share").mkdir(parents=True)
    (root / "logs" / "share" / "chat.csv").write_text("chat")
    with pytest.raises(InputError, match=r"logs/share/chat\.csv: is there already"):
        move_to(root, "corpus/share/chat.csv", "logs")
    assert len(files_of(root)) == 2


@pytest.mark.parametrize(
    ("relative", "part", "error"),
    [
        ("corpus/share/chat.csv", "attic", InputError),
        ("corpus/share/absent.csv", "logs", InputError),
        ("corpus/share", "logs", InputError),
        ("corpus/link.txt", "logs", InputError),
        ("corpus/folder/secret.txt", "logs", CaseError),
        ("../outside.txt", "logs", CaseError),
        ("/etc/passwd", "logs", CaseError),
        ("corpus/\x00", "logs", CaseError),
        (".workbench/placements.jsonl", "corpus", InputError),
        ("case.txt", "corpus", InputError),
    ],
)
def test_what_cannot_be_moved_is_one_sentence(tmp_path: Path, relative: str, part: str, error: type[Exception]) -> None:
    root = moved_case(tmp_path)
    (tmp_path / "outside.txt").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("secret")
    (root / "corpus" / "link.txt").symlink_to(root / "corpus" / "share" / "chat.csv")
    (root / "corpus" / "folder").symlink_to(tmp_path / "elsewhere")
    (root / ".workbench").mkdir()
    (root / ".workbench" / "placements.jsonl").write_text(json.dumps({"path": "x"}) + "\n{broken")
    (root / "case.txt").write_text("x")
    before = files_of(root)
    with pytest.raises(error):
        move_to(root, relative, part)
    assert files_of(root) == before
    assert placings(root) == {}


def test_a_tar_archive_is_spread_over_the_parts_like_a_zip(tmp_path: Path) -> None:
    root = case(tmp_path, {})
    with tarfile.open(root / "inbox" / "share.tar.gz", "w:gz") as archive:
        for name, text in {"share/a.txt": "one", "share/b.txt": "two", "share/export.csv": LOG}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    sorted_in(root)
    assert list(files_of(root)) == ["corpus/a.txt", "corpus/b.txt", "logs/export.csv"]


def test_a_packed_log_is_no_archive(tmp_path: Path) -> None:
    root = case(tmp_path, {})
    (root / "inbox" / "export.csv.gz").write_bytes(gzip.compress(LOG.encode()))
    sorted_in(root)
    assert [path.name for path in (root / "logs").iterdir()] == ["export.csv.gz"]


def test_what_lies_beside_the_folders_of_a_case_stays_out_of_the_corpus(tmp_path: Path) -> None:
    handed = {"corpus/a.txt": "one", "governance/raci.txt": "r", "TRUTH.md": "the answers"}
    root = case(tmp_path, {"handover.zip": handed})
    placed = {file.from_path: file.to_path for file in sorted_in(root)}
    assert placed["inbox/handover.zip/TRUTH.md"] == "outside/TRUTH.md"
    assert list(files_of(root)) == ["corpus/a.txt", "governance/raci.txt", "outside/TRUTH.md"]
