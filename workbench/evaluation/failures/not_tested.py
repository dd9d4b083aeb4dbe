"""Which failure codes could not be looked at, and why: a code without material is never taken for one that did not fire."""

from __future__ import annotations

from collections.abc import Callable

from workbench.evaluation.failures.evidence import FailureEvidence
from workbench.evaluation.failures.facets import facets_of


def codes_not_tested(evidence: FailureEvidence) -> dict[str, str]:
    """Code -> why it, or the part of it that the sentence names, was not looked at; codes looked at in full are left out."""
    reasons = {code: reason(evidence) for code, reason in REASONS.items()}
    return {code: reason for code, reason in reasons.items() if reason}


def _gap(evidence: FailureEvidence) -> str:
    return "" if _answers(evidence) else "gaps in the corpus are not told apart: no question has a reference answer"


def _cut_apart(evidence: FailureEvidence) -> str:
    if not evidence.documents or not evidence.passages:
        return "the texts of documents and passages are not known"
    return "" if _answers(evidence) else "no question has a reference answer"


def _exact_terms(evidence: FailureEvidence) -> str:
    if not evidence.lexical & evidence.runs.keys():
        return "no arm searches by words alone"
    return "" if evidence.exact_terms else "no question has a number, code or rare word"


def _paraphrase(evidence: FailureEvidence) -> str:
    return "" if evidence.dense & evidence.runs.keys() else "no arm is dense retrieval alone"


def _fusion(evidence: FailureEvidence) -> str:
    fusions = [arm for arm in evidence.coded_arms if len(evidence.own_legs(arm)) > 1]
    if not fusions:
        return "no arm fuses legs"
    parts = {arm: (*evidence.own_legs(arm), evidence.fused(arm)) for arm in fusions}
    return _for_arms([a for a in fusions if not set(parts[a]) <= evidence.runs.keys()], "not all of its legs were run")


def _reranking(evidence: FailureEvidence) -> str:
    reranked = [arm for arm in evidence.coded_arms if arm in evidence.steps]
    if not reranked:
        return "no arm reranks"
    missing = [arm for arm in reranked if evidence.steps[arm] not in evidence.runs]
    return _for_arms(missing, "what it was before reranking was not run")


def _crowding(evidence: FailureEvidence) -> str:
    unknown = _for_arms(_without_passages(evidence), "which passages it retrieved is not known")
    alike = "passages of different documents were not compared: no vectors" if evidence.similar is None else ""
    return "; ".join(filter(None, (unknown, alike)))


def _hubs(evidence: FailureEvidence) -> str:
    return _for_arms(_without_passages(evidence), "which passages it retrieved is not known")


def _versions(evidence: FailureEvidence) -> str:
    return "versions of documents were not looked for" if evidence.newer is None else ""


def _parts(evidence: FailureEvidence) -> str:
    tokens = evidence.tokens
    if tokens is None:
        return "questions were not taken apart"
    if not any(facets_of(query.text, tokens) for query in evidence.queries):
        return "no question plainly asks several things"
    return _hubs(evidence)


def _access(evidence: FailureEvidence) -> str:
    if not evidence.access.labelled:
        return "no document says who may read it"
    if evidence.asker_groups:
        return ""
    if evidence.access.usual:
        return "nothing says which groups the askers are in; only documents without an access label were looked for"
    return "nothing says which groups the askers are in, and too few documents carry an access label to miss one"


def _answers(evidence: FailureEvidence) -> bool:
    return any(query.reference_answer for query in evidence.queries)


def _without_passages(evidence: FailureEvidence) -> list[str]:
    return [arm for arm in evidence.coded_arms if not evidence.passage_rankings.get(arm)]


def _for_arms(arms: list[str], why: str) -> str:
    return f"{', '.join(arms)}: {why}" if arms else ""


REASONS: dict[str, Callable[[FailureEvidence], str]] = {
    "C1": _gap,
    "C2": _cut_apart,
    "C3": _exact_terms,
    "C4": _paraphrase,
    "C6": _fusion,
    "C7": _reranking,
    "C8": _crowding,
    "C9": _hubs,
    "C10": _versions,
    "C11": _parts,
    "C12": _access,
}
