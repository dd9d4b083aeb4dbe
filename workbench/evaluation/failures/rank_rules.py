"""Rules that name a failure from ranks: C1 to C7, and the two names for what no rule fits.

A rule gives the sentence that says why it fires, with the ranks, or None. Each fires on failed questions alone; the one
exception is C1, which also tells a gap in the corpus where everything that was graded is irrelevant.
"""

from __future__ import annotations

from workbench.evaluation.failures.attempt import Attempt, Standing
from workbench.evaluation.failures.codes import BURIED, DEPTH, OTHER

SHOWN = 4
"""Arms named in a sentence."""


def not_reached(attempt: Attempt) -> str | None:
    """C1: no arm has a relevant document in its first 100, or nothing relevant exists and no document holds the answer."""
    question = attempt.question
    if question.grades and not question.relevant and question.answer_absent:
        return f"gap in the corpus: nothing graded is relevant, and no document holds {_quoted(attempt)}"
    if not attempt.failed or any(standing.within(DEPTH) for standing in question.standings.values()):
        return None
    if question.answer_place == "cut apart":
        return None
    reach = max(standing.reach for standing in question.standings.values())
    return f"no arm has it in its first {reach}; {_why_not_reached(attempt)}"


def cut_apart(attempt: Attempt) -> str | None:
    """C2: the words of the answer stand in a relevant document as it was read, but in no single passage."""
    if not attempt.failed or attempt.question.answer_place != "cut apart":
        return None
    documents = _named(attempt.question.relevant)
    return f"the words of the answer stand in {documents}, but in no single passage; {_own_standing(attempt)}"


def exact_term_missed(attempt: Attempt) -> str | None:
    """C3: words find it and the dense leg does not, the question has an exact term, and the arm has no leg of words.

    Where the passage BM25 found is known, it must hold one of the terms: else BM25 found it by something else.
    """
    evidence, question = attempt.evidence, attempt.question
    words, dense = _leg(attempt, evidence.lexical), _leg(attempt, evidence.dense) or _itself(attempt)
    if not attempt.failed or set(evidence.own_legs(attempt.arm)) & evidence.lexical or words is None:
        return None
    terms = _terms_found(attempt, words)
    if not terms or not words.within(attempt.k) or dense.within(attempt.k):
        return None
    spelled = dict.fromkeys(_as_written(question.query.text, term) for term in terms)
    names = ", ".join(f"'{term}'" for term in list(spelled)[:SHOWN])
    return f"{words}, {dense}, and the question names {names}"


def paraphrase_missed(attempt: Attempt) -> str | None:
    """C4: the dense leg finds it and words do not, and the arm has no dense leg."""
    evidence = attempt.evidence
    dense, words = _leg(attempt, evidence.dense), _leg(attempt, evidence.lexical) or _itself(attempt)
    if not attempt.failed or set(evidence.own_legs(attempt.arm)) & evidence.dense or dense is None:
        return None
    if not dense.within(attempt.k) or words.within(attempt.k):
        return None
    return f"{dense}, {words}"


def too_deep(attempt: Attempt) -> str | None:
    """C5: the best leg has it below the cut, within 100; where a reranker ran, reranking brings it above the cut."""
    evidence, question = attempt.evidence, attempt.question
    best = question.best(_legs_looked_at(attempt))
    if not attempt.failed or best is None or best.within(attempt.k) or not best.within(DEPTH):
        return None
    reranked = question.best(sorted(evidence.reranked))
    if reranked is None:
        return f"the best leg is below the first {attempt.k}: {best}"
    return f"{best}, and {reranked}" if reranked.within(attempt.k) else None


def lost_in_fusion(attempt: Attempt) -> str | None:
    """C6: a leg has it above the cut and the fusion of the legs does not."""
    evidence, question = attempt.evidence, attempt.question
    legs = evidence.own_legs(attempt.arm)
    fused = question.standings.get(evidence.fused(attempt.arm))
    if not attempt.failed or len(legs) < 2 or fused is None or fused.within(attempt.k):
        return None
    known = [question.standings[leg] for leg in legs if leg in question.standings]
    if not any(leg.within(attempt.k) for leg in known):
        return None
    return f"{', '.join(map(str, known))}; fused: {fused}"


def lost_in_reranking(attempt: Attempt) -> str | None:
    """C7: the arm before the reranking has it above the cut, the reranked one does not."""
    before = attempt.evidence.fused(attempt.arm)
    standing = attempt.question.standings.get(before)
    if not attempt.failed or before == attempt.arm or standing is None or not standing.within(attempt.k):
        return None
    return f"{standing}; reranked: {_itself(attempt)}"


def left_over(attempt: Attempt) -> tuple[str, str]:
    """Code and sentence of a failed question no rule fits: whether any arm has it above the cut, and where they stand."""
    standings = sorted(attempt.question.standings.values(), key=lambda one: one.rank or DEPTH + 1)
    others = [one for one in standings if one.arm != attempt.arm and one.rank][:SHOWN]
    code = OTHER if any(one.within(attempt.k) for one in others) else BURIED
    return code, "; ".join(map(str, [_itself(attempt), *others]))


def _why_not_reached(attempt: Attempt) -> str:
    question, evidence = attempt.question, attempt.evidence
    held = [doc_id for doc_id in question.relevant if doc_id in evidence.doc_ids]
    if held:
        return f"{_named(held)} is labelled relevant and in the corpus, so this is no gap in the corpus"
    if not evidence.doc_ids:
        return "whether the corpus holds it was not looked at"
    labelled = f"{_named(question.relevant)} is labelled relevant and not among the documents read"
    if question.answer_absent:
        return f"gap in the corpus: {labelled}, and no document holds {_quoted(attempt)}"
    return labelled


def _itself(attempt: Attempt) -> Standing:
    return attempt.question.standings[attempt.arm]


def _own_standing(attempt: Attempt) -> str:
    return str(_itself(attempt))


def _leg(attempt: Attempt, kind: frozenset[str]) -> Standing | None:
    """The arm's own leg of a kind; where it has none, the best of that kind that was run."""
    own = [leg for leg in attempt.evidence.own_legs(attempt.arm) if leg in kind]
    return attempt.question.best(own) or attempt.question.best(sorted(kind))


def _legs_looked_at(attempt: Attempt) -> list[str]:
    """The legs a fusion is made of; for an arm that fuses nothing all single legs there are, and itself."""
    evidence = attempt.evidence
    own = [leg for leg in evidence.own_legs(attempt.arm) if leg in attempt.question.standings]
    return own if len(own) > 1 else [*own, *sorted(evidence.dense | evidence.lexical)]


def _terms_found(attempt: Attempt, words: Standing) -> tuple[str, ...]:
    """Exact terms of the question that the passage found by words holds; all of them where that passage is not known."""
    evidence, query_id = attempt.evidence, attempt.question.query.query_id
    terms = evidence.exact_terms.get(query_id, ())
    if not terms or not words.rank or not evidence.tokens:
        return terms
    found = evidence.runs[words.arm].rankings[query_id][words.rank - 1]
    passage = evidence.passages_by_id.get(found.passage_id)
    held = set(terms) if passage is None else set(evidence.tokens(passage.text))
    return tuple(term for term in terms if term in held)


def _as_written(text: str, token: str) -> str:
    """The word of the question a stemmed token was made from; the token itself where none begins like it."""
    words = [(word.strip(".,;:?!()[]\"'"), _parts(word)) for word in text.split()]
    exact = [word for word, parts in words if token in parts]
    return next(iter(exact or [word for word, parts in words if any(p.startswith(token) for p in parts)]), token)


def _parts(word: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in word.lower()).split()


def _quoted(attempt: Attempt) -> str:
    return f"the answer '{(attempt.question.query.reference_answer or '').strip()}'"


def _named(doc_ids: tuple[str, ...] | list[str]) -> str:
    more = f" (and {len(doc_ids) - 1} more)" if len(doc_ids) > 1 else ""
    return f"'{doc_ids[0]}'{more}"
