"""The notebooks open and run in JupyterLab too, with no request to another host."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from example_case import write_example_case

SAID = re.compile(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+")
SECONDS = 60


@pytest.fixture
def lab_address(tmp_path: Path) -> Iterator[str]:
    workspace = tmp_path / "cases"
    write_example_case(workspace, "acme", results=True)
    command = [sys.executable, "-m", "workbench.cli", "lab", "--workspace", str(workspace), "--no-browser"]
    log = tmp_path / "lab.log"
    # What somebody had open in a JupyterLab of their own is no part of the test.
    own = {"JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "open"), "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings")}
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, env={**os.environ, **own}
        )
        try:
            yield _address(log)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def _address(log: Path) -> str:
    deadline = time.monotonic() + SECONDS
    while not (found := SAID.search(log.read_text())):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
    return found.group(0)


def test_the_lab_notebook_runs_in_jupyterlab(page, lab_address: str):
    server, token = re.match(r"(http://[^/]+)/\S*token=(\w+)", lab_address).groups()
    page.goto(f"{server}/lab/tree/03_retrieval_lab.ipynb?token={token}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.get_by_text("| Idle").wait_for(timeout=60_000)  # before that, JupyterLab drops what it is asked to run
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=90_000)
    assert page.locator("h1.wb-sentence").inner_text().startswith("On 40 questions naive retrieval misses")
