"""What judging would take, found by going through it without asking: every prompt is made, and looked up among earlier replies.

Token counts are ranges from the length of texts, for each model counts in its own way; the endpoint's own counts come afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel

from workbench.answers.judge.addresses import host_of
from workbench.answers.judge.vendors import base_address
from workbench.answers.pieces import pieces
from workbench.answers.ragas_metrics import score_row
from workbench.numbers import count
from workbench.records import AnswerRow, JudgePlan, JudgeSettings
from workbench.retrieval.protocols import Progress, Vectors

CHARACTERS_A_TOKEN = (5.0, 3.0)
"""Of English and languages like it: few tokens, many tokens."""
OTHER_TOKENS = (0.25, 1.5)
"""Tokens of a character outside ASCII, low and high."""
STATEMENT_TOKENS = (25, 8)
"""Length of a statement, by which a text is taken apart into few or many."""
REASON_TOKENS = (20, 80)
"""Of the reason a judge gives for one verdict, the form around it included."""
QUESTION_TOKENS = (15, 60)

Cached = Callable[[str, type[BaseModel], int], BaseModel | None]
"""The reply kept for a prompt, schema and sample number; None where there is none."""

Range = tuple[float, float]


async def plan(
    rows: Sequence[AnswerRow],
    metrics: Sequence[str],
    settings: JudgeSettings,
    cached: Cached | None = None,
    *,
    embeds: bool = True,
    progress: Progress | None = None,
) -> JudgePlan:
    """What judging these rows would take.

    Args:
        rows: that are to be judged.
        metrics: names of `ragas_metrics.JUDGED`.
        settings: with the prices of the judge's tokens, where they are known.
        cached: looks a reply up; None where nothing is kept.
        embeds: whether there is an encoder; without one answer relevancy is not judged.
        progress: told some times a second; what it raises ends the work.
    """
    asked = 0
    dry = _DryJudge(cached)
    encoder = _AnyEncoder() if embeds else None
    skipped: Counter[str] = Counter()
    for row in (row for piece in pieces(rows, progress, "working out what it would take") for row in piece):
        before = dry.calls + dry.cached
        for metric in metrics:
            dry.row = row
            score = await score_row(row, metric, dry, encoder)
            if score.status == "skipped":
                skipped[f"{metric.replace('_', ' ')}: {score.reason}"] += 1
        asked += dry.calls + dry.cached > before
    return JudgePlan(
        rows=asked,
        metrics=tuple(metrics),
        calls=dry.calls,
        cached=dry.cached,
        input_tokens=_whole(dry.input_tokens),
        output_tokens=_whole(dry.output_tokens),
        cost=_cost(dry, settings),
        currency=settings.currency,
        notes=tuple(_notes(skipped, len(rows), settings, dry)),
    )


class _DryJudge:
    """Counts what it is asked, and answers from what is kept, else with a reply of the right form that nobody reads.

    Attributes:
        row: whose answer and reference tell how long replies will be.
    """

    def __init__(self, cached: Cached | None) -> None:
        self.row = AnswerRow("", "")
        self.calls = self.cached = 0
        self.input_tokens: Range = (0.0, 0.0)
        self.output_tokens: Range = (0.0, 0.0)
        self._kept = cached
        self._met: set[tuple[str, int]] = set()

    async def ask(self, prompt: str, schema: type[BaseModel], *, sample: int = 0) -> BaseModel:
        kept = self._kept(prompt, schema, sample) if self._kept else None
        if kept is not None or (prompt, sample) in self._met:
            self.cached += 1
            return kept if kept is not None else _placeholder(schema, self.row)
        self._met.add((prompt, sample))
        self.calls += 1
        self.input_tokens = _sum(self.input_tokens, tokens(prompt))
        self.output_tokens = _sum(self.output_tokens, _reply_tokens(schema.__name__, self.row))
        return _placeholder(schema, self.row)


class _AnyEncoder:
    """Stands for an encoder where no vector is looked at."""

    name, fingerprint, dimension = "any", "any", 1

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 1), dtype=np.float32)


def tokens(text: str) -> Range:
    """Tokens of a text, low and high.

    >>> tokens("fifteen letters")
    (3.0, 5.0)
    """
    plain = sum(map(str.isascii, text)) if not text.isascii() else len(text)
    few, many = CHARACTERS_A_TOKEN
    other = len(text) - plain
    return plain / few + other * OTHER_TOKENS[0], plain / many + other * OTHER_TOKENS[1]


def _reply_tokens(schema: str, row: AnswerRow) -> Range:
    """Tokens of a reply, low and high: statements repeat the text they are taken from, each verdict has a reason."""
    if schema == "StatementGeneratorOutput":
        low, high = tokens(row.answer or "")
        return low, 2 * high + QUESTION_TOKENS[0]
    if schema == "AnswerRelevanceOutput":
        return QUESTION_TOKENS
    if schema == "ContextPrecisionOutput":
        return REASON_TOKENS
    low, high = tokens((row.answer if schema == "NLIStatementOutput" else row.reference) or "")
    few, many = max(1.0, low / STATEMENT_TOKENS[0]), max(1.0, high / STATEMENT_TOKENS[1])
    return low + few * REASON_TOKENS[0], 2 * high + many * REASON_TOKENS[1]


def _placeholder(schema: type[BaseModel], row: AnswerRow) -> BaseModel:
    """A reply of the right form: the statements are the answer as a whole, so that the prompt they go into has its length."""
    made: dict[str, dict[str, Any]] = {
        "StatementGeneratorOutput": {"statements": [row.answer or ""]},
        "AnswerRelevanceOutput": {"question": "", "noncommittal": 0},
        "ContextPrecisionOutput": {"reason": "", "verdict": 0},
        "ContextRecallOutput": {"classifications": []},
        "NLIStatementOutput": {"statements": []},
    }
    return schema(**made[schema.__name__])


def _cost(dry: _DryJudge, settings: JudgeSettings) -> Range | None:
    if settings.input_per_million is None or settings.output_per_million is None:
        return None
    low, high = (
        (into * settings.input_per_million + out * settings.output_per_million) / 1e6
        for into, out in zip(dry.input_tokens, dry.output_tokens, strict=True)
    )
    return low, high


def _notes(skipped: Counter[str], rows: int, settings: JudgeSettings, dry: _DryJudge) -> list[str]:
    notes = []
    for reason, number in skipped.most_common():
        notes.append(f"{reason} in {count(number)} of {count(rows)} rows; they are skipped")
    if not dry.calls:
        return notes
    host = host_of(base_address(settings))
    notes.insert(0, f"questions, answers, contexts and references of these rows go to {host or 'the endpoint'}")
    notes.append("tokens are estimated from the length of texts; a model that reasons before it answers writes more")
    if settings.input_per_million is None or settings.output_per_million is None:
        notes.append("no cost: the prices of the judge's tokens are not known")
    return notes


def _sum(first: Range, second: Range) -> Range:
    return first[0] + second[0], first[1] + second[1]


def _whole(tokens: Range) -> tuple[int, int]:
    return round(tokens[0]), round(tokens[1])
