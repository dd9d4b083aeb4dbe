"""The intake page: files go in through the browser, are sorted and read, and what was found is what the package says."""

import json
import zipfile
from pathlib import Path

import pytest
from conftest import TOKEN, Recorder, Workbench, make_case, running_workbench
from playwright.sync_api import Page, expect

from workbench.case import open_case
from workbench.session import stored_intake

PATIENCE = 60_000
LOG = """when,Frage,Antwort,Quelle,dauer
2026-05-04 09:00:00,What is the excess for hail?,350 pounds,hail.md,1.2
2026-05-04 09:05:00,Who repairs hail damage?,The approved repairer,hail.md,0.9
2026-05-04 09:10:00,Mail ann@example.org about the excess?,Done,excess.md,1.1
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("intake") / "cases"
    make_case(workspace, "acme")
    (workspace / "acme" / "inbox").mkdir()
    (workspace / "empty" / "inbox").mkdir(parents=True)
    return workspace


@pytest.fixture(scope="module")
def server(workspace: Path) -> Workbench:
    with running_workbench(workspace, workspace.parent / "server.log") as running:
        yield running


@pytest.fixture
def visitor(stranger: Page, server: Workbench) -> Page:
    assert stranger.request.get(server.start, max_redirects=0).status == 302
    return stranger


def open_intake(page: Page, server: Workbench, case: str) -> None:
    page.goto(f"{server.url}/voila/render/01_intake.ipynb?case={case}")
    expect(page.locator(".wb-upload-zone")).to_be_visible(timeout=PATIENCE)


def done(page: Page) -> None:
    expect(page.get_by_role("button", name="Read the files again")).to_be_enabled(timeout=PATIENCE)


def test_an_empty_case_says_what_to_do(visitor: Page, server: Workbench) -> None:
    open_intake(visitor, server, "empty")
    expect(visitor.locator("h1")).to_contain_text("have not been read yet")
    expect(visitor.locator(".wb-empty")).to_contain_text("Nothing leaves this machine")
    visitor.get_by_role("button", name="Read the files").click()
    done(visitor)
    expect(visitor.locator("h1")).to_contain_text("Nothing has been handed over yet")


def test_files_are_uploaded_sorted_and_read(visitor: Page, server: Workbench, workspace: Path, tmp_path: Path) -> None:
    share = tmp_path / "share.zip"
    with zipfile.ZipFile(share, "w") as archive:
        archive.writestr(
            "handbook/<b>storm</b>.md", "# Storm\n\nStorm damage is covered from force eight on the scale."
        )
        archive.writestr("../escape.txt", "outside")
    log = tmp_path / "pilot_export.csv"
    log.write_text(LOG, encoding="utf-8")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 cut off")
    open_intake(visitor, server, "acme")
    visitor.locator("[data-upload=files]").set_input_files([share, log, broken])
    expect(visitor.locator(".wb-progress-line").first).to_contain_text("3 of 3 files are in the case", timeout=PATIENCE)
    done(visitor)
    intake = stored_intake(open_case(workspace / "acme"))
    assert intake is not None
    expect(visitor.locator("h1")).to_have_text(intake.sentence)
    by_path = {file.path: file for file in intake.files}
    assert "logs/pilot_export.csv" in by_path
    assert by_path["corpus/broken.pdf"].status == "unreadable"
    assert intake.log.interactions == 3
    assert not list(workspace.rglob("escape.txt"))
    assert intake.masked["email"] == 1
    cards = visitor.locator(".wb-card-value").all_text_contents()
    assert cards[1:] == [str(intake.documents), "3", str(sum(intake.masked.values()))]
    row = visitor.locator("tr", has_text="corpus/broken.pdf")
    expect(row).to_contain_text("not read")
    expect(row).to_contain_text("damaged PDF")


def test_a_correction_is_stored_and_read_with(visitor: Page, server: Workbench, workspace: Path) -> None:
    open_intake(visitor, server, "acme")
    editor = visitor.locator(".wb-mapping")
    expect(editor).to_be_visible(timeout=PATIENCE)
    editor.locator("select").nth(0).select_option("Frage")
    editor.locator("select").nth(1).select_option("Antwort")
    zone = visitor.locator("input[placeholder='Europe/Berlin']")
    zone.fill("Europe/Berlin")
    zone.press("Enter")
    visitor.get_by_role("button", name="Store and read again").click()
    expect(visitor.locator(".wb-text", has_text="2026-05-04 to 2026-05-04")).to_be_visible(timeout=PATIENCE)
    corrections = json.loads((workspace / "acme" / "log_mapping.json").read_text())
    assert corrections["logs/pilot_export.csv"]["time_zone"] == "Europe/Berlin"
    intake = stored_intake(open_case(workspace / "acme"))
    assert intake is not None and intake.log.first is not None
    assert intake.log.first.isoformat() == "2026-05-04T07:00:00+00:00"


def test_files_are_filtered_and_searched(visitor: Page, server: Workbench) -> None:
    open_intake(visitor, server, "acme")
    visitor.get_by_label("Show").select_option("every file")
    search = visitor.get_by_placeholder("Search names and reasons")
    search.fill("hail")
    expect(visitor.locator("caption", has_text="1 of")).to_be_visible()
    expect(visitor.locator("tr", has_text="corpus/hail.md")).to_be_visible()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_nobody_uploads_without_the_token(
    stranger: Page, recorder: Recorder, server: Workbench, workspace: Path, method: str
) -> None:
    before = sorted(workspace.rglob("*"))
    answer = stranger.request.fetch(
        f"{server.url}/workbench/upload?case=acme&name=evil.txt", method=method, data="x", max_redirects=0
    )
    assert answer.status in (302, 403, 404, 405)
    assert sorted(workspace.rglob("*")) == before


def test_a_hostile_name_is_refused_in_a_sentence(visitor: Page, server: Workbench, workspace: Path) -> None:
    token = (
        next(cookie["value"] for cookie in visitor.context.cookies() if cookie["name"] == "_xsrf")
        if any(cookie["name"] == "_xsrf" for cookie in visitor.context.cookies())
        else ""
    )
    answer = visitor.request.put(
        f"{server.url}/workbench/upload?case=acme&name=..%2Fevil.txt",
        data="x",
        headers={"X-XSRFToken": token, "Authorization": f"token {TOKEN}"},
    )
    assert answer.status == 200
    assert "cannot be used as a file name" in answer.json()["error"]
    assert not (workspace / "evil.txt").exists()
