"""Findability of the documents of a case: probes made from the documents, searched by every arm that can be run anew.

What a probe is belongs to `workbench.retrieval.probes`, what finding means to `workbench.evaluation.findability`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.comparison.deployed import DEPLOYED
from workbench.compute import Progress, scaled
from workbench.errors import MissingPartError
from workbench.evaluation.findability import findability, probe_ranks
from workbench.numbers import count
from workbench.records import CaseInputs, Findability, Run
from workbench.retrieval.arms import Corpus, Search
from workbench.retrieval.probes import probes_of
from workbench.retrieval.telling import cut_short, says_something

PROBED = 200
"""Documents probed unless another number is asked for: the share found is known to within 7 points."""

NOTHING_ELSE = "no heading or full sentence stands in it alone"
SHARED_TITLE = f"other documents have the same title, and {NOTHING_ELSE}"
EMPTY_TITLE = f"the title says too little to search for, and {NOTHING_ELSE}"
"""Why a document gives no probe."""


@dataclass(frozen=True, slots=True)
class Found:
    """Findability with the rows of its table: doc_id, kind, probe, run, rank (0: not found), and what a reader should know."""

    findability: Findability
    rows: Sequence[tuple[object, ...]]
    notes: Sequence[str]


def findability_of(
    corpus: Corpus, inputs: CaseInputs, arms: Sequence[str], probed: int | None, seed: int, progress: Progress
) -> Found | None:
    """How many documents each arm finds by their own words; None when no document is probed or none gives a probe.

    The deployed system takes no part: nobody asked it these questions. Nor do a client's own retrievers, which may cost money.

    Args:
        corpus: with the indexes the comparison built.
        inputs: the case as read.
        arms: the arms that ran.
        probed: documents probed; None for the usual number, 0 for none.
        seed: of the sample and of the intervals.
        progress: called with the share done.
    """
    probes = probes_of(inputs.documents, inputs.passages, sample=PROBED if probed is None else probed, seed=seed)
    if not probes.probes:
        return None
    search = Search(corpus, probes.queries())
    runs: dict[str, Run] = {}
    ours = [arm for arm in arms if arm != DEPLOYED and arm not in corpus.retrievers]
    for number, arm in enumerate(ours):
        corpus.progress = scaled(progress, number / len(ours), (number + 1) / len(ours))
        corpus.tell(0.0, f"looking for {len(probes.probes):,} probes")
        try:
            runs[arm] = search.run(arm)
        except MissingPartError:
            continue  # the comparison says why the arm is not there
    titles = {document.doc_id: document.title for document in inputs.documents}
    without = {doc_id: _why_no_probe(titles[doc_id]) for doc_id in probes.without_probe}
    result = findability(
        probes.probes,
        runs,
        probes.documents,
        rng=np.random.default_rng(seed),
        drawn=probes.drawn,
        copies=probes.copies,
        without_probe=without,
    )
    rows = probe_ranks(probes.probes, runs, copies=probes.copies)
    notes = [_note(Counter(without.values()), probes.drawn)] if without else []
    return Found(result, [(row.doc_id, row.kind, row.probe, row.run, row.rank) for row in rows], notes)


def _why_no_probe(title: str) -> str:
    return SHARED_TITLE if says_something(cut_short(title)) else EMPTY_TITLE


def _note(reasons: Counter[str], drawn: int) -> str:
    number = sum(reasons.values())
    their, are = ("its", "is") if number == 1 else ("their", "are")
    why = "; ".join(f"{reason} ({count(times)})" for reason, times in reasons.most_common())
    return (
        f"{count(number)} of {count(drawn)} documents drawn could not be searched for by {their} own words and {are} left out of "
        f"the shares of documents found: {why}"
    )
