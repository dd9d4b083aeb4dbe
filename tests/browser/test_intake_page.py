"""The intake page: files go in through the browser, are sorted and read, and what was found is what the package says."""

import csv
import json
import os
import signal
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TOKEN, Workbench, make_case, running_workbench
from playwright.sync_api import Page, expect

from workbench.case import open_case
from workbench.records import Intake
from workbench.session import intake, stored_intake

PATIENCE = 60_000
MANY = 8000
"""Files enough that reading them outlasts the loading of a page on a quick machine."""
"""Files that keep the worker busy for seconds."""
LOG = """when,Frage,Antwort,Quelle,dauer
2026-05-04 09:00:00,What is the excess for hail?,350 pounds,hail.md,1.2
2026-05-04 09:05:00,Who repairs hail damage?,The approved repairer,hail.md,0.9
2026-05-04 09:10:00,Mail ann@example.org about the excess?,Done,excess.md,1.1
"""
IMAGE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One case for each test that changes something: they run in any order."""
    workspace = tmp_path_factory.mktemp("intake") / "cases"
    for name in ("acme", "asked", "filtered", "moved", "folders", "twice", "stopped"):
        make_case(workspace, name)
        (workspace / name / "inbox").mkdir()
    for name in ("asked", "filtered"):
        (workspace / name / "logs").mkdir()
        (workspace / name / "logs" / "pilot.csv").write_text(LOG, encoding="utf-8")
    for name in ("asked", "filtered", "moved"):
        intake(workspace / name)
    (workspace / "empty" / "inbox").mkdir(parents=True)
    write_hostile(workspace / "hostile")
    for name in ("cancelled", "killed", "dead"):
        write_many(workspace / name, MANY if name != "dead" else 3)
    return workspace


def write_many(root: Path, number: int) -> None:
    (root / "corpus").mkdir(parents=True)
    for place in range(number):
        words = " ".join(f"word{(place * 7 + step) % 911}" for step in range(60))
        (root / "corpus" / f"note-{place:04d}.md").write_text(f"# Note {place}\n\n{words}\n", encoding="utf-8")


def write_hostile(root: Path) -> None:
    """A case whose every name and text is markup."""
    for part in ("corpus", "logs"):
        (root / part).mkdir(parents=True)
    line = "<i>line</i> that stands in every document of the corpus"
    names = [f"{IMAGE}.md", *(f"b{number}.md" for number in range(6))]
    for number, name in enumerate(names):
        (root / "corpus" / name).write_text(f"# Part {number}\n\n{line}\n\nword{number} {IMAGE}\n", encoding="utf-8")
    (root / "corpus" / f"copy {IMAGE}.md").write_text((root / "corpus" / names[0]).read_text(), encoding="utf-8")
    (root / "corpus" / f"broken {IMAGE}.pdf").write_bytes(b"%PDF-1.7 cut off")
    with (root / "logs" / f"{IMAGE}.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["ts", "question", "answer", "<b>docs</b>", "<b>rest</b>"])
        rows.writerows([[f"2026-05-04 09:0{n}:00", f"what is {IMAGE}?", "<b>350</b>", "b1.md", "x"] for n in range(9)])
    intake(root)


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[Workbench]:
    with running_workbench(workspace, workspace.parent / "server.log") as running:
        yield running


@pytest.fixture
def visitor(stranger: Page, server: Workbench) -> Page:
    assert stranger.request.get(server.start, max_redirects=0).status == 302
    return stranger


def open_page(page: Page, server: Workbench, case: str) -> None:
    page.goto(f"{server.url}/voila/render/01_intake.ipynb?case={case}")
    expect(page.locator(".wb-sentence")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".wb-upload-zone")).to_be_visible(timeout=PATIENCE)


def wait_until_read(page: Page) -> None:
    expect(page.get_by_role("button", name="Read the files again")).to_be_enabled(timeout=PATIENCE)


def stored(workspace: Path, case: str) -> Intake:
    found = stored_intake(open_case(workspace / case))
    assert found is not None
    return found


def reading(page: Page) -> None:
    expect(page.locator(".wb-reading .wb-progress-line")).to_contain_text("note-", timeout=PATIENCE)


def test_an_empty_case_says_what_to_do(visitor: Page, server: Workbench) -> None:
    open_page(visitor, server, "empty")
    expect(visitor.locator(".wb-sentence")).to_contain_text("Nothing has been handed over yet")
    expect(visitor.locator(".wb-empty")).to_contain_text("Nothing leaves this machine")
    expect(visitor.locator(".wb-card")).to_have_count(0)


def test_files_are_uploaded_sorted_and_read(visitor: Page, server: Workbench, workspace: Path, tmp_path: Path) -> None:
    share = tmp_path / "share.zip"
    with zipfile.ZipFile(share, "w") as archive:
        archive.writestr("handbook/storm.md", "# Storm\n\nStorm damage is covered from force eight on the scale.")
        archive.writestr("../escape.txt", "outside")
    log = tmp_path / "pilot_export.csv"
    log.write_text(LOG, encoding="utf-8")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 cut off")
    open_page(visitor, server, "acme")
    visitor.locator("[data-upload=files]").set_input_files([share, log, broken])
    expect(visitor.locator(".wb-upload-zone")).to_contain_text("3 of 3 files are in the case", timeout=PATIENCE)
    wait_until_read(visitor)
    found = stored(workspace, "acme")
    expect(visitor.locator(".wb-sentence")).to_have_text(found.sentence)
    by_path = {file.path: file for file in found.files}
    assert "logs/pilot_export.csv" in by_path
    assert by_path["corpus/broken.pdf"].status == "unreadable"
    assert found.log.interactions == 3
    assert not list(workspace.rglob("escape.txt"))
    assert found.masked["email"] == 1
    cards = visitor.locator(".wb-card-value").all_text_contents()
    loaded = sum(file.status == "loaded" for file in found.files)
    assert cards == [str(loaded), str(found.documents), "3", str(sum(found.masked.values()))]
    row = visitor.locator("tr", has_text="corpus/broken.pdf")
    expect(row).to_contain_text("not read")
    expect(row).to_contain_text("damaged PDF")


def test_an_uploaded_folder_keeps_its_structure(
    visitor: Page, server: Workbench, workspace: Path, tmp_path: Path
) -> None:
    for name in ("a.md", "storm/a.md", "storm/deep/b.md"):
        path = tmp_path / "handbook" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n\nWhat {name} says about storms and hail.\n", encoding="utf-8")
    open_page(visitor, server, "folders")
    visitor.locator("[data-upload=folder]").set_input_files(tmp_path / "handbook")
    expect(visitor.locator(".wb-upload-zone")).to_contain_text("3 of 3 files are in the case", timeout=PATIENCE)
    wait_until_read(visitor)
    paths = {file.path for file in stored(workspace, "folders").files}
    assert {f"corpus/handbook/{name}" for name in ("a.md", "storm/a.md", "storm/deep/b.md")} <= paths


def test_two_files_of_one_name_are_both_kept(visitor: Page, server: Workbench, workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for folder, text in (("one", "The first text about hail."), ("two", "A second text about storms.")):
        (tmp_path / folder / "note.md").write_text(text, encoding="utf-8")
    open_page(visitor, server, "twice")
    chooser = visitor.locator("[data-upload=files]")
    for number, folder in enumerate(("one", "two")):
        chooser.set_input_files(tmp_path / folder / "note.md")
        expect(visitor.locator(".wb-upload-zone")).to_contain_text("1 of 1 file is in the case", timeout=PATIENCE)
        expect(visitor.locator(".wb-card-value").nth(1)).to_have_text(str(4 + number), timeout=PATIENCE)
    wait_until_read(visitor)
    texts = {path.read_text() for path in (workspace / "twice" / "corpus").glob("note*.md")}
    assert texts == {"The first text about hail.", "A second text about storms."}


def test_a_stopped_upload_leaves_nothing(visitor: Page, server: Workbench, workspace: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as stream:
        stream.truncate(600 * 2**20)
    before = sorted((workspace / "stopped" / "corpus").iterdir())
    open_page(visitor, server, "stopped")
    visitor.locator("[data-upload=files]").set_input_files(large)
    expect(visitor.locator(".wb-upload-zone .wb-progress-line")).to_contain_text("Sending: 0 of 1 files, ")
    visitor.locator(".wb-upload-zone").get_by_role("button", name="Stop").click()
    expect(visitor.locator(".wb-upload-zone")).to_contain_text("Stopped; 0 of 1 file is in the case", timeout=PATIENCE)
    scratch = workspace / "stopped" / ".workbench" / "uploads"
    for _ in range(100):
        if not scratch.exists() or not list(scratch.iterdir()):
            break
        time.sleep(0.1)
    assert not scratch.exists() or not list(scratch.iterdir())
    assert list((workspace / "stopped" / "inbox").iterdir()) == []
    assert sorted((workspace / "stopped" / "corpus").iterdir()) == before


def test_a_large_file_that_is_refused_says_why(
    visitor: Page, server: Workbench, workspace: Path, tmp_path: Path
) -> None:
    refused = tmp_path / "a:b.bin"
    with refused.open("wb") as stream:
        stream.truncate(30 * 2**20)
    open_page(visitor, server, "stopped")
    visitor.locator("[data-upload=files]").set_input_files(refused)
    expect(visitor.locator(".wb-upload-faults")).to_contain_text("cannot be used as a file name", timeout=PATIENCE)


def test_a_correction_is_stored_and_read_with(visitor: Page, server: Workbench, workspace: Path) -> None:
    open_page(visitor, server, "asked")
    zone = visitor.get_by_label("which time zone", exact=False)
    zone.fill("Europe/Berlin")
    zone.press("Enter")
    visitor.get_by_role("button", name="Correct the columns").click()
    editor = visitor.locator(".wb-mapping")
    editor.get_by_label("question", exact=True).select_option("Frage")
    editor.get_by_label("answer", exact=True).select_option("Antwort")
    visitor.get_by_role("button", name="Store and read again").last.click()
    expect(visitor.locator(".wb-text", has_text="2026-05-04 to 2026-05-04")).to_be_visible(timeout=PATIENCE)
    corrections = json.loads((workspace / "asked" / "log_mapping.json").read_text())
    assert corrections["logs/pilot.csv"]["time_zone"] == "Europe/Berlin"
    first = stored(workspace, "asked").log.first
    assert first is not None
    assert first.isoformat() == "2026-05-04T07:00:00+00:00"


def test_an_answer_that_cannot_be_is_refused_in_a_sentence(visitor: Page, server: Workbench, workspace: Path) -> None:
    open_page(visitor, server, "filtered")
    zone = visitor.get_by_label("which time zone", exact=False)
    zone.fill("Atlantis")
    zone.press("Enter")
    visitor.get_by_role("button", name="Store and read again").click()
    expect(visitor.get_by_role("alert").filter(has_text="Atlantis")).to_be_visible()
    assert not (workspace / "filtered" / "log_mapping.json").exists()


def test_files_are_filtered_and_searched(visitor: Page, server: Workbench) -> None:
    open_page(visitor, server, "filtered")
    visitor.get_by_label("Show").select_option(label="every file (5)")
    visitor.get_by_label("Search").fill("hail")
    expect(visitor.locator(".wb-files-range")).to_have_text("1 file")
    expect(visitor.locator(".wb-files tbody tr")).to_have_count(1)
    expect(visitor.locator(".wb-files tbody tr")).to_contain_text("corpus/hail.md")


def test_the_slash_key_leads_to_the_search(visitor: Page, server: Workbench) -> None:
    open_page(visitor, server, "filtered")
    visitor.locator(".wb-sentence").click()
    visitor.keyboard.press("/")
    expect(visitor.get_by_label("Search")).to_be_focused()


def test_every_control_has_a_label(visitor: Page, server: Workbench) -> None:
    open_page(visitor, server, "filtered")
    visitor.get_by_role("button", name="Correct the columns").click()
    expect(visitor.locator(".wb-mapping")).to_be_visible()
    bare = visitor.evaluate(
        """() => [...document.querySelectorAll("#rendered_cells :is(input, select, button)")]
            .filter((node) => node.offsetParent && !node.ariaLabel)
            .filter((node) => !(node.tagName === "BUTTON" && node.textContent.trim()))
            .filter((node) => ![...(node.labels ?? [])].some((label) => label.textContent.trim()))
            .map((node) => node.outerHTML)"""
    )
    assert bare == []


def test_a_file_is_moved_to_another_part_and_read_there(visitor: Page, server: Workbench, workspace: Path) -> None:
    open_page(visitor, server, "moved")
    visitor.get_by_label("Move a file").fill("corpus/excess.md")
    visitor.get_by_label("Move a file").press("Tab")
    visitor.get_by_label("to", exact=True).select_option("governance")
    visitor.get_by_role("button", name="Move", exact=True).click()
    expect(visitor.locator("tr", has_text="governance/excess.md")).to_be_visible(timeout=PATIENCE)
    wait_until_read(visitor)
    assert {file.path for file in stored(workspace, "moved").files if file.part == "governance"} == {
        "governance/excess.md"
    }


def test_text_of_the_client_stays_text(visitor: Page, server: Workbench, workspace: Path) -> None:
    open_page(visitor, server, "hostile")
    visitor.get_by_label("Show").select_option(label=f"every file ({len(stored(workspace, 'hostile').files)})")
    expect(visitor.locator("tr", has_text=f"corpus/{IMAGE}.md").first).to_be_visible()
    visitor.get_by_role("button", name="Correct the columns").click()
    expect(visitor.locator(".wb-mapping")).to_be_visible()
    for summary in visitor.locator(".wb-details summary").all():
        summary.click()
    words = visitor.locator("#rendered_cells").inner_text()
    for text in (
        f"corpus/broken {IMAGE}.pdf",
        "<b>docs</b>",
        "<b>rest</b>",
        "<i>line</i> that stands",
        f"copy {IMAGE}.md",
    ):
        assert text in words
    assert visitor.locator(".wb-column :is(img, script)").count() == 0
    assert visitor.locator(".wb-column :is(td, li) i:not(.wb-interval i)").count() == 0
    assert visitor.locator(".wb-column td b", has_text="docs").count() == 0


def test_stop_ends_the_reading_and_a_second_start_goes_on(visitor: Page, server: Workbench, workspace: Path) -> None:
    open_page(visitor, server, "cancelled")
    visitor.get_by_role("button", name="Read the files").click()
    reading(visitor)
    visitor.reload()
    reading(visitor)
    expect(visitor.locator(".wb-sentence")).to_have_text("The files of this case are being read.")
    visitor.locator(".wb-reading").get_by_role("button", name="Stop").click()
    expect(visitor.locator(".wb-reading")).to_contain_text("Stopped; what was finished is kept", timeout=PATIENCE)
    assert stored_intake(open_case(workspace / "cancelled")) is None
    visitor.get_by_role("button", name="Read the files").click()
    wait_until_read(visitor)
    assert stored(workspace, "cancelled").documents == MANY


def test_a_killed_worker_is_replaced_and_the_reading_finishes(
    visitor: Page, server: Workbench, workspace: Path
) -> None:
    open_page(visitor, server, "killed")
    visitor.get_by_role("button", name="Read the files").click()
    reading(visitor)
    os.kill(worker_of(workspace), signal.SIGKILL)
    wait_until_read(visitor)
    assert stored(workspace, "killed").documents == MANY


def test_a_reading_whose_server_was_killed_shows_as_failed_and_can_be_started_again(
    visitor: Page, server: Workbench, workspace: Path
) -> None:
    jobs = workspace / "dead" / ".workbench" / "jobs"
    jobs.mkdir(parents=True)
    left = {"name": "intake", "status": "running", "fraction": 0.4, "started": 1.0, "updated": 1.0}
    (jobs / "intake.json").write_text(json.dumps(left), encoding="utf-8")
    open_page(visitor, server, "dead")
    expect(visitor.locator(".wb-error")).to_contain_text("The reading did not finish: the worker stopped")
    visitor.get_by_role("button", name="Read the files").click()
    wait_until_read(visitor)
    assert stored(workspace, "dead").documents == 3
    expect(visitor.locator(".wb-error")).to_have_count(0)


def worker_of(workspace: Path) -> int:
    """Process id of the worker of the server that serves this workspace."""
    commands, parents = {}, {}
    for folder in Path("/proc").iterdir():
        try:
            commands[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    server = next(number for number, command in commands.items() if f"--workspace {workspace} " in command)
    return next(number for number, parent in parents.items() if parent == server and "spawn_main" in commands[number])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_nobody_uploads_without_the_token(stranger: Page, server: Workbench, workspace: Path, method: str) -> None:
    answer = stranger.request.fetch(
        f"{server.url}/workbench/upload?case=acme&name=evil.txt", method=method, data="x", max_redirects=0
    )
    assert answer.status in (302, 403, 404, 405)
    assert list(workspace.rglob("evil.txt")) == []


def test_a_hostile_name_is_refused_in_a_sentence(visitor: Page, server: Workbench, workspace: Path) -> None:
    answer = visitor.request.put(
        f"{server.url}/workbench/upload?case=acme&name=..%2Fevil.txt",
        data="x",
        headers={"Authorization": f"token {TOKEN}"},
    )
    assert answer.status == 200
    assert "cannot be used as a file name" in answer.json()["error"]
    assert list(workspace.rglob("evil.txt")) == []
