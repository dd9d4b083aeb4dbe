"""A few processes that turn blocks into rows, in order: what makes reading a large log use more than one core.

They are plain children with pipes, so that they can be started from anywhere (a page's kernel, a Dask worker, a script) and end
with the process that started them.
"""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue
from typing import IO

from workbench.ingest.logs.blocks import Block
from workbench.ingest.logs.convert import BlockResult, FilePlan, read_block

_SIZE = struct.Struct("<Q")
_START = "from workbench.ingest.logs.workers import serve; serve()"


class Workers:
    """Processes that read blocks; without any, blocks are read in this one."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._all: list[subprocess.Popen[bytes]] = []
        self._threads = ThreadPoolExecutor(max(1, processes))

    def submit(self, plan: FilePlan, block: Block) -> Future[BlockResult]:
        """Read a block; the result is there later."""
        if not self.processes:
            done: Future[BlockResult] = Future()
            done.set_result(read_block(plan, block))
            return done
        while len(self._all) < self.processes:
            self._start()
        return self._threads.submit(self._asked, plan, block)

    def _start(self) -> None:
        # Arrow's own threads would only take the cores from the other workers.
        child = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._all.append(child)
        self._idle.put(child)

    def _asked(self, plan: FilePlan, block: Block) -> BlockResult:
        child = self._idle.get()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            _send(child.stdin, (plan, block))
            answer = _received(child.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            # Killed from outside, most likely for memory: the block is read here, where there is more of it.
            return read_block(plan, block)
        finally:
            self._idle.put(child)
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, BlockResult)
        return answer

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for child in self._all:
            child.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in self._all:
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:  # what was left in the pipe has no reader any more
                        continue
        self._all.clear()


@contextmanager
def workers(processes: int) -> Iterator[Workers]:
    """Processes that read blocks, ended at the end."""
    pool = Workers(processes)
    try:
        yield pool
    finally:
        pool.close()


def in_order(pool: Workers, blocks: Iterator[Block], plan: FilePlan) -> Iterator[tuple[Block, FilePlan, BlockResult]]:
    """Each block with the plan it was read by and what it gave, in order.

    A block that adds columns changes the plan: those behind it that were read by the old one are read again.
    """
    ahead = pool.processes + 1 if pool.processes else 1
    waiting: deque[tuple[Block, int, Future[BlockResult]]] = deque()
    shape = 0
    while True:
        while len(waiting) < ahead and (block := next(blocks, None)) is not None:
            waiting.append((block, shape, pool.submit(plan, block)))
        if not waiting:
            return
        block, used, future = waiting.popleft()
        result = future.result() if used == shape else pool.submit(plan, block).result()
        if result.columns is not None:
            known, empty = plan.columns.known | result.columns.known, plan.columns.empty | result.columns.empty
            plan = replace(plan, columns=replace(result.columns, known=known, empty=empty))
            shape += result.reshaped
        yield block, plan, result


def serve() -> None:
    """What a child process does: read blocks until nobody asks any more."""
    # Masking imports presidio, and presidio spaCy and transformers, which take torch along where it is installed: 300 MB a
    # process and seconds, and no pattern needs it. To them it is now not installed.
    sys.modules.update(dict.fromkeys(("torch", "transformers")))  # type: ignore[arg-type]
    asked, told = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray message must not be taken for an answer
    while True:
        try:
            asking = _received(asked)
        except EOFError:
            return
        try:
            assert isinstance(asking, tuple)
            answer: object = read_block(*asking)
        except Exception as error:  # told to the process that asked, which raises it
            answer = error
        _send(told, answer)


def _send(stream: IO[bytes], value: object) -> None:
    # Both ends are this program; nothing a client wrote is ever unpickled.
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_SIZE.pack(len(data)))
    stream.write(data)
    stream.flush()


def _received(stream: IO[bytes]) -> object:
    head = _exactly(stream, _SIZE.size)
    return pickle.loads(_exactly(stream, _SIZE.unpack(head)[0]))


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if data is None or len(data) < size:
        raise EOFError
    return data
