"""What failure codes are read from: runs, labels, passages and whatever else is known of a corpus, made once a comparison.

It looks things up and judges nothing; the rules stand in the modules beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from workbench.evaluation.failures.access import AccessLabels
from workbench.evaluation.failures.answers import AnswerSearch
from workbench.evaluation.failures.codes import FAILURE_K
from workbench.records import Document, Passage, Qrels, Query, Run, ScoredPassage

HUB_SHARE = 0.05
"""Share of the questions a passage is in the first k for, above which it is a hub: reference taxonomy of the workbench."""
HUB_TIMES = 3
"""Times an even spread of places over passages: in a corpus of 50 passages each is in the first five of 10 % by chance."""
HUB_QUESTIONS = 5
"""Fewer questions than this are chance, whatever share they are."""

Similar = Callable[[str, str], float | None]
Tokens = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class FailureEvidence:
    """Everything the rules may look at. What is left out is listed as not looked at, never taken for clean.

    Attributes:
        runs: documents retrieved, by arm; legs that are not shown as arms may be among them.
        queries: the questions that were run. qrels: their labels.
        arms: the arms that get codes; None is every run.
        legs: arm -> the arms it fuses. An arm that is not here, or is its own leg, fuses nothing.
        steps: reranked arm -> the arm before the reranking.
        dense, lexical: names of the arms that are a single dense leg, and a single leg of words.
        asked_only: arms judged on those questions alone that they rank, as the deployed system is.
        documents, passages: the corpus, whole and cut. other_passages: passages of another cut, for their texts alone.
        passage_rankings: arm -> question -> passages before pooling, best first, at least `k` of them.
        exact_terms: question -> its tokens that are numbers, codes or rare. tokens: what made tokens of the text.
        newer: document -> its newest version; None where nobody looked.
        similar: cosine of two passages; None where there are no vectors.
        asker_groups: question -> groups of whoever asked it, where that is known.
        k: the cut.
    """

    runs: Mapping[str, Run]
    queries: Sequence[Query]
    qrels: Qrels
    arms: Sequence[str] | None = None
    legs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    dense: frozenset[str] = frozenset({"dense"})
    lexical: frozenset[str] = frozenset({"bm25"})
    asked_only: frozenset[str] = frozenset()
    documents: Sequence[Document] = ()
    passages: Sequence[Passage] = ()
    other_passages: Sequence[Passage] = ()
    passage_rankings: Mapping[str, Mapping[str, Sequence[ScoredPassage]]] = field(default_factory=dict)
    exact_terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tokens: Tokens | None = None
    newer: Mapping[str, str] | None = None
    similar: Similar | None = None
    asker_groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    k: int = FAILURE_K

    @cached_property
    def coded_arms(self) -> tuple[str, ...]:
        """The arms that get codes."""
        return tuple(self.runs) if self.arms is None else tuple(self.arms)

    @cached_property
    def reranked(self) -> frozenset[str]:
        """The reranked arms that were run."""
        return frozenset(arm for arm in self.steps if arm in self.runs)

    @cached_property
    def passages_by_id(self) -> dict[str, Passage]:
        """Every passage an arm may have retrieved."""
        return {passage.passage_id: passage for passage in (*self.other_passages, *self.passages)}

    @cached_property
    def doc_ids(self) -> frozenset[str]:
        """Ids of the documents."""
        return frozenset(document.doc_id for document in self.documents)

    @cached_property
    def answers(self) -> AnswerSearch:
        """Where the words of reference answers stand."""
        return AnswerSearch(self.documents, self.passages)

    @cached_property
    def access(self) -> AccessLabels:
        """Which documents say who may read them."""
        return AccessLabels.of(self.documents)

    @cached_property
    def hubs(self) -> dict[str, dict[str, int]]:
        """Arm -> passage -> questions it is among the first k for; only passages that are there for far too many."""
        return {arm: self._hubs(rankings) for arm, rankings in self.passage_rankings.items()}

    def _hubs(self, rankings: Mapping[str, Sequence[ScoredPassage]]) -> dict[str, int]:
        counted = Counter(scored.passage_id for ranking in rankings.values() for scored in ranking[: self.k])
        evenly = sum(counted.values()) / max(1, len(self.passages))
        most = max(HUB_SHARE * len(rankings), HUB_TIMES * evenly, HUB_QUESTIONS - 1)
        return {passage_id: times for passage_id, times in counted.items() if times > most}

    def asked(self, arm: str, query_id: str) -> bool:
        """Whether an arm was asked a question."""
        return arm not in self.asked_only or query_id in self.runs[arm].rankings

    def fused(self, arm: str) -> str:
        """The arm before a reranking; the arm itself where nothing is reranked."""
        return self.steps.get(arm, arm)

    def own_legs(self, arm: str) -> tuple[str, ...]:
        """The legs an arm is made of; itself where it is one."""
        before = self.fused(arm)
        return self.legs.get(arm) or self.legs.get(before) or (before,)
