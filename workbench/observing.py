"""What every signal needs: the rule for shares, words for counts, safe reading of a client file, names of documents.

It knows no signal and no cause. The analysis packages build their observations with it; nothing here decides what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from workbench.intervals import wilson
from workbench.numbers import percent
from workbench.records import CaseInputs, Document, Estimate, Observation, Source, Status

Signal = Callable[[CaseInputs], Observation]

MOST_SOURCES = 5
MOST_CHARACTERS = 400_000

_WORD = re.compile(r"[^\W_]+")


def observe_all(signals: Mapping[str, Signal], inputs: CaseInputs) -> list[Observation]:
    """One observation per signal, in the order of the table."""
    return [signal(inputs) for signal in signals.values()]


def share_status(share: Estimate, threshold: float) -> Status:
    """The rule for every share of something bad against a threshold of the catalogue.

    Seen: the share is above the threshold and the lower end of its interval is above half the threshold.
    Clean: the share is at or below the threshold (few units weigh little through n / n_min).
    Unknown: the share is above, but its interval reaches below half the threshold, or there is no share at all.
    """
    if share.value is None or share.low is None:
        return "unknown"
    if share.value <= threshold:
        return "clean"
    return "seen" if share.low > threshold / 2 else "unknown"


def share_observation(
    signal: str,
    count: int,
    n: int,
    threshold: float,
    finding: str,
    *,
    sources: Iterable[Source] = (),
    quality: float = 1.0,
    n_min: int = 30,
) -> Observation:
    """An observation on `count` of `n` by the rule of `share_status`; too few to tell is said in the finding."""
    share = wilson(count, n)
    status = share_status(share, threshold)
    sentence = f"{finding.rstrip('.')}: too few to tell." if status == "unknown" else finding
    return Observation(signal, status, sentence, first_sources(sources), quality, n, n_min, share)


def seen_if(fires: bool) -> Status:
    """Seen where the rule fires, clean where it was looked at and does not."""
    return "seen" if fires else "clean"


def unknown(signal: str, finding: str, sources: Iterable[Source] = ()) -> Observation:
    """Could not look: the finding says what was missing."""
    return Observation(signal, "unknown", finding, first_sources(sources))


def first_sources(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The first five different places, in the order given."""
    return tuple(dict.fromkeys(sources))[:MOST_SOURCES]


def of(count: int, n: int) -> str:
    """A count in words: "31 of 240 (13 %)"; "0 of 0" where nothing was there."""
    return f"{count:,} of {n:,} ({percent(count / n, n)})" if n else "0 of 0"


def counted(n: int, noun: str) -> str:
    """A number with its noun, plural where it is not one: "1 run", "3 runs"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def listed(names: Iterable[str]) -> str:
    """Names as a sentence says them: "a", "a and b", "a, b and c"."""
    items = list(names)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


def words(text: str) -> list[str]:
    """Runs of letters and digits, lower case."""
    return [word.casefold() for word in _WORD.findall(text)]


def plain(text: str) -> str:
    """A text reduced to its words, so that case, spacing and punctuation do not tell two texts apart."""
    return " ".join(words(text))


def in_utc(at: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is taken as UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def read_case_text(root: str, path: str) -> str | None:
    """Text of a client file, at most 400,000 characters of it; undecodable bytes are replaced.

    None where the file is not there, is no ordinary file, or lies outside the case folder (links included).
    """
    folder = Path(root).resolve()
    file = (folder / path).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        return None
    with file.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(MOST_CHARACTERS)


def line_of(text: str, start: int) -> str:
    """Locator of the character at `start`: "line 14"."""
    return f"line {text.count(chr(10), 0, start) + 1}"


class DocumentNames:
    """Finds a document of the corpus by the id a log or an eval set uses for it.

    Tried in turn: the id itself, the id without `#chunk` and case, the file name, the file name without suffix.
    A short form that two documents share finds neither.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._by_id = {document.doc_id: document for document in documents}
        self._by_form: dict[str, Document | None] = {}
        for document in self._by_id.values():
            for form in dict.fromkeys(_short_forms(document.doc_id)):
                self._by_form[form] = None if form in self._by_form else document

    def find(self, doc_id: str | None) -> Document | None:
        """The document meant by `doc_id`, None where there is none or more than one."""
        if not doc_id:
            return None
        found = self._by_id.get(doc_id) or self._by_id.get(doc_id.partition("#")[0])
        forms = (self._by_form.get(form) for form in _short_forms(doc_id.partition("#")[0]))
        return found or next((document for document in forms if document is not None), None)


def _short_forms(doc_id: str) -> tuple[str, str, str]:
    path = PurePosixPath(doc_id.casefold())
    return str(path), path.name, path.stem
