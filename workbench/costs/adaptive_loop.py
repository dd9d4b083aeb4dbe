"""The loop of the adaptive policy: what each kept answer has learned, and whether it is served.

It is compiled and knows arrays alone; `workbench.costs.adaptive` says what they stand for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import Flags, Floats, Ints
from workbench.costs.compiled import compiled

CENTRE, SCALE = 0.85, 0.1
"""Similarities are fitted as (s - CENTRE) / SCALE, so that both coefficients are of the size of their priors."""
PRIOR_INTERCEPT, PRIOR_SLOPE = 5.0, 10.0
"""Standard deviations of normal priors around 0: wide, but they keep separated observations finite."""
MOST_SEEN = 128
"""Observations of an answer that are fitted, the latest ones."""
STEPS = 25


@compiled
def play(
    at: Floats,
    node: Ints,
    answered: Flags,
    expires: Floats,
    indptr: npt.NDArray[np.int64],
    index: Ints,
    similar: npt.NDArray[np.float32],
    group: Ints,
    evidence: Ints,
    labelled: bool,
    least_overlap: float,
    budget: float,
    ttl: float,
    least_seen: int,
    bounds: Floats,
    quantiles: Floats,
    draws: Floats,
    server: Ints,
    cosine: npt.NDArray[np.float32],
    exact: Flags,
) -> None:
    """Fill `server`, `cosine` and `exact` row by row.

    Args:
        at: time of each row.
        node: distinct question of each row.
        answered: whether the log answered it.
        expires: when its answer goes.
        indptr: where the neighbours of each node begin.
        index: the neighbours.
        similar: their cosines, falling.
        group: labels.
        evidence: codes of documents.
        labelled: whether the labels judge; the overlap of the evidence does otherwise.
        least_overlap: overlap from which on an answer counts as right.
        budget: the error that is accepted.
        ttl: seconds an answer lives.
        least_seen: observations below which the model is called.
        bounds: levels of the upper bound of a threshold.
        quantiles: standard normal quantiles of one less those.
        draws: a uniform number a row.
        server: written to; it comes filled with -1.
        cosine: written to; it comes filled with NaN.
        exact: written to; it comes filled with False.
    """
    rows = len(at)
    nodes = len(indptr) - 1
    kept = np.full(nodes, -1, np.int32)
    latest = np.full(nodes, -1, np.int32)
    number = np.zeros(nodes, np.int32)
    before = np.full(rows, -1, np.int32)
    seen = np.zeros(rows, np.float64)
    right = np.zeros(rows, np.bool_)
    for row in range(rows):
        here = node[row]
        if here < 0:
            continue
        nearest, similarity = _nearest(here, row, at, kept, expires, ttl, indptr, index, similar)
        verdict = np.int64(-1)
        if nearest >= 0:
            other = kept[nearest]
            if labelled:
                verdict = np.int64(-1) if group[row] < 0 or group[other] < 0 else np.int64(group[row] == group[other])
            else:
                shared = _overlap(evidence[row], evidence[other])
                verdict = np.int64(-1) if np.isnan(shared) else np.int64(shared >= least_overlap)
            if number[nearest] >= least_seen and verdict >= 0:
                calls = _calls(similarity, latest[nearest], before, seen, right, budget, bounds, quantiles)
                if draws[row] > calls:
                    server[row] = other
                    cosine[row] = similarity
                    exact[row] = nearest == here
                    continue
            if verdict >= 0:
                before[row] = latest[nearest]
                latest[nearest] = row
                number[nearest] += 1
                seen[row] = similarity
                right[row] = verdict == 1
        if verdict != 1 and answered[row]:
            kept[here] = row
            latest[here] = -1
            number[here] = 0


@compiled
def _nearest(
    here: int,
    row: int,
    at: Floats,
    kept: Ints,
    expires: Floats,
    ttl: float,
    indptr: npt.NDArray[np.int64],
    index: Ints,
    similar: npt.NDArray[np.float32],
) -> tuple[int, float]:
    """The most similar node whose answer is kept and may be served, itself first; -1 where there is none."""
    now = at[row]
    if kept[here] >= 0 and now - at[kept[here]] <= ttl and now < expires[kept[here]]:
        return here, 1.0
    for place in range(indptr[here], indptr[here + 1]):
        other = index[place]
        if kept[other] >= 0 and now - at[kept[other]] <= ttl and now < expires[kept[other]]:
            return other, np.float64(similar[place])
    return -1, 0.0


@compiled
def _calls(
    similarity: float,
    latest: int,
    before: Ints,
    seen: Floats,
    right: Flags,
    budget: float,
    bounds: Floats,
    quantiles: Floats,
) -> float:
    """Probability with which the model must still be called, 0 to 1."""
    intercept, slope, var_intercept, var_slope, covariance = _fit(latest, before, seen, right)
    if slope <= 0:
        return 1.0
    threshold = -intercept / slope
    to_intercept, to_slope = -1 / slope, intercept / (slope * slope)
    variance = (
        to_intercept * to_intercept * var_intercept
        + to_slope * to_slope * var_slope
        + 2 * to_intercept * to_slope * covariance
    )
    deviation = np.sqrt(max(variance, 0.0))
    least = 1.0
    here = (similarity - CENTRE) / SCALE
    for level in range(len(bounds)):
        upper = threshold + quantiles[level] * deviation
        sure = (1 - bounds[level]) / (1 + np.exp(-slope * (here - upper)))
        least = min(least, 1 - budget / (1 - sure)) if sure < 1 else 0.0
    return max(least, 0.0)


@compiled
def _fit(latest: int, before: Ints, seen: Floats, right: Flags) -> tuple[float, float, float, float, float]:
    """Intercept and slope with their covariance: the mode of the logistic likelihood and its priors, by Newton's method.

    Two observations are always there: a similarity of 0 is wrong, one of 1 is right.
    """
    intercept, slope = 0.0, 1.0
    aa, bb, ab = 1.0, 1.0, 0.0
    for _ in range(STEPS):
        gradient_a, gradient_b = -intercept / PRIOR_INTERCEPT**2, -slope / PRIOR_SLOPE**2
        aa, bb, ab = 1 / PRIOR_INTERCEPT**2, 1 / PRIOR_SLOPE**2, 0.0
        place, taken = latest, -2
        while taken < MOST_SEEN and (taken < 0 or place >= 0):
            if taken < 0:
                x, y = ((0.0 if taken == -2 else 1.0) - CENTRE) / SCALE, 0.0 if taken == -2 else 1.0
            else:
                x, y = (seen[place] - CENTRE) / SCALE, 1.0 if right[place] else 0.0
                place = before[place]
            taken += 1
            p = 1 / (1 + np.exp(-min(max(intercept + slope * x, -30.0), 30.0)))
            w = max(p * (1 - p), 1e-9)
            gradient_a += y - p
            gradient_b += (y - p) * x
            aa += w
            bb += w * x * x
            ab += w * x
        determinant = aa * bb - ab * ab
        step_a = (bb * gradient_a - ab * gradient_b) / determinant
        step_b = (aa * gradient_b - ab * gradient_a) / determinant
        # Steps are held short: far from the mode Newton's method overshoots.
        longest = max(abs(step_a), abs(step_b), 1e-12)
        shrink = min(1.0, 5.0 / longest)
        intercept += shrink * step_a
        slope += shrink * step_b
        if longest < 1e-6:
            break
    determinant = aa * bb - ab * ab
    return intercept, slope, bb / determinant, aa / determinant, -ab / determinant


@compiled
def _overlap(one: Ints, other: Ints) -> float:
    """Shared codes over all codes of two lists without repeats, 0 to 1; NaN where either holds none (all -1)."""
    ones = others = shared = 0
    for code in one:
        if code >= 0:
            ones += 1
            for counterpart in other:
                if counterpart == code:
                    shared += 1
    for code in other:
        if code >= 0:
            others += 1
    if ones == 0 or others == 0:
        return np.nan
    return shared / (ones + others - shared)
