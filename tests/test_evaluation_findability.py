"""Findability by hand: which documents are found by which probes, in which arm, and what is not measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.findability import ProbeKind, findability, probe_ranks
from workbench.intervals import wilson
from workbench.records import Estimate, Findability, RankedDocument, Run


@dataclass(frozen=True)
class Probe:
    probe_id: str
    doc_id: str
    kind: ProbeKind
    text: str


def probe(doc_id: str, kind: ProbeKind) -> Probe:
    return Probe(f"{kind}::{doc_id}", doc_id, kind, f"{kind} of {doc_id}")


def run(name: str, rankings: Mapping[str, Sequence[str]], depth: int = 100) -> Run:
    ranked = {p: tuple(RankedDocument(d, 1 / rank) for rank, d in enumerate(ds, 1)) for p, ds in rankings.items()}
    return Run(name, ranked, 0.0, 0.0, depth)


PROBES = [
    probe("a", "title"),
    probe("a", "sentence"),
    probe("b", "title"),
    probe("c", "sentence"),
    probe("d", "sentence"),
]
DENSE = run(
    "dense",
    {
        "title::a": ["a"],
        "sentence::a": ["x", "y", "a"],
        "title::b": ["b"],
        "sentence::c": ["x", "y", "c"],
        "sentence::d": [],
    },
)
WORDS = run(
    "bm25", {"title::a": ["x"], "sentence::a": ["y"], "title::b": ["b"], "sentence::c": ["c"], "sentence::d": ["x"]}
)


def found(runs: Mapping[str, Run], *, total: int = 4, k: int = 2, **options: object) -> Findability:
    return findability(PROBES, runs, total, k, rng=np.random.default_rng(0), **options)  # type: ignore[arg-type]


def test_a_document_counts_by_the_share_of_its_probes() -> None:
    result = found({"dense": DENSE, "bm25": WORDS})
    # dense in the first two: half of a's probes, b, not c, not d; BM25: b and c.
    assert result.arms["dense"] == Estimate.exact((0.5 + 1 + 0 + 0) / 4, 4)
    assert result.arms["bm25"] == Estimate.exact((0 + 1 + 1 + 0) / 4, 4)
    assert (result.documents, result.sampled, result.probes, result.k) == (4, 4, 5, 2)


def test_kinds_are_counted_by_probe() -> None:
    result = found({"dense": DENSE})
    assert result.by_kind == {"dense": {"title": Estimate.exact(1.0, 2), "sentence": Estimate.exact(0.0, 3)}}


def test_missed_documents_are_those_no_probe_finds_in_corpus_order() -> None:
    result = found({"dense": DENSE, "bm25": WORDS})
    assert result.missed_by_naive == ("c", "d")
    assert result.missed_by_all == ("d",)
    assert (result.naive_misses, result.all_miss) == (Estimate.exact(0.5, 4), Estimate.exact(0.25, 4))


def test_a_sample_has_intervals_over_documents() -> None:
    result = found({"dense": DENSE, "bm25": WORDS}, total=400)
    assert result.naive_misses == wilson(2, 4)
    assert result.arms["bm25"] == wilson(2, 4)
    assert result.by_kind["dense"]["title"] == wilson(2, 2)
    dense = result.arms["dense"]
    assert dense.value == pytest.approx(0.375)
    assert dense.low is not None
    assert dense.high is not None
    assert dense.low < 0.375 < dense.high


def test_a_document_that_gave_no_probe_still_counts_as_drawn() -> None:
    assert found({"dense": DENSE}, total=6, drawn=6).naive_misses.method == "exact"
    assert found({"dense": DENSE}, total=6).naive_misses.method == "wilson"


def test_an_exact_copy_answers_for_its_document() -> None:
    result = found({"dense": DENSE}, copies={"c": frozenset({"c", "y"})})
    assert result.missed_by_naive == ("d",)
    rows = probe_ranks(PROBES, {"dense": DENSE}, copies={"c": frozenset({"c", "y"})})
    assert [(row.doc_id, row.rank) for row in rows] == [("a", 1), ("a", 3), ("b", 1), ("c", 2), ("d", 0)]


def test_a_run_too_shallow_or_incomplete_is_not_measured_and_misses_nothing() -> None:
    shallow = run("dense", {p.probe_id: [] for p in PROBES}, depth=1)
    partial = run("hybrid", {"title::a": ["a"]})
    result = found({"dense": shallow, "hybrid": partial, "bm25": WORDS})
    assert result.arms["dense"].value is None
    assert result.arms["dense"].reason == "the run keeps 1 results a probe, too few to look at 2"
    assert result.arms["hybrid"].reason == "4 of 5 probes were not run"
    assert result.naive_misses.reason == result.arms["dense"].reason
    assert result.missed_by_naive == ()
    assert result.missed_by_all == ("a", "d")
    assert set(result.by_kind) == {"bm25"}


def test_without_the_naive_arm_its_misses_are_not_measured() -> None:
    result = found({"bm25": WORDS})
    assert result.naive_misses.reason == "the arm dense was not run"
    assert found({"bm25": WORDS}, naive="bm25").missed_by_naive == ("a", "d")


def test_no_run_and_no_probe_are_not_measured() -> None:
    assert found({}).all_miss.reason == "no arm ran the probes"
    empty = findability([], {"dense": DENSE}, 3, rng=np.random.default_rng(0))
    assert empty.arms["dense"].reason == "no document gave a probe"
    assert (empty.naive_misses.value, empty.sampled) == (None, 0)


def test_a_cut_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be 1 or more"):
        found({"dense": DENSE}, k=0)


def test_rows_name_probe_run_and_rank() -> None:
    rows = probe_ranks(PROBES[:1], {"dense": DENSE, "bm25": WORDS})
    assert [(row.kind, row.probe, row.run, row.rank) for row in rows] == [
        ("title", "title of a", "dense", 1),
        ("title", "title of a", "bm25", 0),
    ]


@given(st.lists(st.lists(st.sampled_from("abcdxyz"), unique=True, max_size=7), min_size=5, max_size=5))
def test_a_deeper_cut_never_finds_less(rankings: list[list[str]]) -> None:
    runs = {"dense": run("dense", {p.probe_id: ranking for p, ranking in zip(PROBES, rankings, strict=True)})}
    shares = [found(runs, k=k).arms["dense"].value or 0.0 for k in range(1, 8)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
