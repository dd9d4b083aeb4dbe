"""The reading of the chosen question: what two arms, or all, rank for it side by side, and how its documents flow through them.

Widgets and callbacks only; what stands in them comes from `rankings` and `rank_flow`.
"""

from __future__ import annotations

import ipywidgets as widgets

from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import empty_state
from workbench.ui.lab.query_charts import refresh
from workbench.ui.lab.rank_flow import flow_text, rank_flow_chart
from workbench.ui.lab.rank_steps import Flow, flow_of
from workbench.ui.lab.rankings import SHOWN, rankings_markup
from workbench.ui.lab.state import Lab
from workbench.ui.page import column, html, safe_callback

FLOW_TITLE = '<h3 class="wb-part">How its documents move from arm to arm</h3>'
FLOW_LABEL = "The rank of every document of the chosen question in each arm, right documents thick and named."
FLOW_TABLE = "The table below the chart holds the same ranks."


class Reading:
    """What the arms ranked for the question chosen; it follows the question and the two arms of the lab.

    `widget` is what a page shows. `every_arm` shows all arms instead of the two compared; `side` holds the columns, `flow`
    the chart, `words` the chart in words.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.every_arm = widgets.Checkbox(value=False, description="show every arm", indent=False)
        self.side = html(self._side())
        flow = self._flow()
        self.flow = ChartFrame(rank_flow_chart(flow), name="rank_flow", label=FLOW_LABEL, table=FLOW_TABLE)
        self.words = html(flow_text(flow))
        lab.observe(safe_callback(self._pair_changed), ["baseline", "candidate"])
        lab.observe(safe_callback(self._question_changed), "question")
        self.every_arm.observe(safe_callback(self._pair_changed), "value")
        choice = widgets.HBox([self.every_arm])
        choice.add_class("wb-reading-choice")
        self.widget = column(choice, self.side, html(FLOW_TITLE), self.flow, self.words)
        self.widget.add_class("wb-lab-reading")

    def _pair_changed(self, _change: object) -> None:
        self.side.value = self._side()

    def _question_changed(self, _change: object) -> None:
        self.side.value = self._side()
        flow = self._flow()
        refresh(self.flow.chart, rank_flow_chart(flow))
        self.words.value = flow_text(flow)

    def _side(self) -> str:
        lab = self._lab
        pair = (lab.baseline, lab.candidate)
        runs = list(dict.fromkeys([*pair, *lab.runs] if self.every_arm.value else pair))
        return rankings_markup(
            lab.rankings,
            lab.question,
            lab.texts.get(lab.question, ""),
            runs,
            case_slug=lab.case_slug,
            k=SHOWN,
            compared=pair,
            arms=lab.runs,
            cut=lab.k,
            settings=lab.comparison.settings,
        )

    def _flow(self) -> Flow:
        return flow_of(self._lab.rankings, self._lab.question, self._lab.runs, k=SHOWN, cut=self._lab.k)


def build_reading(lab: Lab) -> widgets.Widget:
    """What the arms ranked for the question chosen, side by side and as a flow."""
    if not lab.texts:
        return html(
            empty_state(
                "There is no question to read.",
                "Here stands what each arm finds for a question, side by side.",
                "Add questions to the case and compare again.",
            )
        )
    return Reading(lab).widget
