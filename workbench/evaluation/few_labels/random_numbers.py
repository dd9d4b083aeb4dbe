"""Permanent random numbers: one number a name, the same in every session and whatever else is in the list.

They draw nothing by themselves; a plan or an order is made from them. Source: Ohlsson 1995, "Coordination of samples using
permanent random numbers".
"""

from __future__ import annotations

import hashlib


def permanent(seed: int, *names: str) -> float:
    """A number above 0 and below 1, fixed by the seed and the names; uniform over names.

    >>> permanent(0, "q1") == permanent(0, "q1") != permanent(1, "q1")
    True
    """
    # Lengths go in: ("ab", "c") and ("a", "bc") are two things.
    text = "".join(f"{len(name)}:{name}" for name in (str(seed), *names))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    # 52 bits: every value and its half step have an exact double, so neither 0 nor 1 can come out.
    return ((int.from_bytes(digest[:8]) >> 12) + 0.5) / 2**52
