"""Takes the README's screenshots from the sample case, which must have been diagnosed (`make prepare`)."""

from __future__ import annotations

from pathlib import Path

from page_load import BASE, running_server
from playwright.sync_api import Page, sync_playwright

from workbench.ui.browser import find_chromium, launch_arguments

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
CASE = "case=insurance_claims"
QUESTION = "third party property damage limit on the 2025 motor policy"

VIEWS = (
    ("lab", "scoreboard", ".wb-scores"),
    ("lab_failures", "failures", ".wb-panel-failures .wb-choices button"),
    ("lab_map", "map", ".wb-panel-map .js-plotly-plot .gl-canvas"),
    ("lab_documents", "documents", ".wb-panel-documents [role=treeitem]"),
    ("lab_grading", "grading", ".wb-panel-grading .wb-passage"),
)
"""Picture of each view of the lab: its name, the view, and what stands in it when it is there."""

COSTS = (
    ("costs", "cache", ".wb-panel-cache .js-plotly-plot"),
    ("costs_bill", "bill", ".wb-panel-bill .js-plotly-plot"),
)
"""The same for the costs page; the study is made when the page is first opened."""

EVALUATION = (
    ("evaluation", "harness", ".wb-panel-harness .wb-section-line"),
    ("evaluation_coverage", "coverage", ".wb-panel-coverage .js-plotly-plot"),
    ("evaluation_answers", "answers", ".wb-panel-answers .wb-answer"),
    ("evaluation_runs", "runs", ".wb-panel-runs .js-plotly-plot"),
    ("evaluation_drift", "drift", ".wb-panel-drift .js-plotly-plot"),
)
"""The same for the evaluation page; harness and answers are looked at when the page is first opened."""


def main() -> None:
    """Write one picture a page, at projector size."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_server(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=launch_arguments())
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(180_000)  # some views are made when they are first opened
        page.goto(f"{BASE}/?token=bench")
        _take(page, "start", "00_start.ipynb", ".wb-case-row")
        _take(page, "intake", f"01_intake.ipynb?{CASE}", ".wb-card")
        _take(page, "diagnosis", f"02_diagnosis.ipynb?{CASE}", ".wb-verdict")
        for name, view, ready in VIEWS:
            _take(page, name, f"03_retrieval_lab.ipynb?{CASE}&view={view}", ready)
        _take_question(page)
        for name, view, ready in EVALUATION:
            _take(page, name, f"04_evaluation.ipynb?{CASE}&view={view}", ready)
        for name, view, ready in COSTS:
            _take(page, name, f"06_costs.ipynb?{CASE}&view={view}", ready)
        browser.close()


def _take(page: Page, name: str, address: str, ready: str) -> None:
    page.goto(f"{BASE}/voila/render/{address}")
    page.locator(ready).first.wait_for()
    page.wait_for_timeout(1500)  # until the last chart has found its place
    page.screenshot(path=FOLDER / f"{name}.png")


def _take_question(page: Page) -> None:
    """The table of questions narrowed to those that are recovered, and one of them read."""
    page.goto(f"{BASE}/voila/render/03_retrieval_lab.ipynb?{CASE}&outcome=recovered")
    row = page.locator(".wb-lab-table tbody tr", has_text=QUESTION)
    page.get_by_label("Search questions").fill(QUESTION)
    row.click()
    page.get_by_label("Search questions").fill("")
    page.get_by_role("heading", name=QUESTION).wait_for()
    for name, top in (
        ("lab_questions", ".wb-filters"),
        ("lab_question", "h3.wb-question"),
        ("lab_flow", 'h3:has-text("How its documents move")'),
    ):
        place = page.locator(top).first
        place.evaluate("element => window.scrollTo(0, element.getBoundingClientRect().top + window.scrollY - 70)")
        page.wait_for_timeout(1000)
        page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
