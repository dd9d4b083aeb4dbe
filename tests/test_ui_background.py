"""Work off the page's thread: its outcome arrives on the page's own, the outdated one never, an error as something to read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from workbench.ui import page
from workbench.ui.background import Background


async def settled(background: Background, under_way: Callable[[], bool] = lambda: False) -> None:
    for _ in range(500):
        await asyncio.sleep(0.01)
        if (background._task is None or background._task.done()) and not under_way():
            return
    raise AssertionError("the work did not end")


def test_without_a_page_work_is_done_at_once() -> None:
    found: list[int] = []
    Background().run(lambda: 7, found.append)
    assert found == [7]


def test_work_runs_in_a_thread_and_its_outcome_arrives_on_the_page() -> None:
    found: list[tuple[int, int]] = []

    async def visit() -> int:
        background = Background()
        background.run(threading.get_ident, lambda worker: found.append((worker, threading.get_ident())))
        await settled(background)
        return threading.get_ident()

    here = asyncio.run(visit())
    assert [(worker != here, told == here) for worker, told in found] == [(True, True)]


def test_the_outcome_of_what_was_begun_earlier_is_dropped() -> None:
    found: list[str] = []
    waiting = threading.Event()

    def slow() -> str:
        waiting.wait(5)
        return "earlier"

    async def visit() -> None:
        background = Background()
        background.run(slow, found.append)
        await asyncio.sleep(0.02)
        background.run(lambda: "later", found.append)
        await settled(background)
        waiting.set()
        await asyncio.sleep(0.05)

    asyncio.run(visit())
    assert found == ["later"]


def test_what_is_dropped_arrives_no_more() -> None:
    found: list[str] = []
    waiting = threading.Event()

    async def visit() -> None:
        background = Background()
        background.run(lambda: str(waiting.wait(5)), found.append)
        await asyncio.sleep(0.02)
        background.drop()
        waiting.set()
        await asyncio.sleep(0.05)
        background.run(lambda: "next", found.append)
        await settled(background)

    asyncio.run(visit())
    assert found == ["next"]


def test_an_error_of_the_work_is_shown_and_nothing_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    notices = page.html("")
    monkeypatch.setattr(page, "_notices", notices)
    found: list[object] = []

    def broken() -> None:
        raise RuntimeError("no room left")

    async def visit() -> None:
        background = Background()
        background.run(broken, found.append)
        await settled(background)

    asyncio.run(visit())
    assert found == []
    assert "could not be shown" in notices.value
