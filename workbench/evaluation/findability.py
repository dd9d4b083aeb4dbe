"""Which documents an arm finds by probe queries made of their own words, and which no arm finds.

The probes are made in `workbench.retrieval.probes`. They need no labels and replace none: finding a document by its own
words is the least a search must do, and says nothing about answers to questions that people ask.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from workbench.evaluation.statistics import mean_estimate
from workbench.intervals import wilson
from workbench.records import Estimate, Findability, Run

FINDABILITY_K = 5
"""The cut of the failure codes, too: what a prompt usually holds."""

ProbeKind = Literal["title", "heading", "sentence"]
KINDS: tuple[ProbeKind, ...] = ("title", "heading", "sentence")

Copies = Mapping[str, Collection[str]]
"""doc_id -> documents with the same words; a probe is answered by any of them."""


class DocumentProbe(Protocol):
    """A query made of one document's words; see `workbench.retrieval.probes.Probe`."""

    @property
    def probe_id(self) -> str:
        """The query's id in a run."""
        ...

    @property
    def doc_id(self) -> str:
        """The document it was made from."""
        ...

    @property
    def kind(self) -> ProbeKind:
        """What of the document it was made from."""
        ...

    @property
    def text(self) -> str:
        """The query."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeRank:
    """Where one run ranked the document a probe was made from, or its best ranked copy; rank 0 is not in the ranking."""

    doc_id: str
    kind: ProbeKind
    probe: str
    run: str
    rank: int


def probe_ranks(
    probes: Sequence[DocumentProbe], runs: Mapping[str, Run], *, copies: Copies | None = None
) -> list[ProbeRank]:
    """One row a probe and run that ran it, for the table of a comparison."""
    return [
        ProbeRank(probe.doc_id, probe.kind, probe.text, arm, _rank(run, probe, copies or {}))
        for probe in probes
        for arm, run in runs.items()
        if probe.probe_id in run.rankings
    ]


def findability(
    probes: Sequence[DocumentProbe],
    runs: Mapping[str, Run],
    documents_total: int,
    k: int = FINDABILITY_K,
    *,
    rng: np.random.Generator,
    drawn: int | None = None,
    copies: Copies | None = None,
    naive: str = "dense",
    without_probe: Mapping[str, str] | None = None,
) -> Findability:
    """Shares of documents each arm finds by their probes, and the documents that are missed.

    The unit is the document, for its probes are about the same text. Of a sample of the corpus, shares get an interval over
    documents: Wilson for shares of yes and no, a BCa bootstrap for means of shares. Where every document was drawn nothing
    is left to chance, and the shares are exact counts of these probes; other probes could give other counts, which no
    interval over documents would tell.

    An arm is not measured when its run keeps fewer than k documents or did not run every probe; it finds nothing and
    misses nothing then.

    Args:
        probes: in corpus order.
        runs: arm -> its run; `query_id` is `probe_id`.
        documents_total: documents of the corpus that hold text.
        k: ranks looked at.
        rng: source of the resamples.
        drawn: documents that were drawn for probing, those that gave no probe among them; None: those with probes.
        copies: a copy that is found answers for the document.
        naive: the arm that counts as naive retrieval.
        without_probe: doc_id -> why a drawn document gave no probe, to be kept with the result.

    Raises:
        ValueError: k is below 1.
    """
    if k < 1:
        raise ValueError(f"k must be 1 or more, got {k}")
    sampled = tuple(dict.fromkeys(probe.doc_id for probe in probes))
    everything = (len(sampled) if drawn is None else drawn) >= documents_total
    reasons = {arm: _why_not(run, probes, k) for arm, run in runs.items()}
    found = {
        arm: [1 <= _rank(run, probe, copies or {}) <= k for probe in probes]
        for arm, run in runs.items()
        if not reasons[arm]
    }
    of_document = {arm: _shares(probes, hits) for arm, hits in found.items()}
    mean = _exact_mean if everything else _mean_over(rng)
    share = _exact_share if everything else wilson
    missed_by_naive = _missed(sampled, [of_document[naive]]) if naive in of_document else ()
    missed_by_all = _missed(sampled, of_document.values()) if of_document else ()
    no_naive = reasons.get(naive) or f"the arm {naive} was not run"
    return Findability(
        documents=documents_total,
        sampled=len(sampled),
        probes=len(probes),
        k=k,
        arms={
            arm: Estimate.not_measured(reason) if reason else mean(list(of_document[arm].values()))
            for arm, reason in reasons.items()
        },
        by_kind={arm: _by_kind(probes, hits, share) for arm, hits in found.items()},
        naive_misses=share(len(missed_by_naive), len(sampled))
        if naive in of_document
        else Estimate.not_measured(no_naive),
        all_miss=share(len(missed_by_all), len(sampled))
        if of_document
        else Estimate.not_measured("no arm ran the probes"),
        missed_by_naive=missed_by_naive,
        missed_by_all=missed_by_all,
        without_probe=dict(without_probe or {}),
    )


def _why_not(run: Run, probes: Sequence[DocumentProbe], k: int) -> str:
    """Why a run says nothing about these probes; "" when it does."""
    if not probes:
        return "no document gave a probe"
    if run.depth < k:
        return f"the run keeps {run.depth} results a probe, too few to look at {k}"
    missing = sum(probe.probe_id not in run.rankings for probe in probes)
    return f"{missing:,} of {len(probes):,} probes were not run" if missing else ""


def _rank(run: Run, probe: DocumentProbe, copies: Copies) -> int:
    wanted = {probe.doc_id, *copies.get(probe.doc_id, ())}
    ranking = enumerate(run.rankings.get(probe.probe_id, ()), start=1)
    return next((rank for rank, document in ranking if document.doc_id in wanted), 0)


def _shares(probes: Sequence[DocumentProbe], hits: Sequence[bool]) -> dict[str, float]:
    """doc_id -> share of its probes that found it."""
    outcomes: dict[str, list[bool]] = {}
    for probe, hit in zip(probes, hits, strict=True):
        outcomes.setdefault(probe.doc_id, []).append(hit)
    return {doc_id: sum(own) / len(own) for doc_id, own in outcomes.items()}


def _missed(sampled: Iterable[str], shares: Iterable[Mapping[str, float]]) -> tuple[str, ...]:
    every = list(shares)
    return tuple(doc_id for doc_id in sampled if not any(own[doc_id] for own in every))


def _by_kind(
    probes: Sequence[DocumentProbe], hits: Sequence[bool], share: Callable[[int, int], Estimate]
) -> dict[str, Estimate]:
    """A document has one probe of a kind at most, so the probes of a kind are as independent as their documents."""
    own = {kind: [hit for probe, hit in zip(probes, hits, strict=True) if probe.kind == kind] for kind in KINDS}
    return {kind: share(sum(outcomes), len(outcomes)) for kind, outcomes in own.items() if outcomes}


def _exact_mean(values: Sequence[float]) -> Estimate:
    return Estimate.exact(sum(values) / len(values), len(values))


def _mean_over(rng: np.random.Generator) -> Callable[[Sequence[float]], Estimate]:
    return lambda values: mean_estimate(values, rng)


def _exact_share(count: int, n: int) -> Estimate:
    return Estimate.exact(count / n, n)
