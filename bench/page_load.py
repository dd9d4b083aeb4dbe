"""Prints how long each page takes from the request to what is read first, and the lab from a press to its answer.

Starts the server on the sample case, which must have been diagnosed (`make prepare`), and visits every page with an
empty browser cache. Figures only: nothing here passes or fails.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from workbench.ui.browser import find_chromium, launch_arguments

ROOT = Path(__file__).resolve().parents[1]
PORT = 8877
BASE = f"http://127.0.0.1:{PORT}"
VISITS = 5
PAGES = {
    "start": ("00_start.ipynb", [("first widget", ".jupyter-widgets", 1)]),
    "intake": ("01_intake.ipynb?case=insurance_claims", [("first widget", ".jupyter-widgets", 1)]),
    "diagnosis": ("02_diagnosis.ipynb?case=insurance_claims", [("first widget", ".jupyter-widgets", 1)]),
    "lab": (
        "03_retrieval_lab.ipynb?case=insurance_claims",
        [
            ("sentence", "h1.wb-sentence", 1),
            ("first chart", ".js-plotly-plot .main-svg:first-child", 1),
            ("table", ".wb-lab-table tbody tr[data-row]", 1),
            ("reading", ".wb-ranking .wb-hit", 20),
        ],
    ),
}
VIEWS = {
    "failures": ".wb-panel-failures .wb-choices button",
    "map": ".wb-panel-map .js-plotly-plot .gl-canvas",
    "documents": ".wb-panel-documents [role=treeitem]",
    "grading": ".wb-panel-grading .wb-grade-buttons button, .wb-panel-grading button[data-grade]",
    "scoreboard": ".wb-panel-scoreboard .wb-scores",
}
"""View of the lab -> what stands in it when it is there."""

PRESS_AND_TIME = """([press, seen]) => new Promise(done => {
    const begun = performance.now();
    const look = () => {
        const node = [...document.querySelectorAll(seen)].some(n => n.offsetParent !== null || n.getClientRects().length);
        if (node) { clearInterval(clock); done(performance.now() - begun); }
    };
    const clock = setInterval(look, 5);
    document.querySelector(press).click();
})"""
NEXT_AND_TIME = """() => new Promise(done => {
    const begun = performance.now(), before = document.querySelector("h3.wb-question").dataset.question;
    const seen = new MutationObserver(() => {
        const question = document.querySelector("h3.wb-question").dataset.question;
        if (question !== before) { seen.disconnect(); done(performance.now() - begun); }
    });
    seen.observe(document.body, { childList: true, subtree: true, attributes: true });
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
})"""


def main() -> None:
    """Visit every page a few times and print median and range."""
    with running_server(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=launch_arguments())
        for name, (address, waits) in PAGES.items():
            visits = [_visit(browser, address, waits) for _ in range(VISITS)]
            for position, (what, _, _) in enumerate(waits):
                times = [visit[position] for visit in visits]
                low, high = min(times), max(times)
                median = statistics.median(times)
                print(f"{name:<10}{what:<14}median {median:.2f} s, {low:.2f} to {high:.2f} s, n = {VISITS}")
        _answers(browser)
        browser.close()


def _answers(browser: Browser) -> None:
    """How long the next question takes until its rankings are there, and each view until it is, opened first and again."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{BASE}/?token=bench")
    page.goto(f"{BASE}/voila/render/{PAGES['lab'][0]}")
    page.locator(".wb-ranking .wb-hit").first.wait_for()
    page.wait_for_timeout(3_000)
    times = [page.evaluate(NEXT_AND_TIME) for _ in range(10)]
    low, high = min(times), max(times)
    print(f"lab       next question  median {statistics.median(times):.0f} ms, {low:.0f} to {high:.0f} ms, n = 10")
    for again in ("first", "again"):
        for view, seen in VIEWS.items():
            took = page.evaluate(PRESS_AND_TIME, [f"[data-tab={view}]", seen])
            print(f"lab       {view}, {again}: {took:.0f} ms")
            page.wait_for_timeout(1_500)


def _visit(browser: Browser, address: str, waits: list[tuple[str, str, int]]) -> list[float]:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.goto(f"{BASE}/workbench/health")
    page.goto(f"{BASE}/?token=bench", wait_until="commit")
    started = time.perf_counter()
    page.goto(f"{BASE}/voila/render/{address}", wait_until="commit")
    times = []
    for _, selector, count in waits:
        page.wait_for_function(
            "([s, n]) => document.querySelectorAll(s).length >= n", arg=[selector, count], timeout=60_000
        )
        times.append(time.perf_counter() - started)
    context.close()
    return times


@contextmanager
def running_server() -> Iterator[None]:
    """The server on an empty workspace and the sample case, at `BASE` with the token "bench"."""
    with tempfile.TemporaryDirectory() as workspace:
        command = [sys.executable, "-m", "workbench.cli", "serve", "--workspace", workspace]
        command += ["--also", str(ROOT / "sample_corpora"), "--port", str(PORT), "--token", "bench", "--no-browser"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _wait_until_up()
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_until_up() -> None:
    for _ in range(150):
        try:
            urlopen(f"{BASE}/workbench/health", timeout=1).close()
            return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
