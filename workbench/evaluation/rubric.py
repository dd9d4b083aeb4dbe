"""How mature a client's harness is: 24 items in four sections, each 0, 0.5, 1 or not known; as good as its weakest section.

Items stand in `rubric.yaml`, rules in `workbench.evaluation.maturity`; here they are asked and added up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from workbench.evaluation.maturity import automation, data, metrics, production
from workbench.evaluation.maturity.evidence import Evidence, Rule
from workbench.records import CaseInputs, Observation, Rubric, RubricItem, RubricSection

RULES: Mapping[str, Mapping[str, Rule]] = {
    "data": data.RULES,
    "metrics": metrics.RULES,
    "automation": automation.RULES,
    "production": production.RULES,
}


def rubric(inputs: CaseInputs, observations: Sequence[Observation]) -> Rubric:
    """The rubric of a case, weakest section first.

    A section adds up its items; what could not be looked at counts as missing for `low` and as there for `high`. The whole is as
    good as its weakest section.

    Args:
        inputs: the case.
        observations: those of all analyses; a signal that is not among them is unknown.

    Source: Breck et al. 2017, "The ML Test Score: A rubric for ML production readiness and technical debt reduction", IEEE Big
    Data.
    """
    evidence = Evidence(inputs, observations)
    sections = [_section(entry, evidence) for entry in _table()["sections"]]
    sections.sort(key=lambda section: (section.low, section.high))
    low, high = min(s.low for s in sections), min(s.high for s in sections)
    return Rubric(tuple(sections), low, high, band(low, high))


def band(low: float, high: float) -> str:
    """Words for the points of the weakest section.

    >>> band(0, 1.5), band(3, 3)
    ('research project to first pass', 'reasonable')
    """
    first, last = (_words(points) for points in (low, high))
    return first if first == last else f"{first} to {last}"


def _words(points: float) -> str:
    return next(str(entry["words"]) for entry in _table()["bands"] if points <= entry["to"])


def _section(entry: Mapping[str, Any], evidence: Evidence) -> RubricSection:
    rules = RULES[entry["key"]]
    items = tuple(_item(item, rules[item["key"]], evidence) for item in entry["items"])
    known = sum(item.score for item in items if item.score is not None)
    return RubricSection(entry["key"], entry["title"], items, known, known + sum(item.score is None for item in items))


def _item(entry: Mapping[str, Any], rule: Rule, evidence: Evidence) -> RubricItem:
    found = rule(evidence)
    return RubricItem(entry["key"], entry["text"], found.score, found.finding, found.sources, found.signals)


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = yaml.safe_load(
        (files("workbench.evaluation") / "rubric.yaml").read_text(encoding="utf-8")
    )
    return table
