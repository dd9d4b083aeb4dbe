"""The bars from the cost of a month now to what is left of it: exact hits, semantic hits, shorter contexts, embeddings.

The bars add up to the last one by construction; it prices nothing itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from workbench.records import Estimate, WaterfallStep


def waterfall(now: Estimate, changes: Sequence[tuple[str, Estimate]], left: Estimate) -> tuple[WaterfallStep, ...]:
    """Bars in order; none where the cost of a month or a change is not known.

    Args:
        now: cost of a month as it is.
        changes: label and amount of each change, negative where it saves.
        left: what is left, for its interval; its value is the sum of the bars before it.
    """
    values = [amount.value for amount in (now, *(amount for _, amount in changes))]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or left.low is None or left.high is None:
        return ()
    rest = math.fsum(known)
    last = Estimate(rest, min(left.low, rest), max(left.high, rest), left.n, left.method, left.level)
    return (
        WaterfallStep("Cost of a month now", now, "total"),
        *(WaterfallStep(label, amount, "change") for label, amount in changes),
        WaterfallStep("What is left", last, "total"),
    )
