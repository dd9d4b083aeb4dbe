"""Everything the files say about governance, as observations G-01 to G-25.

It only gathers the signals; each one is a small function in `timing`, `audit_log` or `papers`.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.governance import audit_log, papers, timing
from workbench.observing import Signal, observe_all
from workbench.records import CaseInputs, Observation

SIGNALS: Mapping[str, Signal] = dict(sorted({**timing.SIGNALS, **audit_log.SIGNALS, **papers.SIGNALS}.items()))


def observe(inputs: CaseInputs) -> list[Observation]:
    """One observation per governance signal, in the order of their ids."""
    return observe_all(SIGNALS, inputs)
