"""Finds in a repository's pipeline files the commands that run an evaluation, when they start and whether they can fail.

It reads text and YAML and runs nothing; what a called script does inside is out of its sight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

CI_FILE = re.compile(
    r"(^|/)(\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|azure-pipelines[^/]*\.ya?ml|Jenkinsfile[^/]*)$"
)
EVAL_COMMAND = re.compile(
    r"deepeval\s+test|promptfoo|ragas|mlflow\.genai|evidently|langsmith|giskard|trulens"
    r"|(?<![a-z])eval(s|uate|uation)?(?![a-z])",
    re.IGNORECASE,
)
CARRYING = re.compile(r"\b(fetch|push|pull|upload|download|checkout|install|mkdir|rm|cp|cat|ls|git)\b(?!/)")
SHELL_EVAL = re.compile(r"""(^|[;&|]\s*)eval\s+["'$`]""")
SWALLOWED = re.compile(
    r"\|\|\s*(true|:|exit\s+0|echo)|;\s*(true|exit\s+0)\s*$|set\s+\+e|catchError|returnStatus:\s*true"
)
COMMAND_KEYS = frozenset(
    {"run", "script", "bash", "powershell", "pwsh", "uses", "task", "before_script", "after_script"}
)
TOLERANT_KEYS = frozenset({"continue-on-error", "allow_failure", "continueOnError", "ignoreFailures"})
AUTOMATIC = frozenset(
    {"pull_request", "pull_request_target", "push", "schedule", "merge_group", "release", "workflow_run"}
)


@dataclass(frozen=True, slots=True)
class EvalCommand:
    """One command of a pipeline that runs an evaluation.

    Attributes:
        line: line number in the file, from 1.
        automatic: it starts on a change or a schedule, not only by hand.
        can_fail: nothing around it swallows a failure.
    """

    path: str
    line: int
    text: str
    automatic: bool
    can_fail: bool


def eval_commands(path: str, text: str) -> list[EvalCommand]:
    """Commands in one pipeline file that run an evaluation; a file that is no YAML is read line by line."""
    tree = _tree(path, text)
    if tree is None:
        commands = [(line, False) for line in text.splitlines()]
        automatic = True
    else:
        commands = [pair for command, tolerant in _commands(tree, False) for pair in _lines(command, tolerant)]
        automatic = starts_by_itself(path, tree)
    return [
        EvalCommand(path, _line_number(text, line), line.strip(), automatic, not (tolerant or SWALLOWED.search(line)))
        for line, tolerant in commands
        if runs_evaluation(line)
    ]


def runs_evaluation(line: str) -> bool:
    """Whether a command line calls an evaluation: a known tool or the word eval.

    The shell's own `eval`, installing, and moving files about do not count.
    """
    code = line.strip()
    if code.startswith(("#", "//", "echo ")) or SHELL_EVAL.search(code) or CARRYING.search(code):
        return False
    return bool(EVAL_COMMAND.search(code))


def starts_by_itself(path: str, tree: Mapping[Any, Any]) -> bool:
    """Whether a pipeline starts on a change or a schedule; only GitHub and Azure files can say that it does not."""
    if ".github/workflows" in path:
        # YAML 1.1 reads the key `on` as the truth value.
        triggers = tree.get("on", tree.get(True))
        names = {triggers} if isinstance(triggers, str) else set(triggers or ())
        return bool(names & AUTOMATIC)
    if "azure-pipelines" in path:
        return tree.get("trigger") != "none" or bool(tree.get("pr")) or "schedules" in tree
    return True


def _tree(path: str, text: str) -> Mapping[Any, Any] | None:
    if "Jenkinsfile" in path:
        return None
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return tree if isinstance(tree, Mapping) else None


def _commands(node: object, tolerant: bool) -> Iterator[tuple[str, bool]]:
    """Every command below a node, with whether a key on the way lets it fail."""
    if isinstance(node, Mapping):
        tolerant = tolerant or any(node.get(key) not in (None, False, "false") for key in TOLERANT_KEYS)
        for key, value in node.items():
            if key in COMMAND_KEYS:
                yield from ((command, tolerant) for command in _texts(value))
            else:
                yield from _commands(value, tolerant)
    elif isinstance(node, list):
        for part in node:
            yield from _commands(part, tolerant)


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def _lines(command: str, tolerant: bool) -> list[tuple[str, bool]]:
    """Lines of a command, continued lines joined; after `set +e` no line can fail the step."""
    result = []
    for line in command.replace("\\\n", " ").splitlines():
        tolerant = tolerant or "set +e" in line
        result.append((line, tolerant))
    return result


def _line_number(text: str, command: str) -> int:
    """Line of the file the command starts on: its first words are looked for, since continued lines were joined."""
    wanted = re.split(r"\s{2,}", command.strip())[0]
    return next((number for number, line in enumerate(text.splitlines(), 1) if wanted in line), 1)
