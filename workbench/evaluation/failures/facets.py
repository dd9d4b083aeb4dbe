"""The parts of a question that asks several things, and whether a text covers one.

Parts are told by marks and the word "and" alone, and only where each has words of its own; a question that asks two things
in one breath counts as one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

OWN_TOKENS = 2
"""Tokens a part must have for itself: "terms and conditions" is one thing."""
COVERED = 0.5
"""Share of a part's own tokens that one passage holds when it covers the part."""

_APART = re.compile(r"\?\s+|;\s+|,?\s+(?:and|as well as)\s+", re.IGNORECASE)


def facets_of(text: str, tokens: Callable[[str], Sequence[str]]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Parts of a question with the tokens no other part has; empty where one of the parts has fewer than two.

    >>> [part for part, _ in facets_of("What is the waiting period? Who signs the claim form?", str.split)]
    ['What is the waiting period', 'Who signs the claim form?']
    >>> facets_of("Where are terms and conditions?", str.split)
    ()
    """
    parts = [part.strip() for part in _APART.split(text) if part.strip()]
    found = [frozenset(tokens(part)) for part in parts]
    shared = Counter(token for part in found for token in part)
    own = [frozenset(token for token in part if shared[token] == 1) for part in found]
    if len(parts) < 2 or any(len(part) < OWN_TOKENS for part in own):
        return ()
    return tuple(zip(parts, own, strict=True))


def coverage(own: frozenset[str], texts: Iterable[frozenset[str]]) -> float:
    """Largest share of a part's own tokens that one text holds, 0 to 1."""
    return max((len(own & text) / len(own) for text in texts), default=0.0)
