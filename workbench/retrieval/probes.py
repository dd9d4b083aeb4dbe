"""Probe queries made of a document's own words: is a document found by somebody who asks for what it says?

A probe is no question of a person and has no answer beside its document. Whether arms find it is measured in
`workbench.evaluation.findability`; nothing is searched here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from workbench.health.shingles import count_words
from workbench.records import Document, Passage, Query
from workbench.retrieval.telling import (
    cut_short,
    is_fit,
    is_unspaced,
    key_of,
    name_of,
    says_something,
    sentences,
    words_of,
)
from workbench.retrieval.tokens import tokenize

ProbeKind = Literal["title", "heading", "sentence"]

FEWEST_KEPT, KEPT_WORDS = 5, 7
"""Words kept of a sentence, the most telling ones: fewer say too little, more are the sentence itself."""
PASSAGES_READ, CHARACTERS_READ = 20, 4_000
"""Passages read of a document, evenly spread over it, and characters of each: a book costs no more than a report."""
COUNTED_CHARACTERS = 20_000_000
"""Characters in which words are counted, the documents that are probed first; frequencies need no more."""

FRAME = "Header and footer"
"""Heading under which readers put what stands around the pages."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A query made of one document's words, which that document, or an exact copy of it, should answer.

    Attributes:
        probe_id: "title::" and so on, before the document's id.
        text: at most 200 characters.
    """

    probe_id: str
    doc_id: str
    kind: ProbeKind
    text: str


@dataclass(frozen=True, slots=True)
class ProbeSet:
    """The probes of a corpus.

    Attributes:
        probes: in corpus order, at most one a document and kind.
        documents: documents of the corpus that hold text.
        drawn: those looked at: all, or a sample.
        without_probe: drawn documents that gave none, in corpus order.
        left_out: reason -> drawn documents for which a kind of probe could not be made.
        copies: doc_id -> documents with the same words, itself among them; only where there are others.
    """

    probes: tuple[Probe, ...]
    documents: int
    drawn: int
    without_probe: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    copies: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def queries(self) -> list[Query]:
        """The probes as questions for the arms; `query_id` is the probe's id."""
        return [Query(probe.probe_id, probe.text) for probe in self.probes]


def probes_of(documents: Sequence[Document], passages: Sequence[Passage], *, sample: int = 300, seed: int) -> ProbeSet:
    """Up to three probes a document: its title, its most telling heading, and its most telling sentence, reduced.

    A title or heading is asked for as it stands, unless it says nothing ("scan0001", a bare id) or also names another
    document. The sentence is one of 6 to 30 words that stands in no other document and is no row of a table or list of
    numbers or names; of these the one with the highest mean weight of its words, and its seven heaviest words make the probe,
    in text order. A word weighs its inverse document frequency times log(1 + how often the document says it): rare words
    alone lead to names and misspellings that a document mentions once and is not about.

    Probes repeat words of the document, so they flatter a search for words: they show what an arm misses, and not which of
    two arms is better. Words are counted in at most 20 million characters, those of the drawn documents first.

    Args:
        documents: the corpus.
        passages: its passages, in document order.
        sample: documents looked at; of more, a uniform sample is drawn. 0 gives no probes.
        seed: of the sample.

    Raises:
        ValueError: a sample below 0.
    """
    if sample < 0:
        raise ValueError(f"sample must be 0 or more, got {sample}")
    by_document: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_document[passage.doc_id].append(passage)
    known = {document.doc_id: document for document in documents if document.doc_id in by_document}
    held = list(known.values())
    order = np.random.default_rng(seed).permutation(len(held)).tolist()
    drawn = [held[position] for position in sorted(order[:sample])]
    corpus = _Corpus(held, by_document, order)
    left_out: Counter[str] = Counter()
    probes: list[Probe] = []
    without: list[str] = []
    for document in drawn:
        made = [_probe(document, kind, text) for kind, text in corpus.texts_for(document, left_out) if text]
        probes += made
        without += [] if made else [document.doc_id]
    copies = {d.doc_id: corpus.copies[d.doc_id] for d in drawn if d.doc_id in corpus.copies}
    return ProbeSet(tuple(probes), len(held), len(drawn), tuple(without), dict(sorted(left_out.items())), copies)


def _probe(document: Document, kind: ProbeKind, text: str) -> Probe:
    return Probe(f"{kind}::{document.doc_id}", document.doc_id, kind, text)


class _Corpus:
    """What is counted over a corpus: in how many documents a word, a title, a heading and a sentence stand."""

    def __init__(
        self, documents: Sequence[Document], passages: Mapping[str, Sequence[Passage]], order: Sequence[int]
    ) -> None:
        self._passages = passages
        self._tokens: dict[str, list[str]] = {}
        texts: dict[bytes, list[str]] = defaultdict(list)
        for document in documents:
            texts[count_words(document.text).digest].append(document.doc_id)
        self._text_of = {doc_id: digest for digest, doc_ids in texts.items() for doc_id in doc_ids}
        groups = (frozenset(doc_ids) for doc_ids in texts.values() if len(doc_ids) > 1)
        self.copies = {doc_id: group for group in groups for doc_id in group}
        # Copies are one text: what stands in a text and its copies alone is not shared.
        self._titles = self._shared((name_of(d.title), d.doc_id) for d in documents)
        self._headings = self._shared((key_of(h), d.doc_id) for d in documents for h in _headings(d))
        self._count(documents, order)

    def _count(self, documents: Sequence[Document], order: Sequence[int]) -> None:
        self._frequency: Counter[str] = Counter()
        holder: dict[str, bytes | None] = {}
        read = self._counted = 0
        for position in order:
            doc_id = documents[position].doc_id
            text = self._text_of[doc_id]
            tokens: set[str] = set()
            for part in self._read(doc_id):
                read += len(part)
                tokens.update(tokenize(part))
                for sentence in sentences(part):
                    key = key_of(sentence)
                    holder[key] = text if holder.get(key, text) == text else None
            self._frequency.update(tokens)
            self._counted += 1
            if read > COUNTED_CHARACTERS:
                break
        self._repeated = {key for key, text in holder.items() if text is None}

    def _shared(self, named: Iterator[tuple[str, str]]) -> set[str]:
        """Names that stand in two different texts."""
        owner: dict[str, bytes | None] = {}
        for name, doc_id in named:
            text = self._text_of[doc_id]
            owner[name] = text if owner.get(name, text) == text else None
        return {name for name, text in owner.items() if text is None}

    def _read(self, doc_id: str) -> Iterator[str]:
        passages = self._passages[doc_id]
        step = max(1.0, len(passages) / PASSAGES_READ)
        for number in range(min(len(passages), PASSAGES_READ)):
            yield passages[int(number * step)].text[:CHARACTERS_READ]

    def texts_for(self, document: Document, left_out: Counter[str]) -> Iterator[tuple[ProbeKind, str]]:
        """Kinds and texts of the probes of one document; an empty text where there is none, with the reason counted."""
        title, reason = self._title(document)
        heading, no_heading = self._heading(document)
        sentence = self._sentence(document)
        left_out.update(filter(None, (reason, no_heading, "" if sentence else "no sentence fit to ask for")))
        yield "title", title
        yield "heading", heading
        yield "sentence", sentence

    def _title(self, document: Document) -> tuple[str, str]:
        title = cut_short(document.title)
        if not says_something(title):
            return "", "title says nothing"
        return ("", "title shared by several documents") if name_of(document.title) in self._titles else (title, "")

    def _heading(self, document: Document) -> tuple[str, str]:
        own = [cut_short(heading) for heading in _headings(document) if key_of(heading) != key_of(document.title)]
        telling = [heading for heading in own if says_something(heading)]
        if not telling:
            return "", "no heading that says something"
        rare = [heading for heading in telling if key_of(heading) not in self._headings]
        if not rare:
            return "", "no heading that stands in it alone"
        return max(rare, key=lambda heading: self._mean_idf(words_of(heading))), ""

    def _sentence(self, document: Document) -> str:
        """The most telling words of the most telling sentence, in text order, each once; "" where no sentence is fit."""
        names = {key_of(document.title), *map(key_of, _headings(document))}
        parts = list(self._read(document.doc_id))
        occurrences = Counter(token for part in parts for token in tokenize(part))
        best: list[tuple[float, int, str]] = []
        reached = 0.0
        for sentence in (sentence for part in parts for sentence in sentences(part)):
            words = words_of(sentence)
            if not is_fit(sentence, words) or (key := key_of(sentence)) in names or key in self._repeated:
                continue
            weighed = self._weighed(words, occurrences)
            told = sum(weight for weight, *_ in weighed) / max(1, len(weighed))
            if told > reached and (len(weighed) >= FEWEST_KEPT or is_unspaced(sentence)):
                best, reached = weighed, told
        kept = sorted(best, key=lambda entry: (-entry[0], entry[1]))[:KEPT_WORDS]
        return cut_short(" ".join(word for _, _, word in sorted(kept, key=lambda entry: entry[1])))

    def _weighed(self, words: Sequence[str], occurrences: Mapping[str, int]) -> list[tuple[float, int, str]]:
        """Weight, place and form of each word that has a meaning, once: rare in the corpus, and often in the document."""
        found: dict[str, tuple[float, int, str]] = {}
        for place, word in enumerate(words):
            weight = self._idf(word)
            if weight > 0:
                often = max(occurrences[token] for token in self._tokens_of(word))
                found.setdefault(word.casefold(), (weight * math.log1p(often), place, word))
        return list(found.values())

    def _mean_idf(self, words: Sequence[str]) -> float:
        values = [idf for word in words if (idf := self._idf(word))]
        return sum(values) / len(values) if values else 0.0

    def _idf(self, word: str) -> float:
        """Inverse document frequency of the rarest token of a word, as BM25 weighs it; 0 for stop words and numbers."""
        tokens = self._tokens_of(word) if any(map(str.isalpha, word)) else []
        if not tokens:
            return 0.0
        frequency = min(self._frequency[token] for token in tokens)
        return math.log1p((self._counted - frequency + 0.5) / (frequency + 0.5))

    def _tokens_of(self, word: str) -> list[str]:
        # The stemmer costs more to call than to use; the words of the drawn documents are few.
        if word not in self._tokens:
            self._tokens[word] = tokenize(word)
        return self._tokens[word]


def _headings(document: Document) -> Iterator[str]:
    """The innermost heading of each section, once, without what stands around the pages."""
    innermost = (section.headings[-1] for section in document.sections[:1000] if section.headings)
    return iter(dict.fromkeys(heading for heading in innermost if heading != FRAME))
