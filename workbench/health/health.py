"""The health of a corpus in one value: each part is measured in its own module and put together here.

It reads documents, never files, and says nothing about what was retrieved from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.compute import Progress, scaled
from workbench.health.boilerplate import BoilerplateLines, boilerplate_of
from workbench.health.duplicates import Duplicates, duplicates_of
from workbench.health.families import families_of
from workbench.health.pages import empty_pages, paged
from workbench.health.progress import told
from workbench.health.provenance import languages, other_language, ownerless, undated
from workbench.health.shingles import MOST_UNSAMPLED, WordCount, count_words
from workbench.health.versions import newer_versions, sampling_step, version_pairs
from workbench.observing import counted
from workbench.records import CorpusHealth, Document, DocumentSize, EmptyPages, Estimate

MOST_SIZES = 10
QUANTILES = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}


def corpus_health(documents: Sequence[Document], *, progress: Progress | None = None) -> CorpusHealth:
    """What the documents look like as a whole; every document is looked at, so the shares have no interval.

    Time and memory grow with the characters of the corpus: its text is read five times and held once, by the caller.

    Args:
        documents: the corpus.
        progress: called with the share done, 0 to 1, and what is being done; what it raises ends the work.
    """
    counts = [count_words(document.text) for document in told(documents, scaled(progress, 0.0, 0.1), "Counting words")]
    duplicates = duplicates_of(documents, counts, progress=scaled(progress, 0.1, 0.55))
    pairs = version_pairs(documents, progress=scaled(progress, 0.55, 0.8))
    lines = boilerplate_of(documents, duplicates.copies, progress=scaled(progress, 0.8, 1.0))
    pages = empty_pages(documents)
    sizes = [DocumentSize(document.doc_id, one.words) for document, one in zip(documents, counts, strict=True)]
    by_size = sorted(sizes, key=lambda size: size.words)
    in_language = languages(documents)
    without_date, without_owner = undated(documents), ownerless(documents)
    outdated = len(newer_versions(documents, pairs))
    scaled(progress, 0.0, 1.0)(1.0, "Corpus looked at")
    return CorpusHealth(
        documents=len(documents),
        characters=sum(len(document.text) for document in documents),
        duplicates=duplicates.groups,
        versions=families_of(documents, pairs),
        boilerplate=lines.lines,
        undated=without_date,
        ownerless=without_owner,
        languages=in_language,
        empty_pages=pages,
        largest=tuple(by_size[::-1][:MOST_SIZES]),
        smallest=tuple(by_size[:MOST_SIZES]),
        words=_quantiles(counts),
        shares={
            "in_duplicates": _share(sum(len(group.doc_ids) for group in duplicates.groups), len(documents)),
            "copies": _share(len(duplicates.copies), len(documents)),
            "outdated": _share(outdated, len(documents)),
            "boilerplate": _boilerplate(lines, documents),
            "undated": _share(len(without_date), len(documents)),
            "ownerless": _share(len(without_owner), len(documents)),
            "other_language": other_language(in_language),
            "with_empty_pages": _with_empty_pages(pages, documents),
        },
        notes=_notes(documents, counts, duplicates),
    )


def _share(count: int, n: int) -> Estimate:
    return Estimate.exact(count / n, n) if n else Estimate.not_measured("no documents")


def _boilerplate(lines: BoilerplateLines, documents: Sequence[Document]) -> Estimate:
    characters = sum(len(document.text) for document in documents)
    if not characters:
        return Estimate.not_measured("no text")
    return Estimate.exact(lines.characters / characters, len(documents))


def _with_empty_pages(pages: Sequence[EmptyPages], documents: Sequence[Document]) -> Estimate:
    n = paged(documents)
    return (
        Estimate.exact(len(pages) / n, n) if n else Estimate.not_measured("no document whose pages can be told apart")
    )


def _quantiles(counts: Sequence[WordCount]) -> Mapping[str, int]:
    """Words of the document at each quantile: always a length that occurs."""
    if not counts:
        return {}
    words = [one.words for one in counts]
    found = np.quantile(words, list(QUANTILES.values()), method="inverted_cdf")
    return {name: int(value) for name, value in zip(QUANTILES, found, strict=True)}


def _notes(documents: Sequence[Document], counts: Sequence[WordCount], duplicates: Duplicates) -> tuple[str, ...]:
    notes = []
    if empty := sum(not one.words for one in counts):
        notes.append(f"{counted(empty, 'document')} without a word in {'it' if empty == 1 else 'them'}.")
    if long := sum(len(document.text) > MOST_UNSAMPLED for document in documents):
        notes.append(
            f"{counted(long, 'text')} above {MOST_UNSAMPLED:,} characters: the similarity of near duplicates comes from a"
            " sample of the runs of words."
        )
    if (step := sampling_step(documents)) > 1:
        notes.append(
            f"Versions were looked for by one in {step} runs of words, and what was found was checked on all of them."
        )
    if not duplicates.complete:
        notes.append("More texts look alike than could be compared: some near duplicates may be missing.")
    return tuple(notes)
