import dataclasses

import example_results
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.records import Comparison, CorpusSize
from workbench.report.words import Changes
from workbench.ui import charts, query_charts, tokens

ALL = {
    "measures": lambda: charts.measures_chart(example_results.comparison()),
    "differences": lambda: charts.differences_chart(example_results.comparison().differences),
    "failures": lambda: charts.failures_chart(example_results.comparison()),
    "changes": lambda: charts.changes_chart([Changes("dense", "hybrid", 8, 2, 2)]),
    "causes": lambda: charts.causes_chart(example_results.diagnosis()),
    "rank flow": lambda: rank_flow(),
    "per query": lambda: query_charts.per_query_chart(
        example_results.stored_comparison().per_query, "dense", "hybrid", "nDCG@10"
    ),
}


def rank_flow(grades=None):
    stored = example_results.stored_comparison()
    rows = stored.rankings[stored.rankings["query_id"] == "q01"]
    titles = dict(zip(stored.documents["doc_id"], stored.documents["title"], strict=True))
    return query_charts.rank_flow_chart(rows, ["dense", "hybrid"], titles, grades if grades is not None else {"d1": 1})


def words(figure):
    """Everything a chart shows as text."""
    texts = [annotation.text for annotation in figure.layout.annotations]
    for trace in figure.data:
        for part in (trace.text, trace.hovertext, trace.name):
            texts += list(part) if isinstance(part, list | tuple) else [part]
    for axis in [*figure.select_xaxes(), *figure.select_yaxes()]:
        texts += [axis.title.text, *(axis.ticktext or [])]
    return [text for text in texts if text]


@pytest.mark.parametrize("name", ALL)
def test_no_chart_needs_a_legend(name):
    figure = ALL[name]()
    assert figure.layout.template.layout.showlegend is False
    assert figure.layout.showlegend is None


@pytest.mark.parametrize("name", ALL)
def test_a_chart_says_what_its_axis_counts(name):
    titles = [axis.title.text for axis in [*ALL[name]().select_xaxes(), *ALL[name]().select_yaxes()]]
    assert any(titles)


@pytest.mark.parametrize("name", ALL)
def test_no_chart_shows_client_text_as_markup_or_a_formula(name):
    for text in words(ALL[name]()):
        assert "<" not in text
        assert "$" not in text


def test_an_arm_keeps_its_colour_and_shows_the_value_with_its_interval():
    figure = charts.measures_chart(example_results.comparison(), ["nDCG@10"])
    hybrid = next(trace for trace in figure.data if trace.y == ("hybrid",))
    assert hybrid.marker.color == tokens.ARM_COLOURS["hybrid"]
    assert (hybrid.x, hybrid.text) == ((0.642,), ("0.642",))
    # 0.642 with bounds 0.562 and 0.712
    assert hybrid.error_x.array == pytest.approx((0.07,))
    assert hybrid.error_x.arrayminus == pytest.approx((0.08,))


def test_an_arm_without_numbers_says_not_measured_and_why():
    figure = charts.measures_chart(example_results.comparison(), ["nDCG@10"])
    deployed = next(trace for trace in figure.data if trace.y == ("deployed system",))
    assert deployed.text == ("not measured",)
    assert deployed.hovertext == ("not measured: the log keeps no document ids",)


def test_shares_and_scores_are_written_as_everywhere_else():
    figure = charts.measures_chart(example_results.comparison(), ["success@5"])
    assert {trace.text[0] for trace in figure.data} == {"75 %", "78 %", "90 %", "92 %", "not measured"}
    assert next(iter(figure.select_xaxes())).title.text == "share, n = 40"


def test_a_difference_says_its_verdict_beside_its_interval():
    texts = words(charts.differences_chart(example_results.comparison().differences))
    assert "+0.108: better" in texts
    assert "+15 points: better" in texts
    assert "+0.0270: cannot tell yet" in texts


def test_failures_count_every_code_of_every_arm():
    figure = charts.failures_chart(example_results.comparison())
    dense = figure.data[0]
    assert dict(zip(dense.y, dense.x, strict=True))["exact term missed (C3)"] == 6
    assert sum(dense.x) == 10


def test_what_is_lost_points_the_other_way_than_what_is_recovered():
    recovered, lost = charts.changes_chart([Changes("dense", "hybrid", 8, 2, 2)]).data
    assert (recovered.x, recovered.text) == ((8,), ("8 back",))
    assert (lost.x, lost.text) == ((-2,), ("2 lost",))


def test_a_cause_shows_probability_band_and_where_it_started():
    now, before = charts.causes_chart(example_results.diagnosis()).data
    assert now.x[0] == 0.873
    assert now.error_x.array[0] == pytest.approx(0.95 - 0.873)
    assert before.x[0] == 0.33


def test_a_rank_below_the_cut_is_drawn_below_it():
    flow = rank_flow({"d1": 1, "nowhere": 1}).data[1]
    assert flow.y == (8, 1, None, 11, 11, None)
    assert flow.hovertext[3] == "nowhere, naive dense: below 10"


def test_the_right_document_is_named_at_its_last_rank():
    assert "&lt;script&gt;" in rank_flow().layout.annotations[0].text
    assert rank_flow().layout.annotations[0].y == 1


def test_gains_and_losses_are_counted_in_the_axis_title():
    figure = ALL["per query"]()
    assert figure.layout.xaxis.title.text == "questions, sorted, n = 40: 8 better, 30 the same, 2 worse"
    assert list(figure.data[0].y) == sorted(figure.data[0].y, reverse=True)


@pytest.mark.parametrize(
    "figure",
    [
        lambda: charts.measures_chart(example_results.unlabelled_comparison()),
        lambda: charts.failures_chart(example_results.unlabelled_comparison()),
        lambda: charts.measures_chart(Comparison("none", CorpusSize(0, 0), 0, 0, {}, (), {}, {})),
        lambda: charts.differences_chart(()),
        lambda: charts.changes_chart([]),
    ],
)
def test_without_numbers_a_chart_says_not_measured(figure):
    assert any("not measured" in text for text in words(figure()))


def test_without_rankings_the_flow_says_so_and_keeps_its_traces():
    empty = pd.DataFrame({"run": pd.Series(dtype=str), "rank": pd.Series(dtype=int), "doc_id": pd.Series(dtype=str)})
    figure = query_charts.rank_flow_chart(empty, ["dense", "hybrid"], {}, {})
    assert "no arm has a ranking for this question" in words(figure)
    assert len(figure.data) == len(rank_flow().data)


def test_a_shown_chart_turns_into_another_of_its_kind():
    shown = go.FigureWidget(rank_flow())
    query_charts.refresh(shown, rank_flow({"d100": 2}))
    assert [annotation.text for annotation in shown.layout.annotations] == ["Bulletin MB 2026-100"]
    assert list(shown.data[1].y) == [1, 2, None]


def test_long_client_text_is_cut():
    assert charts.chart_text("x" * 100, limit=10) == "x" * 9 + "…"


@given(st.text())
def test_client_text_never_holds_what_plotly_interprets(text):
    escaped = charts.chart_text(text)
    assert not set("<>$") & set(escaped)


def test_what_the_deployed_system_ranked_below_its_log_is_not_drawn():
    rows = pd.DataFrame(
        [("dense", 1, "d1"), ("dense", 2, "d2"), ("deployed", 1, "d2")], columns=["run", "rank", "doc_id"]
    )
    figure = query_charts.rank_flow_chart(rows, ["dense", "deployed"], {}, {"d1": 1})
    right = figure.data[1]
    assert list(right.y) == [1, None, None]
    assert "not among the results logged" in right.hovertext[1]
    assert [(note.x, note.y) for note in figure.layout.annotations] == [(0, 1)]


def test_many_arms_have_their_names_in_lines_that_fit_their_panel():
    comparison = example_results.comparison()
    failures = next(iter(comparison.failures.values()))
    arms = [
        "dense",
        "bm25",
        "hybrid",
        "hybrid+rerank",
        "hybrid+title",
        "hybrid+weighted",
        "hybrid+title+weighted+rerank",
    ]
    figure = charts.failures_chart(dataclasses.replace(comparison, failures=dict.fromkeys(arms, failures)))
    titles = [note.text for note in figure.layout.annotations]
    assert titles[0] == "naive dense"
    assert titles[-1] == "hybrid (titles,<br>by score,<br>reranked)"
