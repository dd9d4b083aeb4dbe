import dataclasses
import re
from datetime import UTC, datetime

import example_results
import pytest
from bs4 import BeautifulSoup

from workbench import numbers
from workbench.records import Estimate
from workbench.report import html, svg, text, words
from workbench.ui import tokens

AT = datetime(2026, 10, 14, 9, 12, tzinfo=UTC)


def report(diagnosis=None, comparison=None):
    return html.render_report(
        diagnosis or example_results.diagnosis(), comparison, produced_at=AT, version="0.1.0"
    )  # fmt: skip


@pytest.fixture(scope="module")
def page():
    return BeautifulSoup(report(comparison=example_results.comparison()), "html.parser")


def test_the_report_opens_with_the_verdict_sentence(page):
    assert page.h1.text == example_results.diagnosis().sentence


def test_the_report_says_which_arm_to_go_on_with(page):
    assert page.select_one("#recommended").text == "Hybrid with reranker has nDCG@10 0.688."


def test_a_comparison_made_without_a_recommendation_leaves_the_sentence_out():
    older = dataclasses.replace(example_results.comparison(), recommended=None)
    assert BeautifulSoup(report(comparison=older), "html.parser").select_one("#recommended") is None


def test_one_question_more_is_singular():
    one = dataclasses.replace(
        example_results.comparison().differences[0], verdict="undetermined", more_queries_needed=1
    )
    assert words.difference_words(one) == "cannot tell yet: about 1 more question needed"


def test_in_a_terminal_a_long_interval_keeps_its_distance_from_the_p_value():
    tiny = Estimate(-0.00000527, -0.00000475, 0.0000639, 527, 0.95, "bootstrap")
    comparison = example_results.comparison()
    first = dataclasses.replace(comparison.differences[0], difference=tiny)
    told = text.comparison_table(dataclasses.replace(comparison, differences=(first,)))
    assert re.search(r"\] +corrected", told) and "]corrected" not in told


def test_in_a_terminal_a_case_without_labels_has_one_sentence_and_no_columns():
    told = text.comparison_table(example_results.unlabelled_comparison())
    assert told.count("Not measured") == 1
    assert "not measured" not in told and "nDCG@10" not in told
    assert re.search(r"naive dense +index 12.5 s, search 0.420 s", told)


def test_every_measure_in_the_table_parses_back_to_the_comparison(page):
    for arm, result in example_results.comparison().arms.items():
        for label, estimate in result.measures.items():
            cell = page.select_one(f'#arms tr[data-arm="{arm}"] td[data-measure="{label}"] data')
            assert float(cell["value"]) == estimate.value
            assert (float(cell["data-low"]), float(cell["data-high"])) == (estimate.low, estimate.high)
            assert int(cell["data-n"]) == estimate.n
            assert cell.text.strip() == numbers.measured(estimate, share=numbers.is_share(label))


def test_every_difference_parses_back(page):
    rows = page.select("#differences tbody tr")
    for row, difference in zip(rows, example_results.comparison().differences, strict=True):
        assert row["data-pair"] == f"{difference.baseline}|{difference.candidate}"
        assert [float(data["value"]) for data in row.select("data")] == [
            difference.difference.value,
            difference.p_corrected,
        ]


def test_an_undetermined_difference_says_how_many_questions_are_missing(page):
    assert "cannot tell yet: about 260 more questions needed" in page.select_one("#differences").text


def test_every_cause_parses_back_with_band_and_coverage(page):
    for cause in example_results.diagnosis().causes:
        row = page.select_one(f'.cause[data-cause="{cause.cause}"]')
        probability, coverage = row.select("data")
        assert float(probability["value"]) == cause.probability
        assert (float(probability["data-low"]), float(probability["data-high"])) == (cause.low, cause.high)
        assert float(coverage["value"]) == cause.coverage
        assert words.VERDICT_WORDS[cause.verdict] in row.text


def test_the_three_causes_come_first_most_probable_first(page):
    order = [row["data-cause"] for row in page.select(".cause")]
    assert order == ["retrieval", "evaluation", "governance", "outcome", "cost", "operations"]


def test_the_ledger_parses_back_heaviest_first(page):
    lines = page.select('.ledger[data-cause="retrieval"] td:first-child data')
    assert [float(line["value"]) for line in lines] == [6.34, 3.1, -2.0]
    assert "logs/log one.jsonl, line 14" in page.select_one('.ledger[data-cause="retrieval"]').text


def test_a_signal_that_could_not_be_looked_at_is_told_apart_and_weighs_nothing(page):
    assert "No click data in the log. (R-11)" in page.select_one("#evidence").text
    assert "No click data" not in page.select_one('.ledger[data-cause="retrieval"]').text


def test_failures_parse_back(page):
    failures = example_results.comparison().failures
    rows = {row.get("data-code"): row.select("data") for row in page.select("#failures tbody tr")}
    for position, breakdown in enumerate(failures.values()):
        assert float(rows[None][position]["value"]) == breakdown.share.value
        for code in ("C1", "C3", "C4", "C6", "C7", "other"):
            assert int(rows[code][position]["value"]) == breakdown.by_code.get(code, 0)


def test_an_arm_that_could_not_run_says_why_and_shows_no_number(page):
    row = page.select_one('#arms tr[data-arm="deployed"]')
    assert "not measured: the log keeps no document ids" in row.text
    assert not row.select("data")


def test_client_text_is_shown_and_never_runs():
    text = report(comparison=example_results.comparison(case=example_results.HOSTILE))
    page = BeautifulSoup(text, "html.parser")
    assert not page.find_all(["script", "b", "iframe", "img", "link"])
    assert example_results.HOSTILE in page.select_one('.ledger[data-cause="retrieval"]').text


def test_a_hostile_case_name_stays_text():
    diagnosis = dataclasses.replace(example_results.diagnosis(), case=example_results.HOSTILE)
    page = BeautifulSoup(report(diagnosis), "html.parser")
    assert page.title.text == f"{example_results.HOSTILE}: diagnosis"
    assert not page.find_all("script")


def test_the_report_asks_for_nothing_from_outside():
    text = report(comparison=example_results.comparison())
    assert not re.search(r"https?:|//[a-z]|@import|url\(|\ssrc=|\shref=|\son[a-z]+=", text)


def test_without_a_comparison_the_report_says_so():
    assert "Not measured: no retrieval was compared" in report()


def test_without_labels_the_report_gives_the_reason_instead_of_numbers():
    page = BeautifulSoup(report(comparison=example_results.unlabelled_comparison()), "html.parser")
    assert "none of the 44 questions has a labelled document" in page.select_one("#comparison p").text
    assert "not measured: no question has a labelled document" in page.select_one('#arms tr[data-arm="dense"]').text
    assert not page.select("#arms data")


def test_an_empty_diagnosis_still_renders():
    bare = dataclasses.replace(
        example_results.diagnosis(), causes=(), next_steps=(), would_change=(), not_measured=(), primary=None
    )
    assert "Every signal could be looked at." in report(bare)


def test_the_report_is_the_same_for_the_same_values():
    assert report(comparison=example_results.comparison()) == report(comparison=example_results.comparison())


def test_the_report_uses_the_colours_of_the_pages():
    style = report()
    for arm, colour in tokens.ARM_COLOURS.items():
        assert arm == "reference" or f"--arm-{tokens.css_name(arm)}: {colour};" in style
    for cause in words.MAIN_CAUSES:
        assert f"--cause-{cause}: {tokens.CAUSE_COLOURS[cause]};" in style
    for name in ("text", "text-muted", "line", "sunken", "accent"):
        assert f"--{name}: {tokens.LIGHT[name]};" in style
        assert f"--{name}: {tokens.DARK[name]};" in style


def test_an_interval_mark_is_empty_where_nothing_was_measured():
    assert svg.interval_mark(Estimate.not_measured("no labels"), label="x") == ""


def test_a_share_bar_ends_at_its_value():
    bar = BeautifulSoup(svg.share_bar(0.25, 0.2, 0.3, css_class="share", label="a < b"), "html.parser")
    assert float(bar.select_one("rect.value")["width"]) == 60.0
    assert (float(bar.select_one("rect.band")["x"]), float(bar.select_one("rect.band")["width"])) == (48.0, 24.0)
    assert bar.svg["aria-label"] == "a < b"


def test_a_cause_without_enough_evidence_has_no_bar_and_a_muted_number():
    thin = dataclasses.replace(example_results.diagnosis().causes[0], verdict="not_enough_evidence", coverage=0.1)
    diagnosis = dataclasses.replace(example_results.diagnosis(), causes=(thin, *example_results.diagnosis().causes[1:]))
    page = BeautifulSoup(report(diagnosis), "html.parser")
    row = page.select_one(f".cause[data-cause={thin.cause}]")
    assert row.select_one("svg") is None
    assert row.select_one("data")["class"] == ["muted"]
