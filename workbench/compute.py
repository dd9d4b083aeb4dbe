"""Where heavy work runs: in this process, or as a job on a Dask scheduler that outlives the page that asked for it.

A job's state is a small file in the case, so that a reload, another page or another person sees the same; the
scheduler is only told to run it. Nothing here knows what a job computes.
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import psutil

from workbench.case import derived_folder
from workbench.errors import CancelledError, WorkbenchError

log = logging.getLogger(__name__)

SCHEDULER_VARIABLE = "WORKBENCH_SCHEDULER"
"""Names the file, readable by its owner alone, with the scheduler's address and temporary credentials."""

HEARTBEAT = 2.0
STALE_AFTER = {"running": 20.0, "queued": 3600.0}
"""Seconds without a sign of life after which a job counts as dead: its process was killed.

A queued job gives no signs; it is dead as soon as the server it waits for is, and at the latest after this time.
"""
CLOCK_TOLERANCE = 5.0
"""Seconds by which the start of a process, as the system tells it, may be off: it moves when the clock is set."""

_SCHEDULER_SETTINGS = {
    # Read when distributed is imported. In this form it leaves every other logger of the process alone, and its own
    # lines do not drown the address of the server.
    "logging": {"version": 1, "disable_existing_loggers": False, "loggers": {"distributed": {"level": "ERROR"}}},
    # The scheduler's and worker's status pages have no access control: serve none.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # Every 10 ms it walks the stacks of all threads, which can lock Python 3.11 for good (cpython issue 106883).
    "distributed.worker.profile.enabled": False,
}

_ONE_WORKER: dict[str, Any] = {
    "n_workers": 1,
    "threads_per_worker": 1,
    "memory_limit": None,
    "host": "127.0.0.1",
    "dashboard_address": "127.0.0.1:0",
}

Fault = Literal["input", "internal"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of a job.

    Attributes:
        fraction: share done, 0 to 1; None before anything is known.
        seconds_left: estimate from the time spent so far; None in the first seconds.
        error: one sentence for a failed job.
        fault: where a failed job's trouble lies: in the client's files or an installed part ("input"), or here ("internal").
        started, updated: seconds since the epoch.
        waits_for: the process a queued job waits for, as "HOST PID"; "" where it waits for none.
    """

    name: str
    status: JobStatus
    fraction: float | None = None
    message: str = ""
    seconds_left: float | None = None
    error: str | None = None
    fault: Fault | None = None
    started: float = 0.0
    updated: float = 0.0
    waits_for: str = ""

    @property
    def under_way(self) -> bool:
        """Whether the job waits or runs."""
        return self.status in ("queued", "running")


def job_state(case_root: Path, name: str) -> JobState | None:
    """State of a job of a case; None when it never ran."""
    try:
        state = JobState(**json.loads(_state_file(case_root, name).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if state.status == "queued" and _server_ended(state):
        return replace(state, status="failed", error="the server it waited for has ended", fault="internal")
    if time.time() - state.updated > STALE_AFTER.get(state.status, math.inf):
        return replace(state, status="failed", error="the worker stopped before it was done", fault="internal")
    return state


def cancel(case_root: Path, name: str) -> None:
    """Ask a job to stop; it does at its next step, and keeps what it finished before."""
    _cancel_file(case_root, name).touch()


def run_job(case_root: Path, name: str, work: Callable[[Progress], None]) -> JobState:
    """Run work in this process and keep its state where pages see it.

    The work gets a progress function that raises `CancelledError` once the job was cancelled. Errors end up in the
    state as one sentence; the traceback goes to the log.
    """
    before = job_state(case_root, name)
    if before is None or before.status != "queued":  # a cancel of the queued job itself must not be lost
        _cancel_file(case_root, name).unlink(missing_ok=True)
    reporter = _Reporter(case_root, name)
    try:
        with reporter.beating():
            work(reporter.tell)
    except CancelledError:
        return reporter.end("cancelled")
    except WorkbenchError as error:
        return reporter.end("failed", str(error), "input")
    except Exception:
        log.exception("job %s failed", name)
        sentence = f"the {name} stopped on an error of the workbench itself; the server log has the details"
        return reporter.end("failed", sentence, "internal")
    return reporter.end("done")


def submit(case_root: Path, name: str, function: Callable[..., Any], *args: object) -> None:
    """Have a worker run `function(*args)`, which is expected to call `run_job`; returns at once.

    A job of that name which is already under way is left alone.
    """
    state = job_state(case_root, name)
    if state and state.under_way:
        return
    now = time.time()
    _cancel_file(case_root, name).unlink(missing_ok=True)
    waiting = JobState(name, "queued", message="waiting for the worker", started=now, updated=now)
    _write(case_root, replace(waiting, waits_for=_scheduler_process()))
    _distributed().fire_and_forget(_client().submit(function, *args, pure=False))


def scaled(progress: Progress | None, low: float, high: float) -> Progress:
    """Progress of a part of the work, mapped to the stretch from `low` to `high` of the whole."""

    def tell(share: float, message: str) -> None:
        if progress:
            progress(low + share * (high - low), message)

    return tell


@contextmanager
def local_scheduler(warm_up: Callable[[], Any] | None = None) -> Iterator[None]:
    """A scheduler with one worker on this machine, over TLS with credentials that end with it.

    While it runs, `submit` in this process and in processes it starts finds it through the environment.
    """
    distributed = _distributed()
    security = distributed.Security.temporary()
    with (
        tempfile.TemporaryDirectory(prefix="workbench-") as folder,
        distributed.LocalCluster(**_ONE_WORKER, security=security, protocol="tls", local_directory=folder) as cluster,
        distributed.Client(cluster, security=security) as client,
    ):
        path = Path(folder) / "scheduler.json"
        server = {"address": cluster.scheduler_address, "process": _this_process()}
        _write_private(path, json.dumps(server | _credentials(security)))
        os.environ[SCHEDULER_VARIABLE] = str(path)
        warming = client.submit(warm_up, pure=False) if warm_up else None
        try:
            yield
        finally:
            os.environ.pop(SCHEDULER_VARIABLE, None)
            if str(path) in _connected:
                _connected.pop(str(path)).close()
            del warming


class _Reporter:
    """Writes a running job's state, at most a few times a second, and shows that its process is alive."""

    def __init__(self, case_root: Path, name: str) -> None:
        now = time.time()
        self._case_root = case_root
        self._state = JobState(name, "running", 0.0, "starting", started=now, updated=now)
        self._written = 0.0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._save()

    def tell(self, share: float, message: str) -> None:
        if _cancel_file(self._case_root, self._state.name).exists():
            raise CancelledError(f"{self._state.name} was cancelled")
        spent = time.time() - self._state.started
        left = spent / share - spent if share > 0.02 and spent > 2 else None
        with self._lock:
            self._state = replace(self._state, fraction=min(share, 1.0), message=message, seconds_left=left)
        if time.monotonic() - self._written > 0.2:
            self._save()

    @contextmanager
    def beating(self) -> Iterator[None]:
        thread = threading.Thread(target=self._beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def end(self, status: JobStatus, error: str | None = None, fault: Fault | None = None) -> JobState:
        fraction = 1.0 if status == "done" else self._state.fraction
        self._state = replace(
            self._state, status=status, fraction=fraction, seconds_left=None, error=error, fault=fault
        )
        self._save()
        _cancel_file(self._case_root, self._state.name).unlink(missing_ok=True)
        return self._state

    def _beat(self) -> None:
        while not self._stopped.wait(HEARTBEAT):
            self._save()

    def _save(self) -> None:
        with self._lock:
            self._written = time.monotonic()
            self._state = replace(self._state, updated=time.time())
            _write(self._case_root, self._state)


_connected: dict[str, Any] = {}


def _client() -> Any:  # noqa: ANN401 - distributed ships no types
    """The client of this process: to the scheduler the environment names, else to a worker of its own."""
    distributed = _distributed()
    location = os.environ.get(SCHEDULER_VARIABLE, "")
    if location not in _connected:
        if location:
            settings = json.loads(Path(location).read_text(encoding="utf-8"))
            address = settings.pop("address")
            settings.pop("process")
            security = distributed.Security(require_encryption=True, **settings)
            _connected[location] = distributed.Client(address, security=security)
        else:
            security = distributed.Security.temporary()
            cluster = distributed.LocalCluster(**_ONE_WORKER, security=security, protocol="tls")
            _connected[location] = distributed.Client(cluster, security=security)
    return _connected[location]


def _distributed() -> ModuleType:
    """The library, imported with our settings: it reads some of them only then."""
    import dask

    dask.config.set(_SCHEDULER_SETTINGS)
    import distributed

    return distributed


def _scheduler_process() -> str:
    """The process whose worker takes what is submitted here: the one the environment names, else this one."""
    location = os.environ.get(SCHEDULER_VARIABLE, "")
    if not location:
        return _this_process()
    process: str = json.loads(Path(location).read_text(encoding="utf-8"))["process"]
    return process


def _this_process() -> str:
    return f"{platform.node()} {os.getpid()}"


def _server_ended(state: JobState) -> bool:
    """Whether the process a job waits for is known to have ended; of another machine's that is never known."""
    host, _, pid = state.waits_for.rpartition(" ")
    if not pid.isdecimal() or host != platform.node():
        return False
    try:
        process = psutil.Process(int(pid))
        # One that began after the job was queued only has its number, as in a container that was started again.
        began_after = process.create_time() > state.started + CLOCK_TOLERANCE
        return began_after or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:  # another account's, or a system that tells nothing of it
        return False


def _credentials(security: Any) -> dict[str, str]:  # noqa: ANN401 - distributed ships no types
    return {
        "tls_ca_file": security.tls_ca_file,
        "tls_client_cert": security.tls_client_cert,
        "tls_client_key": security.tls_client_key,
    }


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)


def _state_file(case_root: Path, name: str) -> Path:
    return derived_folder(case_root) / "jobs" / f"{name}.json"


def _cancel_file(case_root: Path, name: str) -> Path:
    path = derived_folder(case_root) / "jobs" / f"{name}.cancel"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write(case_root: Path, state: JobState) -> None:
    path = _state_file(case_root, state.name)
    scratch = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    with suppress(FileNotFoundError):  # the derived folder may be deleted at any time
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(json.dumps(asdict(state)), encoding="utf-8")
        scratch.replace(path)
