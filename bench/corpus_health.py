"""Prints how fast a corpus is looked at and how much memory that takes, at 1,000, 10,000 and 100,000 documents.

The documents are made up from a seed: mostly texts of their own, with copies, edited copies, editions, a shared footer and
records of a table. Each size runs in a process of its own. Figures only: nothing here passes or fails.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from datetime import date

import numpy as np

from workbench.health.health import corpus_health
from workbench.health.observations import findings_sentence
from workbench.records import Document, Source

SIZES = (1_000, 10_000, 100_000)
WORDS = 330
VOCABULARY = 60_000
FOOTER = "\nInternal use only. Uncontrolled when printed.\nPage {page} of 12"


def main() -> None:
    """Print one line a size; sizes can be given as arguments."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    context = multiprocessing.get_context("spawn")
    for size in sizes:
        process = context.Process(target=_measure, args=(size,))
        process.start()
        process.join()


def _measure(size: int) -> None:
    documents = made_up(size, np.random.default_rng(7))
    characters = sum(len(document.text) for document in documents)
    before = _peak()
    begun = time.perf_counter()
    health = corpus_health(documents)
    seconds = time.perf_counter() - begun
    print(
        f"{size:>9,} documents {characters / 1e6:7.1f} MB  {seconds:7.1f} s  {size / seconds:8,.0f} documents/s"
        f"  peak {_peak():5.2f} GB, {before:.2f} GB of it before"
    )
    print(f"{'':>9} {findings_sentence(health)}", flush=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def made_up(size: int, rng: np.random.Generator) -> list[Document]:
    """A corpus of which 2 % are copies, 3 % edited copies, 5 % later editions, 10 % records of one table."""
    vocabulary = [_word(rng) for _ in range(VOCABULARY)]
    documents: list[Document] = []
    for number in range(size):
        kind = number % 100
        earlier = documents[int(rng.integers(number // 2, number))] if number > 100 else None
        if earlier is not None and kind < 2:
            text, name = earlier.text, f"copy {number} of a paper.docx"
        elif earlier is not None and kind < 5:
            text, name = _edited(earlier.text, rng, vocabulary, 2), f"edited {_letters(number)}.docx"
        elif kind < 10:
            text, name = _text(rng, vocabulary, WORDS), f"paper {_letters(number)} 2023.pdf"
        elif kind < 15 and len(documents) >= 5:
            before = documents[-5]
            text, name = _edited(before.text, rng, vocabulary, 6), f"paper {_letters(number - 5)} 2025.pdf"
        elif kind < 25:
            text, name = _record(rng, vocabulary), f"suppliers.csv#{number}"
        else:
            text, name = _text(rng, vocabulary, WORDS), f"note {_letters(number)}.txt"
        updated = date(2024, 1, 1 + number % 28) if number % 3 else None
        path = f"corpus/{name.partition('#')[0]}"
        documents.append(Document(name, name, text, Source(path, f"row {number}" if "#" in name else ""), updated))
    return documents


def _text(rng: np.random.Generator, vocabulary: list[str], words: int) -> str:
    # Word frequencies fall as in real text.
    ranks = np.minimum(rng.zipf(1.3, size=words), VOCABULARY) - 1
    chosen = [vocabulary[rank] for rank in ranks]
    lines = [" ".join(chosen[start : start + 12]) for start in range(0, words, 12)]
    return "\n".join(lines) + FOOTER.format(page=int(rng.integers(1, 13)))


def _edited(text: str, rng: np.random.Generator, vocabulary: list[str], words: int) -> str:
    parts = text.split(" ")
    for place in rng.integers(0, len(parts), size=words):
        parts[int(place)] = vocabulary[int(rng.integers(VOCABULARY))]
    return " ".join(parts)


def _record(rng: np.random.Generator, vocabulary: list[str]) -> str:
    name = " ".join(vocabulary[int(rank)] for rank in rng.integers(0, VOCABULARY, size=2))
    terms = "approved for all makes and models, hire within one working day, invoices to the supplier desk by the tenth"
    return (
        f"name: {name}\nphone: 0113 555 {int(rng.integers(10_000)):04}\nterms: {terms}. "
        + f"Rates follow the list. {terms}."
    )


def _word(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list("bcdfglmnprst")) + rng.choice(list("aeiou")) for _ in range(int(rng.integers(1, 5))))


def _letters(number: int) -> str:
    """The number in letters, so that it reads as a name and not as an edition."""
    return "".join(chr(97 + int(digit)) for digit in f"{number:06}")


if __name__ == "__main__":
    main()
