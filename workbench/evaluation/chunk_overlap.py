"""Whether evaluation questions were written from the indexed text: phrases they share with it, beside those of logged questions.

It compares wordings; a question that was taken from the log is none that was written from a document, however much they share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.observing import DocumentNames, plain, words
from workbench.records import CaseInputs, EvalItem, Interaction, Passage

FEWEST_WORDS = 5
"""Shorter questions have too few pairs of words to share."""
FEWEST = 30
"""Logged questions with that many words, below which there is nothing to compare with."""
MOST_QUERIES = 2_000
MOST_PASSAGES = 20_000
BLOCK = 500
"""Questions compared with all passages at a time."""
FAR_ABOVE = 0.95
"""Of the logged questions: what lies above that point is more than all but one in twenty people share with any passage."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Copied:
    """How many items share more of their phrases with their reference document than people's questions share with any.

    Attributes:
        copies: items far above. n: items compared.
        usual: share of its pairs of words that the median logged question has in common with the passage most like it.
        limit: the 95 % point of that share.
        queries: logged questions compared.
        median: the median item's share. examples: the copies, most alike first.
    """

    copies: int
    n: int
    usual: float
    limit: float
    queries: int
    median: float
    examples: tuple[EvalItem, ...]


def copied(inputs: CaseInputs) -> Copied | str:
    """Items written from the text of their reference document, or why that cannot be told.

    Compared are pairs of neighbouring words of questions with five words and more: the share found in one passage. An item is
    held against the passages of its reference documents; a logged question, to be on the safe side, against every passage of the
    corpus (20,000 at most) and every text retrieved for it.
    """
    documents = DocumentNames(inputs.documents)
    items = {item: _gold(item, documents) for item in inputs.evals.items if len(words(item.question)) >= FEWEST_WORDS}
    referred = {item: gold for item, gold in items.items() if gold}
    asked = _different(inputs.log.interactions)
    if not inputs.passages or not referred:
        return "no evaluation question of five words and more names a document of the corpus"
    if len(asked) < FEWEST:
        return f"fewer than {FEWEST} logged questions have {FEWEST_WORDS} words and more"
    of_items = _items(referred, inputs.passages)
    of_queries = _queries(asked, inputs.passages)
    limit = float(np.quantile(of_queries, FAR_ABOVE))
    pairs = sorted(zip(of_items.tolist(), referred, strict=True), key=lambda pair: -pair[0])
    above = tuple(item for share, item in pairs if share > limit)
    return Copied(
        len(above),
        len(referred),
        float(np.median(of_queries)),
        limit,
        len(asked),
        float(np.median(of_items)),
        above,
    )


def _gold(item: EvalItem, documents: DocumentNames) -> frozenset[str]:
    found = (documents.find(doc_id) for doc_id in item.reference_doc_ids)
    return frozenset(document.doc_id for document in found if document is not None)


def _different(interactions: Sequence[Interaction]) -> list[Interaction]:
    """The first line of each wording of five words and more, thinned evenly to 2,000."""
    first: dict[str, Interaction] = {}
    for line in interactions:
        first.setdefault(plain(line.query), line)
    long = [line for wording, line in first.items() if len(wording.split()) >= FEWEST_WORDS]
    return long[:: max(1, -(-len(long) // MOST_QUERIES))]


def _items(referred: Mapping[EvalItem, frozenset[str]], passages: Sequence[Passage]) -> Numbers:
    wanted = frozenset().union(*referred.values())
    texts: dict[str, list[str]] = {}
    for passage in passages:
        if passage.doc_id in wanted:
            texts.setdefault(passage.doc_id, []).append(passage.text)
    return np.array(
        [
            _most_shared(item.question, (text for doc_id in gold for text in texts.get(doc_id, ())))
            for item, gold in referred.items()
        ]
    )


def _most_shared(question: str, texts: Iterable[str]) -> float:
    pairs = set(_pairs(question))
    return max((len(pairs & set(_pairs(text))) / len(pairs) for text in texts), default=0.0)


def _queries(asked: Sequence[Interaction], passages: Sequence[Passage]) -> Numbers:
    thinned = passages[:: max(1, -(-len(passages) // MOST_PASSAGES))]
    anywhere = _best_anywhere([line.query for line in asked], [passage.text for passage in thinned])
    retrieved = [_most_shared(line.query, (got.text for got in line.retrieved or () if got.text)) for line in asked]
    return np.maximum(anywhere, retrieved)


def _best_anywhere(queries: Sequence[str], texts: Sequence[str]) -> Numbers:
    """Of each query the largest share of its pairs that any one text holds."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=_pairs, binary=True, dtype=np.float32)
    asked = counter.fit_transform(queries)
    held = counter.transform(texts).T.tocsr()
    most = np.concatenate([_row_maxima(asked[start : start + BLOCK] @ held) for start in range(0, len(queries), BLOCK)])
    return np.asarray(most / np.asarray(asked.sum(axis=1)).ravel(), dtype=np.float64)


def _row_maxima(shared: Any) -> Numbers:  # noqa: ANN401 - a sparse matrix of a library without types
    return np.asarray(shared.max(axis=1).toarray(), dtype=np.float64).ravel()


def _pairs(text: str) -> Iterator[str]:
    told = words(text)
    return (f"{one} {other}" for one, other in pairwise(told))
