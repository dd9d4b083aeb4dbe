"""The section on automation: what starts a run, what it can stop, and what is kept of it.

It reads pipelines, evaluation code and run files as text; nothing is executed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.evaluation.automation import FEWEST_RUNS
from workbench.evaluation.maturity.evidence import Evidence, Found, Rule, by_signal, named, newest_run, no_runs, places
from workbench.observing import counted, first_sources, listed
from workbench.records import Source

ON_CHANGE = re.compile(r"pull_request|merge_request|merge_group|\bpush\b|^\s*(pr|trigger)\s*:", re.MULTILINE)
THRESHOLDS = re.compile(r"threshold|fail[_-]?under|min(imum)?[_-]score|go[_-]?live[_-]levels?|gate", re.IGNORECASE)
BASELINE = re.compile(r"baseline|reference[_-]run|pinned", re.IGNORECASE)
PAIRED = re.compile(
    r"mcnemar|paired|wilcoxon|permutation|sign[_ ]?test|bootstrap|item by item|ttest_rel|significant", re.IGNORECASE
)
VERSION = re.compile(r"\b(prompt|model|index|release|commit|git sha|sha|revision|config|version|encoder)\b")
NAMED_VERSION = re.compile(r"v\d+(\.\d+)*|[0-9a-f]{7,40}\b|prompt|model", re.IGNORECASE)
SEED = re.compile(
    r"\bseeds?\b\W{1,4}\d|random_state\W{1,4}\d|temperature\W{1,4}0(\.0+)?\b|cache[^\n]{0,30}(answer|repl|respons|llm)",
    re.IGNORECASE,
)
PINNED_SET = re.compile(
    r"\b(golden|dataset|test_?set|eval[_-]?set)[\w-]*\W{1,4}(version\W{1,4})?v?\d|sha256|--lock\b", re.IGNORECASE
)
LOCK_FILE = re.compile(r"(golden|dataset|test_?set|eval)[^/]*\.(lock|dvc|sha256)\b", re.IGNORECASE)


def on_change(evidence: Evidence) -> Found:
    """A pipeline starts the evaluation on each change (1), on a schedule or people do before most releases (0.5; E-11)."""
    automatic = [command for command in evidence.commands if command.automatic]
    texts = dict(evidence.code)
    changing = [command for command in automatic if ON_CHANGE.search(texts.get(command.path, ""))]
    released = evidence.signal("E-11")
    if changing:
        first = changing[0]
        finding = f"A change starts the evaluation: `{first.text[:80]}`."
        return Found(1.0, finding, first_sources(Source(c.path, f"line {c.line}") for c in changing), ("E-10", "E-11"))
    if automatic or released.status == "clean":
        sources = [*(Source(c.path, f"line {c.line}") for c in automatic), *released.sources]
        how = "a schedule starts the evaluation, a change does not" if automatic else released.finding
        return Found(0.5, f"{how[:1].upper()}{how[1:].rstrip('.')}.", first_sources(sources), ("E-10", "E-11"))
    if evidence.inputs.repository is None:
        return Found(
            None, "The pilot's repository was not handed over, so its pipelines cannot be read.", (), ("E-10",)
        )
    return Found(
        0.0, "Nothing starts an evaluation when something changes.", evidence.signal("E-10").sources, ("E-10", "E-11")
    )


def gate(evidence: Evidence) -> Found:
    """A failed evaluation stops the change (E-10); thresholds that are only written down give half."""
    found = by_signal(evidence, "E-10")
    if found.score != 0.0:
        return found
    written = [Source(path) for path, _ in (*evidence.code, *evidence.eval_files) if THRESHOLDS.search(path)]
    if not written:
        return found
    return Found(
        0.5, f"{found.finding} Thresholds are written down.", first_sources([*written, *found.sources]), found.signals
    )


def baseline(evidence: Evidence) -> Found:
    """A baseline is pinned, and a script compares with it item by item; one of the two gives half."""
    files = [Source(path) for path, _ in (*evidence.eval_files, *evidence.code) if BASELINE.search(path)]
    pinned = first_sources(files) or places(evidence.code, BASELINE)
    paired = places([(path, text) for path, text in evidence.code if BASELINE.search(text)], PAIRED)
    if pinned and paired:
        return Found(
            1.0, "A baseline is pinned, and runs are compared with it item by item.", first_sources([*pinned, *paired])
        )
    if pinned:
        return Found(0.5, "A baseline is pinned, but no comparison item by item was found.", pinned)
    if evidence.inputs.repository is None and not evidence.inputs.evals.runs and not evidence.nothing_there:
        return Found(None, "Neither runs nor the pilot's repository were handed over.")
    return Found(0.0, "No pinned baseline was found.")


def versioned(evidence: Evidence) -> Found:
    """Runs carry prompt, model, index or release in their data (1) or in their name (0.5)."""
    if absent := no_runs(evidence):
        return absent
    carried = named(evidence.run_fields, VERSION)
    if carried:
        return Found(
            1.0, f"Runs carry {listed(f'`{name}`' for name in list(carried)[:4])}.", first_sources(carried.values())
        )
    runs = evidence.inputs.evals.runs
    by_name = [run for run in runs if NAMED_VERSION.search(run.run_id)]
    if by_name:
        named_runs = f"{len(by_name)} of {counted(len(runs), 'run')} say a version in their name alone"
        finding = f"{named_runs}, as in `{by_name[-1].run_id[:60]}`."
        return Found(0.5, finding, first_sources(run.source for run in by_name[::-1]))
    return Found(0.0, "No run says which prompt, model or index it was for.", (newest_run(evidence).source,))


def history(evidence: Evidence) -> Found:
    """Three runs or more over more than a week (E-12); three without that span give half."""
    if absent := no_runs(evidence):
        return absent
    found = by_signal(evidence, "E-12")
    if found.score != 1.0 and len(evidence.inputs.evals.runs) >= FEWEST_RUNS:
        return Found(0.5, found.finding, found.sources, found.signals)
    return found


def reproducible(evidence: Evidence) -> Found:
    """A fixed seed (or temperature 0, or kept answers) and a pinned set in the evaluation code; one gives half."""
    if not evidence.code:
        if evidence.inputs.repository is None:
            return Found(None, "The pilot's repository was not handed over, so its evaluation code cannot be read.")
        return Found(0.0, "The repository holds no evaluation code.")
    locks = [Source(path) for path, _ in evidence.code if LOCK_FILE.search(path)]
    seed, pinned = places(evidence.code, SEED), first_sources([*locks, *places(evidence.code, PINNED_SET)])
    parts = [name for name, found in (("a fixed seed or kept answers", seed), ("a pinned set", pinned)) if found]
    finding = (
        f"The evaluation code has {listed(parts)}."
        if parts
        else "The evaluation code has neither a fixed seed nor a pinned set."
    )
    return Found(len(parts) / 2, finding, first_sources([*seed[:2], *pinned[:2]]))


RULES: Mapping[str, Rule] = {
    "on_change": on_change,
    "gate": gate,
    "baseline": baseline,
    "versioned": versioned,
    "history": history,
    "reproducible": reproducible,
}
