"""Whether evaluation questions look like real ones: their length, spelling, language and script beside the log (E-20).

It compares how questions are written; what they are about is compared in `workbench.evaluation.coverage`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.evaluation.spelling import Spelling
from workbench.observing import Signal, listed, of, share_observation, unknown
from workbench.records import CaseInputs, Interaction, Observation

OUTSIDE_LIMIT = 0.30
BAND = (0.05, 0.95)
RARE = 0.05
"""Share of the items below which a language or script is hardly in the set."""
FEWEST_ITEMS = 20
FEWEST_QUERIES = 30
FEWEST_KNOWN = 5
"""Items whose language is known, below which languages are not compared."""
MOST_QUERIES = 10_000
MOST_TEXTS = 20_000
LONGEST = 2_000
"""Characters of a question whose spelling and language are looked at."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is written.

    Attributes:
        length: characters. slips: share of its longer words that are slips, None without such words or documents.
        language: ISO 639-1 code, "unknown" for most short questions. script: "LATIN", "CYRILLIC"; "" without letters.
    """

    length: int
    slips: float | None
    language: str
    script: str


@dataclass(frozen=True, slots=True)
class Bands:
    """What nine in ten items lie within.

    Attributes:
        shortest, longest: characters. most_slips: share of words; None where spelling was not looked at.
        languages, scripts: those that at least 5 % of the items are in; languages are empty where too few are known.
    """

    shortest: float
    longest: float
    most_slips: float | None
    languages: frozenset[str]
    scripts: frozenset[str]

    @classmethod
    def of(cls, manners: Sequence[Manner]) -> Bands:
        """The bands of a set; at least one item."""
        shortest, longest = np.quantile([manner.length for manner in manners], BAND)
        slips = [manner.slips for manner in manners if manner.slips is not None]
        languages = [manner.language for manner in manners if manner.language != "unknown"]
        scripts = [manner.script for manner in manners if manner.script]
        return cls(
            float(shortest),
            float(longest),
            float(np.quantile(slips, BAND[1])) if slips else None,
            _usual(languages) if len(languages) >= FEWEST_KNOWN else frozenset(),
            _usual(scripts),
        )

    def faults(self, manner: Manner) -> list[str]:
        """In what a question lies outside: "shorter", "longer", "slips", "language"; none for most."""
        found = []
        if manner.length < self.shortest:
            found.append("shorter")
        if manner.length > self.longest:
            found.append("longer")
        if self.most_slips is not None and manner.slips is not None and manner.slips > self.most_slips:
            found.append("slips")
        if self._foreign(manner):
            found.append("language")
        return found

    def _foreign(self, manner: Manner) -> bool:
        if manner.script and self.scripts and manner.script not in self.scripts:
            return True
        return bool(self.languages) and manner.language != "unknown" and manner.language not in self.languages


def unlike_real_questions(inputs: CaseInputs) -> Observation:
    """E-20. Seen: more than 30 % of the logged questions lie outside what nine in ten items are like (share rule).

    Outside: shorter or longer than the 5 % and 95 % points of the set, a larger share of words with a slip than its 95 % point,
    or in a language or script that fewer than 5 % of the items are in. About 10 to 15 % are so by chance.
    """
    questions = [item.question for item in inputs.evals.items if item.question.strip()]
    asked = [line for line in inputs.log.interactions if line.query.strip()]
    if not questions or not asked:
        lacking = "log" if questions else "evaluation set"
        return unknown("E-20", f"Questions cannot be held against real ones: no {lacking} was handed over.")
    if len(questions) < FEWEST_ITEMS or len(asked) < FEWEST_QUERIES:
        few = f"{len(questions)} evaluation questions and {len(asked)} logged ones"
        return unknown("E-20", f"Too few to say what questions look like: {few}.")
    sample = asked[:: max(1, -(-len(asked) // MOST_QUERIES))]
    spelling = _spelling(inputs, questions, sample)
    bands = Bands.of([_manner(question, spelling) for question in questions[:MOST_QUERIES]])
    faults = [bands.faults(manner) for manner in _manners(sample, spelling)]
    outside = [line for line, found in zip(sample, faults, strict=True) if found]
    finding = (
        f"{of(len(outside), len(sample))} logged questions are unlike nine in ten of the {len(questions)} evaluation"
        f" questions: {_why(faults, bands)}."
    )
    sources = [line.source for line in outside] or [inputs.evals.items[0].source]
    return share_observation("E-20", len(outside), len(sample), OUTSIDE_LIMIT, finding, sources=sources, n_min=100)


def _spelling(inputs: CaseInputs, questions: Sequence[str], sample: Sequence[Interaction]) -> Spelling | None:
    """How words are written in the documents; None without documents, for questions alone know too few words."""
    if not inputs.passages:
        return None
    texts = [passage.text for passage in inputs.passages[:: max(1, -(-len(inputs.passages) // MOST_TEXTS))]]
    asked = dict.fromkeys(text[:LONGEST] for text in (*questions, *(line.query for line in sample)))
    return Spelling(texts, asked)


def _manners(sample: Sequence[Interaction], spelling: Spelling | None) -> list[Manner]:
    told = {query: _manner(query, spelling) for query in {line.query for line in sample}}
    return [told[line.query] for line in sample]


def _manner(text: str, spelling: Spelling | None) -> Manner:
    from workbench.ingest.corpus.languages import language_of

    cut = text.strip()[:LONGEST]
    return Manner(len(text.strip()), spelling.rate(cut) if spelling else None, language_of(cut), _script(cut))


def _script(text: str) -> str:
    """First word of the names of most letters: "LATIN", "CYRILLIC", "CJK"; "" without letters."""
    names = Counter(unicodedata.name(letter, "").split(" ")[0] for letter in text[:300] if letter.isalpha())
    return names.most_common(1)[0][0] if names else ""


def _usual(kinds: Sequence[str]) -> frozenset[str]:
    return frozenset(kind for kind, count in Counter(kinds).items() if count >= RARE * len(kinds))


def _why(faults: Sequence[Sequence[str]], bands: Bands) -> str:
    counts = Counter(fault for found in faults for fault in found)
    slips = (
        f"with slips in over {100 * bands.most_slips:.0f} % of the longer words" if bands.most_slips else "with a slip"
    )
    said = {
        "shorter": f"under {bands.shortest:.0f} characters",
        "longer": f"over {bands.longest:.0f} characters",
        "slips": slips,
        "language": "in a language or script hardly in the set",
    }
    reasons = [f"{counts[fault]:,} {reason}" for fault, reason in said.items() if counts[fault]]
    return listed(reasons) if reasons else "none in length, spelling or language"


SIGNALS: Mapping[str, Signal] = {"E-20": unlike_real_questions}
