"""Targets as bullets: a lane a metric, the value where it was measured, every level, and the words beside it."""

from __future__ import annotations

import pytest

from workbench.records import Estimate, Target
from workbench.ui.evaluation.targets_chart import lanes, show_targets, targets_figure, targets_frame, targets_markup

NONE = Estimate.not_measured("no judge is set")
UNMEASURED = Target("faithfulness", 0.9, "production", "not_measured", NONE, reason="no judge is set")


def target(metric: str, level: float, set_by: str, verdict: str, value: float, **more: object) -> Target:
    estimate = Estimate(value, max(value - 0.05, 0), min(value + 0.05, 1), 40, "wilson")
    return Target(metric, level, set_by, verdict, estimate, 40, 3, 2, **more)  # type: ignore[arg-type]


BOTH = [
    target("faithfulness", 0.9, "production", "missed", 0.83),
    target("context_precision", 0.8, "production", "met", 0.91),
    target("faithfulness", 0.85, "case", "undetermined", 0.83, more_rows=120),
]


def test_levels_of_one_metric_share_its_lane_that_of_production_first() -> None:
    found = lanes(BOTH[::-1])
    assert [(lane.metric, [one.set_by for one in lane.targets]) for lane in found] == [
        ("faithfulness", ["production", "case"]),
        ("context_precision", ["production"]),
    ]


def test_a_value_that_is_decided_is_filled_and_one_that_is_not_is_hollow() -> None:
    decided, undecided, levels = targets_figure(BOTH).data
    assert (list(decided.x), list(decided.y), decided.marker.symbol) == ([0.91], [1], "circle")
    assert (list(undecided.x), list(undecided.y), undecided.marker.symbol) == ([0.83], [0], "circle-open")
    assert undecided.error_x.array[0] == pytest.approx(0.05)
    assert list(levels.text) == ["production 0.900", "case 0.850", "production 0.800"]
    assert list(levels.x) == [0.9, 0.85, 0.8]


def test_beside_a_lane_stand_value_rows_and_every_verdict() -> None:
    words = [annotation.text for annotation in targets_figure(BOTH).layout.annotations]
    assert words[0] == (
        "<b>0.830</b> [0.780, 0.880]<br>40 scored, 3 undefined, 2 failed<br><b>missed</b> (production 0.900)<br>"
        "<b>undetermined</b> (case 0.850)<br>about 120 more rows"
    )
    assert words[1].endswith("<b>met</b> (production 0.800)")


def test_the_same_verdict_for_both_levels_stands_once() -> None:
    same = [target("x", 0.9, "production", "missed", 0.2), target("x", 0.8, "case", "missed", 0.2)]
    assert "<b>missed</b> (production 0.900 and case 0.800)" in targets_figure(same).layout.annotations[0].text


def test_what_was_not_measured_has_its_lane_its_level_and_the_reason_but_no_mark() -> None:
    figure = targets_figure([UNMEASURED])
    assert [len(trace.x) for trace in figure.data] == [0, 0, 1]
    assert figure.layout.annotations[0].text == "<b>not measured</b><br>no judge is set"
    assert list(figure.layout.yaxis.ticktext) == ["faithfulness"]


def test_the_ground_is_darker_only_above_the_highest_level() -> None:
    grounds = [shape for shape in targets_figure(BOTH).layout.shapes if shape.type == "rect" and shape.y0 < 0.5]
    assert [(shape.x0, shape.x1) for shape in grounds] == [(0, 1), (0.9, 1)]


def test_names_of_the_client_are_shown_letter_by_letter() -> None:
    figure = targets_figure([target("<b>x</b>$y$", 0.5, "case", "met", 1.0, embedding="<i>enc</i>")])
    shown = figure.layout.yaxis.ticktext[0]
    assert "&lt;b&gt;x&lt;/b&gt;&#36;y&#36;" in shown
    assert "&lt;i&gt;enc&lt;/i&gt;" in shown


def test_a_chart_turns_into_that_of_another_report_and_into_none_and_back() -> None:
    frame = targets_frame([UNMEASURED])
    assert "not measured" in frame.label
    for targets in (BOTH, [], BOTH):
        show_targets(frame, targets)
    assert list(frame.chart.data[0].x) == [0.91]
    assert len(frame.chart.layout.annotations) == 2
    assert "0.830" in frame.label


def test_the_table_says_the_same_in_words() -> None:
    assert targets_markup([]) == ""
    markup = targets_markup([*BOTH, UNMEASURED])
    assert "40 scored, 3 undefined, 2 failed" in markup
    assert "over 0.850, set by the case" in markup
    assert "about 120 more rows" in markup
    assert "no judge is set" in markup
