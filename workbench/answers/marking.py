"""Which sentences of a case's answers are marked for reading: those with the least of the support proxy.

The mark is relative to the case, for no level of the proxy means "unsupported" everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.records import RowSupport

MARKED_SHARE = 0.2
"""Share of all sentences that are marked at most."""


def mark_below(rows: Sequence[RowSupport]) -> float:
    """The support below which a sentence is marked: the lowest fifth of all sentences of these rows.

    0 without sentences. Where more than a fifth share the least support, none of them stands out, and none is marked.

    >>> from workbench.records import SentenceSupport
    >>> values = (0.9, 0.2, 0.8, 0.7, 0.6)
    >>> mark_below([RowSupport("r", 0.6, tuple(SentenceSupport(0, 1, None, v, v, 0) for v in values))])
    0.6
    """
    values = np.sort([sentence.support for row in rows for sentence in row.sentences])
    return float(values[int(MARKED_SHARE * len(values))]) if len(values) else 0.0
