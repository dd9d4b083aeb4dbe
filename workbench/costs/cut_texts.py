"""Passages whose logged text was cut short: many logs keep the first few hundred characters of each.

It counts texts as long as the longest logged; what was cut off is not guessed here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.costs.arrays import Floats
from workbench.ingest.logs.interactions import interaction_batches

PILE = 0.05
"""Share of the texts that end at the greatest length from which a log counts as one that cuts."""
TRIMMED = 2
"""Characters a cut text may be shorter than the limit, for white space at its end is often stripped."""


def cut_passages(table: str | Path) -> Floats | None:
    """Passages of each question as long as the longest of the log; None where lengths do not pile up there.

    Passages that were split at a fixed length pile up as well without being cut; whoever fits tokens to lengths gives these
    a term of their own, and it comes out as nothing.

    Raises:
        InputError: the table cannot be read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, lengths, count = [], [], 0
    for batch in interaction_batches(table, ["retrieved"]):
        lists = batch.column(0)
        texts = pc.struct_field(pc.list_flatten(lists), "text")
        lengths.append(pc.utf8_length(texts).cast(pa.float64()).to_numpy(zero_copy_only=False))
        rows.append(pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64) + count)
        count += len(lists)
    length = np.concatenate(lengths) if lengths else np.empty(0)
    told = np.isfinite(length)
    if not told.any():
        return None
    cut = told & (length >= np.nanmax(length) - TRIMMED)
    if cut.sum() < max(2.0, PILE * float(told.sum())):
        return None
    return np.bincount(np.concatenate(rows)[cut], minlength=count).astype(np.float64)
