import asyncio
import dataclasses

import example_results
import ipywidgets as widgets
import nbformat
import pytest
from bs4 import BeautifulSoup
from example_case import write_example_case
from hypothesis import given
from hypothesis import strategies as st

from workbench import compute, store
from workbench.case import new_case
from workbench.report.outcomes import changes, outcomes
from workbench.report.words import comparison_sentence
from workbench.session import results_folder
from workbench.ui.analysis import AnalysisPanel
from workbench.ui.diagnosis_page import build_diagnosis_page, build_diagnosis_panel, gain_words
from workbench.ui.lab.page import build_lab_page, build_lab_panel
from workbench.ui.lab.queries import Rankings, first_right_ranks, question_rows
from workbench.ui.lab.rankings import rankings_markup, snippet
from workbench.ui.lab.state import Lab
from workbench.ui.page import PageContext
from workbench.ui.start import build_start_page, created_markup, holdings, name_fault
from workbench.ui.steps import notebooks_dir, step


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def markup(widget):
    return "".join(part.value for part in walk(widget) if isinstance(part, widgets.HTML))


def read(widget):
    return BeautifulSoup(markup(widget), "html.parser")


def context(case, key="diagnosis", **query):
    return PageContext(step(key), case, (case,), (case.root.parent,), query=query)


@pytest.fixture(scope="module")
def stored():
    return example_results.stored_comparison()


def test_outcomes_follow_from_what_both_arms_found(stored):
    each = outcomes(stored.per_query, "dense", "hybrid", 5)
    assert [each[q] for q in ("q01", "q07", "q11", "q20")] == ["recovered", "still failing", "lost", "found by both"]
    assert each.size == 40


def test_changes_count_the_outcomes(stored):
    found = changes(stored.per_query, "dense", "hybrid", 5)
    assert (found.recovered, found.lost, found.still_failing) == (8, 2, 2)


def test_changes_are_none_where_an_arm_has_no_values(stored):
    assert changes(stored.per_query, "dense", "deployed", 5) is None


def test_recall_stands_in_where_success_was_not_kept(stored):
    # q01 to q06, q09 and q10 are at rank 8 in dense: found at 10, which success@10 would say as well.
    each = outcomes(stored.per_query, "dense", "hybrid", 10)
    assert (each["q01"], each["q07"]) == ("found by both", "still failing")


def test_the_sentence_reads_aloud(stored):
    found = changes(stored.per_query, "dense", "hybrid", 5)
    assert comparison_sentence(stored.comparison, found) == (
        "On 40 questions naive retrieval misses the right document in the top 5 for 25 % [14, 40]; "
        "hybrid gets 8 of those 10 back and loses 2."
    )


def test_the_sentence_without_labels_says_not_measured():
    assert comparison_sentence(example_results.unlabelled_comparison()).startswith("Not measured: none of the 44")


def test_the_sentence_without_a_dense_arm_says_why(stored):
    bare = dataclasses.replace(stored.comparison, failures={})
    assert comparison_sentence(bare) == (
        "How often naive retrieval misses the right document is not measured: it was not among the arms that ran."
    )


# ---------------------------------------------------------------- the list and the rankings


def test_the_list_holds_every_question_those_that_change_first(stored):
    rows = question_rows(stored, "dense", "hybrid", 5)
    assert len(rows) == 44
    assert [row.outcome for row in rows[:13]] == [
        *["recovered"] * 8,
        *["lost"] * 2,
        *["still failing"] * 2,
        "found by both",
    ]
    assert rows[-1].outcome == "not labelled"


def test_a_row_shows_the_rank_of_the_right_document_in_both_arms(stored):
    row = next(row for row in question_rows(stored, "dense", "hybrid", 5) if row.query_id == "q01")
    assert (row.before, row.after, row.codes) == (8, 1, ("C3",))
    missed = next(row for row in question_rows(stored, "dense", "hybrid", 5) if row.query_id == "q07")
    assert (missed.before, missed.after) == (None, None)


def test_a_grade_of_zero_is_not_right(stored):
    # d100 is judged 0 for q01 and stands first in dense.
    assert first_right_ranks(stored, "dense")["q01"] == 8


def test_a_hit_carries_title_date_passage_grade_and_source(stored):
    hit = Rankings(stored).hits("q01", "hybrid", 10)[0]
    assert (hit.rank, hit.doc_id, hit.title, hit.updated_on, hit.grade) == (
        1, "d1", example_results.HOSTILE, "2026-01-31", 1,
    )  # fmt: skip
    assert hit.source.path == "corpus/d1.txt"


def test_a_document_without_a_passage_or_an_entry_is_still_shown(stored):
    bare = dataclasses.replace(stored, passages=stored.passages.iloc[:0], documents=stored.documents.iloc[:0])
    text = rankings_markup(Rankings(bare), "q01", "question", ["dense"], case_slug=None)
    assert "Only the document is known here" in text
    assert "d100" in text


def test_an_unknown_question_has_no_ranking_and_says_so(stored):
    assert "naive dense has no ranking" in rankings_markup(Rankings(stored), "nope", "", ["dense"], case_slug=None)


def test_hostile_titles_texts_and_questions_stay_text(stored):
    html = BeautifulSoup(
        rankings_markup(Rankings(stored), "q01", example_results.HOSTILE, ["hybrid"], case_slug="s"), "html.parser"
    )
    assert not html.find_all("script")
    assert example_results.HOSTILE in html.select_one(".wb-hit b").text
    assert html.h3.text == example_results.HOSTILE


def test_a_long_passage_is_cut_around_the_words_of_the_question():
    text = (
        "Opening words about nothing at all. " * 20 + "The excess for hail is 350 pounds. " + "More of the same. " * 20
    )
    cut = snippet(text, "hail excess")
    assert cut.startswith("… ")
    assert "excess for hail is 350" in cut
    assert len(cut) <= 270


@given(st.text(max_size=600), st.text(max_size=40))
def test_a_snippet_is_a_part_of_its_text(text, query):
    cut = snippet(text, query, limit=50).removeprefix("… ").removesuffix(" …")
    assert cut in text


# ---------------------------------------------------------------- pages


def test_the_lab_shows_the_values_of_the_comparison(stored):
    page = read(build_lab_panel(Lab(stored)))
    assert page.h1.text.startswith("On 40 questions naive retrieval misses")
    assert "0.642 [0.562, 0.712]" in page.text
    assert "not measured: the log keeps no document ids" in page.text


def test_a_reranked_document_says_why_it_stands_there(stored):
    rankings = Rankings(stored)
    page = rankings_markup(rankings, "q01", "text", ["hybrid", "hybrid+rerank"], case_slug=None)
    assert page.count("Why it stands here") == 1
    assert "+1.25" in page
    assert "<script>alert" not in page


def test_the_lab_without_labels_shows_rankings_and_no_number():
    stored = example_results.stored_comparison()
    unlabelled = dataclasses.replace(
        stored,
        comparison=example_results.unlabelled_comparison(),
        per_query=stored.per_query.iloc[:0],
        qrels=stored.qrels.iloc[:0],
        failures=stored.failures.iloc[:0],
        queries=stored.queries.assign(judged=False),
    )
    page = read(build_lab_panel(Lab(unlabelled)))
    assert page.h1.text.startswith("Not measured")
    assert len(page.select(".wb-hit")) == 20
    assert "Nobody has labelled a document for this question" in page.text


def test_the_diagnosis_shows_every_cause_the_likeliest_first():
    page = read(build_diagnosis_panel(example_results.diagnosis(), case_slug="calder-wharf"))
    assert page.h1.text == example_results.diagnosis().sentence
    assert [bar["data-cause"] for bar in page.select(".wb-verdict")][:3] == ["retrieval", "evaluation", "governance"]
    assert page.select_one('.wb-verdict[data-cause="retrieval"] .wb-verdict-value').text == "87 %71 % to 95 %"


def test_a_line_of_the_ledger_links_to_its_place_in_the_files():
    page = read(build_diagnosis_panel(example_results.diagnosis(), case_slug="calder-wharf"))
    link = page.select_one('[data-signal="R-05"] a')
    assert link["href"] == "/workbench/source?case=calder-wharf&path=logs%2Flog+one.jsonl&at=line+14#marked"


def test_the_diagnosis_keeps_hostile_findings_as_text():
    page = read(build_diagnosis_panel(example_results.diagnosis()))
    assert not page.find_all("script")
    assert example_results.HOSTILE in page.select_one('[data-signal="R-05"]').text


def test_the_diagnosis_says_what_is_not_measured_and_what_would_change_it():
    text = read(build_diagnosis_panel(example_results.diagnosis())).text
    assert "Click data: the log has no feedback column." in text
    assert "Governance would lead if the approval was signed after go-live." in text
    assert "Who decides that the pilot goes live?" in text


@pytest.mark.parametrize(
    ("build", "words"), [(build_diagnosis_page, "diagnosed yet"), (build_lab_page, "compared yet")]
)
def test_a_case_without_results_says_what_is_missing_and_offers_the_analysis(tmp_path, build, words):
    page = build(context(write_example_case(tmp_path, results=False)))
    assert words in markup(page)
    assert page.start.description == "Start the analysis"


@pytest.mark.parametrize("build", [build_diagnosis_page, build_lab_page])
def test_a_page_shows_the_stored_results_of_its_case(tmp_path, build):
    page = build(context(write_example_case(tmp_path)))
    assert read(page).h1 is not None


def test_the_result_takes_the_place_of_the_button_when_the_analysis_ends(tmp_path, monkeypatch):
    case = write_example_case(tmp_path, results=False)
    found = []
    panel = AnalysisPanel(case, missing="m", gives="g", result=lambda: found[0] if found else None)
    result = widgets.HTML("there it is")

    def analyse(asked):
        compute.run_job(asked.root, "analysis", lambda progress: found.append(result))

    async def press():
        monkeypatch.setattr("workbench.ui.analysis.start_analysis", analyse)
        panel.start.click()
        assert panel.start.disabled
        await panel.progress._watching

    asyncio.run(press())
    assert panel.children == (result,)


def test_an_analysis_that_brings_no_result_says_so(tmp_path, monkeypatch):
    case = write_example_case(tmp_path, results=False)
    panel = AnalysisPanel(case, missing="m", gives="g", result=lambda: None)

    async def press():
        monkeypatch.setattr(
            "workbench.ui.analysis.start_analysis", lambda c: compute.run_job(c.root, "analysis", lambda progress: None)
        )
        panel.start.click()
        await panel.progress._watching

    asyncio.run(press())
    assert "ended without this result" in markup(panel)
    assert not panel.start.disabled


def diagnosed(tmp_path, *not_measured):
    case = new_case(tmp_path, "diagnosed")
    diagnosis = dataclasses.replace(example_results.diagnosis(), not_measured=not_measured)

    def store_diagnosis():
        path = results_folder(case) / "diagnosis.json"
        store.write_text(path, store.to_json(diagnosis, "diagnosis"))

    return case, store_diagnosis


def test_an_analysis_without_documents_says_where_to_put_them(tmp_path):
    case, store_diagnosis = diagnosed(tmp_path)
    store_diagnosis()
    text = read(build_lab_page(context(case))).text
    assert "no documents" in text
    assert "corpus/" in text
    assert "queries.jsonl" in text
    assert "intake" not in text


def test_an_analysis_without_questions_says_where_to_put_them(tmp_path):
    case, store_diagnosis = diagnosed(tmp_path)
    (case.root / "corpus" / "a.md").write_text("# A")
    store_diagnosis()
    text = read(build_lab_page(context(case))).text
    assert "no questions" in text
    assert "logs/" in text
    assert "corpus/" not in text


def test_an_analysis_of_files_that_cannot_be_read_repeats_why(tmp_path):
    fault = "1 of 1 corpus files hold no text that could be read: corpus/scan.pdf (a picture)"
    case, store_diagnosis = diagnosed(tmp_path, fault, "Click data (R-12): No log was handed over.")
    (case.root / "corpus" / "scan.pdf").write_text("x")
    (case.root / "queries.jsonl").write_text('{"_id": "q1", "text": "what"}')
    store_diagnosis()
    text = read(build_lab_page(context(case))).text
    assert fault in text
    assert "Click data" not in text


def uncovered():
    diagnosis = example_results.diagnosis()
    causes = [dataclasses.replace(c, coverage=0.0, verdict="not_enough_evidence") for c in diagnosis.causes]
    return dataclasses.replace(diagnosis, causes=tuple(causes), primary=None, top_cause_stability=0.0)


def test_where_nothing_is_covered_the_next_steps_come_first():
    text = read(build_diagnosis_panel(uncovered())).text
    assert text.index("Next steps") < text.index("what speaks for and against it")
    assert "draws" not in text


def test_what_a_step_would_tell_is_told_in_words():
    text = read(build_diagnosis_panel(example_results.diagnosis())).text
    assert "bits" not in text
    assert "2 minsomething" in text.replace("2\u00a0min", "2 min")


@pytest.mark.parametrize(("bits", "words"), [(0.49, "much"), (0.3, "much"), (0.1, "something"), (0.02, "little")])
def test_expected_gain_has_three_words(bits, words):
    assert gain_words(bits) == words


# ---------------------------------------------------------------- start


def test_a_case_without_labels_lacks_questions_with_right_answers(tmp_path):
    held, missing = holdings(new_case(tmp_path, "acme").root)
    assert held == []
    assert missing[-1] == "questions with right answers"


def test_questions_with_right_answers_are_counted(tmp_path):
    # q1 has two right documents, q2 only one that is labelled wrong, q3 one of grade 10.
    root = new_case(tmp_path, "acme").root
    (root / "queries.jsonl").write_text("")
    assert holdings(root)[1][-1] == "questions with right answers"
    (root / "qrels").mkdir()
    rows = ["query-id\tcorpus-id\tscore", "q1\td1\t1", "q1\td2\t2", "q2\td1\t0", "q3\td1\t10", ""]
    (root / "qrels" / "test.tsv").write_text("\n".join(rows))
    held, missing = holdings(root)
    assert held == ["2 questions with right answers"]
    assert missing == ["corpus", "logs", "evals", "governance", "repo"]


def test_the_folders_of_a_new_case_name_questions_and_labels(tmp_path):
    text = created_markup(new_case(tmp_path, "acme"))
    assert "questions to test with" in text
    assert "qrels/test.tsv" in text
    assert "which document is right for which question" in text


@pytest.mark.parametrize(("name", "words"), [("", "name first"), ("x" * 300, "at most 64 characters")])
def test_a_name_that_is_missing_or_too_long_gets_its_own_sentence(name, words):
    fault = name_fault(name)
    assert words in fault
    assert len(fault) < 140


def test_a_new_case_is_in_the_list_at_once(tmp_path):
    page = build_start_page(PageContext(step("start"), None, (), (tmp_path,)))
    name = next(part for part in walk(page) if isinstance(part, widgets.Text))
    name.value = "beta-bank"
    next(part for part in walk(page) if getattr(part, "description", "") == "New case").click()
    assert read(page).select_one(".wb-case-row")["data-case"] == "beta-bank"
    assert "One case is in this workspace" in read(page).h1.text


@pytest.mark.parametrize("name", ["02_diagnosis.ipynb", "03_retrieval_lab.ipynb"])
def test_a_notebook_is_a_title_an_import_and_one_call(name):
    notebook = nbformat.read(notebooks_dir() / name, as_version=4)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code"]
    assert all(not cell.get("outputs") for cell in notebook.cells)
    assert len(notebook.cells[2].source.splitlines()) == 1


def test_a_name_that_another_folder_uses_is_taken():
    assert name_fault("insurance_claims", {"insurance_claims"}).startswith("'insurance_claims' is the name of a case")
    assert name_fault("acme", {"insurance_claims"}) is None
