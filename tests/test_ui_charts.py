import example_results
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.records import Comparison, CorpusSize
from workbench.ui import charts, tokens
from workbench.ui.lab import query_charts
from workbench.ui.lab.queries import Rankings
from workbench.ui.lab.rank_flow import rank_flow_chart
from workbench.ui.lab.rank_steps import flow_of

ALL = {
    "measures": lambda: charts.measures_chart(example_results.comparison()),
    "differences": lambda: charts.differences_chart(example_results.comparison().differences),
    "causes": lambda: charts.causes_chart(example_results.diagnosis()),
    "rank flow": lambda: rank_flow(),
    "per query": lambda: query_charts.per_query_chart(
        example_results.stored_comparison().per_query, "dense", "hybrid", "nDCG@10"
    ),
}


def rank_flow():
    rankings = Rankings(example_results.stored_comparison())
    return rank_flow_chart(flow_of(rankings, "q01", ["dense", "hybrid"], k=10, cut=5))


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
        assert "<" not in text.replace("<br>", "")  # lines of a label are broken by the chart itself
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
    assert "+0.108 [0.0310, 0.181], better" in texts
    assert "+15 points [2, 28], better" in texts
    assert "+0.0270 [−0.0500, 0.100], cannot tell yet (260 more)" in texts


def test_differences_in_one_measure_share_an_axis_that_names_it():
    shares = [d for d in example_results.comparison().differences if d.measure == "success@5"]
    figure = charts.differences_chart(shares)
    assert figure.layout.xaxis.title.text == "difference in success@5, points; better to the right; n = 40"
    assert figure.layout.xaxis.ticktext == ("−20", "0", "+20")
    assert figure.layout.yaxis.ticktext == ("hybrid against naive dense",)


def test_only_what_cannot_be_told_yet_is_hollow_and_only_the_chosen_pair_has_a_ground():
    figure = charts.differences_chart(example_results.comparison().differences[:2], chosen=("hybrid", "dense"))
    assert figure.data[0].marker.symbol == ("circle-open", "circle")
    assert [(shape.y0, shape.y1) for shape in figure.layout.shapes if shape.type == "rect"] == [(0.5, 1.5)]


def test_a_chart_of_differences_turns_into_another_one_whatever_their_number():
    all_of_them = example_results.comparison().differences
    shown = go.FigureWidget(charts.differences_chart(()))
    query_charts.refresh(shown, charts.differences_chart(all_of_them))
    assert list(shown.data[0].x) == [0.027, 0.108, 0.15]
    assert shown.layout.height == charts.FOREST_FRAME + 3 * charts.FOREST_ROW


def test_a_cause_shows_probability_band_and_where_it_started():
    now, before = charts.causes_chart(example_results.diagnosis()).data
    assert now.x[0] == 0.873
    assert now.error_x.array[0] == pytest.approx(0.95 - 0.873)
    assert before.x[0] == 0.33


def test_gains_and_losses_are_counted_in_the_axis_title():
    figure = ALL["per query"]()
    assert figure.layout.xaxis.title.text == "questions, sorted, n = 40: 8 better, 30 the same, 2 worse"
    assert list(figure.data[0].y) == sorted(figure.data[0].y, reverse=True)


@pytest.mark.parametrize(
    "figure",
    [
        lambda: charts.measures_chart(example_results.unlabelled_comparison()),
        lambda: charts.measures_chart(Comparison("none", CorpusSize(0, 0), 0, 0, {}, (), {}, {})),
        lambda: charts.differences_chart(()),
    ],
)
def test_without_numbers_a_chart_says_not_measured(figure):
    assert any("not measured" in text for text in words(figure()))


def test_long_client_text_is_cut():
    assert charts.chart_text("x" * 100, limit=10) == "x" * 9 + "…"


@given(st.text())
def test_client_text_never_holds_what_plotly_interprets(text):
    escaped = charts.chart_text(text)
    assert not set("<>$") & set(escaped)
