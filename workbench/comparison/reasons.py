"""Why the built-in reranker puts a document where it stands: kept for the first of every question, computed for any other.

Features and weights belong to `workbench.retrieval.learned`; this asks for them and shapes the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.comparison.questions import questions_of
from workbench.errors import InputError
from workbench.records import CaseInputs, Query
from workbench.retrieval.arms import ArmSettings, Corpus, Search
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.learned import FeatureReason
from workbench.retrieval.rerank_step import one_thread

ARM = "hybrid+rerank"
KEPT_DOCUMENTS = 3
"""First documents of every question whose reasons are kept."""
KEPT_FEATURES = 8
"""Features kept of each, the weightiest first; the others are kept as one sum."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a document stands where it stands for a question.

    Attributes:
        before: rank in the fusion. after: rank after reranking; None where it is not among the first 100.
        reasons: what each feature adds to its score, the weightiest first; empty below what is reordered.
    """

    query: str
    doc_id: str
    before: int | None
    after: int | None
    reasons: tuple[FeatureReason, ...]


def reason_rows(search: Search) -> Iterator[tuple[object, ...]]:
    """query_id, doc_id, feature, text, value, contribution: for the first documents of every question."""
    run = search.run(ARM)
    with one_thread():
        for query in search.queries:
            first = [document.doc_id for document in run.rankings[query.query_id][:KEPT_DOCUMENTS]]
            yield from _rows(query.query_id, search.reasons(ARM, query, first))


def _rows(query_id: str, found: Mapping[str, Sequence[FeatureReason]]) -> Iterator[tuple[object, ...]]:
    for doc_id, reasons in found.items():
        for reason in reasons[:KEPT_FEATURES]:
            yield (query_id, doc_id, reason.feature, reason.text, reason.value, reason.contribution)
        rest = [reason.contribution for reason in reasons[KEPT_FEATURES:]]
        if rest:
            # Without it what is shown would not add up to the score.
            yield (query_id, doc_id, "rest", f"{len(rest)} other features together", float(len(rest)), sum(rest))


def explain(inputs: CaseInputs, store: Path, question: str, doc_id: str) -> Explanation:
    """Why a document stands where it stands for a question, with the default arms.

    Args:
        inputs: the case as read.
        store: where vectors are kept.
        question: id of a question of the comparison, or any text.
        doc_id: a document of the case.

    Raises:
        InputError: no such document, or an empty question. MissingPartError: no encoder.
    """
    if doc_id not in {document.doc_id for document in inputs.documents}:
        raise InputError(f"'{doc_id}' is not a document of {inputs.name}; give its id as the case names it")
    known = next((query for query in questions_of(inputs) if query.query_id == question), None)
    query = known or Query("asked", question.strip())
    if not query.text:
        raise InputError("the question is empty; give its id, or its words")
    corpus = Corpus(inputs.documents, inputs.passages, store, ArmSettings(), load_encoder=load_encoder)
    search = Search(corpus, [query])
    ranks = {arm: _rank(search, arm, query, doc_id) for arm in ("hybrid", ARM)}
    reasons = search.reasons(ARM, query, [doc_id]).get(doc_id, ())
    return Explanation(query.text, doc_id, ranks["hybrid"], ranks[ARM], reasons)


def _rank(search: Search, arm: str, query: Query, doc_id: str) -> int | None:
    ranking = enumerate(search.run(arm).rankings[query.query_id], start=1)
    return next((rank for rank, document in ranking if document.doc_id == doc_id), None)
