"""Whether the answer a cache serves is one to the question asked: by labels, by a person's marks, or by the evidence of both.

The three are never mixed in one number. What can be judged by none of them stays unjudged and counts on neither side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import Ints, Marks, Replay, Traffic
from workbench.records import FalseHitMethod

PROXY_OVERLAP = 0.5
"""Jaccard overlap of the evidence of two questions below which an answer shared by them counts as false by proxy."""
RIGHT, FALSE, UNJUDGED = 1, 0, -1

Judged = npt.NDArray[np.int8]


class Judge:
    """Judges the hits of replays of one log.

    Attributes:
        method: "labelled" where any question has a group: a hit is right where both questions have the same one.
            "marked" where there are none and a person marked pairs: a hit is what the mark of its two texts says.
            "proxy" where there are neither but evidence was logged: a hit is right where both questions retrieved mostly the same
            documents. Speak of "hits whose evidence differs" there, not of false hits. "none" where nothing tells.

    Exact repeats are judged like any hit, for the same words may want another answer. Marks are a sample: they stand for all hits
    only as far as the pairs were drawn from the hits at random, a hit as likely as any other.
    """

    def __init__(self, traffic: Traffic, marks: Marks | None = None) -> None:
        self._traffic = traffic
        self._texts = int(traffic.text.max(initial=-1)) + 1
        self._marked, self._same = self._by_pair(marks) if marks is not None and len(marks) else _no_marks()
        self.method: FalseHitMethod = self._told_by()

    def judge(self, replay: Replay) -> Judged:
        """1 for a right hit, 0 for a false one, -1 for a row without a hit or one that cannot be judged."""
        judged = np.full(len(replay.server), UNJUDGED, dtype=np.int8)
        rows = np.flatnonzero(replay.hits)
        if len(rows) and self.method != "none":
            judged[rows] = self._verdicts(rows.astype(np.int32), replay.server[rows])
        return judged

    def counted(self, replay: Replay) -> Judged:
        """What may be counted for a rate: as `judge`, but every marked pair once.

        A person marked a pair once, however often it comes up: counted hit by hit, one mark on a frequent pair would pass for
        hundreds of independent judgements. Labels and evidence are given question by question and count so.
        """
        judged = self.judge(replay)
        if self.method != "marked":
            return judged
        rows = np.flatnonzero(judged != UNJUDGED)
        pairs = self._pairs(self._traffic.text[rows], self._traffic.text[replay.server[rows]])
        _, first = np.unique(pairs, return_index=True)
        once = np.full(len(judged), UNJUDGED, dtype=np.int8)
        once[rows[first]] = judged[rows[first]]
        return once

    def _told_by(self) -> FalseHitMethod:
        if (self._traffic.group >= 0).any():
            return "labelled"
        if len(self._marked):
            return "marked"
        return "proxy" if (self._traffic.evidence >= 0).any() else "none"

    def _verdicts(self, rows: Ints, server: Ints) -> Judged:
        if self.method == "labelled":
            asked, served = self._traffic.group[rows], self._traffic.group[server]
            return _verdict(asked == served, known=(asked >= 0) & (served >= 0))
        if self.method == "marked":
            pairs = self._pairs(self._traffic.text[rows], self._traffic.text[server])
            place = np.minimum(np.searchsorted(self._marked, pairs), len(self._marked) - 1)
            return _verdict(self._same[place], known=self._marked[place] == pairs)
        from workbench.costs.replay_loop import shared_evidence

        overlap = shared_evidence(self._traffic.evidence, rows, server)
        return _verdict(overlap >= PROXY_OVERLAP, known=~np.isnan(overlap))

    def _pairs(self, left: Ints, right: Ints) -> npt.NDArray[np.int64]:
        """One number for two text codes, whichever comes first."""
        return np.minimum(left, right).astype(np.int64) * self._texts + np.maximum(left, right)

    def _by_pair(self, marks: Marks) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Marks sorted by pair; of several on one pair the last holds."""
        pairs, last = np.unique(self._pairs(marks.left, marks.right)[::-1], return_index=True)
        return pairs, marks.same[::-1][last]


def _no_marks() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)


def _verdict(right: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> Judged:
    return np.where(known, right.astype(np.int8), np.int8(UNJUDGED)).astype(np.int8)
