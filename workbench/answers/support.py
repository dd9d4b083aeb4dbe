"""The support proxy: how much of each sentence of an answer is found in its contexts, as an order in which people read answers.

It compares words and vectors and understands nothing: a negation or a swapped name passes. It is no faithfulness and has
no target. Abstentions have none, for they claim nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from workbench.answers.abstention import is_abstention
from workbench.answers.sentences import Sentence, sentences
from workbench.observing import words
from workbench.records import AnswerRow, RowSupport, SentenceSupport
from workbench.retrieval.protocols import Vectors

Encode = Callable[[Sequence[str]], Vectors]

ROWS_AT_A_TIME = 64
"""Rows whose sentences are encoded together: their contexts repeat, and the memory has a bound."""
COSINE_WEIGHT = 0.5
"""Share of the cosine in a sentence's support, the rest is overlap; bench/support_proxy.py compares it with other formulas."""

_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")

UNSUPPORTABLE = {
    "answer": "no answer",
    "contexts": "no contexts",
    "abstention": "the answer is an abstention",
    "sentence": "no sentence in the answer",
}
"""Why a row has no support, in words."""


def support(rows: Sequence[AnswerRow], encode: Encode | None) -> tuple[RowSupport, ...]:
    """The support of every row that can have one, least supported first; `why_none` tells why another has none.

    A row's support is the mean over its sentences. A sentence's is the mean of its cosine with the nearest sentence of the
    contexts (at least 0) and its overlap; without an encoder the overlap alone.

    Args:
        rows: answers with contexts.
        encode: texts -> rows of length 1; None leaves the cosine out.
    """
    wanted = [row for row in rows if why_none(row) is None]
    found = [
        result
        for start in range(0, len(wanted), ROWS_AT_A_TIME)
        for result in _of_rows(wanted[start : start + ROWS_AT_A_TIME], encode)
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
    return None if sentences(answer) else UNSUPPORTABLE["sentence"]


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
    parts = {context: sentences(context) for row in rows for context in row.contexts}
    texts = [each.text for found in (*answers, *parts.values()) for each in found]
    vectors = _vectors(texts, encode)
    for row, found in zip(rows, answers, strict=True):
        yield row, _measured(row, found, parts, vectors)


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
    return [part for word in words(text) for part in _UNSPACED.sub(r" \1 ", word).split()]


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
    return dict(zip(distinct, encode(distinct), strict=True))


def _measured(
    row: AnswerRow,
    found: Sequence[Sentence],
    parts: Mapping[str, tuple[Sentence, ...]],
    vectors: Mapping[str, Vectors] | None,
) -> tuple[Measured, ...]:
    by_context = [tokens(context) for context in row.contexts]
    vocabularies = [set(each) for each in by_context]
    pairs = [set(pairwise(each)) for each in by_context]
    all_words, all_pairs = set().union(*vocabularies), set().union(*pairs)
    owners = [place for place, context in enumerate(row.contexts) for _ in parts[context]]
    matrix = (
        np.stack([vectors[each.text] for context in row.contexts for each in parts[context]])
        if vectors and owners
        else None
    )
    results = []
    for sentence in found:
        own = tokens(sentence.text)
        own_pairs = list(pairwise(own))
        shared = _share(own_pairs, all_pairs) if own_pairs else _share(own, all_words)
        cosine, context = None, _nearest_by_words(own, own_pairs, vocabularies, pairs)
        if matrix is not None and vectors is not None:
            cosines = matrix @ vectors[sentence.text]
            best = int(cosines.argmax())
            cosine, context = float(np.clip(cosines[best], -1.0, 1.0)), owners[best]
        results.append(Measured(sentence, cosine, context, shared, _share(own, all_words)))
    return tuple(results)


def _share(own: Sequence[object], there: Collection[object]) -> float:
    return sum(token in there for token in own) / len(own) if own else 0.0


def _nearest_by_words(
    own: Sequence[str],
    own_pairs: Sequence[tuple[str, str]],
    vocabularies: Sequence[set[str]],
    pairs: Sequence[set[tuple[str, str]]],
) -> int:
    """Index of the context that shares most pairs, then most words; -1 where none shares a word."""
    shares = [(_share(own_pairs, there), _share(own, known)) for there, known in zip(pairs, vocabularies, strict=True)]
    best = max(range(len(shares)), key=lambda place: shares[place], default=-1)
    return best if best >= 0 and shares[best][1] > 0 else -1
