"""Hits as pairs of questions to read: what was asked, what would have been served, and what was answered in truth.

A person can mark each pair; marks are kept with the case and tighten the bound on false hits.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import ipywidgets as widgets

from workbench.costs.arrays import Marks
from workbench.costs.curve import THRESHOLDS
from workbench.costs.marks import pair_of, to_mark
from workbench.costs.pairs import FALSE, RIGHT, SHOWN, Only, Pair, pairs
from workbench.costs.policies import USUAL
from workbench.costs.study import Outcome, play
from workbench.costs.traffic import answers_at
from workbench.numbers import count
from workbench.report.costs_text import TOLD_BY
from workbench.report.exports import Cell, csv_text
from workbench.ui.components import badge, empty_state, escape, paragraph
from workbench.ui.costs.state import Costs
from workbench.ui.downloads import Download, Work
from workbench.ui.keys import KeyCatcher
from workbench.ui.page import column, html, safe_callback

FILTERS: list[tuple[str, str]] = [
    ("all that would be served", "all"),
    ("judged wrong", "false"),
    ("judged right", "right"),
    ("not judged", "unjudged"),
    ("near misses", "near"),
    ("to mark next", "mark"),
]
MOST_ANSWER = 1_500
"""Characters of an answer that are shown."""
NEAR = 0.05
"""How much lower a threshold would have to be for a near miss to be served."""
HEAD = ("asked", "served_for", "cosine", "verdict", "marked", "times", "asked_at", "served_at")


@dataclass(frozen=True, slots=True)
class Listed:
    """Pairs that are shown, and how many there are."""

    pairs: tuple[Pair, ...]
    of: int


class PairsView(widgets.VBox):  # type: ignore[misc]
    """A list of pairs beside the one that is read; keys: arrows through pairs, s same answer, d different, u undo.

    Attributes:
        which: what is listed. list: the pairs. same, different, undo: the buttons. keyboard: their keys.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        self._listed = Listed((), 0)
        self._played = state.outcome
        self._stale = False
        self.which = widgets.Dropdown(options=FILTERS, value="all", description="Show")
        self.list = widgets.Select(options=[], rows=16, layout=widgets.Layout(width="100%"))
        self.list.add_class("wb-pairs-list")
        self.same = widgets.Button(description="Same answer (s)")
        self.different = widgets.Button(description="Different (d)")
        self.undo = widgets.Button(description="Undo (u)")
        self.keyboard = KeyCatcher(caught=["s", "d", "u"])
        self._said, self._reading, self._empty = html(""), html(""), html("")
        save = Download("CSV", work=self._work, hint="Save the listed pairs as CSV", quiet=True)
        head = widgets.HBox([self.which, save])
        head.add_class("wb-controls")
        buttons = widgets.HBox([self.same, self.different, self.undo, self.keyboard])
        buttons.add_class("wb-controls")
        self._both = widgets.HBox([column(self.list), column(self._reading, buttons)])
        self._both.add_class("wb-pairs-both")
        super().__init__([head, self._said, self._both, self._empty])
        self.add_class("wb-pairs")
        self.which.observe(safe_callback(lambda _change: self._list_again()), "value")
        self.list.observe(safe_callback(lambda _change: self._read()), "index")
        for button, same in ((self.same, True), (self.different, False), (self.undo, None)):
            button.on_click(safe_callback(lambda _, same=same: self._mark(same)))
        self.keyboard.on_key(lambda key: self._mark({"s": True, "d": False, "u": None}[key]))
        state.observe(safe_callback(self._follow), ["outcome", "view"])
        self._list_again()

    def _follow(self, _change: object) -> None:
        """List again when the view is open; otherwise when it is opened next."""
        self._stale = True
        if self._state.view == "pairs":
            self._list_again()

    def _list_again(self) -> None:
        self._stale = False
        chosen = self.list.index
        self._played = self._play()
        self._listed = self._found()
        traffic = self._state.study.traffic
        labels = [
            f"{pair.cosine:.2f}  {_short(traffic.texts[pair.row])} ← {_short(traffic.texts[pair.server])}"
            for pair in self._listed.pairs
        ]
        self.list.options = [(label, place) for place, label in enumerate(labels)]
        self._both.layout.display = "" if labels else "none"
        self._empty.value = "" if labels else self._nothing()
        self._said.value = paragraph(self._heading())
        if labels:
            self.list.index = min(chosen or 0, len(labels) - 1)
        self._read()

    def _found(self) -> Listed:
        state = self._state
        traffic, outcome = state.study.traffic, self._played
        if self.which.value == "mark":
            found = [_pair(outcome, row) for row in to_mark(traffic, outcome.replay, state.marks)]
            return Listed(tuple(found), len(found))
        if self.which.value == "near":
            return self._near_misses()
        only: Only = self.which.value
        listed, of = pairs(traffic, outcome.replay, outcome.judged, only=only)
        return Listed(tuple(listed), of)

    def _near_misses(self) -> Listed:
        """Pairs that a threshold a little lower would serve and this one does not."""
        state, now = self._state, self._played
        lower = play(state.study, replace(now.settings, threshold=self._lower()), state.curve, state.marks)
        listed, _ = pairs(state.study.traffic, lower.replay, lower.judged, limit=len(state.study.traffic))
        missed = [pair for pair in listed if now.replay.server[pair.row] < 0][::-1]
        return Listed(tuple(missed[:SHOWN]), len(missed))

    def _lower(self) -> float:
        return max(THRESHOLDS[-1], min(self._played.point.threshold, 1.0) - NEAR)

    def _play(self) -> Outcome:
        """The replay whose pairs are listed: the one looked at, or one that serves similar questions where it serves none."""
        state = self._state
        if state.outcome.point.semantic_hits:
            return state.outcome
        usual = play(state.study, replace(state.settings, threshold=USUAL), state.curve, state.marks)
        if usual.point.semantic_hits:
            return usual
        return play(state.study, replace(state.settings, threshold=THRESHOLDS[-1]), state.curve, state.marks)

    def _heading(self) -> str:
        state, number = self._state, count(self._listed.of)
        shown = f"{count(len(self._listed.pairs))} of {number} pairs" if self._listed.of > SHOWN else f"{number} pairs"
        order = {"mark": "a random sample, in its order", "near": "the nearest first"}
        threshold = self._played.point.threshold
        asked = state.outcome.point.threshold
        at = f"at a threshold of {min(threshold, 1.0):.2f}"
        if threshold != asked:
            at += ", for no similar question is served at the one looked at"
        told = TOLD_BY[state.curve.method]
        needed = (
            f"{count(len(state.marks))} pairs are marked; it takes {count(state.curve.marks_needed)} without a false one to show "
            f"{100 * state.curve.budget:g} %."
        )
        sort = order.get(str(self.which.value), "the least similar first")
        return f"{shown} {at}, {sort}. {told[0].upper()}{told[1:]}. {needed}"

    def _nothing(self) -> str:
        return empty_state(
            "No such pair at this threshold.",
            "Pairs of different questions that a cache would have answered alike stand here to be read.",
            "Choose another kind of pair above, or lower the threshold on the Cache view.",
        )

    @property
    def pair(self) -> Pair | None:
        """The pair that is read."""
        index = self.list.index
        return self._listed.pairs[index] if index is not None and index < len(self._listed.pairs) else None

    def _read(self) -> None:
        pair = self.pair
        self._reading.value = pair_markup(self._state, pair) if pair else ""
        marked = pair is not None and _marked(self._state, pair) is not None
        self.undo.disabled = not marked
        self.same.disabled = self.different.disabled = pair is None or self._state.case is None

    def _mark(self, same: bool | None) -> None:
        pair = self.pair
        if pair is None or self._state.case is None or (same is None and _marked(self._state, pair) is None):
            return
        place = self.list.index
        self._state.mark(pair.row, pair.server, same)
        if self.which.value != "mark" and same is not None and place is not None and place + 1 < len(self.list.options):
            self.list.index = place + 1
        self._read()

    def _work(self) -> Work:
        listed, state = self._listed.pairs, self._state
        return lambda: ("cache-pairs.csv", csv_text(HEAD, [csv_row(state, pair) for pair in listed]).encode("utf-8"))


def build_pairs_view(state: Costs) -> widgets.Widget:
    """The view; it follows the threshold and the marks."""
    return PairsView(state)


def csv_row(state: Costs, pair: Pair) -> list[Cell]:
    """A pair as a line of the export."""
    traffic = state.study.traffic
    return [
        traffic.texts[pair.row],
        traffic.texts[pair.server],
        round(pair.cosine, 4),
        _verdict_word(pair.verdict),
        {True: "same", False: "different", None: ""}[_marked(state, pair)],
        pair.times,
        _when(state, pair.row),
        _when(state, pair.server),
    ]


def pair_markup(state: Costs, pair: Pair) -> str:
    """Both questions with the words that differ marked, the answer that would have been served, and the one that was given."""
    traffic = state.study.traffic
    asked, served = traffic.texts[pair.row], traffic.texts[pair.server]
    left, right = differing(asked, served)
    given, kept = answers_at(state.study.table, [pair.row, pair.server])
    marked = _marked(state, pair)
    tags = badge(f"cosine {pair.cosine:.3f}") + badge(
        _verdict_word(pair.verdict), "accent" if pair.verdict == FALSE else "muted"
    )
    if marked is not None:
        tags += badge("marked: same answer" if marked else "marked: different", "accent")
    times = f" This pair comes {count(pair.times)} times." if pair.times > 1 else ""
    return (
        f'<div class="wb-pair">{tags}<div class="wb-pair-sides">'
        f"{_side('Asked', left, _when(state, pair.row), 'Answered in truth', given)}"
        f"{_side('Would have been served the answer to', right, _when(state, pair.server), 'Its answer', kept)}"
        f"</div>{paragraph(times.strip(), muted=True) if times else ''}</div>"
    )


def _side(title: str, question: str, when: str, answered: str, answer: str | None) -> str:
    text = escape(_cut(answer)) if answer else '<span class="wb-muted">no answer in the log</span>'
    return (
        f'<section><h3>{escape(title)}</h3><p class="wb-pair-question">{question}</p><p class="wb-muted">{escape(when)}</p>'
        f'<h4>{escape(answered)}</h4><p class="wb-pair-answer">{text}</p></section>'
    )


def differing(one: str, other: str) -> tuple[str, str]:
    """Both texts as markup, words that are not in the other marked; case and marks do not count.

    >>> differing("Is hail covered?", "Is flood covered")
    ('Is <mark>hail</mark> covered?', 'Is <mark>flood</mark> covered')
    """
    words = [re.findall(r"\S+", text[:MOST_ANSWER]) for text in (one, other)]
    keys = [[word.casefold().strip("?!.,;:") for word in side] for side in words]
    same: tuple[set[int], set[int]] = (set(), set())
    for block in difflib.SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_matching_blocks():
        same[0].update(range(block.a, block.a + block.size))
        same[1].update(range(block.b, block.b + block.size))
    left, right = (_marked_words(side, kept) for side, kept in zip(words, same, strict=True))
    return left, right


def _marked_words(words: Sequence[str], same: set[int]) -> str:
    return " ".join(
        escape(word) if place in same else f"<mark>{escape(word)}</mark>" for place, word in enumerate(words)
    )


def _marked(state: Costs, pair: Pair) -> bool | None:
    return _lookup(state.marks, *pair_of(state.study.traffic, pair.row, pair.server))


def _lookup(marks: Marks, left: int, right: int) -> bool | None:
    found = (marks.left == left) & (marks.right == right)
    return bool(marks.same[found][0]) if found.any() else None


def _pair(outcome: Outcome, row: int) -> Pair:
    return Pair(
        row, int(outcome.replay.server[row]), float(outcome.replay.cosine[row]), False, int(outcome.judged[row]), 1
    )


def _verdict_word(verdict: int) -> str:
    return {RIGHT: "judged right", FALSE: "judged wrong"}.get(verdict, "not judged")


def _when(state: Costs, row: int) -> str:
    traffic = state.study.traffic
    if not traffic.timed:
        return f"question {count(row + 1)} of the log"
    return datetime.fromtimestamp(float(traffic.at[row]), UTC).strftime("%Y-%m-%d %H:%M UTC")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:59]}…"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_ANSWER else f"{text[:MOST_ANSWER]}…"
