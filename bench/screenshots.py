"""Takes the README's screenshots from the sample case, which must have been diagnosed (`make prepare`)."""

from __future__ import annotations

from pathlib import Path

from page_load import BASE, running_server
from playwright.sync_api import Page, sync_playwright

from workbench.ui.browser import find_chromium, launch_arguments

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
CASE = "case=insurance_claims"
QUESTION = "third party property damage limit on the 2025 motor policy"


def main() -> None:
    """Write one picture a page, at projector size."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_server(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=launch_arguments())
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{BASE}/?token=bench")
        _take(page, "start", "00_start.ipynb", ".wb-case-row")
        _take(page, "intake", f"01_intake.ipynb?{CASE}", ".wb-card")
        _take(page, "diagnosis", f"02_diagnosis.ipynb?{CASE}", ".wb-verdict")
        _take(page, "lab", f"03_retrieval_lab.ipynb?{CASE}", ".js-plotly-plot .main-svg")
        _show_question(page)
        page.screenshot(path=FOLDER / "lab_question.png")
        browser.close()


def _take(page: Page, name: str, address: str, ready: str) -> None:
    page.goto(f"{BASE}/voila/render/{address}")
    page.locator(ready).first.wait_for()
    page.wait_for_timeout(1500)  # until the last chart has found its place
    page.screenshot(path=FOLDER / f"{name}.png")


def _show_question(page: Page) -> None:
    page.get_by_placeholder("Search questions").fill(QUESTION)
    page.get_by_text(QUESTION, exact=True).first.click()
    heading = page.get_by_role("heading", name=QUESTION)
    heading.wait_for()
    heading.evaluate("element => window.scrollTo(0, element.getBoundingClientRect().top + window.scrollY - 70)")
    page.wait_for_timeout(1000)


if __name__ == "__main__":
    main()
