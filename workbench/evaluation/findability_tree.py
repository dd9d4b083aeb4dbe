"""What probes and judged questions say of each folder, file and document of a corpus.

What a probe is, and what finding means, is said in `workbench.evaluation.findability`; nothing is searched and nothing is
drawn here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.evaluation.corpus_tree import CorpusTree, Node, PlacedDocument
from workbench.evaluation.findability import FINDABILITY_K, ProbeKind, ProbeRank
from workbench.evaluation.statistics import mean_estimate
from workbench.intervals import wilson
from workbench.records import Estimate

if TYPE_CHECKING:
    import pandas as pd

State = Literal["probed", "no probe", "not probed"]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is looked at.

    Attributes:
        arm: the arm whose misses decide the order; "" orders by name.
        only_missed: leave out the documents that some probe of theirs finds with this arm, and those that were not probed.
        words: all of them have to stand in title, path or id of a document, in any case.
    """

    arm: str = ""
    only_missed: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the documents of one part are found.

    Attributes:
        probed: documents with probes. without_probe: those drawn for probing that gave none.
        found: arm -> share found, a document counting by the share of its probes.
        missed: arm -> documents none of whose probes finds them.
    """

    documents: int
    probed: int
    without_probe: int
    found: Mapping[str, Estimate]
    missed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AskedProbe:
    """A probe with the rank each arm gave its document; 0 is not in the ranking."""

    kind: ProbeKind
    text: str
    ranks: Mapping[str, int]


class FindabilityTree:
    """The parts of a corpus with what is known of each, indexed once for a comparison.

    Attributes:
        corpus: folders, files and documents.
        arms: those that ran every probe. k: ranks looked at.

    Args:
        documents: the corpus.
        probes: the ranks of the probes, as a comparison keeps them.
        arms: arms that ran every probe.
        k: ranks looked at.
        without_probe: doc_id -> why a drawn document gave no probe.
        right: query_id -> its right documents, of the judged questions.
        whole: arm -> share found in the whole corpus where it is known already, so that one number has one value.
        seed: of the intervals.
    """

    def __init__(
        self,
        documents: Sequence[PlacedDocument],
        probes: Iterable[ProbeRank] = (),
        arms: Sequence[str] = (),
        k: int = FINDABILITY_K,
        *,
        without_probe: Mapping[str, str] | None = None,
        right: Mapping[str, Collection[str]] | None = None,
        whole: Mapping[str, Estimate] | None = None,
        seed: int = 0,
    ) -> None:
        self.corpus = CorpusTree(documents)
        self.arms, self.k, self._seed = tuple(arms), k, seed
        self.without_probe = {d: why for d, why in (without_probe or {}).items() if d in self.corpus.position}
        self._whole = dict(whole or {})
        self._count_probes(probes)
        self._count_questions(right or {})
        self._standings: dict[tuple[int, int], Standing] = {}
        self._kept: dict[Shown, NDArray[np.int64]] = {}

    # ------------------------------------------------------------ parts

    def children(self, key: str, shown: Shown) -> list[Node]:
        """The parts below a part that are looked at: where most documents are missed first, then by name.

        Raises:
            KeyError: there is no such part.
        """
        kept = self._running_kept(shown)
        nodes = self.corpus.children(key, lambda node: bool(kept[node.stop] > kept[node.start]))
        if shown.arm not in self.arms:
            return nodes
        missed, short = (counts[self.arms.index(shown.arm)] for counts in (self._missed, self._short))

        def weight(node: Node) -> tuple[float, float, bool, int]:
            first, last = node.start, node.stop
            lacking = round(float(short[last] - short[first]), 9)
            return -int(missed[last] - missed[first]), -lacking, bool(self._probed[last] == self._probed[first]), first

        return sorted(nodes, key=weight)

    def trail(self, key: str, shown: Shown) -> list[str]:
        """Keys of the parts to open so that a folder, file or document can be seen, outermost first."""
        start = self.corpus.node(key).start
        opened: list[str] = []
        for above in self.corpus.above(key):
            opened.append(above)
            while drawer := self._drawer(opened[-1], start, shown):
                opened.append(drawer.key)
        return opened

    def _drawer(self, key: str, start: int, shown: Shown) -> Node | None:
        return next((n for n in self.children(key, shown) if n.kind == "drawer" and n.start <= start < n.stop), None)

    def matching(self, shown: Shown) -> int:
        """Documents that are looked at."""
        return int(self._running_kept(shown)[-1])

    def _running_kept(self, shown: Shown) -> NDArray[np.int64]:
        """How many documents before each place are looked at."""
        looked = Shown(shown.arm if shown.only_missed else "", shown.only_missed, shown.words)
        if looked not in self._kept:
            if len(self._kept) > 20:
                self._kept.clear()
            kept = np.ones(len(self.corpus.documents), dtype=bool)
            if looked.only_missed and looked.arm in self.arms:
                kept &= np.diff(self._missed[self.arms.index(looked.arm)]) > 0
            for word in looked.words.casefold().split()[:10]:
                kept &= np.fromiter((word in text for text in self._texts), dtype=bool, count=len(kept))
            self._kept[looked] = _running(kept)
        return self._kept[looked]

    @cached_property
    def _texts(self) -> list[str]:
        return [f"{d.title}\n{d.path}\n{d.doc_id}".casefold() for d in self.corpus.documents]

    # ------------------------------------------------------------ probes

    def _count_probes(self, probes: Iterable[ProbeRank]) -> None:
        position = self.corpus.position
        self._asked: dict[str, dict[tuple[ProbeKind, str], dict[str, int]]] = {}
        for probe in probes:
            if probe.doc_id in position:
                own = self._asked.setdefault(probe.doc_id, {})
                own.setdefault((probe.kind, probe.probe), {})[probe.run] = probe.rank
        self._shares = np.full((len(self.arms), len(position)), np.nan)
        for doc_id in self._asked:
            for row, arm in enumerate(self.arms):
                hits, asked = self.hits(doc_id, arm)
                self._shares[row, position[doc_id]] = hits / asked
        probed, without = np.zeros((2, len(position)), dtype=bool)
        probed[[position[doc_id] for doc_id in self._asked]] = True
        without[[position[doc_id] for doc_id in self.without_probe]] = True
        self._probed, self._without = _running(probed), _running(without)
        self._missed = [_running(row == 0) for row in self._shares]
        self._short = [np.concatenate([[0.0], np.nancumsum(1 - row)]) for row in self._shares]

    def state(self, doc_id: str) -> State:
        """Whether a document was probed, gave no probe, or was not drawn."""
        return "probed" if doc_id in self._asked else "no probe" if doc_id in self.without_probe else "not probed"

    def probes(self, doc_id: str) -> list[AskedProbe]:
        """The probes of a document; none where it was not probed."""
        return [AskedProbe(kind, text, ranks) for (kind, text), ranks in self._asked.get(doc_id, {}).items()]

    def hits(self, doc_id: str, arm: str) -> tuple[int, int]:
        """How many probes of a document find it in the top k, and how many it has."""
        ranks = [ranks.get(arm, 0) for ranks in self._asked.get(doc_id, {}).values()]
        return sum(1 <= rank <= self.k for rank in ranks), len(ranks)

    def standing(self, node: Node) -> Standing:
        """How the documents of a part are found, with intervals over its documents.

        Where every document of the part was drawn the shares are exact counts, as they are in `findability`.
        """
        span = (node.start, node.stop)
        if span not in self._standings:
            self._standings[span] = self._standing(*span)
        return self._standings[span]

    def _standing(self, start: int, stop: int) -> Standing:
        documents = stop - start
        probed, without = (int(run[stop] - run[start]) for run in (self._probed, self._without))
        known = self._whole if documents == len(self.corpus.documents) else {}
        exact = probed + without >= documents
        found = {
            arm: known.get(arm) or self._estimate(self._shares[row, start:stop], start, exact)
            for row, arm in enumerate(self.arms)
        }
        missed = {arm: int(run[stop] - run[start]) for arm, run in zip(self.arms, self._missed, strict=True)}
        return Standing(documents, probed, without, found, missed)

    def _estimate(self, shares: NDArray[np.float64], start: int, exact: bool) -> Estimate:
        values = shares[~np.isnan(shares)]
        if not values.size:
            return Estimate.not_measured("no document here was probed")
        if exact:
            return Estimate.exact(float(values.mean()), values.size)
        return mean_estimate(values, np.random.default_rng((self._seed, start, values.size)))

    # ------------------------------------------------------------ questions

    def _count_questions(self, right: Mapping[str, Collection[str]]) -> None:
        self._queries = list(right)
        pairs = [
            (self.corpus.position[doc_id], number)
            for number, doc_ids in enumerate(right.values())
            for doc_id in doc_ids
            if doc_id in self.corpus.position
        ]
        ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
        self._right_at, self._right_of = ordered[:, 0], ordered[:, 1]

    def questions(self, node: Node) -> list[str]:
        """Judged questions with a right document in a part."""
        first, last = np.searchsorted(self._right_at, (node.start, node.stop))
        return [self._queries[number] for number in np.unique(self._right_of[first:last])]

    def questions_missed(self, node: Node, found: Mapping[str, bool]) -> Estimate:
        """Share of those questions that an arm misses: none of their right documents, here or elsewhere, is in its top k.

        Args:
            node: the part.
            found: query_id -> whether the arm has a right document in its top k; a question that is not in it is left out.
        """
        own = [found[query_id] for query_id in self.questions(node) if query_id in found]
        return wilson(own.count(False), len(own)) if own else Estimate.not_measured("no judged question is about it")


def findability_table(tree: FindabilityTree, found: Mapping[str, Mapping[str, bool]]) -> pd.DataFrame:
    """One row a folder, file and document: what is known of it, shares from 0 to 1, empty where nothing was measured.

    Columns: level, kind, name, place, documents, probed, without_probe, per arm "found <arm>" with its bounds "low <arm>" and
    "high <arm>" and "missed <arm>" (documents), then questions, and per arm of `found` "questions missed <arm>" (share) with
    its bounds.

    Args:
        tree: the corpus.
        found: arm -> query_id -> whether the arm has a right document in its top k.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    for level, node in tree.corpus.every_node():
        standing = tree.standing(node)
        row: dict[str, object] = {"level": level, "kind": node.kind, "name": node.name, "place": node.place}
        row |= {"documents": standing.documents, "probed": standing.probed, "without_probe": standing.without_probe}
        for arm, share in standing.found.items():
            row |= {f"found {arm}": share.value, f"low {arm}": share.low, f"high {arm}": share.high}
            row[f"missed {arm}"] = standing.missed[arm]
        row["questions"] = len(tree.questions(node))
        for arm, each in found.items():
            share = tree.questions_missed(node, each)
            name = f"questions missed {arm}"
            row |= {name: share.value, f"{name}, low": share.low, f"{name}, high": share.high}
        rows.append(row)
    return pd.DataFrame(rows)


def _running(values: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many values before each place hold, and how many of all."""
    return np.concatenate([[0], np.cumsum(values)]).astype(np.int64)
