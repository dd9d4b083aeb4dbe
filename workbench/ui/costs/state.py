"""The one state the views of the costs page share: how the cache is run, prices, assumptions, and what follows from them.

A view reads it, observes it and changes it. Only what an input touches is computed again. Nothing here is a widget.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import traitlets

from workbench.case import Case
from workbench.costing import DEFAULT_ASSUMPTIONS, DEFAULT_SETTINGS, NO_MARKS
from workbench.costs.arrays import Marks
from workbench.costs.breaker import breaker
from workbench.costs.curve import cache_curve
from workbench.costs.marks import keep_mark, read_marks
from workbench.costs.policies import policies
from workbench.costs.prices import keep_prices
from workbench.costs.spending import spending
from workbench.costs.study import CostStudy, Outcome, play, projected
from workbench.records import (
    Assumptions,
    Breaker,
    CacheCurve,
    CacheSettings,
    Prices,
    Projection,
    Spending,
)

CURVE_FIELDS = ("ttl", "capacity", "eviction", "budget", "invalidate")
"""Settings the curve depends on; the threshold is a place on it."""


class Costs(traitlets.HasTraits):
    """A cost study and what is asked of it.

    Attributes:
        study: the log made ready; it never changes while the page is open.
        case: the case it belongs to; None where a study is shown by itself, and then nothing can be kept.
        settings: how the cache is run; a threshold of None stands for the one the budget allows.
        prices, assumptions, marks: what people enter.
        view: key of the view that is open.
        curve: every threshold under the settings. outcome: the one that is looked at, played through.
        policies: ways of running a cache side by side. projection: what the levers would save.
        spending, breaker: what the traffic costs as it is, and budgets for it.
    """

    settings = traitlets.Instance(CacheSettings)
    prices = traitlets.Instance(Prices)
    assumptions = traitlets.Instance(Assumptions)
    marks = traitlets.Instance(Marks)
    view = traitlets.Unicode()
    curve = traitlets.Instance(CacheCurve)
    outcome = traitlets.Instance(Outcome)
    policies = traitlets.Tuple()
    projection = traitlets.Instance(Projection)
    spending = traitlets.Instance(Spending)
    breaker = traitlets.Instance(Breaker)

    def __init__(self, study: CostStudy, *, case: Case | None = None, view: str = "") -> None:
        """Open a study.

        Raises:
            InputError: marks of the case that cannot be read.
        """
        self.study, self.case = study, case
        marks = read_marks(case.root, study.traffic) if case else NO_MARKS
        super().__init__(
            settings=DEFAULT_SETTINGS, prices=study.prices, assumptions=DEFAULT_ASSUMPTIONS, marks=marks, view=view
        )
        self._curve_again()
        self._spending_again()
        self.observe(self._after_settings, "settings")
        self.observe(lambda _change: self._curve_again(), "marks")
        self.observe(lambda _change: self._after_prices(), "prices")
        self.observe(lambda _change: self._projection_again(), "assumptions")

    def change(self, **settings: object) -> None:
        """Set some settings of the cache and keep the others."""
        self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]

    def mark(self, row: int, server: int, same: bool | None) -> None:
        """Keep what a person said of a pair of questions; None withdraws it.

        Raises:
            CaseError: there is no case, or it is read-only. InputError: the mark cannot be kept.
        """
        root = self._root()
        texts = self.study.traffic.texts
        keep_mark(root, texts[row], texts[server], same)
        self.marks = read_marks(root, self.study.traffic)

    def keep_prices(self) -> None:
        """Keep the prices with the case.

        Raises:
            CaseError: there is no case. InputError: they cannot be kept.
        """
        keep_prices(self._root(), self.prices)

    def _root(self) -> Path:
        from workbench.errors import CaseError

        if self.case is None:
            raise CaseError("nothing can be kept here: this study belongs to no case")
        return self.case.root

    def _after_settings(self, change: dict[str, CacheSettings]) -> None:
        before, now = change["old"], change["new"]
        if any(getattr(before, name) != getattr(now, name) for name in CURVE_FIELDS):
            self._curve_again()
        else:
            self._outcome_again()

    def _curve_again(self) -> None:
        study = self.study
        self.curve = cache_curve(study.traffic, study.neighbours, self.settings, self.marks)
        self.policies = policies(
            study.traffic, study.neighbours, self.settings, self.curve, self.marks, adaptive=study.adaptive
        )
        self._outcome_again()

    def _outcome_again(self) -> None:
        self.outcome = play(self.study, self.settings, self.curve, self.marks)
        self._projection_again()

    def _after_prices(self) -> None:
        self._spending_again()
        self._projection_again()

    def _spending_again(self) -> None:
        self.spending = spending(self.study.traffic, self.prices, self.study.ceiling)
        self.breaker = breaker(self.study.traffic, self.prices)

    def _projection_again(self) -> None:
        self.projection = projected(self.study, self.outcome, self.curve, self.prices, self.assumptions)
