import dataclasses
import re

import example_results
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.records import CauseFinding, Estimate, Evidence, Source
from workbench.ui import components as ui
from workbench.ui import verdicts
from workbench.ui.passages import highlight, passage, query_stems, text_stems

HOSTILE = "<script>alert('x')</script> & \"more\""
MEASURED = Estimate(0.25, 0.2, 0.3, 200, "bootstrap")


def finding(**changes) -> CauseFinding:
    values = {
        "cause": "retrieval",
        "probability": 0.78,
        "low": 0.6,
        "high": 0.9,
        "coverage": 0.64,
        "prior": 0.3,
        "verdict": "likely",
        "evidence": (),
    }
    return CauseFinding(**values | changes)


def evidence(decibans: float, sources: tuple[Source, ...] = ()) -> Evidence:
    return Evidence("R-05", "Exact terms missed", "terms", "seen", HOSTILE, decibans, 1.0, 40, None, sources)


def hostile_markup() -> list[str]:
    source = Source(HOSTILE, HOSTILE)
    return [
        ui.sentence(HOSTILE),
        ui.section(HOSTILE, note=HOSTILE),
        ui.badge(HOSTILE),
        ui.bullets([HOSTILE]),
        ui.details(HOSTILE, ""),
        ui.source_link(source, HOSTILE),
        ui.source_link(source, None),
        ui.figure_card(HOSTILE, MEASURED, meaning=HOSTILE, unit=HOSTILE, source=source, case_slug="acme"),
        ui.figure_card("x", Estimate.not_measured(HOSTILE), meaning="y"),
        verdicts.verdict_bar(finding(cause=HOSTILE)),
        verdicts.ledger_line(evidence(3.0, (source,)), "acme"),
        ui.table([HOSTILE], [], caption=HOSTILE),
        ui.arm_label(HOSTILE),
        ui.empty_state(HOSTILE, HOSTILE, HOSTILE),
        ui.error_box(HOSTILE, HOSTILE, HOSTILE),
        passage(HOSTILE, HOSTILE, query=HOSTILE, section=HOSTILE, date=HOSTILE, version=HOSTILE),
    ]


@pytest.mark.parametrize("markup", hostile_markup())
def test_text_from_outside_never_becomes_markup(markup):
    assert "<script" not in markup
    assert '"more"' not in markup


def test_a_figure_card_shows_value_interval_and_n():
    markup = ui.figure_card("Missed", MEASURED, share=True, meaning="one question in four")
    assert "25 %" in markup
    assert "[20, 30], n = 200" in markup


def test_a_figure_that_was_not_measured_says_why_and_shows_no_number():
    markup = ui.figure_card("Missed", Estimate.not_measured("no labels"), meaning="one question in four")
    assert "not measured" in markup
    assert "no labels" in markup
    assert "one question in four" not in markup


def test_an_interval_bar_puts_the_band_where_the_interval_is():
    # On an axis from 0 to 1 the band starts at 20 % and is 30 % - 20 % = 10 % wide; the mark stands at 25 %.
    markup = ui.interval_bar(MEASURED)
    assert "left:20.00%;width:10.00%" in markup
    assert '"wb-tick" style="left:25.00%"' in markup


def test_an_interval_bar_around_zero_has_a_line_at_zero():
    # On an axis from -0.5 to 0.5 zero stands in the middle.
    markup = ui.interval_bar(Estimate(0.1, -0.1, 0.3, 50, "bootstrap"), low=-0.5, high=0.5)
    assert '"wb-zero" style="left:50.00%"' in markup


def test_an_interval_beyond_the_axis_is_cut_at_its_ends():
    markup = ui.interval_bar(Estimate(0.9, -3.0, 4.0, 5, "bootstrap"))
    assert "left:0.00%;width:100.00%" in markup


def test_an_unmeasured_estimate_has_no_bar():
    assert ui.interval_bar(Estimate.not_measured("no labels")) == ""


def test_a_verdict_bar_says_probability_band_word_and_coverage():
    words = re.sub(r"<[^>]+>", " ", verdicts.verdict_bar(finding()))
    for expected in ("Wrong retrieval", "78 %", "60 % to 90 %", "likely", "64 % of evidence seen"):
        assert expected in words


@pytest.mark.parametrize(("coverage", "small"), [(0.2, "before enough evidence: 40 %"), (0.0, "starting odds: 40 %")])
def test_a_cause_below_coverage_leads_with_the_word_and_shows_no_confident_number(coverage, small):
    markup = verdicts.verdict_bar(finding(probability=0.4, coverage=coverage, verdict="not_enough_evidence"))
    assert "wb-verdict-value" not in markup
    assert "60 % to 90 %" not in markup
    words = re.sub(r"<[^>]+>", " ", markup)
    assert words.index("not enough evidence") < words.index(small)


def test_a_line_says_what_was_not_found_as_a_denial():
    absent = dataclasses.replace(evidence(-3.0), observed="clean")
    assert "<b>Not so: exact terms missed.</b>" in verdicts.ledger_line(absent, "acme")


def test_decibans_are_explained_where_they_stand():
    assert '<span class="wb-ledger-weight" title="decibans' in verdicts.ledger_line(evidence(3.0), "acme")


def test_headings_of_measures_say_what_they_measure():
    markup = ui.comparison_table(example_results.comparison())
    assert '<th scope="col" title="how high the right documents stand among the first ten, 0 to 1">nDCG@10' in markup
    for label in ("recall@10", "success@5", "MRR@10"):
        assert f'title="{ui.MEASURE_MEANINGS[label]}"' in markup


def test_an_error_without_a_reference_shows_none():
    assert "Reference" not in ui.error_box("a", "b")


@pytest.mark.parametrize(("decibans", "side"), [(3.2, "for"), (-3.2, "against"), (0.0, "no weight")])
def test_a_ledger_line_says_which_way_it_points(decibans, side):
    assert f'<span class="wb-ledger-side">{side}</span>' in verdicts.ledger_line(evidence(decibans), "acme")


def test_a_ledger_line_links_the_first_three_places_and_counts_the_rest():
    places = tuple(Source("logs/trace.jsonl", f"line {n}") for n in range(1, 6))
    markup = verdicts.ledger_line(evidence(3.0, places), "acme")
    assert markup.count("<a ") == 3
    assert "and 2 more" in markup


def test_an_empty_ledger_says_so():
    assert "No evidence" in verdicts.ledger((), "acme")


def test_a_source_address_carries_case_path_and_place():
    href = ui.source_href(Source("logs/a b.jsonl", "line 14"), "acme")
    assert href == "/workbench/source?case=acme&path=logs%2Fa+b.jsonl&at=line+14#marked"


def test_numeric_columns_are_set_to_the_right():
    markup = ui.table(["Arm", "n"], [["dense", "12"]], numeric=[1])
    assert '<td class="wb-num">12</td>' in markup
    assert "<td>dense</td>" in markup


def test_a_word_is_marked_when_only_its_stem_matches():
    assert highlight("Two claimed repairs.", "claiming a repair") == "Two <mark>claimed</mark> <mark>repairs</mark>."


def test_words_without_meaning_are_not_marked():
    assert highlight("what is the excess", "what is the limit") == "what is the excess"


def test_an_empty_query_marks_nothing():
    assert query_stems("") == frozenset()
    assert highlight("text", "") == "text"


@given(st.text(), st.text())
def test_marking_changes_nothing_but_marks(text, query):
    assert highlight(text, query).replace("<mark>", "").replace("</mark>", "") == ui.escape(text)


def test_chinese_is_marked_by_pairs_of_signs_that_stand_in_the_question():
    assert highlight("全损后，保险金在十天内支付。", "保险金什么时候支付？", "zh") == (
        "全损后，<mark>保险金</mark>在十天内<mark>支付</mark>。"
    )


def test_the_stems_of_a_text_meet_those_of_a_question_in_every_script():
    assert query_stems("claiming") <= text_stems("Two claimed repairs.")
    assert query_stems("保险金", "zh") <= text_stems("全损后保险金的支付")


def test_japanese_is_marked_without_its_grammar():
    marked = highlight("火災保険の免責金額はクレームごとです。", "火災の免責はクレームに？", "ja")
    assert marked == "<mark>火災</mark>保険の<mark>免責</mark>金額は<mark>クレーム</mark>ごとです。"


def test_korean_is_marked_whatever_particle_follows():
    assert highlight("보험은 화재를", "화재 보험", "ko") == "<mark>보험</mark>은 <mark>화재</mark>를"
