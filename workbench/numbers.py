"""The one place where numbers become text: pages, charts and the report all write them the same way.

Shares are percent without decimals under n = 1000, everything else has three significant digits, units are written,
and what has no value says why. It knows no markup: escaping belongs to whoever shows the text.
"""

from __future__ import annotations

import math

from workbench.records import Estimate

MINUS = "\u2212"
PRECISE_FROM_N = 1000
SMALLEST_P = 0.001
NOTHING = 1e-12
"""Below this a number is what rounding left of 0 in a sum of fractions; nothing the workbench measures is as small."""
SHARE_MEASURES = ("recall", "success", "precision")


def is_share(measure: str) -> bool:
    """Whether a measure (`recall@10`) reads as a share of questions or documents; `nDCG@10` and `MRR@10` are scores."""
    return measure.partition("@")[0] in SHARE_MEASURES


def significant(value: float) -> str:
    """Three significant digits, plain notation, trailing zeros kept: 0.6 -> "0.600", 1234.5 -> "1,234", 0 -> "0"."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written as a number; use Estimate.not_measured(reason) instead.")
    if abs(value) < NOTHING:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(float(f"{value:.2e}")))))
    return _typographic(f"{value:,.{decimals}f}")


def signed(value: float) -> str:
    """`significant` with its sign always written: 0.0812 -> "+0.0812"."""
    return significant(value) if value < NOTHING else f"+{significant(value)}"


def count(value: int) -> str:
    """A whole number with thousands separated: 12345 -> "12,345"."""
    return _typographic(f"{value:,}")


def percent(share: float, n: int) -> str:
    """A share, 0 to 1, of n units: 0.253 -> "25 %" under n = 1000, else "25.3 %".

    A share that is neither none nor all is never rounded to 0 % or 100 %: it reads "under 1 %" or "over 99 %".
    """
    if n < PRECISE_FROM_N and 0 < share <= 0.005:
        return "under 1 %"
    if n < PRECISE_FROM_N and 0.995 <= share < 1:
        return "over 99 %"
    return f"{_hundred(share, n)} %"


def points(difference: float, n: int) -> str:
    """A difference of two shares in percentage points, signed: 0.08 -> "+8 points"."""
    digits = _hundred(difference, n)
    return f"{_plus(difference, digits)} points"


def number(estimate: Estimate, *, share: bool = False, unit: str = "") -> str:
    """The value of an estimate alone, as a percent (`share`) or with a unit; "not measured: reason" where there is none."""
    if estimate.value is None:
        return not_measured(estimate.reason)
    if share:
        return percent(estimate.value, estimate.n)
    return f"{significant(estimate.value)} {unit}".rstrip()


def interval(estimate: Estimate, *, share: bool = False) -> str:
    """The bounds of an estimate: "[20, 30]" in percent (`share`), "[0.540, 0.680]" otherwise.

    "exact" for a count over everything there is, "" where nothing was measured.
    """
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return ""
    if estimate.method == "exact":
        return "exact"
    low, high = (
        _hundred(bound, estimate.n) if share else significant(bound) for bound in (estimate.low, estimate.high)
    )
    return f"[{low}, {high}]"


def measured(estimate: Estimate, *, share: bool = False, unit: str = "") -> str:
    """Value and interval together: "25 % [20, 30]"; "not measured: reason" where there is none."""
    return f"{number(estimate, share=share, unit=unit)} {interval(estimate, share=share)}".rstrip()


def difference(estimate: Estimate, *, share: bool = False) -> str:
    """A signed difference with its interval: "+8 points [3, 13]" of shares, "+0.0812 [0.0310, 0.131]" of scores."""
    if estimate.value is None:
        return not_measured(estimate.reason)
    value = points(estimate.value, estimate.n) if share else signed(estimate.value)
    return f"{value} {interval(estimate, share=share)}".rstrip()


def decibans(value: float) -> str:
    """Weight of evidence, signed, one decimal: "+6.3 dban"; ten are odds of ten to one."""
    digits = _typographic(f"{round(value, 1) + 0.0:.1f}")
    return f"{_plus(round(value, 1), digits)} dban"


def p_value(p: float) -> str:
    """A p-value: "p = 0.0120", never smaller than "p < 0.001"."""
    return f"p < {SMALLEST_P}" if p < SMALLEST_P else f"p = {significant(p)}"


def probability(value: float) -> str:
    """A probability, 0 to 1, as whole percent; never "0 %" or "100 %" unless it is exactly that."""
    return percent(value, 1)


def seconds(value: float) -> str:
    """A duration: "0.0421 s", "12.3 s", from two minutes on "2.5 min"."""
    return f"{value / 60:,.1f} min" if value >= 120 else f"{significant(value)} s"


def not_measured(reason: str | None) -> str:
    """What stands where a number would: "not measured: reason"."""
    return f"not measured: {reason}" if reason else "not measured"


def _hundred(share: float, n: int) -> str:
    return _typographic(f"{100 * share + 0.0:.0f}") if n < PRECISE_FROM_N else significant(100 * share)


def _plus(value: float, digits: str) -> str:
    return f"+{digits}" if value > 0 and digits != "0" else digits


def _typographic(digits: str) -> str:
    stripped = digits.removeprefix("-")
    negative = digits.startswith("-") and any(character not in "0.," for character in stripped)
    return f"{MINUS}{stripped}" if negative else stripped
