"""Checks a retriever against what `workbench.retrieval.protocols` promises, a client's own one above all.

`retriever_faults` says what is broken in sentences, all of it at once; `usable_rankings` refuses what no comparison can use.
Neither judges whether the ranking is any good.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from workbench.errors import InputError, WorkbenchError
from workbench.records import Passage, Query, ScoredPassage
from workbench.retrieval.protocols import Retriever

SHALLOW, DEEP = 3, 10
"""Two depths a retriever is asked for: the shallow ranking must be the top of the deep one."""

SHOWN = 5
"""Faults of one kind told; the rest is like them."""


def retriever_faults(retriever: Retriever, passages: Sequence[Passage], queries: Sequence[Query]) -> list[str]:
    """Every promise the retriever breaks on these questions, in sentences; none for one that may take part in a comparison.

    Args:
        retriever: what is checked, with these passages indexed.
        passages: the corpus; results may name passages or their documents.
        queries: some real questions, and one that finds nothing.
    """
    known = {passage.passage_id for passage in passages} | {passage.doc_id for passage in passages}
    try:
        return _faults(retriever, queries, known)
    except InputError as error:
        return [str(error)]


def usable_rankings(
    name: str, retriever: Retriever, queries: Sequence[Query], k: int, known: Collection[str]
) -> list[list[ScoredPassage]]:
    """What a retriever answers, at most `k` a query, in the order it gives.

    Args:
        name: of its arm, for the message.
        retriever: any object; it is called once.
        queries: the questions.
        k: results a query at most; more are cut off.
        known: ids of passages and documents it may return.

    Raises:
        InputError: it fails, or gives something else than one list of known `ScoredPassage` with finite scores a query.
    """
    rankings = [ranking[:k] for ranking in _answer(name, retriever, queries, k)]
    for query, ranking in zip(queries, rankings, strict=True):
        where = f"retriever '{name}', question '{query.query_id}'"
        for passage in ranking:
            if passage.passage_id not in known:
                raise InputError(
                    f"{where}: '{passage.passage_id}' is neither a passage nor a document of this corpus; "
                    "return passage_id or doc_id as the case names them"
                )
            if not math.isfinite(passage.score):
                raise InputError(
                    f"{where}: '{passage.passage_id}' has the score {passage.score}; return finite numbers"
                )
    return rankings


def _answer(name: str, retriever: Retriever, queries: Sequence[Query], k: int) -> list[list[ScoredPassage]]:
    """The answer as lists of scored passages, whatever sequence or iterator the client's code gave.

    Raises:
        InputError: it fails, or gives something else.
    """
    try:
        answer = retriever.retrieve_all(queries, k)
        found = [[_scored(result) for result in ranking] for ranking in answer]
    except WorkbenchError:
        raise
    # Code that somebody else wrote: it may raise anything.
    except Exception as error:
        raise InputError(f"retriever '{name}' failed: {type(error).__name__}: {error}") from error
    if len(found) != len(queries):
        raise InputError(
            f"retriever '{name}' gave {len(found)} rankings for {len(queries)} queries; give one a query, in their order"
        )
    return found


def _scored(result: object) -> ScoredPassage:
    if not isinstance(result, ScoredPassage) or not isinstance(result.passage_id, str):
        raise TypeError(f"a result is {result!r:.80}, expected ScoredPassage(passage_id, score)")
    return ScoredPassage(result.passage_id, float(result.score))


def _faults(retriever: Retriever, queries: Sequence[Query], known: Collection[str]) -> list[str]:
    def answer(asked: Sequence[Query], k: int) -> list[list[ScoredPassage]]:
        return _answer(getattr(retriever, "name", "without a name"), retriever, asked, k)

    deep = answer(queries, DEEP)
    faults = [
        f"query '{query.query_id}': {fault}"
        for query, ranking in zip(queries, deep, strict=True)
        for fault in _ranking_faults(ranking, known)
    ][:SHOWN]
    try:
        answer([], DEEP)
    except InputError as error:
        faults.append(f"no queries must give no rankings: {error}")
    if answer(queries, DEEP) != deep:
        faults.append("the same call gave another answer; a comparison must be repeatable")
    shallow = answer(queries, SHALLOW)
    if [_ids(ranking) for ranking in shallow] != [_ids(ranking)[:SHALLOW] for ranking in deep]:
        faults.append(
            f"the first {SHALLOW} of {DEEP} are not what {SHALLOW} were asked for; k may only cut the ranking"
        )
    return faults


def _ranking_faults(ranking: Sequence[ScoredPassage], known: Collection[str]) -> list[str]:
    ids, scores = _ids(ranking), [passage.score for passage in ranking]
    faults = []
    if len(ids) > DEEP:
        faults.append(f"{len(ids)} results where at most {DEEP} were asked for")
    if len(set(ids)) < len(ids):
        faults.append("a passage stands in it twice")
    if not all(math.isfinite(score) for score in scores):
        faults.append("a score is not a finite number")
    elif scores != sorted(scores, reverse=True):
        faults.append("scores rise down the ranking; higher must be better and first")
    if unknown := [name for name in ids if name not in known]:
        faults.append(f"'{unknown[0]}' is neither a passage nor a document of the corpus")
    return faults


def _ids(ranking: Sequence[ScoredPassage]) -> list[str]:
    return [passage.passage_id for passage in ranking]
