"""Rules that look at what was retrieved instead of ranks: C8 to C12. They fire on found questions too.

A rule gives the sentence that says why it fires, or None, also where what it needs is not known; what is not known is listed
by `workbench.evaluation.failures.coding`.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.evaluation.failures.attempt import Attempt
from workbench.evaluation.failures.facets import COVERED, coverage
from workbench.evaluation.measures import MIN_RELEVANCE
from workbench.numbers import percent
from workbench.records import Passage

CROWDED_SHARE = 0.5
NEAR_DUPLICATE = 0.95
"""Cosine from which two passages say the same. Share and cosine: reference taxonomy of the workbench, methods 5.7."""


def crowded(attempt: Attempt) -> str | None:
    """C8: at least half of the first k passages repeat an earlier one: same document, or cosine of at least 0.95."""
    passages = attempt.top_passages
    same = alike = 0
    for position, passage in enumerate(passages):
        earlier = passages[:position]
        if any(one.doc_id == passage.doc_id for one in earlier):
            same += 1
        elif _near_duplicate(attempt, passage, earlier):
            alike += 1
    if len(passages) < 2 or same + alike < CROWDED_SHARE * len(passages):
        return None
    return (
        f"{same + alike} of the first {len(passages)} passages repeat an earlier one: "
        f"{same} from the same document, {alike} of nearly the same words in another"
    )


def hub(attempt: Attempt) -> str | None:
    """C9: a passage among the first k that is there for over 5 % of all questions, and is not relevant to this one."""
    hubs = attempt.evidence.hubs.get(attempt.arm)
    if not attempt.question.grades or not hubs:
        return None
    asked = len(attempt.evidence.passage_rankings[attempt.arm])
    for rank, passage in enumerate(attempt.top_passages, start=1):
        times = hubs.get(passage.passage_id)
        if times and attempt.question.grades.get(passage.doc_id, 0) < MIN_RELEVANCE:
            return (
                f"the passage at {rank}, of '{passage.doc_id}', is not relevant here and among the first {attempt.k} "
                f"for {times} of {asked} questions ({percent(times / asked, asked)})"
            )
    return None


def hub_in_the_way(attempt: Attempt) -> bool:
    """Whether the relevant document would be above the cut without the documents that hubs carry."""
    hubs = attempt.evidence.hubs.get(attempt.arm, {})
    above = attempt.above_relevant
    return bool(above) and len(above) - sum(document.passage_id in hubs for document in above) < attempt.k


def out_of_date(attempt: Attempt) -> str | None:
    """C10: a newer version of one of the first k documents is in the corpus.

    A document that is labelled relevant is the version that was asked for, whatever its age.
    """
    newer, relevant = attempt.evidence.newer or {}, attempt.question.relevant
    documents = attempt.top_documents
    outdated = [(rank, one) for rank, one in enumerate(documents, start=1) if one in newer and one not in relevant]
    if not outdated:
        return None
    rank, old = next((one for one in outdated if newer[one[1]] in relevant), outdated[0])
    new = newer[old]
    where = f"which is retrieved too, at {documents.index(new) + 1}" if new in documents else "which is not retrieved"
    wanted = " and is the relevant one" if new in relevant else ""
    return f"'{old}' at {rank} has a newer version in the corpus, '{new}', {where}{wanted}"


def version_in_the_way(attempt: Attempt) -> bool:
    """Whether the newer version is the relevant document, or that would be above the cut without outdated ones."""
    newer, above = attempt.evidence.newer or {}, attempt.above_relevant
    wanted = any(newer.get(doc_id) in attempt.question.relevant for doc_id in attempt.top_documents)
    return wanted or (bool(above) and len(above) - sum(document.doc_id in newer for document in above) < attempt.k)


def partly_covered(attempt: Attempt) -> str | None:
    """C11: one part of the question is covered by a retrieved passage, of another not a single word of its own is retrieved.

    It does not fire where every labelled document is among the first k.
    """
    question, tokens = attempt.question, attempt.evidence.tokens
    if tokens is None or not question.facets or not attempt.top_passages:
        return None
    if question.relevant and set(question.relevant) <= set(attempt.top_documents):
        return None
    texts = [frozenset(tokens(passage.text)) for passage in attempt.top_passages]
    shares = {part: coverage(own, texts) for part, own in question.facets}
    covered = [part for part, share in shares.items() if share >= COVERED]
    missed = [part for part, share in shares.items() if share == 0]
    if not covered or not missed:
        return None
    return f"'{covered[0]}' is covered, of '{missed[0]}' no word is in the first {len(texts)} passages"


def access(attempt: Attempt) -> str | None:
    """C12: the asker is in none of the groups that may read a retrieved document, or it alone does not say who may."""
    labels = attempt.evidence.access
    groups = attempt.evidence.asker_groups.get(attempt.question.query.query_id)
    for rank, doc_id in enumerate(attempt.top_documents, start=1):
        allowed = labels.groups.get(doc_id)
        if groups is not None and allowed is not None and not allowed & groups:
            return f"'{doc_id}' at {rank} is for {_listed(allowed)}; the asker is in {_listed(groups)}"
        if labels.usual and doc_id in attempt.evidence.doc_ids and doc_id not in labels.labelled:
            return f"'{doc_id}' at {rank} does not say who may read it, as most documents do"
    return None


def _near_duplicate(attempt: Attempt, passage: Passage, earlier: Sequence[Passage]) -> bool:
    similar = attempt.evidence.similar
    if similar is None:
        return False
    cosines = (similar(passage.passage_id, one.passage_id) for one in earlier)
    return any(cosine is not None and cosine >= NEAR_DUPLICATE for cosine in cosines)


def _listed(groups: frozenset[str]) -> str:
    return ", ".join(sorted(groups)) or "no group"
