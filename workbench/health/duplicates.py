"""Which documents say the same: exact copies, and near duplicates by the runs of five words they share.

Only wording counts: two texts that say the same in other words are none, two filled-in copies of one form may be some.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from workbench.compute import Progress, scaled
from workbench.health.groups import Groups
from workbench.health.progress import told
from workbench.health.shingles import Runs, WordCount, jaccard, runs_of, step_of
from workbench.health.signatures import VALUES, Signatures, Signer, likely_pairs
from workbench.records import Document, DuplicateGroup

THRESHOLD = 0.85
FEWEST_WORDS = 8
FEWEST_RECORDS = 6
MOST_RECORDS = 200
KEPT_TEXTS = 256
CHECKS_A_DOCUMENT = 20


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Groups of documents that say the same, the largest first.

    Attributes:
        copies: positions of documents whose words equal those of an earlier one.
        complete: whether every likely pair was compared; False where there were too many of them.
    """

    groups: tuple[DuplicateGroup, ...]
    copies: frozenset[int]
    complete: bool


def duplicates_of(
    documents: Sequence[Document], counts: Sequence[WordCount], *, progress: Progress | None = None
) -> Duplicates:
    """Groups of exact and near duplicates; a document is in one group at most.

    Exact: the same words in the same order. Near: the sets of runs of five words have a Jaccard similarity of at least 0.85,
    and so do those of every link between the members of a group. Texts under eight words are compared exactly only.
    Records of one file with six or more are compared without the runs that stand in many of them.
    The groups do not depend on the order of the documents.

    Args:
        documents: the corpus.
        counts: words and digest of each document, same order.
        progress: called with the share done, 0 to 1, and what is being done.
    """
    same_words = _same_words(counts)
    # By digest, path and id, so that the order of the corpus decides nothing.
    one_of = {
        digest: min(members, key=lambda member: (documents[member].source.path, documents[member].doc_id))
        for digest, members in sorted(same_words.items())
    }
    texts = [one for one in one_of.values() if counts[one].words >= FEWEST_WORDS]
    comparison = _Comparison([documents[text] for text in texts])
    signatures = _signatures(comparison.documents, scaled(progress, 0.0, 0.8))
    links, complete = _links(signatures, comparison, scaled(progress, 0.8, 1.0))
    place = {counts[text].digest: position for position, text in enumerate(texts)}
    families: dict[int, list[int]] = defaultdict(list)
    for digest, position in place.items():
        families[links.root(position)] += same_words[digest]
    short = [members for digest, members in same_words.items() if digest not in place]
    groups = sorted((sorted(group) for group in (*families.values(), *short) if len(group) > 1), key=_largest_first)
    copies = frozenset(copy for members in same_words.values() for copy in members[1:])
    return Duplicates(tuple(_group(group, documents, counts, place, comparison) for group in groups), copies, complete)


def _largest_first(group: Sequence[int]) -> tuple[int, int]:
    return -len(group), group[0]


def _same_words(counts: Sequence[WordCount]) -> Mapping[bytes, list[int]]:
    found: dict[bytes, list[int]] = defaultdict(list)
    for position, counted in enumerate(counts):
        if counted.words:
            found[counted.digest].append(position)
    return found


def _signatures(documents: Sequence[Document], progress: Progress) -> Signatures:
    signer = Signer()
    signed = [signer.sign(document.text) for document in told(documents, progress, "Looking for near duplicates")]
    return np.array(signed, dtype=np.uint32).reshape(len(documents), VALUES)


def _links(signatures: Signatures, comparison: _Comparison, progress: Progress) -> tuple[Groups, bool]:
    groups = Groups(len(signatures))
    rejected: set[tuple[int, int]] = set()
    most = CHECKS_A_DOCUMENT * len(signatures)
    for left, right in likely_pairs(signatures):
        if groups.root(left) == groups.root(right) or (left, right) in rejected:
            continue
        if len(rejected) >= most:
            return groups, False
        if comparison.similarity(left, right) >= THRESHOLD:
            groups.join(left, right)
        else:
            rejected.add((left, right))
            if len(rejected) % 100 == 0:
                progress(len(rejected) / most, "Comparing near duplicates")
    return groups, True


def _group(
    members: Sequence[int],
    documents: Sequence[Document],
    counts: Sequence[WordCount],
    place: Mapping[bytes, int],
    comparison: _Comparison,
) -> DuplicateGroup:
    names = tuple(documents[member].doc_id for member in members)
    first = counts[members[0]].digest
    others = {counts[member].digest for member in members} - {first}
    lowest = min((comparison.plain(place[first], place[other]) for other in others), default=1.0)
    return DuplicateGroup(names, lowest, not others)


class _Comparison:
    """Compares texts run by run, and keeps the runs of the last few hundred it saw."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        self._records: dict[str, list[int]] = defaultdict(list)
        for position, document in enumerate(documents):
            self._records[document.source.path].append(position)
        self._runs = lru_cache(KEPT_TEXTS)(lambda position, step: runs_of(documents[position].text, step))
        self._common = cache(self._runs_of_many)

    def plain(self, left: int, right: int) -> float:
        """Jaccard similarity of all runs."""
        return jaccard(*self._both(left, right))

    def similarity(self, left: int, right: int) -> float:
        """Jaccard similarity; of records of one file the lower of that and the one without what many of them share."""
        ours, theirs = self._both(left, right)
        likeness = jaccard(ours, theirs)
        path = self.documents[left].source.path
        if (
            likeness < THRESHOLD
            or path != self.documents[right].source.path
            or len(self._records[path]) < FEWEST_RECORDS
        ):
            return likeness
        common = self._common(path)
        return min(likeness, jaccard(np.setdiff1d(ours, common, True), np.setdiff1d(theirs, common, True)))

    def _both(self, left: int, right: int) -> tuple[Runs, Runs]:
        step = max(step_of(self.documents[left].text), step_of(self.documents[right].text))
        return self._runs(left, step), self._runs(right, step)

    def _runs_of_many(self, path: str) -> Runs:
        """Runs in at least five of the records of a file and a tenth of them, by its first 200 in order of digest."""
        records = self._records[path][:MOST_RECORDS]
        runs = [runs_of(self.documents[record].text, step_of(self.documents[record].text)) for record in records]
        values, holders = np.unique(np.concatenate(runs), return_counts=True)
        return np.asarray(values[holders >= max(5, len(records) / 10)])
