"""Whether evaluation questions stand in the prompts of the pilot (E-07).

It reads prompt files of the repository; prompts kept elsewhere, and what a model was trained on, are out of its sight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.observing import (
    Signal,
    counted,
    line_of,
    listed,
    of,
    read_case_text,
    share_observation,
    unknown,
    words,
)
from workbench.records import CaseInputs, EvalItem, Observation, Source

LEAKED_LIMIT = 0.02
RUN = 13
"""Words in a row that no two people write alike by chance (Brown et al. 2020, "Language models are few-shot learners")."""
FEWEST_WORDS = 5
FEWEST_CHARACTERS = 24
"""A whole question counts from either on; two or three words stand in any prompt."""

MOST_FILES = 2_000
MOST_CHARACTERS = 5_000_000

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
    """E-07. Seen: more than 2 % of the questions stand in a prompt (share rule).

    A question stands there when all its words do in a row (from five words or 24 characters on), or any 13 of them.
    """
    items = inputs.evals.items
    if not items:
        return unknown("E-07", "No evaluation set was handed over.")
    if inputs.repository is None:
        return unknown("E-07", "The pilot's repository was not handed over, so its prompts cannot be read.")
    prompts = list(_prompts(inputs.root, inputs.repository.files))
    if not prompts:
        held = counted(len(inputs.repository.files), "file")
        return unknown("E-07", f"No prompt was found among {held} of the repository.")
    found = [(item, place) for item in items if (place := _place(item.question, prompts))]
    more = [f"{len(prompts) - 3} more"] if len(prompts) > 3 else []
    names = listed([*(prompt.path for prompt in prompts[:3]), *more])
    finding = f"{of(len(found), len(items))} evaluation questions stand in the prompts ({names})."
    sources = _paired(found) or [Source(prompt.path) for prompt in prompts]
    return share_observation("E-07", len(found), len(items), LEAKED_LIMIT, finding, sources=sources)


def _paired(found: Sequence[tuple[EvalItem, Source]]) -> list[Source]:
    """The first places in the prompts, each before the item it holds."""
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
