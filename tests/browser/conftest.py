"""A running workbench and a browser that forgives nothing.

Every test that uses `page` fails on a request to another host, a console error, a page error, or a status of 400 and more.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from workbench import session
from workbench.case import Case, open_case
from workbench.ui.browser import find_chromium, launch_arguments
from workbench.ui.lab.state import Lab

REPOSITORY = Path(__file__).resolve().parents[2]
TOKEN = "a-token-for-tests"
PATIENCE = 20_000
"""Milliseconds until something expected of a page counts as missing: machines that run tests may be busy with others."""
expect.set_options(timeout=PATIENCE)
LEFT = "Could not send widget sync message Error: Cannot send"
"""What a page says that is left, by a reload or another address, while a chart tells its size to the kernel."""
SLOW = "[anywidget] Failed to initialize model."
"""What anywidget says of a widget that is not ready after two seconds; it comes up all the same, later."""
FOREIGN = re.compile(r"^(https?|wss?)://(?!127\.0\.0\.1[:/])")
CORPUS = {
    "excess.md": "# Excess\n\nThe standard excess for escape of water is 350 pounds.\n",
    "hail.md": "# Hail\n\nVehicles damaged by hail are booked with the approved repairer.\n",
    "hostile.txt": "first line\n<script>document.title = 'taken over'</script>\nlast & least\n",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Recorder:
    """What went wrong on a page; `expected_statuses` are those the test asks for on purpose."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    statuses: list[tuple[int, str]] = field(default_factory=list)
    expected_statuses: set[int] = field(default_factory=set)

    def watch(self, page: Page) -> None:
        page.on("request", lambda request: self._request(request.url))
        page.on("console", lambda message: message.type == "error" and self._error(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("response", lambda response: self._response(response.status, response.url))

    def assert_clean(self) -> None:
        assert self.foreign == []
        assert self.errors == []
        assert self.statuses == []

    def _request(self, url: str) -> None:
        if FOREIGN.match(url):
            self.foreign.append(url)

    def _error(self, text: str) -> None:
        # The browser itself reports an expected status on the console.
        if not text.startswith((LEFT, SLOW)) and not any(
            f"status of {status}" in text for status in self.expected_statuses
        ):
            self.errors.append(text)

    def _response(self, status: int, url: str) -> None:
        if status >= 400 and status not in self.expected_statuses:
            self.statuses.append((status, url))


@dataclass(frozen=True)
class Workbench:
    """A running server: its address, its workspace, its log."""

    url: str
    workspace: Path
    log: Path

    @property
    def start(self) -> str:
        return f"{self.url}/?token={TOKEN}"


def make_case(workspace: Path, name: str) -> Path:
    root = workspace / name
    for part, files in {"corpus": CORPUS}.items():
        (root / part).mkdir(parents=True)
        for file, text in files.items():
            (root / part / file).write_text(text, encoding="utf-8")
    (root / "case.toml").write_text('name = "Acme & Sons <claims>"\n', encoding="utf-8")
    return root


@contextmanager
def running_workbench(workspace: Path, log: Path) -> Iterator[Workbench]:
    port = _free_port()
    command = [sys.executable, "-m", "workbench.cli", "serve", "--workspace", str(workspace), "--port", str(port)]
    packages = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": packages}
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*command, "--token", TOKEN, "--no-browser"], stdout=output, stderr=output, cwd=workspace, env=environment
        )
        try:
            server = Workbench(f"http://127.0.0.1:{port}", workspace, log)
            _wait_until_up(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder = tmp_path_factory.mktemp("browser")
    workspace = folder / "cases"
    make_case(workspace, "acme")
    (folder / "outside.txt").write_text("outside of every case", encoding="utf-8")
    with running_workbench(workspace, folder / "server.log") as server:
        yield server


@pytest.fixture(scope="session")
def sample_case(workbench: Workbench) -> Case:
    """The sample as a client's case, taken in and diagnosed for real."""
    return _analysed(REPOSITORY / "sample_corpora" / "insurance_claims", workbench.workspace / "sample")


@pytest.fixture(scope="session")
def mtrag_case(workbench: Workbench) -> Case:
    """A public benchmark with 399 questions of conversations; skipped where the development data are not there."""
    data = REPOSITORY.parent / "shared" / "data" / "mtrag"
    if not data.is_dir():
        pytest.skip("the development data 'mtrag' is not beside this checkout")
    return _analysed(data, workbench.workspace / "mtrag")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of the lab run on the sample case; those where size and real texts matter most on a public benchmark too."""
    if "lab_case" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("real_data") is not None
        metafunc.parametrize("lab_case", ["sample_case", *(["mtrag_case"] if both else [])], indirect=True)


@pytest.fixture
def lab_case(request: pytest.FixtureRequest) -> Case:
    """The case the lab is tested on."""
    case = request.getfixturevalue(request.param)
    assert isinstance(case, Case)
    return case


@pytest.fixture
def state(lab_case: Case) -> Lab:
    """What the lab shows of the case, asked through Python."""
    stored = session.stored_comparison(lab_case)
    assert stored is not None
    return Lab(stored, case=lab_case)


@pytest.fixture
def open_lab(page: Page, workbench: Workbench, lab_case: Case) -> Callable[..., Page]:
    """Opens a view of the lab of the case; further parameters of the address by name."""

    def opened(view: str, **asked: str) -> Page:
        address = urlencode({"case": lab_case.slug, "view": view, **asked})
        page.goto(f"{workbench.url}/voila/render/03_retrieval_lab.ipynb?{address}")
        expect(page.locator(f"[data-tab={view}]")).to_have_attribute("aria-selected", "true", timeout=30_000)
        return page

    return opened


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=launch_arguments())
        yield browser
        browser.close()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def stranger(chromium: Browser, recorder: Recorder, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of someone who has no token."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.route(FOREIGN, _abort)
    page = context.new_page()
    recorder.watch(page)
    yield page
    if os.environ.get("WORKBENCH_SCREENSHOTS"):
        name = re.sub(r"[^\w-]+", "-", request.node.name)
        page.screenshot(path=Path(os.environ["WORKBENCH_SCREENSHOTS"]) / f"{name}.png")
    context.close()
    recorder.assert_clean()


@pytest.fixture
def page(stranger: Page, workbench: Workbench) -> Page:
    """A page that is signed in and shows nothing yet: no kernel is started for it."""
    assert stranger.request.get(workbench.start, max_redirects=0).status == 302
    return stranger


def _analysed(files: Path, root: Path) -> Case:
    shutil.copytree(files, root, ignore=shutil.ignore_patterns(".workbench"), copy_function=shutil.copyfile)
    for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)  # the development data are read-only, and so would their copy be
    case = open_case(root)
    session.diagnose(case)
    return case


def _abort(route: Route) -> None:
    route.abort()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(server: Workbench, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            pytest.fail(f"the server stopped:\n{server.log.read_text()}")
        try:
            urlopen(f"{server.url}/workbench/health", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server is not up after 30 s:\n{server.log.read_text()}")
