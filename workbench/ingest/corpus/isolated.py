"""Reads files in a process of its own, so that a file that crashes a library, never ends or eats memory costs nothing but itself.

One process reads file after file; it is ended where it exceeds its time and started anew for the next file. What goes back and
forth is JSON, one line each: the process handles hostile files, and nothing it says is executed here.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, BinaryIO

from workbench.errors import InputError
from workbench.ingest.readers import Extracted, read_file
from workbench.records import DocumentDate, Section

log = logging.getLogger(__name__)

MAX_MEMORY = 4 * 2**30
"""Bytes of address space the process may take, where the system can limit it."""
TICK_SECONDS = 1.0
"""How often a wait looks whether the run was cancelled."""
GRACE_SECONDS = 10
"""Seconds behind the limit after which the process ends itself, should nobody be left to end it."""
SERVE = "from workbench.ingest.corpus.isolated import serve; serve()"


class GivenUpError(InputError):
    """A file took too long, or ended the process: on a quieter machine, or with more memory, it may be read."""


class ReaderProcess:
    """Reads like `read_file`, elsewhere; a context manager.

    Args:
        seconds: time one file may take.
        tick: called every second of a wait; may raise `CancelledError`.
        code: Python the process runs.
    """

    def __init__(self, seconds: float, tick: Callable[[], None] = lambda: None, code: str = SERVE) -> None:
        self._seconds = seconds
        self._tick = tick
        self._code = code
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: SimpleQueue[bytes] = SimpleQueue()

    def __enter__(self) -> ReaderProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __call__(self, path: Path, kind: str) -> Extracted:
        """Read one file; see `read_file`.

        Raises:
            InputError: the file is damaged.
            GivenUpError: it took too long, or ended the process.
        """
        try:
            self._ask(path, kind)
        except OSError as error:
            log.warning("no process for reading (%s); files are read without one", error)
            return read_file(path, kind)
        answer = self._answer(path)
        if "fault" in answer:
            raise InputError(str(answer["fault"]))
        return _extracted(answer)

    def _ask(self, path: Path, kind: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()
        question = {"path": os.fspath(path), "kind": kind, "seconds": self._seconds}
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(_line(question))
        self._process.stdin.flush()

    def _start(self) -> None:
        self._stop()
        package = str(Path(__file__).resolve().parents[3])
        paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._answers = SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(target=_pass_on, args=(self._process.stdout, self._answers), daemon=True).start()

    def _answer(self, path: Path) -> dict[str, Any]:
        end = time.monotonic() + self._seconds
        while True:
            try:
                line = self._answers.get(timeout=max(0.0, min(TICK_SECONDS, end - time.monotonic())))
            except Empty:
                self._tick()
                if time.monotonic() < end:
                    continue
                self._stop()
                raise GivenUpError(
                    f"{path.name}: took more than {self._seconds:.0f} seconds; split it, or save it in another format"
                ) from None
            if not line:
                self._stop()
                raise GivenUpError(
                    f"{path.name}: ended the program that read it, or needed more memory than there is; save it in another format"
                )
            answer: dict[str, Any] = json.loads(line.decode("utf-8", "surrogatepass"))
            return answer

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def serve() -> None:
    """Answers questions from the standard input until it ends: what the process runs."""
    _limit_memory()
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin.buffer:
        question = json.loads(line.decode("utf-8", "surrogatepass"))
        _set_alarm(int(question["seconds"]) + GRACE_SECONDS)
        answers.write(_line(_read(Path(question["path"]), question["kind"])))
        answers.flush()
        _set_alarm(0)


def _read(path: Path, kind: str) -> dict[str, Any]:
    try:
        return asdict(read_file(path, kind))
    except InputError as error:
        return {"fault": str(error)}
    except Exception as error:  # the last border: whatever a library raises is a fault of this file alone
        return {
            "fault": f"{path.name}: could not be read ({type(error).__name__}); save it in another format and add it again"
        }


def _extracted(answer: dict[str, Any]) -> Extracted:
    dates = (DocumentDate(date.fromisoformat(known["on"]), known["basis"], known["event"]) for known in answer["dates"])
    sections = (Section(part["start"], tuple(part["headings"]), part["locator"]) for part in answer["sections"])
    return Extracted(
        answer["title"], answer["text"], answer["metadata"], tuple(dates), tuple(sections), tuple(answer["warnings"])
    )


def _line(value: object) -> bytes:
    # Half characters pass as they are: they are dealt with where documents are made.
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass") + b"\n"


def _pass_on(lines: BinaryIO, answers: SimpleQueue[bytes]) -> None:
    """Moves answers into the queue; an empty one when the process has ended."""
    with suppress(OSError, ValueError):  # closed while waiting
        for line in lines:
            answers.put(line)
    answers.put(b"")


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _set_alarm(seconds: int) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)
