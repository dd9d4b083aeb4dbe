"""Whether the client's evaluation runs by itself, before releases and for long enough (E-10, E-11, E-12).

It looks at pipeline files, tags and run times; whether the scores mean anything is judged in `eval_runs`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from workbench.evaluation.ci_files import CI_FILE, EvalCommand, eval_commands
from workbench.evaluation.releases import releases_of
from workbench.observing import (
    Signal,
    counted,
    first_sources,
    in_utc,
    listed,
    of,
    read_case_text,
    seen_if,
    share_observation,
    unknown,
)
from workbench.records import CaseInputs, EvalRun, Observation, Source

BEFORE_RELEASE = timedelta(hours=24)
FEWEST_RUNS = 3
SHORTEST_SPAN = timedelta(days=7)

GATING = re.compile(r"gate|threshold|fail|run_?eval|test run", re.IGNORECASE)


def blocking_pipeline(inputs: CaseInputs) -> Observation:
    """E-10. Seen: no pipeline file runs an evaluation, or none of those that do starts by itself and can fail."""
    if inputs.repository is None:
        return unknown("E-10", "The pilot's repository was not handed over, so its pipelines cannot be read.")
    paths = [path for path in inputs.repository.files if CI_FILE.search(path)]
    texts = {path: read_case_text(inputs.root, path) for path in paths}
    commands = [command for path, text in texts.items() if text for command in eval_commands(path, text)]
    if not commands:
        looked = (
            f"None of the {counted(len(paths), 'pipeline file')}" if paths else "No pipeline file is there, so none"
        )
        return Observation("E-10", "seen", f"{looked} runs an evaluation.", first_sources(map(Source, paths)), n=1)
    return _best_command(commands)


def _best_command(commands: list[EvalCommand]) -> Observation:
    ranked = sorted(
        commands, key=lambda command: (-command.automatic, -command.can_fail, not GATING.search(command.text))
    )
    sources = first_sources(Source(command.path, f"line {command.line}") for command in ranked)
    best = ranked[0]
    if best.automatic and best.can_fail:
        gates = len({command.path for command in commands if command.automatic and command.can_fail})
        finding = f"{counted(gates, 'pipeline file')} can stop a change on an evaluation: it runs `{best.text[:80]}`."
        return Observation("E-10", "clean", finding, sources, n=len(commands))
    fault = "its failure is ignored" if best.automatic else "it starts only by hand"
    finding = f"A pipeline runs an evaluation (`{best.text[:80]}`), but {fault}, so no change is ever stopped."
    return Observation("E-10", "seen", finding, sources, n=len(commands))


def runs_before_releases(inputs: CaseInputs) -> Observation:
    """E-11. Seen: more than half of the releases have no evaluation run in the 24 hours before (share rule).

    Releases are the repository's tags; without tags, those of its changelog, else days on which a new prompt version is first
    logged (then a run on that day or the day before counts). Full weight from four releases.
    """
    times = sorted(in_utc(run.at) for run in inputs.evals.runs if run.at is not None)
    releases = _releases(inputs)
    if not times or not releases:
        lacking = "no dated run" if releases else "no release tag or change of prompt version"
        return unknown("E-11", f"Runs cannot be set against releases: {lacking} was handed over.")
    bare = [name for name, start, end in releases if not any(start <= at <= end for at in times)]
    rest = f"; none before {listed(bare[:4])}" if bare else ""
    finding = (
        f"{of(len(releases) - len(bare), len(releases))} releases had an evaluation run in the 24 hours before{rest}."
    )
    runs = [run.source for run in inputs.evals.runs if run.at is not None]
    return share_observation("E-11", len(bare), len(releases), 0.5, finding, sources=runs[::-1], n_min=4)


def _releases(inputs: CaseInputs) -> list[tuple[str, datetime, datetime]]:
    """Name of each release and the span in which a run counts as before it."""
    return [(one.name, one.at - BEFORE_RELEASE, one.closes) for one in releases_of(inputs)]


def run_history(inputs: CaseInputs) -> Observation:
    """E-12. Seen: fewer than three runs, or all within one week.

    No run at all beside a set that was handed over counts as seen at quality 0.7: runs may be kept elsewhere.
    """
    runs = inputs.evals.runs
    if not runs:
        if not inputs.evals.items:
            return unknown("E-12", "No evaluation runs were handed over.")
        finding = f"{counted(len(inputs.evals.items), 'evaluation question')}, but no record of a single run."
        return Observation("E-12", "seen", finding, (inputs.evals.items[0].source,), 0.7, n=len(inputs.evals.items))
    dated = sorted((run for run in runs if run.at is not None), key=_moment)
    if len(runs) >= FEWEST_RUNS and len(dated) < 2:
        return unknown("E-12", f"{len(runs)} evaluation runs, but they carry no dates.", [run.source for run in runs])
    span = _moment(dated[-1]) - _moment(dated[0]) if dated else timedelta()
    few = len(runs) < FEWEST_RUNS or span <= SHORTEST_SPAN
    finding = f"{counted(len(runs), 'evaluation run')} over {counted(span.days, 'day')}"
    finding += f", from {_moment(dated[0]).date()} to {_moment(dated[-1]).date()}." if dated else "."
    sources = first_sources(run.source for run in (*dated[-1:], *dated[:1], *runs))
    return Observation("E-12", seen_if(few), finding, sources, n=len(runs))


def _moment(run: EvalRun) -> datetime:
    return in_utc(run.at) if run.at is not None else datetime.max.replace(tzinfo=UTC)


SIGNALS: Mapping[str, Signal] = {
    "E-10": blocking_pipeline,
    "E-11": runs_before_releases,
    "E-12": run_history,
}
