"""Findability of the documents of a case: probes made from the documents, searched by every arm that can be run anew.

What a probe is belongs to `workbench.retrieval.probes`, what finding means to `workbench.evaluation.findability`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.comparison.deployed import DEPLOYED
from workbench.compute import Progress, scaled
from workbench.errors import MissingPartError
from workbench.evaluation.findability import findability, probe_ranks
from workbench.records import CaseInputs, Findability, Run
from workbench.retrieval.arms import Corpus, Search
from workbench.retrieval.probes import probes_of

PROBED = 200
"""Documents probed unless another number is asked for: the share found is known to within 7 points."""


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
    result = findability(
        probes.probes,
        runs,
        probes.documents,
        rng=np.random.default_rng(seed),
        drawn=probes.drawn,
        copies=probes.copies,
    )
    rows = probe_ranks(probes.probes, runs, copies=probes.copies)
    without = len(probes.without_probe)
    notes = [f"findability: {without:,} of {probes.drawn:,} documents drawn give no probe"] if without else []
    return Found(result, [(row.doc_id, row.kind, row.probe, row.run, row.rank) for row in rows], notes)
