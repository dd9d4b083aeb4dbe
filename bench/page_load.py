"""Prints how long each page takes from the request to its first widget, and the lab to its six charts.

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
        [("first widget", ".jupyter-widgets", 1), ("six charts", ".js-plotly-plot .main-svg:first-child", 6)],
    ),
}


CLICK_AND_TIME = """question => new Promise(done => {
    const begun = performance.now();
    const seen = new MutationObserver(() => {
        if (document.querySelector(`h3[data-question="${question}"]`)) { seen.disconnect(); done(performance.now() - begun); }
    });
    seen.observe(document.body, { childList: true, subtree: true, attributes: true });
    document.querySelector(`tr[data-question="${question}"]`).click();
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
    """How long choosing a question takes until its rankings are there."""
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{BASE}/?token=bench")
    page.goto(f"{BASE}/voila/render/{PAGES['lab'][0]}")
    rows = page.locator("tr[data-question]")
    rows.first.wait_for()
    questions = [rows.nth(number).get_attribute("data-question") for number in range(1, 11)]
    times = [page.evaluate(CLICK_AND_TIME, question) for question in questions]
    low, high = min(times), max(times)
    print(
        f"lab       new question  median {statistics.median(times):.0f} ms, {low:.0f} to {high:.0f} ms, n = {len(times)}"
    )


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
