"""Everything the files say about the client's evaluation harness, as observations E-01 to E-18.

It only gathers the signals; each one is a small function in `eval_set`, `automation`, `eval_runs` or `judge`.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.evaluation import automation, eval_runs, eval_set, judge
from workbench.observing import Signal, observe_all
from workbench.records import CaseInputs, Observation

SIGNALS: Mapping[str, Signal] = dict(
    sorted({**eval_set.SIGNALS, **automation.SIGNALS, **eval_runs.SIGNALS, **judge.SIGNALS}.items()),
)


def observe(inputs: CaseInputs) -> list[Observation]:
    """One observation per harness signal, in the order of their ids."""
    return observe_all(SIGNALS, inputs)
