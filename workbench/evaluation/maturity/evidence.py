"""What the rules of the rubric look at: observations by their id, names of fields in evaluation files, texts of papers and code.

Files are read once and in part; a rule that finds nothing to look at says so and scores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from workbench.evaluation.ci_files import CI_FILE, EvalCommand, eval_commands
from workbench.observing import first_sources, in_utc, line_of, read_case_text
from workbench.records import CaseInputs, EvalRun, Observation, Source

MOST_FILES = 200
HEAD = 20_000
"""Characters of a file in which names of fields are looked for."""
EVAL_CODE = re.compile(r"(^|/)[^/]*(eval|golden|benchmark)[^/]*(/|\.(py|ya?ml|toml|json|js|ts|sh|md)$)", re.IGNORECASE)
JSON_KEY = re.compile(r'"([^"\\\n]{1,60})"\s*:')
SEPARATOR = re.compile(r"[,;\t]")
NAME_PARTS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found: 0, 0.5 or 1, None where it could not look; one sentence; where it stands."""

    score: float | None
    finding: str
    sources: tuple[Source, ...] = ()
    signals: tuple[str, ...] = ()


class Evidence:
    """The material of one case, as the rules ask for it; what is costly to look up is looked up once."""

    def __init__(self, inputs: CaseInputs, observations: Sequence[Observation]) -> None:
        self.inputs = inputs
        self._observations = {observation.signal: observation for observation in observations}

    def signal(self, name: str) -> Observation:
        """The observation of a signal; unknown where it was not made."""
        return self._observations.get(name) or Observation(name, "unknown", f"{name} was not looked at.")

    @property
    def nothing_there(self) -> bool:
        """Whether it is known that there is neither an evaluation set nor a run."""
        return self.signal("E-01").status == "seen"

    @cached_property
    def fields_by_file(self) -> Mapping[str, frozenset[str]]:
        """Path of an evaluation file -> names of its fields, each as its words: "ci low"."""
        return {
            path: frozenset(" ".join(NAME_PARTS.findall(name.casefold())) for name in _field_names(path, text))
            for path, text in self.eval_files
        }

    @cached_property
    def fields(self) -> Mapping[str, Source]:
        """Field name -> an evaluation file that has it."""
        return _places_of(self.fields_by_file)

    @cached_property
    def run_fields(self) -> Mapping[str, Source]:
        """Field names of the files runs were read from, and of summaries of runs beside them."""
        of_runs = {run.source.path for run in self.inputs.evals.runs}
        folders = {path.rpartition("/")[0] for path in of_runs} - {"evals"}
        files = self.fields_by_file.items()
        return _places_of(
            {path: names for path, names in files if path in of_runs or path.rpartition("/")[0] in folders}
        )

    @cached_property
    def eval_files(self) -> Sequence[tuple[str, str]]:
        """(path, text) of what was handed over as evaluation."""
        paths = [path for path in self.inputs.evals.formats if not path.endswith((".parquet", ".xlsx", ".xls"))]
        return self._read(paths)

    @cached_property
    def code(self) -> Sequence[tuple[str, str]]:
        """(path, text) of pipelines and evaluation code of the repository."""
        files = self.inputs.repository.files if self.inputs.repository else ()
        return self._read(path for path in files if CI_FILE.search(path) or EVAL_CODE.search(path))

    @cached_property
    def commands(self) -> Sequence[EvalCommand]:
        """Commands of the pipelines that run an evaluation."""
        return [command for path, text in self.code if CI_FILE.search(path) for command in eval_commands(path, text)]

    @cached_property
    def papers(self) -> Sequence[tuple[str, str]]:
        """(path, text) of the governance papers."""
        return [(paper.source.path, paper.text) for paper in self.inputs.artefacts if paper.text]

    def _read(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        texts = [(path, read_case_text(self.inputs.root, path)) for path in list(paths)[:MOST_FILES]]
        return [(path, text) for path, text in texts if text]


def by_signal(evidence: Evidence, name: str, *, clean: float = 1.0) -> Found:
    """What an observation says: `clean` points where the fault was looked for and is not there, none where it was seen."""
    seen = evidence.signal(name)
    score = {"clean": clean, "seen": 0.0}.get(seen.status)
    return Found(score, seen.finding, seen.sources, (name,))


def named(fields: Mapping[str, Source], pattern: re.Pattern[str]) -> dict[str, Source]:
    """Fields whose words match."""
    return {name: source for name, source in fields.items() if pattern.search(name)}


def places(texts: Iterable[tuple[str, str]], pattern: re.Pattern[str]) -> tuple[Source, ...]:
    """First place of a pattern in each text, at most five."""
    matches = ((path, text, pattern.search(text)) for path, text in texts)
    return first_sources(Source(path, line_of(text, match.start())) for path, text, match in matches if match)


def no_set(evidence: Evidence) -> Found | None:
    """The answer of every rule on the set where there is none."""
    if evidence.inputs.evals.items:
        return None
    if evidence.nothing_there:
        return Found(0.0, "There is no evaluation set.", evidence.signal("E-01").sources, ("E-01",))
    return Found(None, "No evaluation set was handed over.", (), ("E-01",))


def no_runs(evidence: Evidence) -> Found | None:
    """The answer of every rule on runs where there is none."""
    if evidence.inputs.evals.runs:
        return None
    if evidence.nothing_there or evidence.inputs.evals.items:
        return Found(0.0, "There is no record of a single run.", evidence.signal("E-12").sources, ("E-12",))
    return Found(None, "No evaluation runs were handed over.", (), ("E-12",))


def newest_run(evidence: Evidence) -> EvalRun:
    """The newest run; one without a date only where none has any. There must be a run."""
    runs = evidence.inputs.evals.runs
    return max(runs, key=lambda run: (run.at is not None, in_utc(run.at).timestamp() if run.at else 0.0))


def _places_of(names: Mapping[str, frozenset[str]]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for path, fields in names.items():
        for name in sorted(fields):
            found.setdefault(name, Source(path))
    return found


def _field_names(path: str, text: str) -> list[str]:
    if path.endswith((".csv", ".tsv", ".txt")):
        return [name.strip(' "\ufeff') for name in SEPARATOR.split(text.partition("\n")[0][:HEAD])]
    return JSON_KEY.findall(text[:HEAD])


Rule = Callable[[Evidence], Found]
