"""Which documents of a corpus have a newer version beside them, and which are copies of one another.

Two documents are versions when their texts overlap and their names or dates say which is newer; nothing is read from
meaning. It does not decide which version was the right one for a question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from workbench.compute import Progress, scaled
from workbench.health.names import alike, names_of, order_of_names, own_numbers
from workbench.health.progress import told
from workbench.health.shingles import Runs, count_words, runs_of, step_of
from workbench.records import Document

TABLE_SUFFIXES = (".csv", ".tsv", ".xlsx")
LARGEST_GROUP = 25
MOST_CHARACTERS = 40_000_000
SAME_TEXT = 0.30
SAME_TEXT_WITHOUT_NAME = 0.80
DATES = "dates"


@dataclass(frozen=True, slots=True)
class VersionPair:
    """Two versions of one document: positions in the corpus, and what says which is the newer."""

    older: int
    newer: int
    told_by: str


@dataclass(frozen=True, slots=True)
class Versions:
    """Version relations of a corpus.

    Attributes:
        newer: doc_id -> id of the newest version of it, where there is a newer one.
        copies: ids of documents whose words equal those of an earlier one.
    """

    newer: Mapping[str, str]
    copies: frozenset[str]


def versions_of(documents: Sequence[Document]) -> Versions:
    """The documents with a newer version, by the rule of `version_pairs`, and the copies."""
    return Versions(newer_versions(documents, version_pairs(documents)), _copies(documents))


def newer_versions(documents: Sequence[Document], pairs: Sequence[VersionPair]) -> dict[str, str]:
    """doc_id -> id of its newest version: the last one that pairs lead to, step by step."""
    newer: dict[int, set[int]] = defaultdict(set)
    for pair in pairs:
        newer[pair.older].add(pair.newer)
    age = version_order(documents, pairs)
    newest: dict[int, int] = {}
    for older in sorted(newer, key=lambda member: age[member], reverse=True):
        reached = {newest.get(one, one) for one in newer[older]} - {older}
        newest[older] = max(reached or newer[older], key=lambda one: age[one])
    return {documents[older].doc_id: documents[newest[older]].doc_id for older in sorted(newest)}


def version_order(documents: Sequence[Document], pairs: Sequence[VersionPair]) -> dict[int, tuple[int, date, int]]:
    """Position of every version -> what puts versions in order: how many are older, then the date, then the corpus."""
    older: dict[int, set[int]] = defaultdict(set)
    for pair in pairs:
        older[pair.newer].add(pair.older)
    members = {position for pair in pairs for position in (pair.older, pair.newer)}
    return {member: (_ancestors(member, older), date_of(documents[member]) or date.min, member) for member in members}


def _ancestors(member: int, older: Mapping[int, set[int]]) -> int:
    """How many versions are older, directly or through others: more for every newer one."""
    met: set[int] = set()
    waiting = [member]
    while waiting:
        fresh = older.get(waiting.pop(), set()) - met
        met |= fresh
        waiting += fresh
    return len(met - {member})


def version_pairs(documents: Sequence[Document], *, progress: Progress | None = None) -> list[VersionPair]:
    """Finds versions among documents that share rare runs of five words, in corpus order.

    A pair are versions when at least 30 % of the runs of the shorter text are in the other and their names, file name first,
    differ in one year or one says that it is old; at least 50 % where they differ in an edition, for numbered papers share
    their layout; or when at least 80 % are and both carry different dates.
    Runs shared by more than 25 documents are boilerplate and count for nothing. Above 40 million characters only every
    second, third, ... run is looked at, the same ones in all documents, and what is found is checked on all runs.
    """
    step = sampling_step(documents)
    looked = told(documents, scaled(progress, 0.0, 0.7), "Reading runs of words")
    shared = _rare_runs([runs_of(document.text, step) for document in looked])
    found: list[VersionPair] = []
    for left, right, likeness in sorted(_candidates(shared, scaled(progress, 0.7, 1.0))):
        older, newer = documents[left], documents[right]
        order, told_by = _order(older, newer, likeness)
        if order and (step == 1 or _overlap(older, newer) >= SAME_TEXT):
            found.append(VersionPair(*((left, right) if order < 0 else (right, left)), told_by))
    return found


def sampling_step(documents: Sequence[Document]) -> int:
    """1 where all runs are looked at, n where every n-th is."""
    return max(1, -(-sum(len(document.text) for document in documents) // MOST_CHARACTERS))


@dataclass(frozen=True, slots=True)
class _RareRuns:
    """Runs that 2 to 25 documents share, in both directions, and how many runs of at most 25 holders each document has.

    `holders[run_starts[r]:run_starts[r + 1]]` are the documents of run r, `runs[document_starts[d]:...]` the runs of document d.
    """

    holders: NDArray[np.int64]
    run_starts: NDArray[np.int64]
    runs: NDArray[np.int64]
    document_starts: NDArray[np.int64]
    rare: NDArray[np.int64]


def _rare_runs(found: Sequence[Runs]) -> _RareRuns:
    count = len(found)
    owners = np.repeat(np.arange(count, dtype=np.int64), [len(runs) for runs in found])
    everything = np.concatenate([np.empty(0, dtype=np.uint64), *found])
    order = np.argsort(everything, kind="stable")
    owners, everything = owners[order], everything[order]
    starts = (
        np.flatnonzero(np.r_[True, everything[1:] != everything[:-1]]) if len(everything) else np.empty(0, np.int64)
    )
    sizes = np.diff(np.r_[starts, len(everything)])
    rare = np.bincount(owners[np.repeat(sizes <= LARGEST_GROUP, sizes)], minlength=count)
    shared = (sizes > 1) & (sizes <= LARGEST_GROUP)
    holders = owners[np.repeat(shared, sizes)]
    numbers = np.repeat(np.arange(int(shared.sum()), dtype=np.int64), sizes[shared])
    by_document = np.argsort(holders, kind="stable")
    document_starts = np.searchsorted(holders[by_document], np.arange(count + 1))
    return _RareRuns(holders, np.r_[0, np.cumsum(sizes[shared])], numbers[by_document], document_starts, rare)


def _candidates(shared: _RareRuns, progress: Progress) -> Iterator[tuple[int, int, float]]:
    """Pairs of documents that share at least 30 % of the rare runs of the shorter one, with that share."""
    for index in told(range(len(shared.rare)), progress, "Comparing documents with shared text"):
        runs = shared.runs[shared.document_starts[index] : shared.document_starts[index + 1]]
        if not len(runs):
            continue
        spans = [shared.holders[shared.run_starts[run] : shared.run_starts[run + 1]] for run in runs.tolist()]
        others, counts = np.unique(np.concatenate(spans), return_counts=True)
        likeness = counts / np.minimum(shared.rare[others], shared.rare[index])
        for other, share in zip(others.tolist(), likeness.tolist(), strict=True):
            if other > index and share >= SAME_TEXT:
                yield index, other, share


def _overlap(left: Document, right: Document) -> float:
    """Share of all runs of the shorter text that are in the other one, boilerplate included."""
    step = max(step_of(left.text), step_of(right.text))
    ours, theirs = runs_of(left.text, step), runs_of(right.text, step)
    return len(np.intersect1d(ours, theirs, assume_unique=True)) / max(1, min(len(ours), len(theirs)))


def _order(left: Document, right: Document, likeness: float) -> tuple[int, str]:
    """-1 where the left document is older, 1 where it is newer, 0 where the two are no versions of each other; and by what."""
    if left.source.path == right.source.path and left.source.path.endswith(TABLE_SUFFIXES):
        return 0, ""  # Rows of one table look alike and are different things.
    (file, title), (other_file, other_title) = names_of(left), names_of(right)
    if "#" in left.doc_id and "#" in right.doc_id and not alike(title, other_title):
        return 0, ""  # Records of two tables are versions of each other only where they are about the same thing.
    for pair in ((file, other_file), (title, other_title)):
        order, told_by = order_of_names(*pair, likeness)
        if order:
            return order, told_by
    ours, theirs = date_of(left), date_of(right)
    if not ours or not theirs or ours == theirs or likeness < SAME_TEXT_WITHOUT_NAME:
        return 0, ""
    if not alike(file, other_file) or own_numbers(file) != own_numbers(other_file):
        return 0, ""
    if count_words(left.text) == count_words(right.text):
        return 0, ""
    return (-1 if ours < theirs else 1), DATES


def date_of(document: Document) -> date | None:
    """The date a document claims or carries, the latest where it has several; never the file's own time."""
    known = [one.on for one in document.dates if one.basis != "file"]
    return document.updated_on or max(known, default=None)


def _copies(documents: Sequence[Document]) -> frozenset[str]:
    seen: set[bytes] = set()
    copies = set()
    for document in documents:
        counted = count_words(document.text)
        if counted.words and counted.digest in seen:
            copies.add(document.doc_id)
        seen.add(counted.digest)
    return frozenset(copies)
