"""Intervals of estimates as plotly draws them: thin bars without ends. Nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.records import Estimate


def error_bars(estimates: Sequence[Estimate], colour: str) -> dict[str, object]:
    """The bars of measured estimates, as `error_x` or `error_y`; one without an interval has none.

    Plotly draws all bars of a trace in one colour.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": [_reach(one.high, one.value) for one in estimates],
        "arrayminus": [_reach(one.value, one.low) for one in estimates],
        "thickness": 2,
        "width": 0,
        "color": colour,
    }


def _reach(upper: float | None, lower: float | None) -> float:
    return 0.0 if upper is None or lower is None else max(upper - lower, 0.0)
