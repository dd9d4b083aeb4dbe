"""What a cache would have answered: key figures, the curve over thresholds, and ways of running it side by side."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from workbench.costs.study import cross_scope
from workbench.numbers import count
from workbench.records import Estimate, PolicyResult
from workbench.report.costs_text import FALSE_HITS, TOLD_BY, scope_words, share, warming_words
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import escape, figure_card, interval_bar, paragraph, row, table
from workbench.ui.costs.cache_chart import FALSE, HITS, cache_figure, redraw
from workbench.ui.costs.controls import Controls
from workbench.ui.costs.state import Costs
from workbench.ui.page import column, html, safe_callback

LABEL = "Share of questions answered from the cache at each threshold, and the share of those that is wrong, with 95 % intervals."


class CacheView(widgets.VBox):  # type: ignore[misc]
    """Key figures, controls beside the curve, policies, and what is never shared.

    Attributes:
        frame: the curve. controls: how the cache is run.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        self._cards, self._why, self._policies, self._scope = (html("") for _ in range(4))
        self.controls = Controls(state)
        self.frame = ChartFrame(
            cache_figure(state.curve, state.outcome.point),
            name="cache",
            label=LABEL,
            table="The figures above and the table below hold the numbers of the threshold looked at and of the policies.",
        )
        for place in (HITS, FALSE):
            self.frame.chart.data[place].on_click(safe_callback(self._clicked))
        both = widgets.HBox([self.controls, column(self.frame, self._why)])
        both.add_class("wb-cost-curve")
        super().__init__([self._cards, both, self._policies, self._scope])
        self.add_class("wb-costs")
        self._write()
        self._policies_again()
        state.observe(safe_callback(self._draw), "projection")
        state.observe(safe_callback(self._policies_again), "policies")

    def _draw(self, _change: object) -> None:
        redraw(self.frame.chart, self._state.curve, self._state.outcome.point)
        self._write()

    def _clicked(self, _trace: object, points: Any, _state: object) -> None:  # noqa: ANN401 - plotly's own
        for threshold in points.xs[:1]:
            self._state.change(threshold=round(float(threshold), 2))

    def _write(self) -> None:
        state = self._state
        self._cards.value = row(*_cards(state))
        told = TOLD_BY[state.curve.method]
        self._why.value = paragraph(f"{state.curve.why} {told[0].upper()}{told[1:]}.") + paragraph(
            _held_out(state), muted=True
        )

    def _policies_again(self, _change: object = None) -> None:
        state = self._state
        self._policies.value = policies_markup(state)
        self._scope.value = paragraph(scope_markup(state), muted=True)


def build_cache_view(state: Costs) -> widgets.Widget:
    """The view; it follows every change of the state."""
    return CacheView(state)


def _cards(state: Costs) -> list[str]:
    point, levers = state.outcome.point, {lever.key: lever for lever in state.projection.levers}
    calls = levers["cache"].calls_saved if "cache" in levers else Estimate.not_measured("no questions")
    saved = levers["cache"].saved if "cache" in levers else Estimate.not_measured("no questions")
    false_name = FALSE_HITS[state.curve.method]
    return [
        figure_card("answered from the cache", point.hit_rate, share=True, meaning=_kinds(state)),
        figure_card(false_name, point.false_hit_rate, share=True, meaning=_judged(state)),
        figure_card("model calls saved", calls, share=True, meaning=_claim(state, "model calls")),
        figure_card("cost saved by the cache", saved, share=True, meaning=_claim(state, "cost")),
    ]


def _kinds(state: Costs) -> str:
    point = state.outcome.point
    return f"{count(point.exact_hits)} exact repeats, {count(point.semantic_hits)} similar questions of {count(point.queries)}."


def _judged(state: Costs) -> str:
    point = state.outcome.point
    hits = point.exact_hits + point.semantic_hits
    return f"{count(point.false_hits)} of {count(point.judged)} judged; {count(hits - point.judged)} hits could not be judged."


def _claim(state: Costs, word: str) -> str:
    found = [f"Usual claim, {claim}: {verdict}." for claim, verdict in state.projection.claims.items() if word in claim]
    return found[0] if found else ""


def _held_out(state: Costs) -> str:
    tried = f"Chosen on the first part of the log and tried on the rest: {share(state.curve.held_out)}."
    return f"{warming_words(state.projection)} {tried}".strip()


def policies_markup(state: Costs) -> str:
    """Ways of running the cache side by side, with interval bars."""
    rates, false = (
        [getattr(each, name).high or 0.0 for each in state.policies] for name in ("hit_rate", "false_hit_rate")
    )
    tops = max(0.05, *rates), max(0.05, *false)
    rows = [_policy(policy, tops) for policy in state.policies]
    return table(
        [
            "Policy",
            "Exact",
            "Similar",
            "Answered from the cache",
            FALSE_HITS[state.curve.method].capitalize(),
            "What it does",
        ],
        rows,
        caption="The same questions under different policies",
        numeric=(1, 2),
    )


def _policy(policy: PolicyResult, tops: tuple[float, float]) -> list[str]:
    return [
        escape(policy.name),
        count(policy.exact_hits),
        count(policy.semantic_hits),
        _with_bar(policy.hit_rate, tops[0]),
        _with_bar(policy.false_hit_rate, tops[1]),
        escape(policy.note),
    ]


def _with_bar(estimate: Estimate, top: float) -> str:
    """The share with its bar, on an axis that is the same for all rows."""
    if estimate.value is None:
        return '<span class="wb-muted">not measured</span>'
    return f"{escape(share(estimate))} {interval_bar(estimate, high=top)}"


def scope_markup(state: Costs) -> str:
    """Across what nothing is shared, and how many questions were asked before on the other side only."""
    traffic = state.study.traffic
    words = scope_words(traffic.scope_fields, traffic.scope_missing)
    crossing = cross_scope(traffic)
    if crossing:
        words += f" {count(crossing)} questions were asked before, but only across such a boundary: they count as new."
    empty = int((traffic.node < 0).sum())
    return f"{words} {count(empty)} questions without text are never served." if empty else words
