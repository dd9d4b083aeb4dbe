"""Names of regions: the words of passages, titles and questions that are frequent in one region and rare in the others.

Class-based tf-idf; words are shown as the texts write them, not as stems. What regions mean is for readers to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.retrieval.tokens import TokenizedCorpus, tokenize

WORDS = 3
"""Words of a name."""
CANDIDATES = 30
"""Best words of a region looked at, before those are left out that name another region better."""
LONGEST = 24
"""Letters of a word; what is longer is no word people read."""
LOOKED_AT = 20
"""Passages in which a word's usual form is looked up."""

REPEATED = 3
"""Passages that hold a sentence from which on it is boilerplate: a footer, a heading of a form, a disclaimer."""
HALF_HEARD = 10
"""Questions of a region whose words count half as much as those of its passages; with more, they come to count as much."""

_OF_FORM = frozenset(
    {
        "http", "https", "www", "com", "org", "net", "html", "htm", "php", "href", "src", "nbsp", "amp",
        "pdf", "docx", "xlsx", "pptx", "csv", "txt", "january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december", "bold", "italic", "page", "pages",
        "table", "figure", "section", "chapter", "appendix", "paragraph", "heading", "column", "row",
        "wording", "version", "edition", "issued", "ref", "reference", "form", "type", "question",
        "questions", "answer", "answers", "docs",
    }
)  # fmt: skip
"""Pieces of addresses, file names and dates, and parts of documents: how a text is written, not what it is about."""

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.?!:;|\n]+")
_NOT_LETTERS = re.compile(r"[\W\d_]+")

Weights = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def region_names(
    texts: Sequence[str],
    labels: Labels,
    regions: int,
    *,
    titles: Sequence[str] = (),
    questions: Sequence[str] = (),
    asked: Labels | None = None,
) -> list[str]:
    """A name for each region: up to three words, each of which names one region only; "region 3" where no word is left.

    Args:
        texts: passages.
        labels: the region of each.
        regions: how many there are.
        titles: of the document of each passage; none where there are none.
        questions: those asked.
        asked: the region of each question.

    >>> region_names(["hail hit the roof", "hail again", "the stolen bike", "stolen car"], np.array([0, 0, 1, 1]), 2)
    ['hail, hit, roof', 'stolen, bike, car']
    """
    asked = np.empty(0, dtype=np.int64) if asked is None else asked
    everything = [*without_boilerplate(texts), *titles, *questions]
    labelled = np.concatenate([labels, labels[: len(titles)], asked])
    tokens = TokenizedCorpus.of(everything)
    kinds = np.repeat([0, 1, 2], [len(texts), len(titles), len(questions)])
    shares = _shares(tokens, labelled + regions * kinds, 3 * regions)
    heard = np.bincount(asked, minlength=regions)[:, None]
    mixed = shares[:regions] + shares[regions : 2 * regions] + heard / (heard + HALF_HEARD) * shares[2 * regions :]
    ranked = sorted(_candidates(mixed), key=lambda entry: (-entry[0], entry[1], entry[2]))
    stems = list(tokens.vocabulary)
    words: list[list[str]] = [[] for _ in range(regions)]
    taken: set[str] = set()
    for _, region, token in ranked:
        if len(words[region]) < WORDS:
            word = _usual_form(tokens, token, stems[token], everything, labelled == region)
            if word not in taken and _readable(word):
                taken.add(word)
                words[region].append(word)
    return [", ".join(found) or f"region {region + 1}" for region, found in enumerate(words)]


def without_boilerplate(texts: Sequence[str]) -> list[str]:
    """Texts without the sentences that stand in three of them or more, whatever the numbers in them.

    >>> without_boilerplate(["Page 1. Hail", "Page 2. Storm", "Page 3. Flood"])
    [' Hail', ' Storm', ' Flood']
    """
    cut = [[(part, _key(part)) for part in _SENTENCE_END.split(text)] for text in texts]
    held = Counter(key for parts in cut for key in {key for _, key in parts})
    return ["\n".join(part for part, key in parts if key and held[key] < REPEATED) for parts in cut]


def _key(sentence: str) -> str:
    return _NOT_LETTERS.sub(" ", sentence).strip().lower()


def _candidates(shares: Weights) -> list[tuple[float, int, int]]:
    """Weight, region and token of the best words of each region."""
    weights = class_weights(shares)
    best = np.argsort(-weights, axis=1, kind="stable")[:, :CANDIDATES]
    return [
        (float(weights[region, token]), region, int(token))
        for region in range(len(shares))
        for token in best[region]
        if weights[region, token] > 0
    ]


def _shares(tokens: TokenizedCorpus, labels: Labels, regions: int) -> Weights:
    """(regions, tokens) share of a region's texts that hold a token: how often one text repeats it does not matter."""
    from scipy import sparse

    present = tokens.occurrences.copy()
    present.data = np.ones_like(present.data)
    member = sparse.csr_array((np.ones(len(labels)), (np.arange(len(labels)), labels)), shape=(len(labels), regions))
    counts = sparse.csr_array(present @ member).toarray().T
    return np.asarray(counts / np.maximum(np.bincount(labels, minlength=regions), 1)[:, None], dtype=np.float64)


def class_weights(shares: Weights) -> Weights:
    """Share of a region's texts that hold a word, times the logarithm of how many times the average share that is.

    A word that is everywhere alike weighs nothing, in any language; with one region there is nothing to tell apart, and the
    share alone counts.

    >>> class_weights(np.array([[0.5, 0.8], [0.0, 0.8]])).round(3).tolist()
    [[0.347, 0.0], [0.0, 0.0]]
    """
    if len(shares) < 2:
        return shares
    times = shares / np.maximum(shares.mean(axis=0), np.finfo(np.float64).tiny)
    return np.asarray(shares * np.log(np.maximum(times, 1.0)), dtype=np.float64)


def _usual_form(
    tokens: TokenizedCorpus, token: int, stem: str, texts: Sequence[str], here: npt.NDArray[np.bool_]
) -> str:
    """The word of the texts that a stem stands for most often, the shortest of equals."""
    rows = tokens.occurrences.indices[slice(*tokens.occurrences.indptr[token : token + 2])]
    forms: Counter[str] = Counter()
    for row in rows[here[rows]][:LOOKED_AT]:
        words = set(_WORD.findall(texts[row].lower()))
        forms.update(word for word in words if word.startswith(stem[:2]) and tokenize(word) == [stem])
    return min(forms, key=lambda word: (-forms[word], len(word), word)) if forms else stem


def _readable(word: str) -> bool:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return 3 <= len(word) <= LONGEST and word.isalpha() and word not in ENGLISH_STOP_WORDS | _OF_FORM
