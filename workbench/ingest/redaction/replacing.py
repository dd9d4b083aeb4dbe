"""Replaces what a pattern finds by the name of its kind in square brackets; the one place where text is changed.

What a pattern means, and which of its matches count, is the business of the modules beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Masked = tuple[str, Mapping[str, int]]
"""A text with its findings replaced, and how many of each kind there were."""
Accept = Callable[[re.Match[str]], int]
"""How many characters of a match, from its beginning, are the finding; 0 where it is none."""


def replaced(text: str, pattern: re.Pattern[str], kind: str, accept: Accept | None = None) -> tuple[str, int]:
    """The text with every accepted match replaced by `[kind]`, and how many there were.

    Of a pattern with a group named "secret" only that group is replaced, so that "password =" stays readable.
    """
    parts: list[str] = []
    end = 0
    for match in pattern.finditer(text):
        start, stop = match.span("secret") if "secret" in pattern.groupindex else match.span()
        if accept is not None:
            stop = start + accept(match)
        if stop > start:
            parts += (text[end:start], f"[{kind}]")
            end = stop
    return ("".join((*parts, text[end:])), len(parts) // 2) if parts else (text, 0)


def near(match: re.Match[str], words: re.Pattern[str], before: int = 48, after: int = 24) -> bool:
    """Whether one of the words stands within so many characters of a match."""
    start, end = match.span()
    text = match.string
    return bool(words.search(text[max(0, start - before) : start]) or words.search(text[end : end + after]))


def any_word(*words: str) -> re.Pattern[str]:
    """A pattern for any of the words, in any case, with no letter or digit against them: "nino" is not in "Giannino"."""
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, words))})(?![^\W_])", re.IGNORECASE)
