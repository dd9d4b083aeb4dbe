"""Who wrote the evaluation questions, beside who wrote the prompts and the code (E-17).

Names are compared, not judged: a person with two names in the files counts as two, and a masked name is not compared at all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.evaluation.eval_set import EVAL_FILE
from workbench.ingest.repository import history_source
from workbench.observing import Signal, counted, first_sources, listed, of, unknown, words
from workbench.records import CaseInputs, Commit, Observation, Source

PROMPT_FILE = re.compile(r"(^|/)[^/]*prompts?([^a-z/][^/]*)?(/|\.|$)", re.IGNORECASE)
CODE_FILE = re.compile(r"\.(py|ipynb|js|ts|tsx|jsx|java|kt|go|rs|cs|rb|php|scala|c|cc|cpp|h|sql|sh)$", re.IGNORECASE)
MACHINE = re.compile(
    r"gpt|claude|llama|mistral|gemini|synthe|generat|ragas|deepeval|giskard|\b(llm|ai|auto|bot|model)\b", re.IGNORECASE
)
LEAST_SHARE = 0.10
"""Share of the items people beside the prompt authors must have written to count: one guest question is no second view."""
LONGEST_NAME = 200

_ADDRESS = re.compile(r"<?([\w.+-]+)@[\w.-]+>?")
_SEVERAL = re.compile(r"\s*(?:[;/&|]|\band\b)\s*")


@dataclass(frozen=True, slots=True)
class _Authors:
    """Who wrote the items: name -> how many, and where the first one stands."""

    items: Mapping[str, int]
    places: Mapping[str, Source]
    unnamed: int


def written_apart(inputs: CaseInputs) -> Observation:
    """E-17. Seen: nine in ten evaluation questions or more were written by people who also changed the prompts.

    Authors are those the items name, else those of commits to eval-set files; prompt authors those of commits to files named
    prompt. Clean with quality 1.0 where one of the others never committed code, which is what tells a domain expert in files;
    with quality 0.5 where all of them did. Unknown where names are masked, missing or those of a generator.
    """
    commits = inputs.repository.commits if inputs.repository else ()
    prompts = [commit for commit in commits if _touches(commit, PROMPT_FILE)]
    authors = _item_authors(inputs, commits)
    people = {
        name: count for name, count in authors.items.items() if not name.startswith("[") and not MACHINE.search(name)
    }
    if not people or not prompts:
        return unknown("E-17", _lacking(authors, bool(prompts)), authors.places.values())
    outside = {
        name: count for name, count in people.items() if not any(same_person(name, one.author) for one in prompts)
    }
    return _observation(inputs, people, outside, authors, prompts)


def same_person(name: str, author: str) -> bool:
    """Whether a name on an item and the author of a commit are one person: the same words, an address, or a usual user name.

    >>> same_person("Wilk, Tomasz", "Tomasz Wilk <tomasz.wilk@example.com>"), same_person("twilk", "Tomasz Wilk")
    (True, True)
    >>> same_person("Tomasz Wilk", "Tomasz Raman <t.raman@example.com>")
    False
    """
    plain = _without_address(name)
    if set(words(plain)) and set(words(plain)) == set(words(_without_address(author))):
        return True
    short, other = _user_names(name), _user_names(author)
    return bool(short & (other | _forms(author)) or other & _forms(name))


def _user_names(text: str) -> frozenset[str]:
    """What stands before the @ of an address, and a name of a single word."""
    address = _ADDRESS.search(text[:LONGEST_NAME])
    parts = words(_without_address(text))
    names = ["".join(words(address[1]))] if address else []
    return frozenset([*names, *(parts if len(parts) == 1 else ())])


def _forms(text: str) -> frozenset[str]:
    """User names that people make of a name of several words."""
    parts = words(_without_address(text))
    if len(parts) < 2:
        return frozenset()
    first, last = parts[0], parts[-1]
    return frozenset({first, first + last, last + first, first[0] + last, first + last[0]})


def _without_address(text: str) -> str:
    return _ADDRESS.sub("", text[:LONGEST_NAME]).strip()


def _touches(commit: Commit, pattern: re.Pattern[str]) -> bool:
    return any(letter != "D" and pattern.search(path) for letter, path in commit.files)


def _item_authors(inputs: CaseInputs, commits: Iterable[Commit]) -> _Authors:
    counts: Counter[str] = Counter()
    places: dict[str, Source] = {}
    for item in inputs.evals.items:
        for name in _SEVERAL.split(item.author.strip()) if item.author and item.author.strip() else ():
            if name:
                counts[name] += 1
                places.setdefault(name, item.source)
    if not counts:
        history = history_source(Path(inputs.root))
        for commit in commits:
            if _touches(commit, EVAL_FILE):
                counts[commit.author] += 1
                places.setdefault(commit.author, Source(history, f"commit {commit.commit_id[:7]}"))
    return _Authors(counts, places, sum(not item.author for item in inputs.evals.items))


def _lacking(authors: _Authors, prompts: bool) -> str:
    if not authors.items:
        return "Neither the evaluation questions nor the repository say who wrote them."
    if not prompts:
        return "Who wrote the prompts is not known: no commit to a prompt file was handed over."
    return f"The authors of the evaluation questions are masked or no people: {listed(sorted(authors.items)[:3])}."


def _observation(
    inputs: CaseInputs, people: Mapping[str, int], outside: Mapping[str, int], authors: _Authors, prompts: list[Commit]
) -> Observation:
    total, apart = sum(people.values()), sum(outside.values())
    commits = inputs.repository.commits if inputs.repository else ()
    coders = {commit.author for commit in commits if _touches(commit, CODE_FILE)}
    experts = [name for name in outside if not any(same_person(name, one) for one in coders)]
    ranked = sorted(outside or people, key=lambda name: (name not in experts, -people[name], name))
    latest = Source(history_source(Path(inputs.root)), f"commit {prompts[-1].commit_id[:7]}")
    sources = first_sources([authors.places[ranked[0]], latest, *(authors.places[name] for name in ranked)])
    wrote = f"{of(apart, total)} evaluation questions have an author who never changed a prompt"
    if apart < LEAST_SHARE * total:
        names = listed(sorted({_name(name) for name in people})[:4])
        finding = f"{wrote}; they were written by {names}, who wrote the prompts."
        return Observation("E-17", "seen", finding, sources, n=total, n_min=10)
    kind = "or code" if experts else "(all of them committed code, so no domain expert shows)"
    finding = f"{wrote} {kind}: {listed(sorted(map(_name, experts or outside))[:4])}."
    return Observation("E-17", "clean", finding, sources, 1.0 if experts else 0.5, total, 10)


def _name(author: str) -> str:
    return _without_address(author) or counted(1, "person")


SIGNALS: Mapping[str, Signal] = {"E-17": written_apart}
