"""What an answer costs against what was agreed, and whether anything limits it (C-01, C-02).

It reads logged costs and tokens, papers and configuration files; it knows no price list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from statistics import mean, median, stdev

import numpy as np

from workbench.costs.currency import named_currency
from workbench.costs.drivers import AGAIN
from workbench.costs.traffic import normalised
from workbench.observing import (
    Signal,
    counted,
    first_sources,
    line_of,
    listed,
    observe_all,
    read_case_text,
    seen_if,
    unknown,
)
from workbench.records import CaseInputs, Estimate, Interaction, Observation, Source

OVER_CEILING = 3.0
OVER_MEDIAN = 3.0
OFTEN = 0.2
"""Share of the answers from which on repeats and several calls are a pattern."""
MOST_FILES = 500

CEILING = re.compile(
    r"cost[^.\n|]{0,60}(?:ceiling|cap|limit|budget|below|under|at most|<=?)[^\d\n]{0,30}"
    r"(?:GBP|EUR|USD|CHF|£|€|\$)\s?(\d+(?:\.\d+)?)[^.\n]{0,30}(?:answer|call|query|question|request)",
    re.IGNORECASE,
)
CONFIG_SUFFIXES = frozenset(
    {".yaml", ".yml", ".toml", ".json", ".ini", ".cfg", ".conf", ".env", ".py", ".tf", ".xml", ".properties"}
)
NOT_CONFIG = re.compile(
    r"(^|/)(\.github|\.git|tests?|node_modules|evals?)/|\.gitlab-ci|azure-pipelines|lock", re.IGNORECASE
)
LIMIT_KEYS = {
    "budget": r"(max_?|_|\b)budget\w*|cost_(limit|ceiling|cap)|spend_(limit|cap)",
    "token cap": r"max_?(output_|completion_|new_|input_)?_?tokens|llm-token-limit|token_(limit|cap)",
    "rate limit": r"rate_?-?limit\w*|[rt]pm(_limit)?|requests_per_(minute|second|hour)|\w*_quota|quota",
    "breaker": r"circuit_?breaker|breaker|fallbacks?|max_(agent_)?steps|recursion_limit",
    "cache": r"cache(_ttl|_size|_enabled)?|semantic_cache",
}
_KEYS = {kind: re.compile(rf"""(?im)^[^#\n]*?["'\s<]?\b({keys})\b["']?\s*[:=>]""") for kind, keys in LIMIT_KEYS.items()}


def cost_against_ceiling(inputs: CaseInputs) -> Observation:
    """C-01. Seen: the mean cost is three times the agreed ceiling or more, p95 tokens exceed three medians, or a fifth retries.

    Retries and loops: the same text asked again by one person within ten minutes, or more than one call of the model for a
    question, where the log tells them.

    The ceiling is read from a decision record. Clean needs a cost within the ceiling or, without either, tokens within
    three medians (quality 0.7). Full weight from 30 answers.
    """
    lines = inputs.log.interactions
    costs = [line.cost for line in lines if line.cost is not None]
    tokens = [(line.tokens_in or 0) + (line.tokens_out or 0) for line in lines if line.tokens_in or line.tokens_out]
    if not costs and not tokens:
        return unknown("C-01", "Neither costs nor tokens are in the log handed over.")
    ceiling = agreed_ceiling(inputs)
    facts, over = [], False
    if costs:
        amount = f"{mean(costs):.4f} {currency(inputs)}".rstrip()
        limit = f" against an agreed ceiling of {ceiling[0]:g}" if ceiling else ", with no agreed ceiling on paper"
        facts.append(f"an answer costs {amount} on average over {counted(len(costs), 'answer')}{limit}")
        over = ceiling is not None and mean(costs) >= OVER_CEILING * ceiling[0]
    if tokens:
        high, middle = float(np.percentile(tokens, 95)), median(tokens)
        facts.append(f"the longest twentieth uses more than {high:,.0f} tokens, {high / middle:.1f} times the median")
        over = over or high > OVER_MEDIAN * middle
    twice = _asked_or_called_again(lines)
    if twice:
        facts.append(
            f"{counted(len(twice), 'answer')} came after a repeat within ten minutes or took several calls of the model"
        )
        over = over or len(twice) >= OFTEN * len(lines)
    sources = first_sources([*([ceiling[1]] if ceiling else []), *(line.source for line in _dearest(lines))])
    finding = f"{facts[0][0].upper()}{'; '.join(facts)[1:]}."
    value = _mean_cost(costs)
    quality = 1.0 if costs and ceiling else 0.7
    return Observation("C-01", seen_if(over), finding, sources, quality, max(len(costs), len(tokens)), 30, value)


def currency(inputs: CaseInputs) -> str:
    """The currency the log's cost columns name, e.g. "GBP" of `cost_gbp`; "" where none or several are named."""
    return named_currency(inputs.log.field_sources)


def agreed_ceiling(inputs: CaseInputs) -> tuple[float, Source] | None:
    """The cost per answer a paper allows, and where it says so; the first one found, None where none does."""
    for paper in inputs.artefacts:
        match = CEILING.search(paper.text)
        if match:
            return float(match.group(1)), Source(paper.source.path, line_of(paper.text, match.start()))
    return None


def _asked_or_called_again(lines: tuple[Interaction, ...]) -> list[Interaction]:
    """Questions that took more than one model call, or were asked again by the same person within ten minutes."""
    last: dict[tuple[str, str], datetime] = {}
    found = []
    for line in lines:
        asker = line.user_id or line.session_id
        again = False
        if asker and line.at is not None:
            key = (asker, normalised(line.query))
            again = key in last and (line.at - last[key]).total_seconds() <= AGAIN
            last[key] = line.at
        if again or (line.model_calls or 0) > 1:
            found.append(line)
    return found


def _dearest(lines: tuple[Interaction, ...]) -> list[Interaction]:
    return sorted(lines, key=lambda line: (-(line.cost or 0.0), -(line.tokens_in or 0)))[:4]


def _mean_cost(costs: list[float]) -> Estimate:
    if len(costs) < 2:
        return Estimate.not_measured("fewer than two logged costs", len(costs))
    half = 1.96 * stdev(costs) / len(costs) ** 0.5
    return Estimate(mean(costs), mean(costs) - half, mean(costs) + half, len(costs), "normal")


def limits(inputs: CaseInputs) -> Observation:
    """C-02. Seen: no configuration file of the repository sets a budget, token cap, rate limit, breaker or cache.

    Pipelines, tests, evaluation and lock files do not count as configuration.
    """
    if inputs.repository is None:
        return unknown("C-02", "The pilot's repository was not handed over, so its limits cannot be read.")
    paths = [path for path in inputs.repository.files if _is_config(path)][:MOST_FILES]
    found = _limits_in(inputs.root, paths)
    files = counted(len(paths), "configuration file")
    if not paths:
        return unknown("C-02", "The repository handed over holds no configuration file.")
    if not found:
        finding = f"No budget, token cap, rate limit, breaker or cache is set in {files} of the repository."
        return Observation("C-02", "seen", finding, first_sources(map(Source, paths)), n=len(paths))
    absent = [kind for kind in LIMIT_KEYS if kind not in found]
    finding = f"The configuration sets {listed(found)}" + (f"; no {listed(absent)} was found." if absent else ".")
    return Observation("C-02", "clean", finding, first_sources(found.values()), n=len(paths))


def _is_config(path: str) -> bool:
    file = PurePosixPath(path)
    return (file.suffix in CONFIG_SUFFIXES or file.name.startswith(".env")) and not NOT_CONFIG.search(path)


def _limits_in(root: str, paths: list[str]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for path in paths:
        text = read_case_text(root, path) or ""
        for kind, pattern in _KEYS.items():
            match = pattern.search(text)
            if match and kind not in found:
                found[kind] = Source(path, line_of(text, match.start(1)))
    return {kind: found[kind] for kind in LIMIT_KEYS if kind in found}


SIGNALS: Mapping[str, Signal] = {"C-01": cost_against_ceiling, "C-02": limits}


def observe(inputs: CaseInputs) -> list[Observation]:
    """One observation per signal on costs."""
    return observe_all(SIGNALS, inputs)
