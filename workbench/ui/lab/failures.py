"""The failures of the lab: what became of each question between two searches, and why questions are missed.

Everything counted here can be pressed to look at those questions alone; how large differences are is in `scoreboard`.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from workbench.evaluation.failures import CODES, FIXES
from workbench.intervals import wilson
from workbench.numbers import count, measured
from workbench.report.outcomes import MEANINGS, OUTCOMES, outcomes, tally
from workbench.report.words import failure_meaning, failure_name, spoken_arm
from workbench.retrieval.recipes import arm_name
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.choices import Choices, Key
from workbench.ui.components import (
    empty_state,
    escape,
    section,
)
from workbench.ui.lab.arms import main_arms
from workbench.ui.lab.causes import codes_meaning, codes_open, counted_arms, harm_section, seen_codes
from workbench.ui.lab.queries import NOT_LABELLED
from workbench.ui.lab.query_charts import mark_questions, per_query_chart, refresh
from workbench.ui.lab.state import Lab
from workbench.ui.page import column, html, safe_callback
from workbench.ui.tokens import ARM_COLOURS, css_name

CHART_MEASURES = ("nDCG@10", "recall@5", "success@5")
"""What the change of each question is drawn in: the first that both searches have."""
GRADING = "grading"
"""Key of the view in which questions are graded."""


class Failures(widgets.VBox):  # type: ignore[misc]
    """Outcomes of the pair, failure codes by search, harm of each step, and the change of every question.

    Attributes:
        became: bar of outcomes. codes: table of codes by search. every_arm: shows the searches that are folded.
        change: chart of the change of each question.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._outcomes: dict[tuple[str, str], pd.Series] = {}
        first = lab.stored.failures[lab.stored.failures["first"].astype(bool)]
        self._missed = {
            (str(run), str(code)): frozenset(rows["query_id"].astype(str)) for (run, code), rows in first.groupby(["run", "code"])
        }  # fmt: skip
        self.pair_head, self.change_note = html(""), html("")
        self.became, self.codes = Choices(), Choices()
        self.every_arm = widgets.ToggleButton(value=False)
        self.change = ChartFrame(
            self._change_figure(), name="change-by-question",
            label="Change of every question between the two searches.",
            table="The table of questions below lists them.",
        )  # fmt: skip
        self._shown = self._state()
        self._show()
        super().__init__(self._parts())
        self.add_class("wb-failures")
        self.became.on_choice(self._outcome_chosen)
        self.codes.on_choice(self._code_chosen)
        self.change.chart.data[0].on_click(safe_callback(self._bar_clicked))
        lab.observe(safe_callback(self._changed), ["matching", "selection", "baseline", "candidate", "comparison"])
        lab.observe(safe_callback(self._question_changed), ["question"])
        self.every_arm.observe(safe_callback(self._changed), "value")

    def _parts(self) -> list[widgets.Widget]:
        comparison = self._lab.comparison
        compared = [self.pair_head, self.became] if len(self._lab.runs) > 1 else []
        folded = [self.every_arm] if main_arms(self._lab, counted_arms(comparison))[1] else []
        change = [self.change_note, self.change] if len(self._lab.runs) > 1 else []
        heading = html(section("Why questions are missed", note="Press a count to look at those questions alone."))
        behind = html(codes_meaning(comparison) + codes_open(comparison))
        harm = [html(harm_section(comparison.harm))] if comparison.harm else []
        return [*compared, heading, self.codes, *folded, behind, *change, *harm]

    def _show(self) -> None:
        lab = self._lab
        self._matching = frozenset(lab.matching)
        title = f"{arm_name(lab.candidate)} against {arm_name(lab.baseline)}"
        self.pair_head.value = f"<h2>What becomes of each question: {escape(title)}, top {lab.k}</h2>"
        self.became.data = {"parts": self._outcome_parts()}
        self.codes.data = {"table": self._code_table()}
        folded = main_arms(lab, counted_arms(lab.comparison))[1]
        self.every_arm.description = f"{'Hide' if self.every_arm.value else 'Show'} {count(len(folded))} more variants"
        measure = self._change_measure()
        self.change_note.value = section(
            "How each question changes",
            note=f"{measure} with {arm_name(lab.candidate)} minus {measure} with {arm_name(lab.baseline)}. "
            "Press a bar to read the question. Bars of questions that are not looked at are faint.",
        )

    def _changed(self, _change: object) -> None:
        """Show what there is now; one step of the state tells several of its traits, and is shown once."""
        now = self._state()
        if now == self._shown:
            return
        drawn, self._shown = self._shown[1:3], now
        self._show()
        if drawn != now[1:3]:
            refresh(self.change.chart, self._change_figure())
        else:
            self._question_changed(_change)

    def _state(self) -> tuple[object, ...]:
        lab = self._lab
        return lab.comparison, lab.baseline, lab.candidate, lab.selection, lab.matching, self.every_arm.value

    def _question_changed(self, _change: object) -> None:
        lab = self._lab
        mark_questions(self.change.chart, lab.candidate, among=self._looked_at(), question=lab.question)

    def _looked_at(self) -> tuple[str, ...] | None:
        return self._lab.matching if self._lab.selection.narrows else None

    # ------------------------------------------------------------ outcomes

    def _became(self) -> pd.Series:
        lab = self._lab
        pair = (lab.baseline, lab.candidate)
        if pair not in self._outcomes:
            self._outcomes[pair] = outcomes(lab.stored.per_query, *pair, lab.k)
        return self._outcomes[pair]

    def _outcome_parts(self) -> list[dict[str, object]]:
        lab, each = self._lab, self._became()
        whole, within = tally(each), tally(each, self._matching)
        names = {"baseline": spoken_arm(lab.baseline), "candidate": spoken_arm(lab.candidate)}
        parts = [
            self._part(name, whole[name], within[name], len(each), MEANINGS[name].format(**names)) for name in OUTCOMES
        ]
        unlabelled = len(lab.texts) - len(each)
        if unlabelled:
            left = len(self._matching.difference(each.index))
            parts.append(self._part(NOT_LABELLED, unlabelled, left, 0, "no right document is known, so neither counts"))
        return parts

    def _part(self, name: str, whole: int, within: int, n: int, meaning: str) -> dict[str, object]:
        narrows = self._lab.selection.narrows
        written = _within(whole, within, narrows)
        basis = f"{_share(whole, n)}, {_basis(n)}" if n else ""
        return {
            "key": [name],
            "name": name,
            "kind": name.replace(" ", "-"),
            "count": written,
            "basis": basis,
            "share": whole / n if n else 0,
            "within": within / whole if narrows and whole else None,
            "meaning": meaning,
            "label": f"{name}: {written}, {basis}" if basis else f"{name}: {written}",
            "pressed": self._lab.selection.outcome == name,
        }

    def _outcome_chosen(self, key: Key) -> None:
        if len(key) == 1 and key[0] in (*OUTCOMES, NOT_LABELLED):
            self._lab.narrow(outcome="" if self._lab.selection.outcome == key[0] else key[0])

    # ------------------------------------------------------------ codes

    def _arms_shown(self) -> list[str]:
        counted = counted_arms(self._lab.comparison)
        return counted if self.every_arm.value else main_arms(self._lab, counted)[0]

    def _code_table(self) -> dict[str, object]:
        lab = self._lab
        failures, arms = lab.comparison.failures, self._arms_shown()
        codes = [code for code in seen_codes(lab.comparison) if any(failures[arm].by_code.get(code) for arm in arms)]
        rows = [{"head": self._row_head(code), "cells": [self._cell(code, arm) for arm in arms]} for code in codes]
        return {
            "corner": "Why",
            "columns": [self._column(arm) for arm in arms],
            "rows": rows,
            "highest": max((failures[arm].by_code.get(code, 0) for arm in arms for code in codes), default=0),
            "caption": self._caption(bool(codes)),
        }

    def _caption(self, missed: bool) -> str:
        lab = self._lab
        reasons = (
            "One reason a question, the first that fits; shares are of the labelled questions, with 95 % intervals."
            if missed
            else "No search missed a question."
        )
        uncounted = [
            f" Not counted for {arm_name(arm)}: {failures.share.reason}."
            for arm, failures in lab.comparison.failures.items()
            if failures.share.value is None
        ]
        return f"Missed: no right document in the top {lab.k}. {reasons}{''.join(uncounted)}"

    def _column(self, arm: str) -> dict[str, object]:
        share, selection = self._lab.comparison.failures[arm].share, self._lab.selection
        missed = round((share.value or 0) * share.n)
        left = len({q for code in seen_codes(self._lab.comparison) for q in self._ids(arm, code)} & self._matching)
        written = f"{_within(missed, left, selection.narrows)} missed"
        whole = f"{measured(share, share=True)}, {_basis(share.n)}"
        return {
            "key": ["", arm],
            "name": arm_name(arm),
            "hue": f"wb-arm-{css_name(arm)}" if arm in ARM_COLOURS else "",
            "basis": f"{written}\n{whole}",
            "label": f"{arm_name(arm)}: {written}, {whole}",
            "plain": missed == 0,
            "pressed": (selection.failure, selection.failed_arm) == ("", arm),
        }

    def _row_head(self, code: str) -> dict[str, object]:
        selection = self._lab.selection
        return {
            "key": [code, ""],
            "name": failure_name(code),
            "meaning": f"{failure_meaning(code)}. What to do: {FIXES.get(code, '')}",
            "label": f"{failure_name(code)}, in either of the two searches compared",
            "pressed": (selection.failure, selection.failed_arm) == (code, ""),
        }

    def _cell(self, code: str, arm: str) -> dict[str, object]:
        failures, selection = self._lab.comparison.failures[arm], self._lab.selection
        whole = failures.by_code.get(code, 0)
        if not whole:
            return {"plain": True, "count": "0"}
        written = _within(whole, len(self._ids(arm, code) & self._matching), selection.narrows)
        share = measured(failures.shares.get(code, wilson(whole, failures.share.n)), share=True)
        return {
            "key": [code, arm],
            "count": written,
            "size": whole,
            "basis": share,
            "label": f"{failure_name(code)}, {arm_name(arm)}: {written} questions, {share}",
            "pressed": (selection.failure, selection.failed_arm) == (code, arm),
        }

    def _ids(self, arm: str, code: str) -> frozenset[str]:
        return self._missed.get((arm, code), frozenset())

    def _code_chosen(self, key: Key) -> None:
        if len(key) != 2 or (key[0] and key[0] not in CODES) or (key[1] and key[1] not in self._lab.comparison.arms):
            return
        selection = self._lab.selection
        cleared = (selection.failure, selection.failed_arm) == key
        self._lab.narrow(failure="" if cleared else key[0], failed_arm="" if cleared else key[1])

    # ------------------------------------------------------------ every question

    def _change_measure(self) -> str:
        per_query, pair = self._lab.stored.per_query, (self._lab.baseline, self._lab.candidate)
        kept = per_query[per_query["run"].isin(pair)].groupby("measure")["run"].nunique()
        both = [measure for measure in CHART_MEASURES if kept.get(measure, 0) == len(set(pair))]
        return both[0] if both else CHART_MEASURES[0]

    def _change_figure(self) -> go.Figure:
        lab = self._lab
        return per_query_chart(
            lab.stored.per_query, lab.baseline, lab.candidate, self._change_measure(),
            among=lab.matching if lab.selection.narrows else None, question=lab.question,
        )  # fmt: skip

    def _bar_clicked(self, trace: Any, points: Any, _state: object) -> None:  # noqa: ANN401 - plotly's own
        for index in points.point_inds[:1]:
            self._lab.question = str(trace.customdata[index])


def build_failures_view(lab: Lab) -> widgets.Widget:
    """The view; without a labelled question, what is needed to fill it and the way there."""
    return column(Failures(lab)) if lab.comparison.judged else _unlabelled(lab)


def _unlabelled(lab: Lab) -> widgets.Widget:
    missing = html(
        empty_state(
            f"None of the {count(len(lab.texts))} questions is labelled, so no search is known to miss any.",
            "With labels this view counts which questions one search gets back and another loses, and why each is missed: "
            "a term, a paraphrase, an outdated version.",
            "Hand over questions with their right documents and run the comparison again, or grade what the searches found.",
        )
    )
    grade = widgets.Button(description="Open grading")
    grade.on_click(safe_callback(lambda _button: setattr(lab, "view", GRADING)))
    view = column(missing, grade)
    view.add_class("wb-failures")
    return view


def _within(whole: int, within: int, narrows: bool) -> str:
    return f"{count(within)} of {count(whole)}" if narrows else count(whole)


def _basis(n: int) -> str:
    return f"n = {count(n)}".replace(" ", "\u00a0")  # in a narrow column it stays on one line


def _share(part: int, n: int) -> str:
    return measured(wilson(part, n), share=True)
