"""Where the words of a reference answer stand: in a document as a whole, in one passage, nowhere.

Only words in their order are looked for. An answer in other words is not found, and for a long answer that says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from workbench.health.shingles import word_pieces
from workbench.records import Document, Passage

SHORT_ANSWER = 12
"""Words up to which an answer is a phrase that a document would hold as it stands; longer ones are usually reworded."""
WINDOW = 8
"""Words in a row that two texts hardly share unless one quotes the other: three more than a run that tells copies."""
FEWEST_CHARACTERS = 5
"""Below this ("yes", "no", "12") a phrase is found everywhere and tells nothing."""
MOST_CHARACTERS = 40_000_000
"""Characters of text up to which the whole corpus is searched for an answer."""

Whereabouts = Literal["in a passage", "cut apart", "not found", "unknown"]


class AnswerSearch:
    """Looks for reference answers; texts are taken apart once."""

    def __init__(self, documents: Sequence[Document], passages: Sequence[Passage]) -> None:
        """Keep the corpus; nothing is read before it is asked for."""
        self._documents = {document.doc_id: document for document in documents}
        self._passages: dict[str, list[Passage]] = defaultdict(list)
        for passage in passages:
            self._passages[passage.doc_id].append(passage)
        self._words: dict[str, str] = {}

    def whereabouts(self, answer: str, doc_ids: Iterable[str], retrieved: Iterable[Passage]) -> Whereabouts:
        """Where the answer stands, looking at some documents, their passages, and passages that were retrieved.

        "cut apart": in a document as it was read, but in none of these passages. For an answer of more than 12 words that is
        not quoted as a whole, every run of 8 of its words that a document holds must be cut. "unknown": an answer that is
        too short to tell anything, or a long one that no document quotes.
        """
        phrase = plain_words(answer)
        if len(phrase) < FEWEST_CHARACTERS:
            return "unknown"
        named = [doc_id for doc_id in doc_ids if doc_id in self._documents]
        short = phrase.count(" ") < SHORT_ANSWER
        quoted = [phrase] if self._holders(phrase, named) else []
        if not quoted and not short:
            quoted = [window for window in _windows(phrase) if self._holders(window, named)]
        if not quoted:
            return "not found" if short else "unknown"
        cut = [*retrieved, *(passage for doc_id in named for passage in self._passages[doc_id])]
        if not cut:
            return "unknown"
        texts = [self._text(f"passage {passage.passage_id}", passage.text) for passage in cut]
        return "in a passage" if any(f" {piece} " in text for piece in quoted for text in texts) else "cut apart"

    def absent(self, answer: str) -> bool:
        """Whether no document at all holds a short answer; False too where the answer or the corpus is too long to tell."""
        phrase = plain_words(answer)
        size = sum(len(document.text) for document in self._documents.values())
        if len(phrase) < FEWEST_CHARACTERS or phrase.count(" ") >= SHORT_ANSWER or not 0 < size <= MOST_CHARACTERS:
            return False
        return not self._holders(phrase, self._documents)

    def _holders(self, phrase: str, doc_ids: Iterable[str]) -> list[str]:
        texts = ((doc_id, self._text(f"document {doc_id}", self._documents[doc_id].text)) for doc_id in doc_ids)
        return [doc_id for doc_id, text in texts if f" {phrase} " in text]

    def _text(self, key: str, text: str) -> str:
        if key not in self._words:
            self._words[key] = f" {plain_words(text)} "
        return self._words[key]


def plain_words(text: str) -> str:
    """The words of a text in lower case with one space between them."""
    return " ".join(word for words in word_pieces(text) for word in words)


def _windows(phrase: str) -> Iterator[str]:
    words = phrase.split(" ")
    for start in range(len(words) - WINDOW + 1):
        yield " ".join(words[start : start + WINDOW])
