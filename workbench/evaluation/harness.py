"""Everything the files say about the client's evaluation harness, as observations E-01 to E-20.

It only gathers the signals; each one is a small function in the module of its subject.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.evaluation import (
    automation,
    drift,
    eval_runs,
    eval_set,
    independence,
    judge,
    leakage,
    precision,
    realism,
    regressions,
)
from workbench.observing import Signal, observe_all
from workbench.records import CaseInputs, Observation

_SUBJECTS = (
    automation,
    drift,
    eval_runs,
    eval_set,
    independence,
    judge,
    leakage,
    precision,
    realism,
    regressions,
)

SIGNALS: Mapping[str, Signal] = dict(
    sorted((signal, look) for subject in _SUBJECTS for signal, look in subject.SIGNALS.items())
)


def observe(inputs: CaseInputs) -> list[Observation]:
    """One observation per harness signal, in the order of their ids."""
    return observe_all(SIGNALS, inputs)
