"""RAGAS' own metrics behind our judge: one row and one metric give one score, with the parts that were judged.

Prompts and arithmetic are those of `ragas.metrics.collections`, untouched; what is added is the account of what was missing, what
came back wrong, and what the judge said of each part.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from pydantic import BaseModel

from workbench.answers.abstention import is_abstention
from workbench.errors import WorkbenchError
from workbench.records import AnswerRow, JudgedPart, MetricScore, MetricStatus
from workbench.retrieval.protocols import Encoder

log = logging.getLogger(__name__)

RELEVANCY_QUESTIONS = 3
"""Questions RAGAS has made from an answer (`strictness`)."""
PART_CHARACTERS = 300
"""Characters kept of a context among the parts; they stand in the order of the row's contexts, where the whole text is."""

NO_ENCODER = "no encoder for the cosine of questions"
ABSTAINED = "the answer is an abstention"


class Asker(Protocol):
    """What a metric needs of a judge."""

    async def ask(self, prompt: str, schema: type[BaseModel], *, sample: int = 0) -> BaseModel:
        """The reply to a prompt, as the schema has it."""
        ...


class UnusableReplyError(WorkbenchError):
    """The judge's reply has the right form and cannot be a judgment."""


@dataclass(frozen=True, slots=True)
class JudgedMetric:
    """A metric of RAGAS.

    Attributes:
        needs: parts a row must have: question, answer, contexts, reference.
        calls: questions to the judge for a row.
        parts: what was judged, from the replies.
    """

    needs: tuple[str, ...]
    calls: Callable[[AnswerRow], int]
    parts: Callable[[AnswerRow, Sequence[Any]], tuple[JudgedPart, ...]]


MISSING = {
    "question": "no question",
    "answer": "no answer",
    "contexts": "no contexts",
    "reference": "no reference answer",
}


async def score_row(row: AnswerRow, metric: str, judge: Asker, encoder: Encoder | None) -> MetricScore:
    """What one metric says of one row.

    A row that lacks something is skipped before any call. An abstention has no faithfulness, and neither has an answer without
    statements. Whatever else keeps the judge from a value is a failure with its reason; nothing becomes a number that is none.

    Args:
        row: the row.
        metric: one of `JUDGED`.
        judge: what is asked.
        encoder: for the cosines of answer relevancy; None skips that metric.
    """
    lacking = lacks(row, metric, encoder)
    if lacking:
        return _without(row, metric, "skipped", lacking)
    if metric == "faithfulness" and is_abstention(row.answer or ""):
        return _without(row, metric, "undefined", ABSTAINED)
    llm = _ragas().llm(judge, numbered=metric == "answer_relevancy")
    try:
        value = await _value(row, metric, llm, encoder)
        _check_counts(metric, llm.replies)
        parts = JUDGED[metric].parts(row, llm.replies)
    except WorkbenchError as error:
        return _without(row, metric, "failed", str(error))
    except Exception as error:
        # RAGAS is a third party's: what it raises on one row must not lose the others.
        log.exception("%s of row %s", metric, row.row_id)
        return _without(row, metric, "failed", f"RAGAS stopped on this row ({type(error).__name__})")
    if not math.isfinite(value):
        return _without(row, metric, "undefined", _no_value(metric))
    return MetricScore(row.row_id, metric, "ok", value, parts=parts)


def lacks(row: AnswerRow, metric: str, encoder: Encoder | None) -> str | None:
    """What a row lacks for a metric, in words; None where it has everything.

    >>> lacks(AnswerRow("1", "Is hail covered?", "Yes."), "faithfulness", None)
    'no contexts'
    """
    has = {
        "question": bool(row.question.strip()),
        "answer": bool((row.answer or "").strip()),
        "contexts": any(context.strip() for context in row.contexts),
        "reference": bool((row.reference or "").strip()),
    }
    missing = [MISSING[part] for part in JUDGED[metric].needs if not has[part]]
    if missing:
        return ", ".join(missing)
    return NO_ENCODER if metric == "answer_relevancy" and encoder is None else None


async def _value(row: AnswerRow, metric: str, llm: Any, encoder: Encoder | None) -> float:  # noqa: ANN401 - made at run time
    ragas = _ragas()
    asked = {
        "user_input": row.question,
        "response": row.answer,
        "retrieved_contexts": list(row.contexts),
        "reference": row.reference,
    }
    names = {"question": "user_input", "answer": "response", "contexts": "retrieved_contexts", "reference": "reference"}
    needed = {names[part]: asked[names[part]] for part in JUDGED[metric].needs}
    if metric == "answer_relevancy":
        made = ragas.metrics[metric](llm=llm, embeddings=ragas.embeddings(encoder), strictness=RELEVANCY_QUESTIONS)
    else:
        made = ragas.metrics[metric](llm=llm)
    return float((await made.ascore(**needed)).value)


def _check_counts(metric: str, replies: Sequence[Any]) -> None:
    """Refuse replies that RAGAS would make a number of although the judge left something out.

    RAGAS divides by the verdicts that came back: one verdict for three statements would make 1.0.
    """
    if metric == "faithfulness" and len(replies) == 2:
        statements, verdicts = len(replies[0].statements), len(replies[1].statements)
        if statements != verdicts:
            raise UnusableReplyError(f"{_counted(verdicts, 'verdict')} for {_counted(statements, 'statement')}")
    if metric == "answer_relevancy" and not any(reply.question.strip() for reply in replies):
        raise UnusableReplyError("the judge made no question from the answer")
    if metric == "context_recall" and not replies[0].classifications:
        raise UnusableReplyError("0 verdicts for the reference answer")


def _no_value(metric: str) -> str:
    return "no statements in the answer" if metric == "faithfulness" else "RAGAS has no value for this row"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _without(row: AnswerRow, metric: str, status: MetricStatus, reason: str) -> MetricScore:
    return MetricScore(row.row_id, metric, status, reason=reason)


def _statements(_row: AnswerRow, replies: Sequence[Any]) -> tuple[JudgedPart, ...]:
    if len(replies) < 2:
        return ()
    made, judged = replies[0].statements, replies[1].statements
    return tuple(
        JudgedPart(verdict.statement.strip() or text, verdict.verdict, verdict.reason)
        for text, verdict in zip(made, judged, strict=True)
    )


def _contexts(row: AnswerRow, replies: Sequence[Any]) -> tuple[JudgedPart, ...]:
    return tuple(
        JudgedPart(_cut(context), reply.verdict, reply.reason)
        for context, reply in zip(row.contexts, replies, strict=True)
    )


def _reference_statements(_row: AnswerRow, replies: Sequence[Any]) -> tuple[JudgedPart, ...]:
    return tuple(JudgedPart(each.statement, each.attributed, each.reason) for each in replies[0].classifications)


def _questions(_row: AnswerRow, replies: Sequence[Any]) -> tuple[JudgedPart, ...]:
    """The questions made from the answer; the verdict is 0 where the judge called the answer noncommittal."""
    return tuple(
        JudgedPart(reply.question, 1 - reply.noncommittal, "noncommittal" if reply.noncommittal else "")
        for reply in replies
    )


def _cut(text: str) -> str:
    return text if len(text) <= PART_CHARACTERS else f"{text[: PART_CHARACTERS - 1]}…"


JUDGED: Mapping[str, JudgedMetric] = {
    "faithfulness": JudgedMetric(("question", "answer", "contexts"), lambda row: 2, _statements),
    "answer_relevancy": JudgedMetric(("question", "answer"), lambda row: RELEVANCY_QUESTIONS, _questions),
    "context_precision": JudgedMetric(("question", "reference", "contexts"), lambda row: len(row.contexts), _contexts),
    "context_recall": JudgedMetric(("question", "reference", "contexts"), lambda row: 1, _reference_statements),
}
"""The metrics of RAGAS a model judges, by the name they have there."""

BINARY = ("verdict", "attributed", "noncommittal")
"""Fields of replies that are 0 or 1; RAGAS takes any whole number, and adds them up."""


def _check_binary(reply: Any) -> None:  # noqa: ANN401 - models of RAGAS
    """Refuse a reply with a verdict that is neither 0 nor 1, at any depth."""
    for each in (reply, *getattr(reply, "statements", ()), *getattr(reply, "classifications", ())):
        for name in BINARY:
            value = getattr(each, name, 0)
            if value not in (0, 1):
                raise UnusableReplyError(f"{name} {value}, expected 0 or 1")


@dataclass(frozen=True, slots=True)
class _Ragas:
    """What is taken of RAGAS, and our two classes under its own."""

    metrics: Mapping[str, Any]
    llm: Any
    embeddings: Any


@cache
def _ragas() -> _Ragas:
    """RAGAS, loaded once, its telemetry off: it reads the variable at its first use, and takes no other word than "true"."""
    os.environ["RAGAS_DO_NOT_TRACK"] = "true"
    from ragas.embeddings.base import BaseRagasEmbedding
    from ragas.llms.base import InstructorBaseRagasLLM
    from ragas.metrics.collections import AnswerRelevancy, ContextPrecision, ContextRecall, Faithfulness

    class RecordingLLM(InstructorBaseRagasLLM):
        """Asks our judge, and keeps the replies of one row and metric.

        `numbered` tells repeats of a prompt apart, so that a cache does not make one sample of three.
        """

        def __init__(self, judge: Asker, *, numbered: bool) -> None:
            self.replies: list[BaseModel] = []
            self._judge, self._numbered = judge, numbered

        def generate(self, prompt: str, response_model: type[Any]) -> Any:  # noqa: ANN401 - as RAGAS has it
            raise NotImplementedError("the judge is asked asynchronously")

        async def agenerate(self, prompt: str, response_model: type[Any]) -> Any:  # noqa: ANN401 - as RAGAS has it
            sample = len(self.replies) if self._numbered else 0
            reply = await self._judge.ask(prompt, response_model, sample=sample)
            _check_binary(reply)
            self.replies.append(reply)
            return reply

    class EncoderEmbeddings(BaseRagasEmbedding):
        """Vectors of an encoder of the workbench."""

        def __init__(self, encoder: Encoder) -> None:
            super().__init__()
            self._encoder = encoder

        def embed_text(self, text: str, **_options: object) -> list[float]:
            return [float(value) for value in self._encoder.encode([text])[0]]

        async def aembed_text(self, text: str, **_options: object) -> list[float]:
            return self.embed_text(text)

    metrics = {
        "faithfulness": Faithfulness,
        "answer_relevancy": AnswerRelevancy,
        "context_precision": ContextPrecision,
        "context_recall": ContextRecall,
    }
    return _Ragas(metrics, RecordingLLM, EncoderEmbeddings)


def load_ragas() -> None:
    """Load RAGAS now rather than at the first row: it takes some seconds."""
    _ragas()
