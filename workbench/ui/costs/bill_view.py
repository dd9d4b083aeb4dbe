"""The bill: what the traffic costs, what a cache and shorter contexts would leave of it, and what that rests on.

Prices and assumptions are entered here; every figure comes from the state, which works them out.
"""

from __future__ import annotations

import ipywidgets as widgets

from workbench.numbers import count, significant
from workbench.records import CostDriver, Spending
from workbench.report.costs_text import lever_row, money, share, times_over
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import bullets, details, escape, interval_bar, paragraph, section, table
from workbench.ui.costs.bill_charts import waterfall_figure
from workbench.ui.costs.over_time_chart import over_time_figure
from workbench.ui.costs.price_form import AssumptionForm, PriceForm
from workbench.ui.costs.state import Costs
from workbench.ui.lab.query_charts import refresh
from workbench.ui.page import column, html, safe_callback

WATERFALL = "Cost of a month as it is, what each lever takes away, and what is left, with the middle 95 % of resamples."
OVER_TIME = "Mean cost of a question, period by period, with 95 % intervals."


class BillView(widgets.VBox):  # type: ignore[misc]
    """What is saved, the waterfall, the levers, where the cost comes from, and what it all rests on.

    Attributes:
        prices, assumptions: forms. waterfall, over_time: charts.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        self._said, self._levers, self._spending, self._drift, self._basis = (html("") for _ in range(5))
        self.prices, self.assumptions = PriceForm(state), AssumptionForm(state)
        self.waterfall = ChartFrame(
            waterfall_figure(state.projection), name="bill", label=WATERFALL, table="The table below holds the numbers."
        )
        self.over_time = ChartFrame(
            over_time_figure(state.spending.over_time, state.spending.basis.currency),
            name="cost-over-time",
            label=OVER_TIME,
        )
        forms = widgets.HBox([self.prices, self.assumptions])
        forms.add_class("wb-bill-forms")
        super().__init__(
            [self._said, self.waterfall, self._levers, forms, self._spending, self.over_time, self._drift, self._basis]
        )
        self.add_class("wb-bill")
        self._project()
        self._spend()
        state.observe(safe_callback(self._projected), "projection")
        state.observe(safe_callback(self._spent), "spending")

    def _projected(self, _change: object) -> None:
        refresh(self.waterfall.chart, waterfall_figure(self._state.projection))
        self._project()

    def _spent(self, _change: object) -> None:
        spending = self._state.spending
        refresh(self.over_time.chart, over_time_figure(spending.over_time, spending.basis.currency))
        self._spend()

    def _project(self) -> None:
        projection = self._state.projection
        self._said.value = f'<div class="wb-bill-said">{paragraph(projection.said)}</div>'
        self._levers.value = levers_markup(self._state)
        rests = bullets(projection.assumptions)
        missing = section("What is not measured", bullets(projection.not_measured)) if projection.not_measured else ""
        self._basis.value = section("What this takes as given", rests) + missing

    def _spend(self) -> None:
        spending = self._state.spending
        self._spending.value = spending_markup(spending)
        over_time = spending.over_time
        currency = spending.basis.currency
        rows = [
            [escape(day.isoformat()), escape(money(mean, currency)), count(mean.n)] for day, mean in over_time.periods
        ]
        behind = (
            table([over_time.unit.capitalize(), "Mean cost of a question", "n"], rows, numeric=(2,)) if rows else ""
        )
        listed = details(f"The same as a table, {count(len(rows))} {over_time.unit}s", behind) if rows else ""
        self._drift.value = paragraph(over_time.said) + listed


def build_bill_view(state: Costs) -> widgets.Widget:
    """The view; it follows prices, assumptions and the cache that is looked at."""
    return column(BillView(state))


def levers_markup(state: Costs) -> str:
    """The levers side by side, and the usual claims with what was measured of them."""
    projection = state.projection
    rows = [[escape(cell) for cell in lever_row(lever, projection.currency)] for lever in projection.levers]
    proxy = state.curve.method == "proxy"
    false = "Hits with other evidence a month" if proxy else "False hits a month"
    levers = table(
        ["Lever", "Cost of a question", "Cost of a month", "Cost saved", "Model calls saved", false],
        rows,
        caption=f"{_of(projection.levers[0].per_query.n) if projection.levers else ''}Brackets: middle 95 % of resamples.",
        numeric=(1, 2, 3, 4, 5),
    )
    claims = [[escape(claim), escape(verdict)] for claim, verdict in projection.claims.items()]
    return levers + (table(["Usual claim", "On this traffic"], claims) if claims else "")


def spending_markup(spending: Spending) -> str:
    """What a question costs against what was agreed, and what makes questions dear."""
    currency = spending.basis.currency
    said = [spending.basis.said]
    if spending.per_query.value is not None:
        said.append(
            f"A question costs {money(spending.per_query, currency)} on average, n = {count(spending.per_query.n)}."
        )
    said.append(times_over(spending, currency))
    if spending.ceiling is None and spending.per_query.value is not None:
        said.append("No paper of the case says what a question may cost, so nothing is over or under a ceiling here.")
    drivers = table(
        ["What makes questions dear", "Questions", "Share of all spending", "Over the whole log", ""],
        [_driver(driver, currency) for driver in spending.drivers],
        caption="Above what these questions would cost without it. The causes overlap, so their shares do not add up.",
        numeric=(1,),
    )
    told = paragraph(" ".join(part for part in said if part))
    return section("Where the spending comes from", told, drivers if spending.drivers else "")


def _driver(driver: CostDriver, currency: str) -> list[str]:
    top = max(0.1, driver.extra.high or 0.0)
    amount = "not measured" if driver.amount is None else money_of(driver.amount, currency)
    return [
        f'<span title="{escape(driver.why)}">{escape(driver.name)}</span>',
        count(driver.queries),
        f"{escape(share(driver.extra))} {interval_bar(driver.extra, high=top)}",
        escape(amount),
        escape(driver.said),
    ]


def money_of(amount: float, currency: str) -> str:
    """An amount counted in full, so without an interval."""
    return f"{significant(amount)} {currency}".rstrip()


def _of(n: int) -> str:
    return f"n = {count(n)} questions. " if n else ""
