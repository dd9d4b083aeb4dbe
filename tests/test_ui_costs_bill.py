"""The bill, the contexts and the breaker as views: what the records say stands in them, and what people enter is checked."""

from datetime import date

import fabricated_traffic as made
import pytest
from fabricated_traffic import DAY

from workbench.costs.context import no_trade_off
from workbench.costs.prompt_tokens import prompt_tokens
from workbench.costs.study import CostStudy
from workbench.records import ContextPoint, ContextTradeOff, CostOverTime, Estimate, Prices
from workbench.ui.costs.bill_charts import hours_figure, waterfall_figure
from workbench.ui.costs.bill_view import BillView, levers_markup, spending_markup
from workbench.ui.costs.breaker_view import BreakerView, build_breaker_view, limits_markup
from workbench.ui.costs.context_chart import context_figure
from workbench.ui.costs.context_view import build_context_view, points_markup
from workbench.ui.costs.over_time_chart import over_time_figure
from workbench.ui.costs.price_form import AssumptionForm, PriceForm
from workbench.ui.costs.state import Costs

NONE = Estimate.not_measured("nothing")


def state(*, context=None, timed=True, **columns):
    at = [day * DAY + hour * 3600.0 for day in range(10) for hour in range(6)]
    fields = {"cost": 0.5, "currency": "EUR", "user": 1} | columns
    log = made.traffic([f"question {place % 20}" for place in range(60)], at=at, timed=timed, group=1, **fields)
    context = context or no_trade_off("nothing was compared", prompt_tokens(log))
    return Costs(CostStudy(log, made.neighbours_of({}, log), "an encoder", context, None, "", None, None, Prices()))


def share(value, n=50):
    return Estimate(value, max(value - 0.1, 0.0), min(value + 0.1, 1.0), n, "t")


def trade_off():
    points = tuple(
        ContextPoint(
            arm, k, Estimate(100.0 * k, 90.0 * k, 110.0 * k, 50, "t"), share(0.4 + 0.1 * k), share(0.3), share(0.0)
        )
        for arm in ("dense", "hybrid+rerank")
        for k in (1, 2, 3)
    )
    return ContextTradeOff(points[2], NONE, NONE, points, points[4], share(0.3), 0.03, "One sentence.")


def test_the_waterfall_stands_on_the_ground_at_both_ends():
    projection = state().projection
    bars = waterfall_figure(projection).data[0]
    assert len(bars.x) == len(projection.waterfall)
    assert bars.base[0] == bars.base[-1] == 0
    ends = [base + height for base, height in zip(bars.base, bars.y, strict=True)]
    assert ends[-2] == pytest.approx(bars.y[-1])
    assert "EUR" in waterfall_figure(projection).layout.yaxis.title.text


def test_without_costs_the_waterfall_says_so():
    figure = waterfall_figure(state(cost=float("nan")).projection)
    assert len(figure.data[0].x) == 0
    assert "not measured" in figure.layout.annotations[0].text


def test_levers_and_claims_stand_in_the_table():
    shown = state()
    markup = levers_markup(shown)
    for lever in shown.projection.levers:
        assert lever.name in markup
    assert "30 to 50 % fewer model calls" in markup


def test_hostile_currencies_and_names_are_text():
    shown = state(currency="<b>")
    assert "<b>" not in levers_markup(shown) + spending_markup(shown.spending) + limits_markup(shown.breaker)
    assert "<b>" not in hours_figure(*_hours(), shown.breaker.limits[0], "<b>").layout.yaxis.title.text


def _hours():
    import numpy as np

    return np.array([0.0, 3600.0]), np.array([1.0, 2.0])


@pytest.mark.parametrize(("entered", "taken"), [("2.5", 2.5), ("2,5", 2.5), (" 7 ", 7.0), ("", None), ("0", 0.0)])
def test_prices_are_taken_as_they_are_written(entered, taken):
    shown = state()
    form = PriceForm(shown)
    form.fields["false_hit"].value = "1"
    form.fields["false_hit"].value = entered
    assert shown.prices.false_hit == taken


@pytest.mark.parametrize(
    "entered", ["-1", "two", "nan", "inf", "1,500", "1,500.00", "1,500e0", "1_000", "1e99", "9" * 400]
)
def test_what_is_no_price_is_refused_and_changes_nothing(entered):
    shown = state()
    form = PriceForm(shown)
    form.fields["false_hit"].value = "3"
    form.fields["false_hit"].value = entered
    assert shown.prices.false_hit == 3.0
    assert "Not taken" in form._said.value


def test_no_day_is_made_up_for_entered_prices():
    shown = state()
    form = PriceForm(shown)
    form.fields["false_hit"].value = "3"
    assert shown.prices.as_of is None
    assert "undated" in form._said.value
    form.held_on.value = "2026-11-01"
    assert shown.prices.as_of == date(2026, 11, 1)
    form.held_on.value = "soon"
    assert shown.prices.as_of == date(2026, 11, 1)
    form.currency.value = "euro"
    assert shown.prices.currency == ""


def test_assumptions_change_the_month():
    shown = state()
    form, before = AssumptionForm(shown), shown.projection.levers[0].per_month.value
    form.per_month.value = "1000"
    assert shown.projection.levers[0].per_month.value == pytest.approx(500.0)
    assert before != pytest.approx(500.0)
    form.months.value = "1.5"
    assert shown.assumptions.months == 12
    assert "Not taken" in form._said.value


def test_the_bill_follows_a_price():
    shown = state(cost=float("nan"), tokens_in=1000.0, tokens_out=100.0)
    view = BillView(shown)
    shown.prices = Prices(1000.0, 1000.0, currency="EUR")
    assert "1.10 EUR" in view._levers.value
    assert len(view.waterfall.chart.data[0].x) == len(shown.projection.waterfall) > 0


def test_the_context_shows_every_point_and_marks_two():
    found = trade_off()
    figure = context_figure(found)
    assert [len(trace.x) for trace in figure.data if trace.name] == [3, 3]
    words = " ".join(annotation.text for annotation in figure.layout.annotations)
    assert "k = 3" in words
    assert "k = 2" in words
    assert points_markup(found).count("<tr>") == 1 + len(found.points)
    assert "nothing was compared" in build_context_view(state()).children[0].value


def test_cost_over_time_may_have_no_periods():
    empty = CostOverTime((), "day", NONE, "undetermined", "Nothing.")
    assert "not measured" in over_time_figure(empty, "EUR").layout.annotations[0].text
    shown = state().spending.over_time
    assert len(over_time_figure(shown, "EUR").data[0].x) == 10


def test_the_breaker_shows_its_limits_and_says_what_is_missing():
    shown = state()
    view = BreakerView(shown)
    assert limits_markup(shown.breaker).count("<tr>") == 1 + len(shown.breaker.limits) == 4
    assert view.copy.text == shown.breaker.config
    untimed = build_breaker_view(state(timed=False))
    assert "no times" in untimed.children[0].value
