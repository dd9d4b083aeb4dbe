"""Several readers of one case's log at once: each gets the whole log, and it is read once."""

from __future__ import annotations

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.errors import CancelledError
from workbench.ingest.logs import reading
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.logs.turn import LOCK, turn

LINES = 400


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "case" / "logs").mkdir(parents=True)
    rows = [{"id": f"q{n}", "question": f"Is hail {n} covered?", "answer": "Yes."} for n in range(LINES)]
    (tmp_path / "case" / "logs" / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return tmp_path / "case"


def total(root: Path, derived: Path) -> int:
    return read_logs(root, derived=derived).total


def test_two_processes_that_read_a_log_first_at_once_both_have_it(root) -> None:
    derived = root / ".workbench"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for _ in range(3):
            assert pool.starmap(total, [(root, derived)] * 2, chunksize=1) == [LINES, LINES]
            text = (root / "logs" / "log.jsonl").read_text(encoding="utf-8")
            (root / "logs" / "log.jsonl").write_text(text + "\n", encoding="utf-8")


def test_threads_that_read_a_log_at_once_read_it_once(root, monkeypatch) -> None:
    built: list[str] = []
    build = reading._Reading._build

    def counted(self: reading._Reading, paths: list[Path], target: Path) -> None:
        built.append(target.name)
        build(self, paths, target)

    monkeypatch.setattr(reading._Reading, "_build", counted)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: total(root, root / ".workbench"), range(4))) == [LINES] * 4
    assert len(built) == 1


def test_who_waits_hears_of_it_and_can_be_stopped(root) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with turn(root / ".workbench" / "logs", lambda: None):
            inside.set()
            leave.wait(20)

    said: list[str] = []

    def progress(_share: float, text: str) -> None:
        said.append(text)
        raise CancelledError("stopped")

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(20)
    with pytest.raises(CancelledError):
        read_logs(root, derived=root / ".workbench", progress=progress)
    assert said == ["waiting for another reading of the log"]
    leave.set()
    holder.join()
    assert read_logs(root, derived=root / ".workbench").total == LINES


def test_a_turn_ends_however_it_ends(tmp_path) -> None:
    with pytest.raises(RuntimeError), turn(tmp_path, lambda: None):
        raise RuntimeError("broken")
    with turn(tmp_path, lambda: pytest.fail("nobody has it")):
        assert (tmp_path / LOCK).exists()


def test_a_file_system_without_locks_is_read_all_the_same(root, monkeypatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise NotImplementedError("no locks here")

    monkeypatch.setattr("workbench.ingest.logs.turn.FileLock.acquire", none)
    assert read_logs(root, derived=root / ".workbench").total == LINES
