"""Which arms of a comparison a view of the lab shows at once, and which it folds away.

A comparison may hold many variants; none is dropped, for tables behind the pictures list them all.
"""

from __future__ import annotations

from collections.abc import Iterable

from workbench.ui.lab.state import BASELINE, CANDIDATES, Lab

MOST_ARMS = 7
"""Arms side by side that a projector page has room for."""


def main_arms(lab: Lab, arms: Iterable[str]) -> tuple[list[str], list[str]]:
    """Arms that are shown and arms that are folded, both in their order.

    Up to seven are all shown. Of more: the usual five, the pair that is chosen, and the one recommended.
    """
    every = list(arms)
    if len(every) <= MOST_ARMS:
        return every, []
    advised = lab.comparison.recommended.arm if lab.comparison.recommended else None
    main = {BASELINE, *CANDIDATES, lab.baseline, lab.candidate, advised}
    return [arm for arm in every if arm in main], [arm for arm in every if arm not in main]
