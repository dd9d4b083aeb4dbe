"""The support proxy: how much of each sentence of an answer is found in its contexts, as an order in which people read answers.

It compares words and vectors and understands nothing: a negation or a swapped name passes. It is no faithfulness and has
no target. Abstentions and replies to small talk have none, for they claim nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from workbench.answers.abstention import is_abstention
from workbench.answers.pieces import pieces
from workbench.answers.sentences import Sentence, sentences
from workbench.answers.small_talk import is_small_talk
from workbench.observing import words
from workbench.records import AnswerRow, RowSupport, SentenceSupport
from workbench.retrieval.protocols import Progress, Vectors

Encode = Callable[[Sequence[str]], Vectors]

ROWS_AT_A_TIME = 64
"""Rows whose sentences are encoded together at most: their contexts repeat, and the memory has a bound."""
TEXTS_AT_A_TIME = 2_048
"""Sentences handed to the encoder at once; from some thousand on it would keep a file of its own for each lot."""
COSINE_WEIGHT = 0.5
"""Share of the cosine in a sentence's support, the rest is overlap; bench/support_proxy.py compares it with other formulas."""
REPLY_SENTENCES = 2
"""Sentences, without a number, up to which an answer to a greeting or thanks is taken to claim nothing."""

_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")

UNSUPPORTABLE = {
    "answer": "no answer",
    "contexts": "no contexts",
    "abstention": "the answer is an abstention",
    "small talk": "the question asks nothing",
    "sentence": "no sentence in the answer",
}
"""Why a row has no support, in words."""


def support(
    rows: Sequence[AnswerRow], encode: Encode | None, *, progress: Progress | None = None
) -> tuple[RowSupport, ...]:
    """The support of every row that can have one, least supported first; `why_none` tells why another has none.

    A row's support is the mean over its sentences. A sentence's is the mean of its cosine with the nearest sentence of the
    contexts (at least 0) and its overlap; without an encoder the overlap alone.

    Args:
        rows: answers with contexts.
        encode: texts -> rows of length 1; None leaves the cosine out.
        progress: told some times a second how many rows are done; what it raises ends the work.
    """
    found = [
        result
        for piece in pieces(rows, progress, "comparing answers with their contexts", most=ROWS_AT_A_TIME)
        for result in _of_rows([row for row in piece if why_none(row) is None], encode)
    ]
    # Ties by id, so that the order does not depend on that of the rows.
    return tuple(sorted(found, key=lambda each: (each.support, each.row_id)))


def why_none(row: AnswerRow) -> str | None:
    """Why a row has no support; None where it has one.

    >>> why_none(AnswerRow("1", "Is hail covered?", "I could not find this.", ("Hail is covered.",)))
    'the answer is an abstention'
    """
    answer = (row.answer or "").strip()
    if not answer:
        return UNSUPPORTABLE["answer"]
    if not any(context.strip() for context in row.contexts):
        return UNSUPPORTABLE["contexts"]
    if is_abstention(answer):
        return UNSUPPORTABLE["abstention"]
    found = sentences(answer)
    if is_small_talk(row.question) and len(found) <= REPLY_SENTENCES and not any(map(str.isdigit, answer)):
        return UNSUPPORTABLE["small talk"]
    return None if found else UNSUPPORTABLE["sentence"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one sentence of an answer.

    Attributes:
        cosine: with the nearest sentence of the contexts; None without an encoder. context: index of the context it is
            nearest to, by cosine, else by overlap; -1 where nothing is shared.
        bigrams: share of its pairs of neighbouring words in the contexts. words: share of its words in the contexts.
    """

    sentence: Sentence
    cosine: float | None
    context: int
    bigrams: float
    words: float


def measured(rows: Sequence[AnswerRow], encode: Encode | None) -> Iterator[tuple[AnswerRow, tuple[Measured, ...]]]:
    """Every row with its sentences measured; rows are taken together, so that a context that repeats is encoded once."""
    answers = [sentences(row.answer or "") for row in rows]
    contexts = {context: _Context.of(context) for row in rows for context in row.contexts}
    texts = [each.text for found in (*answers, *(each.parts for each in contexts.values())) for each in found]
    vectors = _vectors(texts, encode)
    for row, found in zip(rows, answers, strict=True):
        yield row, _measured(found, [contexts[context] for context in row.contexts], vectors)


@dataclass(frozen=True, slots=True)
class _Context:
    """A context taken apart, once for all rows that were given it."""

    parts: tuple[Sentence, ...]
    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, text: str) -> _Context:
        found = tokens(text)
        return cls(sentences(text), frozenset(found), frozenset(pairwise(found)))


def sentence_support(cosine: float | None, overlap: float) -> float:
    """The support of one sentence, 0 to 1, higher is better.

    >>> sentence_support(0.75, 0.25), sentence_support(None, 0.25), sentence_support(-0.5, 0.25)
    (0.5, 0.25, 0.125)
    """
    if cosine is None:
        return overlap
    return COSINE_WEIGHT * min(1.0, max(0.0, cosine)) + (1 - COSINE_WEIGHT) * overlap


def tokens(text: str) -> list[str]:
    """Words in lower case; scripts without spaces give one token a character.

    >>> tokens("Excess: 250 GBP"), tokens("免赔额250")
    (['excess', '250', 'gbp'], ['免', '赔', '额', '250'])
    """
    return words(text if text.isascii() else _UNSPACED.sub(r" \1 ", text))


def _of_rows(rows: Sequence[AnswerRow], encode: Encode | None) -> Iterator[RowSupport]:
    for row, found in measured(rows, encode):
        parts = tuple(
            SentenceSupport(
                each.sentence.start,
                each.sentence.end,
                each.cosine,
                each.bigrams,
                sentence_support(each.cosine, each.bigrams),
                each.context,
            )
            for each in found
        )
        yield RowSupport(row.row_id, float(np.mean([part.support for part in parts])), parts)


def _vectors(texts: Sequence[str], encode: Encode | None) -> Mapping[str, Vectors] | None:
    if encode is None:
        return None
    distinct = list(dict.fromkeys(texts))
    lots = [distinct[start : start + TEXTS_AT_A_TIME] for start in range(0, len(distinct), TEXTS_AT_A_TIME)]
    return {text: vector for lot in lots for text, vector in zip(lot, encode(lot), strict=True)}


def _measured(
    found: Sequence[Sentence], contexts: Sequence[_Context], vectors: Mapping[str, Vectors] | None
) -> tuple[Measured, ...]:
    all_words = frozenset().union(*(context.words for context in contexts))
    all_pairs = frozenset().union(*(context.pairs for context in contexts))
    owners = [place for place, context in enumerate(contexts) for _ in context.parts]
    matrix = (
        np.stack([vectors[part.text] for context in contexts for part in context.parts]) if vectors and owners else None
    )
    results = []
    for sentence in found:
        own = tokens(sentence.text)
        own_pairs = list(pairwise(own))
        shared = _share(own_pairs, all_pairs) if own_pairs else _share(own, all_words)
        if matrix is not None and vectors is not None:
            cosines = matrix @ vectors[sentence.text]
            best = int(cosines.argmax())
            cosine, nearest = float(np.clip(cosines[best], -1.0, 1.0)), owners[best]
        else:
            cosine, nearest = None, _nearest_by_words(own, own_pairs, contexts)
        results.append(Measured(sentence, cosine, nearest, shared, _share(own, all_words)))
    return tuple(results)


def _share(own: Sequence[object], there: Collection[object]) -> float:
    return sum(token in there for token in own) / len(own) if own else 0.0


def _nearest_by_words(own: Sequence[str], own_pairs: Sequence[tuple[str, str]], contexts: Sequence[_Context]) -> int:
    """Index of the context that shares most pairs, then most words; -1 where none shares a word."""
    shares = [(_share(own_pairs, context.pairs), _share(own, context.words)) for context in contexts]
    best = max(range(len(shares)), key=lambda place: shares[place], default=-1)
    return best if best >= 0 and shares[best][1] > 0 else -1
