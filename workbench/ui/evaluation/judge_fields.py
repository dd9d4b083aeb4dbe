"""Fields that say which model judges, what it judges, and what its tokens cost; there is none for a key.

They only read what stands in them; what becomes of it belongs to `workbench.ui.evaluation.judge_form`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ipywidgets as widgets

from workbench.answers.judge.settings import checked_settings
from workbench.answers.ragas_metrics import JUDGED
from workbench.answers.summaries import JUDGED_ABOUT
from workbench.judging import Judging
from workbench.records import JudgeSettings
from workbench.ui.fields import amount, currency_code, day, field, whole, written
from workbench.ui.page import html, safe_callback

VENDORS = [
    ("OpenAI or compatible", "openai"),
    ("Azure OpenAI", "azure"),
    ("Anthropic", "anthropic"),
    ("Amazon Bedrock", "bedrock"),
]
ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "azure": "https://NAME.openai.azure.com",
    "anthropic": "https://api.anthropic.com",
    "bedrock": "https://bedrock-runtime.REGION.amazonaws.com",
}
"""What stands in an empty field for the address."""
ORIGINS = [("eval files, else the log", ""), ("evaluation files", "evals"), ("query log", "log")]
USUAL_TOKENS, REASONING_TOKENS = "max_tokens", "max_completion_tokens"


class JudgeFields(widgets.HBox):  # type: ignore[misc]
    """Which model judges, beside what it judges and what that costs.

    Attributes:
        vendor, url, model, api_version, reasoning: the model. price_in, price_out, currency, held_on: what its tokens cost.
        origin, limit, metrics: what is judged; `metrics` is a checkbox a metric.
    """

    def __init__(self, known: JudgeSettings | None) -> None:
        start = self._start = known or JudgeSettings()
        self.vendor = widgets.Dropdown(options=VENDORS, value=start.vendor, description="Interface")
        self.url = field("Address", start.url, ADDRESSES[start.vendor])
        self.model = field("Model", start.model, "name of the model")
        self.api_version = field("API version", start.api_version, "only for Azure's older addresses")
        self.reasoning = widgets.Checkbox(
            value=start.temperature is None, description="Reasoning model: sends no temperature", indent=False
        )
        self.price_in = field("A million tokens in", written(start.input_per_million))
        self.price_out = field("A million tokens out", written(start.output_per_million))
        self.currency = field("Currency", start.currency, "EUR")
        self.held_on = field("Prices held on", start.as_of.isoformat() if start.as_of else "", "2026-11-22")
        self.origin = widgets.Dropdown(options=ORIGINS, value="", description="Answers from")
        self.limit = field("Answers at most", "", "1,000, drawn at random")
        self.metrics = {
            name: widgets.Checkbox(value=True, description=JUDGED_ABOUT[name].title, indent=False) for name in JUDGED
        }
        ticks = widgets.GridBox(list(self.metrics.values()))
        ticks.add_class("wb-fields-ticks")
        who = [html("<h2>Model</h2>"), self.vendor, self.url, self.model, self.api_version, self.reasoning]
        what = [html("<h2>What it judges</h2>"), self.origin, self.limit, ticks]
        costs = [html("<h2>What its tokens cost</h2>"), self.price_in, self.price_out, self.currency, self.held_on]
        super().__init__([_form(who), _form(what), _form(costs)])
        self.add_class("wb-forms")
        self.vendor.observe(safe_callback(self._other_vendor), "value")
        self._show_version()

    def on_change(self, changed: Callable[[], None]) -> None:
        """Call `changed` when something else stands in a field."""
        model = (self.vendor, self.url, self.model, self.api_version, self.reasoning)
        costs = (self.price_in, self.price_out, self.currency, self.held_on)
        for entry in (*model, *costs, self.origin, self.limit, *self.metrics.values()):
            entry.observe(safe_callback(lambda _: changed()), "value")

    def entered(self) -> Judging:
        """What stands in the fields.

        Raises:
            ValueError: a number, a day or a currency that is none, or nothing to judge. InputError: a judge that cannot be used.
        """
        chosen = tuple(name for name, tick in self.metrics.items() if tick.value)
        if not chosen:
            raise ValueError("no metric is chosen; choose one at least")
        limit = whole(self.limit.value, "Answers at most", least=1, most=1_000_000)
        return Judging(self._judge(), chosen, limit, self.origin.value or None)

    def _judge(self) -> JudgeSettings:
        asked = replace(
            self._start,
            vendor=self.vendor.value,
            url=self.url.value.strip(),
            model=self.model.value.strip(),
            api_version=self.api_version.value.strip() if self.vendor.value == "azure" else "",
            input_per_million=amount(self.price_in.value, "A million tokens in", most=1e6),
            output_per_million=amount(self.price_out.value, "A million tokens out", most=1e6),
            currency=currency_code(self.currency.value),
            as_of=day(self.held_on.value, "Prices held on"),
        )
        if self.reasoning.value != (self._start.temperature is None):
            name = REASONING_TOKENS if self.reasoning.value else USUAL_TOKENS
            asked = replace(asked, temperature=None if self.reasoning.value else 0.0, max_tokens_name=name)
        return checked_settings(asked, "judge")

    def _other_vendor(self, _change: object) -> None:
        # An address belongs to its vendor: that of another must not stay standing.
        self.url.value, self.url.placeholder = "", ADDRESSES[self.vendor.value]
        self._show_version()

    def _show_version(self) -> None:
        self.api_version.layout.display = "" if self.vendor.value == "azure" else "none"


def _form(fields: list[widgets.Widget]) -> widgets.VBox:
    box = widgets.VBox(fields)
    box.add_class("wb-fields")
    return box
