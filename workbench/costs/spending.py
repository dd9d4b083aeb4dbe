"""What the traffic costs as it is, against what was agreed, and what makes it dear.

It changes nothing and projects nothing; that is done in `workbench.costs.projection`.
"""

from __future__ import annotations

import numpy as np

from workbench.costs.arrays import Floats, Traffic
from workbench.costs.by_day import Units, ratio, units_of
from workbench.costs.drivers import drivers
from workbench.costs.over_time import over_time
from workbench.costs.prices import costs_of
from workbench.records import Estimate, Prices, Spending


def spending(traffic: Traffic, prices: Prices, ceiling: float | None) -> Spending:
    """What a log's questions cost, and why.

    Args:
        traffic: the log.
        prices: for questions whose cost is not logged.
        ceiling: what a question may cost by a paper of the client; None where none says.
    """
    costs, basis = costs_of(traffic, prices)
    units = units_of(traffic)
    per_query = mean(units, costs, basis.said)
    return Spending(
        basis=basis,
        per_query=per_query,
        per_day=_per_day(traffic, costs, units),
        ceiling=ceiling,
        times_over=_times(per_query, ceiling),
        drivers=drivers(traffic, costs, basis, prices, units),
        over_time=over_time(traffic, costs),
        tokens_in=mean(units, traffic.tokens_in, "the log holds no count of prompt tokens"),
        tokens_out=mean(units, traffic.tokens_out, "the log holds no count of answer tokens"),
        days=len(np.unique(traffic.day)),
    )


def mean(units: Units, values: Floats, missing: str) -> Estimate:
    """Mean over the questions that have a value; `missing` is the reason where none has."""
    known = np.isfinite(values)
    if not known.any():
        return Estimate.not_measured(missing)
    return ratio(units, units.sums(values), units.sums(known.astype(np.float64)), int(known.sum()))


def _per_day(traffic: Traffic, costs: Floats, units: Units) -> Estimate:
    """Mean of the days with traffic."""
    known = np.isfinite(costs)
    if not traffic.timed:
        return Estimate.not_measured("the log holds no times")
    if not known.any():
        return Estimate.not_measured("no costs are known")
    days = len(np.unique(traffic.day))
    if units.number != days or units.method != "bootstrap over days":
        value = float(np.nansum(costs)) / days
        return Estimate(value, None, None, days, "none", reason="fewer than five days have no interval")
    return ratio(units, units.sums(costs), np.ones(units.number), days)


def _times(per_query: Estimate, ceiling: float | None) -> Estimate:
    if ceiling is None or ceiling <= 0:
        return Estimate.not_measured("no paper of the case says what a question may cost")
    if per_query.value is None:
        return Estimate.not_measured("what a question costs is not known")
    low, high = (None if bound is None else bound / ceiling for bound in (per_query.low, per_query.high))
    return Estimate(per_query.value / ceiling, low, high, per_query.n, per_query.method)
