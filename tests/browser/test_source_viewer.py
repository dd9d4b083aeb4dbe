"""The source viewer in a real browser: the place is marked, hostile text stays text, nothing outside a case is shown."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

HOSTILE = {"case": "acme", "path": "corpus/hostile.txt", "at": "line 2"}


def address(workbench, **query: str) -> str:
    return f"{workbench.url}/workbench/source?{urlencode(query)}"


def test_the_line_is_marked_and_its_markup_stays_text(page: Page, workbench):
    page.goto(address(workbench, **HOSTILE))
    expect(page.locator(".wb-marked")).to_have_text("2<script>document.title = 'taken over'</script>")
    expect(page).to_have_title("corpus/hostile.txt, line 2")


def test_the_viewer_allows_no_script_but_its_own(page: Page, workbench):
    response = page.goto(address(workbench, **HOSTILE))
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["../outside.txt", "../../outside.txt", "/etc/passwd", "corpus/../../../outside.txt", ".git/config", ""]
)
def test_nothing_outside_the_case_is_shown(page: Page, workbench, recorder, path: str):
    recorder.expected_statuses.add(404)
    response = page.goto(address(workbench, case="acme", path=path))
    assert response.status == 404
    assert "outside of every case" not in page.content()
    expect(page.locator("h1")).to_have_count(1)


def test_an_unknown_case_is_a_sentence(page: Page, workbench, recorder):
    recorder.expected_statuses.add(404)
    response = page.goto(address(workbench, case="..", path="corpus/hostile.txt"))
    assert response.status == 404
    expect(page.locator("h1")).to_contain_text("no case of this name")


def test_the_viewer_asks_for_the_token(stranger: Page, workbench):
    stranger.goto(address(workbench, **HOSTILE))
    assert "/login" in stranger.url
    assert "taken over" not in stranger.content()


def test_client_files_cannot_be_fetched_as_files(page: Page, workbench, recorder):
    recorder.expected_statuses |= {403, 404}
    for path in (
        "voila/files/00_start.ipynb",
        "voila/files/../cases/acme/corpus/hail.md",
        "voila/files/acme/case.toml",
    ):
        assert page.request.get(f"{workbench.url}/{path}").status in (403, 404)
