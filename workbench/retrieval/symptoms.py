"""What the log of the deployed system says about its retrieval, without any label (R-02 to R-07).

These are symptoms seen from outside; whether another ranking would do better is measured in the comparison.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import sqrt
from pathlib import PurePosixPath
from statistics import NormalDist, median

import numpy as np

from workbench.health.versions import versions_of
from workbench.numbers import percent
from workbench.observing import (
    DocumentNames,
    Signal,
    first_sources,
    listed,
    observe_all,
    of,
    plain,
    share_observation,
    unknown,
)
from workbench.records import CaseInputs, Document, Estimate, Interaction, Observation, Status
from workbench.retrieval.answer_support import is_refusal, is_rephrased, is_supported, phrasing_of
from workbench.retrieval.identifiers import holds, identifiers, squeezed
from workbench.retrieval.retrieved_texts import RetrievedTexts

AUC_LIMIT = 0.65
FEWEST_PER_SIDE = 10
FAITHFUL_LIMIT = 0.50
OUTDATED_LIMIT = 0.10
LEXICAL_GAP_LIMIT = 0.30
HUBS = 3
HUB_LIMIT = 0.30
FEWEST_DOCUMENTS = 20
REPHRASING_LIMIT = 0.25

_NO_LOG = "No log with retrieved documents was handed over."


def score_tells(inputs: CaseInputs) -> Observation:
    """R-02. Seen: the first score tells disliked from liked answers with an AUC above 0.65 and an interval above 0.5.

    Unknown when the point is above and the interval is not, and under ten ratings on a side. Falling scores are the rule;
    rising ones are read as distances. Full weight from 60 ratings.
    """
    rated = [
        (line, score) for line in inputs.log.interactions if line.feedback and (score := _first_score(line)) is not None
    ]
    sign = -1.0 if _are_distances(inputs.log.interactions) else 1.0
    bad = [sign * score for line, score in rated if (line.feedback or 0) < 0]
    good = [sign * score for line, score in rated if (line.feedback or 0) > 0]
    if min(len(bad), len(good)) < FEWEST_PER_SIDE:
        return unknown(
            "R-02", f"Needs ten liked and ten disliked answers with retrieval scores, found {len(good)} and {len(bad)}."
        )
    auc = area_under_curve(good, bad)
    beyond = (auc.value or 0.0) > AUC_LIMIT
    told_apart = percent(auc.value or 0.0, auc.n)
    status: Status = "clean" if not beyond else "seen" if (auc.low or 0.0) > 0.5 else "unknown"
    finding = (
        f"The score of the first retrieved text ranks a liked answer above a disliked one {told_apart} of the time"
        f" ({len(good)} liked, {len(bad)} disliked; 50 % is chance)."
    )
    disliked = sorted(
        ((sign * score, line) for line, score in rated if (line.feedback or 0) < 0), key=lambda pair: pair[0]
    )
    return Observation(
        "R-02", status, finding, first_sources(line.source for _, line in disliked), 1.0, len(rated), 60, auc
    )


def _first_score(line: Interaction) -> float | None:
    return line.retrieved[0].score if line.retrieved else None


def _are_distances(lines: Sequence[Interaction]) -> bool:
    """Whether scores rise down the rankings, as distances do."""
    falls = []
    for line in lines:
        scores = [item.score for item in line.retrieved or () if item.score is not None]
        if len(scores) > 1:
            falls.append(scores[0] - scores[-1])
    return bool(falls) and median(falls) < 0


def area_under_curve(higher: Sequence[float], lower: Sequence[float]) -> Estimate:
    """Chance that a value of the first group exceeds one of the second, ties half; 0 to 1, 0.5 is no difference.

    Both groups hold at least one value. Interval: Hanley & McNeil 1982.
    """
    ours, theirs = np.asarray(higher)[:, None], np.asarray(lower)[None, :]
    auc = float(np.mean((ours > theirs) + 0.5 * (ours == theirs)))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (len(higher) - 1) * (q1 - auc**2) + (len(lower) - 1) * (q2 - auc**2)
    half = NormalDist().inv_cdf(0.975) * sqrt(max(variance, 0.0) / (len(higher) * len(lower)))
    n = len(higher) + len(lower)
    return Estimate(auc, max(0.0, auc - half), min(1.0, auc + half), n, "hanley-mcneil")


def faithful_but_wrong(inputs: CaseInputs) -> Observation:
    """R-03. Seen: more than half of the disliked answers are supported by what was retrieved for them (share rule).

    Support is a lexical proxy: 80 % of the answer's content words and all its numbers stand in the retrieved text or its
    title. Where the log kept no text or a preview, the whole document is taken (then quality is 0.7). Refusals are left out.
    """
    texts = RetrievedTexts(inputs)
    answered = [
        (line, text) for line in inputs.log.interactions if _states_something(line) and (text := texts.of(line))
    ]
    disliked = [(line, text) for line, text in answered if (line.feedback or 0) < 0]
    if not disliked:
        return unknown("R-03", "Needs disliked answers together with the text that was retrieved for them.")
    phrasing = phrasing_of([(line.answer or "", text) for line, text in answered])
    supported = [line for line, text in disliked if is_supported(line.answer or "", text, phrasing)]
    means = ": the model was given the wrong text" if len(supported) * 2 > len(disliked) else ""
    finding = (
        f"{of(len(supported), len(disliked))} disliked answers only repeat what was retrieved for them{means}"
        " (word overlap, a proxy for support)."
    )
    whole = all(texts.whole(item) for line, _ in disliked for item in line.retrieved or ())
    sources = supported or [line for line, _ in disliked]
    return share_observation(
        "R-03",
        len(supported),
        len(disliked),
        FAITHFUL_LIMIT,
        finding,
        sources=[line.source for line in sources],
        quality=1.0 if whole else 0.7,
    )


def _states_something(line: Interaction) -> bool:
    return bool(line.answer) and not is_refusal(line.answer or "")


def outdated(inputs: CaseInputs) -> Observation:
    """R-04. Seen: more than 10 % of the different documents retrieved have a newer version in the corpus (share rule).

    Where no log names what was retrieved, all documents of the corpus are counted instead: any of them may be. What may be
    retrieved is weaker evidence than what was (quality 0.5 where seen, 0.7 where clean).
    """
    lines = [line for line in inputs.log.interactions if line.retrieved]
    if not lines and inputs.documents:
        return _outdated_corpus(inputs.documents)
    names = DocumentNames(inputs.documents)
    by_line = [(line, _documents_of(line, names)) for line in lines]
    retrieved = {document.doc_id for _, documents in by_line for document in documents}
    if not retrieved:
        lacking = _NO_LOG if not lines else "The documents in the log cannot be found in the corpus handed over."
        return unknown("R-04", lacking)
    found = versions_of(inputs.documents)
    old = retrieved & found.newer.keys()
    touched = [
        (line, documents) for line, documents in by_line if any(document.doc_id in old for document in documents)
    ]
    finding = (
        f"{of(len(old), len(retrieved))} documents the assistant returned have a newer version in the corpus;"
        f" {of(len(touched), len(lines))} questions got one{_most_returned(touched, found.newer)}."
    )
    sources = [document.source for document in _ranked_old(touched, old)[:3]] + [line.source for line, _ in touched]
    return share_observation("R-04", len(old), len(retrieved), OUTDATED_LIMIT, finding, sources=sources)


def _outdated_corpus(documents: Sequence[Document]) -> Observation:
    newer = versions_of(documents).newer
    old = [document for document in documents if document.doc_id in newer]
    example = f", for example {_beside(old[0].doc_id, newer)}" if old else ""
    finding = (
        f"{of(len(old), len(documents))} documents of the corpus have a newer version in it{example}"
        " (no log: what the assistant returned is not known)."
    )
    sources = [document.source for document in old]
    found = share_observation("R-04", len(old), len(documents), OUTDATED_LIMIT, finding, sources=sources)
    return replace(found, quality=0.7 if found.status == "clean" else 0.5)


def _beside(doc_id: str, newer: Mapping[str, str]) -> str:
    old, new = (PurePosixPath(one).name for one in (doc_id, newer[doc_id]))
    return f'"{old}" although "{new}" is there'


def _documents_of(line: Interaction, names: DocumentNames) -> list[Document]:
    found = (names.find(item.doc_id) for item in line.retrieved or ())
    return list({document.doc_id: document for document in found if document is not None}.values())


def _ranked_old(touched: Sequence[tuple[Interaction, list[Document]]], old: set[str]) -> list[Document]:
    counts = Counter(document.doc_id for _, documents in touched for document in documents if document.doc_id in old)
    by_id = {document.doc_id: document for _, documents in touched for document in documents}
    return [by_id[doc_id] for doc_id, _ in counts.most_common()]


def _most_returned(touched: Sequence[tuple[Interaction, list[Document]]], newer: Mapping[str, str]) -> str:
    ranked = _ranked_old(touched, set(newer))
    if not ranked:
        return ""
    return f", most often {_beside(ranked[0].doc_id, newer)}"


def lexical_gap(inputs: CaseInputs) -> Observation:
    """R-05. Seen: over 30 % of the questions that name a code have one that stands in no retrieved text (share rule).

    Codes are identifiers, clause numbers and long numbers; ids and titles of the retrieved documents count as text, and so
    does the whole document where the log kept no text or a preview. With a corpus only codes that stand somewhere in it
    count: what is nowhere cannot be retrieved.
    """
    texts = RetrievedTexts(inputs)
    # One text, with a break between documents that no code can cross.
    corpus = "\n".join(squeezed(f"{document.doc_id} {document.title} {document.text}") for document in inputs.documents)
    in_corpus = cache(lambda code: not corpus or holds(corpus, code))
    named = [(line, [code for code in identifiers(line.query) if in_corpus(code)]) for line in inputs.log.interactions]
    asked = [(line, codes, squeezed(text)) for line, codes in named if codes and (text := texts.of(line))]
    if not asked:
        return unknown("R-05", "No logged question names a code together with the text that was retrieved for it.")
    missed = [(line, gap) for line, codes, text in asked if (gap := [code for code in codes if not holds(text, code)])]
    example = f", for example {missed[0][1][0]}" if missed else ""
    known = " that is in the corpus" if corpus else ""
    questions = f"{of(len(missed), len(asked))} questions that name a code or number{known}"
    finding = f"{questions} got no document in which it stands{example}."
    sources = [line.source for line, *_ in missed or asked]
    return share_observation("R-05", len(missed), len(asked), LEXICAL_GAP_LIMIT, finding, sources=sources)


def hubs(inputs: CaseInputs) -> Observation:
    """R-06. Seen: the three documents returned most often are in the results of over 30 % of the different questions.

    Share rule. Unknown with fewer than 20 different documents in the results: then any three are in many.
    """
    results: dict[str, set[str]] = defaultdict(set)
    for line in inputs.log.interactions:
        results[plain(line.query)].update(item.doc_id for item in line.retrieved or () if item.doc_id)
    results = {query: documents for query, documents in results.items() if documents}
    counts = Counter(document for documents in results.values() for document in documents)
    if not counts:
        return unknown("R-06", _NO_LOG)
    if len(counts) < FEWEST_DOCUMENTS:
        return unknown("R-06", f"Only {len(counts)} different documents were returned, too few to speak of hubs.")
    most = [document for document, _ in counts.most_common(HUBS)]
    hit = [query for query, documents in results.items() if documents & set(most)]
    finding = f"{of(len(hit), len(results))} different questions got one of the same three documents: {listed(most)}."
    hit_queries = set(hit)
    sources = [line.source for line in inputs.log.interactions if plain(line.query) in hit_queries]
    return share_observation("R-06", len(hit), len(results), HUB_LIMIT, finding, sources=sources)


def rephrasing(inputs: CaseInputs) -> Observation:
    """R-07. Seen: in more than 25 % of the sessions a question is put again in other words (share rule).

    Two questions in a row are one rephrased when they share half the content words of the shorter, two words at least.
    """
    sessions: dict[str, list[Interaction]] = defaultdict(list)
    for line in inputs.log.interactions:
        if line.session_id:
            sessions[line.session_id].append(line)
    if not sessions:
        return unknown("R-07", "No log with sessions was handed over.")
    again = [pair for lines in sessions.values() if (pair := _first_rephrasing(lines))]
    finding = f"In {of(len(again), len(sessions))} sessions a question was asked again in other words"
    finding += f', for example "{again[0][0].query}" and then "{again[0][1].query}".' if again else "."
    sources = [pair[1].source for pair in again] or [lines[0].source for lines in sessions.values()]
    return share_observation("R-07", len(again), len(sessions), REPHRASING_LIMIT, finding, sources=sources)


def _first_rephrasing(lines: Sequence[Interaction]) -> tuple[Interaction, Interaction] | None:
    return next((pair for pair in pairwise(lines) if is_rephrased(pair[0].query, pair[1].query)), None)


SIGNALS: Mapping[str, Signal] = {
    "R-02": score_tells,
    "R-03": faithful_but_wrong,
    "R-04": outdated,
    "R-05": lexical_gap,
    "R-06": hubs,
    "R-07": rephrasing,
}


def observe(inputs: CaseInputs) -> list[Observation]:
    """One observation per retrieval symptom, in the order of their ids."""
    return observe_all(SIGNALS, inputs)
