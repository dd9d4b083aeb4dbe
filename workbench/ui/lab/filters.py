"""The bar of the lab that says which questions are looked at, and changes it: two arms, conditions, and what they leave.

Other views set conditions too; whatever set them, here they can be read and taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from workbench.evaluation.failures import CODES
from workbench.numbers import count
from workbench.report.outcomes import OUTCOMES
from workbench.report.words import failure_name
from workbench.retrieval.recipes import arm_name
from workbench.ui.lab.queries import NOT_LABELLED
from workbench.ui.lab.state import Lab
from workbench.ui.page import html, safe_callback

Option = tuple[str, object]


class FilterBar(widgets.VBox):  # type: ignore[misc]
    """Controls for the pair of arms and the selection, and a line with what is set.

    Attributes:
        baseline, candidate, outcome, failure, region: the controls.
        chips: a button for every condition that is set; pressing it takes the condition back.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        arms = [(arm_name(run), run) for run in lab.runs]
        self.baseline = widgets.Dropdown(options=arms, value=lab.baseline, description="Compare")
        self.candidate = widgets.Dropdown(options=arms, value=lab.candidate, description="with")
        self.outcome = widgets.Dropdown(options=[("every outcome", "")], description="Outcome")
        self.failure = widgets.Dropdown(options=[("every failure", ("", ""))], description="Failure")
        self.region = widgets.Dropdown(options=[("every region", None)], description="Region")
        self._counted = html("")
        self.chips = widgets.HBox([])
        self.chips.add_class("wb-chips")
        self._showing = False
        super().__init__([self._line(), self.chips])
        self.add_class("wb-filters")
        self._show()
        lab.observe(safe_callback(self._changed), ["matching", "selection", "region_names", "baseline", "candidate"])
        self.baseline.observe(safe_callback(self._set(lambda value: setattr(lab, "baseline", value))), "value")
        self.candidate.observe(safe_callback(self._set(lambda value: setattr(lab, "candidate", value))), "value")
        self.outcome.observe(safe_callback(self._set(lambda value: lab.narrow(outcome=value))), "value")
        self.region.observe(safe_callback(self._set(lambda value: lab.narrow(region=value))), "value")
        self.failure.observe(safe_callback(self._set(self._failure_set)), "value")

    def _changed(self, _change: object) -> None:
        self._show()

    def _line(self) -> widgets.HBox:
        line = widgets.HBox([self.baseline, self.candidate, self.outcome, self.failure, self.region])
        line.add_class("wb-controls")
        return line

    def _set(self, apply: Callable[[object], None]) -> Callable[[dict[str, object]], None]:
        def changed(change: dict[str, object]) -> None:
            if not self._showing:
                apply(change["new"])

        return changed

    def _failure_set(self, value: object) -> None:
        assert isinstance(value, tuple)
        self._lab.narrow(failure=value[0], failed_arm=value[1])

    def _show(self) -> None:
        self._showing = True
        try:
            lab, selection = self._lab, self._lab.selection
            self.baseline.value, self.candidate.value = lab.baseline, lab.candidate
            outcomes = [("every outcome", ""), *((name, name) for name in (*OUTCOMES, NOT_LABELLED))]
            _offer(self.outcome, outcomes, selection.outcome, selection.outcome)
            _offer(self.failure, self._failures(), (selection.failure, selection.failed_arm), self._failure_words())
            regions = [("every region", None), *((str(name), region) for region, name in lab.region_names.items())]
            _offer(self.region, regions, selection.region, f"region {selection.region}")
            # Where nobody said what is right, nothing is recovered, lost or missed.
            judged = lab.stored.comparison.judged > 0
            _show_if(self.outcome, judged or bool(selection.outcome))
            _show_if(self.failure, judged or bool(self._failure_words()))
            _show_if(self.region, bool(lab.region_names))
            self.chips.children = [self._counted, *self._set_conditions()]
            self._counted.value = self._count_words()
        finally:
            self._showing = False

    def _failures(self) -> list[Option]:
        pair = (self._lab.baseline, self._lab.candidate)
        first = self._lab.stored.failures
        seen = set(first.loc[first["run"].isin(pair) & first["first"].astype(bool), "code"])
        by_arm: list[Option] = [(f"missed by {arm_name(arm)}", ("", arm)) for arm in dict.fromkeys(pair)]
        codes: list[Option] = [(failure_name(code), (code, "")) for code in CODES if code in seen]
        return [("every failure", ("", "")), *by_arm, *codes]

    def _failure_words(self) -> str:
        selection = self._lab.selection
        by = f"missed by {arm_name(selection.failed_arm)}" if selection.failed_arm else ""
        why = failure_name(selection.failure) if selection.failure else ""
        return ": ".join(part for part in (by, why) if part)

    def _count_words(self) -> str:
        whole, left = len(self._lab.texts), len(self._lab.matching)
        words = (
            f"{count(left)} of {count(whole)} questions" if self._lab.selection.narrows else f"{count(whole)} questions"
        )
        return f'<span class="wb-count" role="status">{words}</span>'

    def _set_conditions(self) -> list[widgets.Button]:
        lab, selection = self._lab, self._lab.selection
        picked = "" if selection.picked is None else f"picked on the map: {count(len(selection.picked))}"
        region = "" if selection.region is None else _region_name(lab, selection.region)
        conditions: list[tuple[str, dict[str, object]]] = [
            (selection.outcome, {"outcome": ""}),
            (self._failure_words(), {"failure": "", "failed_arm": ""}),
            (f"region: {region}" if region else "", {"region": None}),
            (f"about: {selection.place}" if selection.place else "", {"place": ""}),
            (picked, {"picked": None}),
        ]
        chips = [self._chip(words, clears) for words, clears in conditions if words]
        if len(chips) > 1:
            everything = widgets.Button(description="Every question", tooltip="Take every condition back")
            everything.on_click(safe_callback(lambda _button: lab.widen()))
            chips.append(everything)
        return chips

    def _chip(self, words: str, clears: dict[str, object]) -> widgets.Button:
        chip = widgets.Button(description=f"{words} ×", tooltip=f"Take back: {words}")
        chip.add_class("wb-chip")
        chip.on_click(safe_callback(lambda _button: self._lab.narrow(**clears)))
        return chip


def _show_if(control: widgets.Dropdown, shown: bool) -> None:
    control.layout.display = None if shown else "none"


def _region_name(lab: Lab, region: int) -> str:
    return next((str(name) for number, name in lab.region_names.items() if number == region), f"region {region}")


def _offer(control: widgets.Dropdown, options: Sequence[Option], value: object, words: str) -> None:
    """Give a control its options and value; a value that is not among them, set by another view, is offered too."""
    offered = list(options) if any(value == known for _, known in options) else [*options, (words, value)]
    if list(control.options) != offered:
        control.options = offered
    control.value = value
