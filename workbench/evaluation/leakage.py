"""Whether the pilot was tuned on its evaluation questions: those in its prompts, and held-out ones beside the others (E-07).

It reads prompt files of the repository; prompts kept elsewhere, and what a model was trained on, are out of its sight. Vectors
are handed in: without them it compares words alone, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.evaluation.near_questions import wordings_of
from workbench.observing import (
    Signal,
    counted,
    first_sources,
    line_of,
    listed,
    of,
    read_case_text,
    share_observation,
    unknown,
    words,
)
from workbench.records import CaseInputs, EvalItem, NearQuestions, NearText, Observation, Source

LEAKED_LIMIT = 0.02
RUN = 13
"""Words in a row that no two people write alike by chance (Brown et al. 2020, "Language models are few-shot learners")."""
FEWEST_WORDS = 5
FEWEST_CHARACTERS = 24
"""A whole question counts from either on; two or three words stand in any prompt."""

MOST_FILES = 2_000
MOST_CHARACTERS = 5_000_000
MOST_LINES = 2_000
MOST_WORDS = 60
LONGEST_LINE = 600
SHOWN = 80
"""Characters of a question that are quoted."""

_SPEAKER = re.compile(r"^\W*(?:(?:q|question|user|human|input|query)\W*[:=]\s*)?\W*", re.IGNORECASE)

_PROMPT_PATH = re.compile(
    r"prompt|few[-_ ]?shot|exemplar|demonstration|system[-_ ]?message|instruction|(^|/)examples?([-_.][^/]*)?(/|$)",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"\.(md|txt|ya?ml|json|jsonl|toml|py|ts|js|mjs|java|kt|go|cs|rb|rs|php|j2|jinja2?|hbs|mustache|tmpl|prompt|liquid|xml|csv)$",
    re.IGNORECASE,
)
_OTHER_USE = re.compile(
    r"(^|/)(evals?|evaluation|golden|tests?|test[-_]?sets?|spec|fixtures?|benchmarks?|datasets?|corpus|logs?|runs?|results?|node_modules)/"
    r"|(^|/)[^/]*(golden|test_?set|eval_?set|changelog|git-log)[^/]*$|(^|/)test_[^/]*$",
    re.IGNORECASE,
)
"""Places where an evaluation question may stand: they are no prompts."""
_PROMPT_TEXT = re.compile(
    r"[\"']role[\"']\s*:\s*[\"'](system|user|assistant)|\brole:\s*(system|user|assistant)\b"
    r"|system_?prompt|few[-_ ]?shot|\byou are (a|an|the)\b|\byou (help|answer|assist)\b|^\s*(q|question|user)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class PromptText:
    """A file that holds a prompt: its path below the case folder, its text, and its words with one space around each."""

    path: str
    text: str
    words: str


def leaked_questions(inputs: CaseInputs) -> Observation:
    """E-07. Seen: more than 2 % of the questions stand in a prompt, or more than 2 % of the held-out ones repeat one that tunes.

    Share rule for both. A question stands in a prompt when all its words do in a row (from five words or 24 characters on), or
    any 13 of them, or when a line of the prompt says nearly the same; it repeats another when their wordings nearly are one
    (as in E-08), or when it says nearly the same. Said nearly the same: cosine above 0.95, where vectors were handed in.
    """
    if not inputs.evals.items:
        return unknown("E-07", "No evaluation set was handed over.")
    prompts, split = _in_prompts(inputs), _across_the_split(inputs)
    if split is None:
        return prompts
    if prompts.status == "unknown" or (split.status == "seen" and prompts.status != "seen"):
        first, second = split, prompts
    else:
        first, second = prompts, split
    sources = first_sources([*first.sources[:3], *second.sources])
    return replace(first, finding=f"{first.finding} {second.finding}", sources=sources)


def _in_prompts(inputs: CaseInputs) -> Observation:
    items = inputs.evals.items
    if inputs.repository is None:
        return unknown("E-07", "The pilot's repository was not handed over, so its prompts cannot be read.")
    prompts = list(_prompts(inputs.root, inputs.repository.files))
    if not prompts:
        held = counted(len(inputs.repository.files), "file")
        return unknown("E-07", f"No prompt was found among {held} of the repository.")
    places = {place: source for place, item in enumerate(items) if (source := _place(item.question, prompts))}
    by_meaning = {near.question: near for near in _near(inputs).prompted if near.question not in places}
    sources = _paired([(items[place], source) for place, source in places.items()])
    sources += _paired([(items[place], near.source) for place, near in by_meaning.items()])
    more = [f"{len(prompts) - 3} more"] if len(prompts) > 3 else []
    names = listed([*(prompt.path for prompt in prompts[:3]), *more])
    found = len(places) + len(by_meaning)
    finding = f"{of(found, len(items))} evaluation questions stand in the prompts ({names})"
    finding += f"{in_other_words(inputs, len(by_meaning))}."
    sources = sources or [Source(prompt.path) for prompt in prompts]
    return share_observation("E-07", found, len(items), LEAKED_LIMIT, finding, sources=sources)


def _across_the_split(inputs: CaseInputs) -> Observation | None:
    """The second half of E-07; None where the set does not mark both questions held out and others that are not."""
    items = inputs.evals.items
    held = [place for place, item in enumerate(items) if item.held_out]
    tune = [item for item in items if item.held_out is False]
    if not held or not tune:
        return None
    worded = {held[place] for place in wordings_of([items[place] for place in held], tune)}
    by_meaning = [near for near in _near(inputs).tuned if near.question not in worded]
    sources = [items[place].source for place in sorted(worded)]
    sources += _paired([(items[near.question], near.source) for near in by_meaning])
    found = len(worded) + len(by_meaning)
    said = in_other_words(inputs, len(by_meaning), by_meaning[:1])
    finding = f"{of(found, len(held))} held-out questions nearly repeat one of the {counted(len(tune), 'question')}"
    finding += f" for tuning{said}."
    sources = sources or [items[held[0]].source]
    return share_observation("E-07", found, len(held), LEAKED_LIMIT, finding, sources=sources)


def in_other_words(inputs: CaseInputs, count: int, examples: Sequence[NearText] = ()) -> str:
    """How many of those found were found by vectors alone, with a pair of questions; else by what was compared."""
    near = inputs.near
    if near is None or near.reason:
        return f", by words alone{f' ({near.reason})' if near and near.reason else ''}"
    questions = [item.question for item in inputs.evals.items]
    pairs = [(questions[one.question], questions[one.other]) for one in examples if one.other is not None]
    said = "".join(f', as "{_short(one)}" and "{_short(other)}"' for one, other in pairs)
    if not count:
        return ", by words and by meaning"
    return f", {count:,} of them in other words (cosine above {near.limit:g} with {near.encoder}{said})"


def _short(question: str) -> str:
    told = " ".join(question.split())
    return told if len(told) <= SHOWN else f"{told[: SHOWN - 1]}…"


def _near(inputs: CaseInputs) -> NearQuestions:
    return inputs.near or NearQuestions()


def prompt_lines(inputs: CaseInputs) -> list[tuple[str, Source]]:
    """Different lines of the prompts that may be questions: five to sixty words, at most 2,000, with their places."""
    if inputs.repository is None:
        return []
    found: dict[str, Source] = {}
    for prompt in _prompts(inputs.root, inputs.repository.files):
        for number, line in enumerate(prompt.text.splitlines(), start=1):
            told = _SPEAKER.sub("", line).strip(" \t\"',")
            if FEWEST_WORDS <= len(words(told)) <= MOST_WORDS and len(told) <= LONGEST_LINE:
                found.setdefault(told, Source(prompt.path, f"line {number}"))
    return list(found.items())[:MOST_LINES]


def _paired(found: Sequence[tuple[EvalItem, Source]]) -> list[Source]:
    """The first places of what was found, each before the item that says the same."""
    return [source for item, place in found for source in (place, item.source)]


def _prompts(root: str, paths: Sequence[str]) -> Iterator[PromptText]:
    """Prompt files, those named like one first; at most 2,000 files and five million characters are read."""
    left = MOST_CHARACTERS
    readable = [path for path in paths if _TEXT.search(path) and not _OTHER_USE.search(_inside(path))]
    for path in sorted(readable, key=lambda path: not _PROMPT_PATH.search(_inside(path)))[:MOST_FILES]:
        text = read_case_text(root, path) if left > 0 else None
        if text is None:
            continue
        left -= len(text)
        if _PROMPT_PATH.search(_inside(path)) or _PROMPT_TEXT.search(text):
            yield PromptText(path, text, f" {' '.join(words(text))} ")


def _inside(path: str) -> str:
    """The path without the folder the repository lies in."""
    return path.partition("/")[2] or path


def _place(question: str, prompts: Sequence[PromptText]) -> Source | None:
    told = words(question)
    if len(told) < FEWEST_WORDS and len(" ".join(told)) < FEWEST_CHARACTERS:
        return None
    length = min(len(told), RUN)
    runs = [told[start : start + length] for start in range(len(told) - length + 1)]
    for prompt in prompts:
        run = next((run for run in runs if f" {' '.join(run)} " in prompt.words), None)
        if run is not None:
            return Source(prompt.path, _line(prompt.text, run))
    return None


def _line(text: str, run: Sequence[str]) -> str:
    found = re.search(r"[\W_]+".join(map(re.escape, run)), text, re.IGNORECASE)
    return line_of(text, found.start()) if found else ""


SIGNALS: Mapping[str, Signal] = {"E-07": leaked_questions}
