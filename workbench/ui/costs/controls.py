"""How the cache is run, as sliders and choices; a burst of moves becomes one change.

It changes the state and shows what it holds; nothing is computed here.
"""

from __future__ import annotations

import asyncio
from typing import Any

import ipywidgets as widgets

from workbench.ui.costs.state import Costs
from workbench.ui.page import safe_callback

HOUR, DAY = 3_600.0, 86_400.0
LIVES: list[tuple[str, float | None]] = [
    ("1 hour", HOUR), ("8 hours", 8 * HOUR), ("1 day", DAY), ("3 days", 3 * DAY), ("7 days", 7 * DAY), ("14 days", 14 * DAY),
    ("30 days", 30 * DAY), ("90 days", 90 * DAY), ("for ever", None),
]  # fmt: skip
CAPACITIES: list[tuple[str, int | None]] = [
    ("10", 10), ("100", 100), ("300", 300), ("1,000", 1_000), ("3,000", 3_000), ("10,000", 10_000), ("100,000", 100_000),
    ("no limit", None),
]  # fmt: skip
BUDGETS = [("0.5 %", 0.005), ("1 %", 0.01), ("2 %", 0.02), ("5 %", 0.05), ("10 %", 0.10)]
EVICTIONS = [("the least recently used (LRU)", "lru"), ("the least often used (LFU)", "lfu")]
SETTLE = 0.08
"""Seconds a burst of slider moves is gathered before the curve is drawn again."""


class Controls(widgets.VBox):  # type: ignore[misc]
    """Threshold, time to live, capacity, eviction, budget, and whether changed documents drop answers.

    Attributes:
        threshold: the slider. allowed: the button that goes back to the threshold the budget allows.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        self._settling: asyncio.TimerHandle | None = None
        self._asked: dict[str, Any] = {}
        timed = state.study.traffic.timed
        self.threshold = widgets.FloatSlider(
            min=0.70, max=1.0, step=0.01, readout_format=".2f", description="Threshold", value=self._shown()
        )
        self.allowed = widgets.Button(description="Use what the budget allows")
        self.ttl = widgets.SelectionSlider(
            options=LIVES, index=len(LIVES) - 1, description="Kept for", disabled=not timed
        )
        self.capacity = widgets.SelectionSlider(
            options=CAPACITIES, index=len(CAPACITIES) - 1, description="Answers kept"
        )
        self.eviction = widgets.Dropdown(options=EVICTIONS, value="lru", description="When full, drop")
        self.budget = widgets.Dropdown(options=BUDGETS, value=state.settings.budget, description="False hits at most")
        self.invalidate = widgets.Checkbox(
            value=True, description="Drop when documents change", indent=False, disabled=not timed
        )
        super().__init__(
            [self.threshold, self.allowed, self.budget, self.ttl, self.capacity, self.eviction, self.invalidate]
        )
        self.add_class("wb-cost-controls")
        for control in (self.threshold, self.budget, self.ttl, self.capacity, self.eviction):
            control.style.description_width = "initial"
        self.threshold.observe(safe_callback(self._moved), "value")
        self.allowed.on_click(safe_callback(lambda _: self._ask("threshold", None)))
        for name in ("ttl", "capacity", "eviction", "budget", "invalidate"):
            control = getattr(self, name)
            control.observe(safe_callback(lambda change, name=name: self._ask(name, change["new"])), "value")
        state.observe(safe_callback(self._follow), "outcome")

    def _shown(self) -> float:
        return min(self._state.outcome.point.threshold, 1.0)

    def _moved(self, change: dict[str, float]) -> None:
        if abs(change["new"] - self._shown()) > 1e-9:
            self._ask("threshold", round(change["new"], 2))

    def _ask(self, name: str, value: object) -> None:
        """Gather changes for a moment; the last value of each wins."""
        self._asked[name] = value
        if self._settling is not None:
            self._settling.cancel()
        self._settling = asyncio.get_event_loop().call_later(SETTLE, safe_callback(self._settle))

    def _settle(self) -> None:
        asked, self._asked, self._settling = self._asked, {}, None
        self._state.change(**asked)

    def _follow(self, _change: object) -> None:
        """Show the threshold that is looked at, also when the budget chose it."""
        if "threshold" not in self._asked:
            self.threshold.value = self._shown()
