"""Words broken at the end of a line, made whole where that is safe.

The rest of the document decides where it can: a word that stands unbroken elsewhere is known. No dictionary is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BEFORE = re.compile(r"(?:[^\W_]+-)*[^\W_]+$")
_AFTER = re.compile(r"[^\W_]+")
LONGEST_WORD = 60
"""Characters looked at before a hyphen."""
_LINKS = frozenset({
    "and", "or", "und", "oder", "bzw", "sowie", "bis", "to", "et", "ou", "y", "o", "e", "en", "of",
})  # fmt: skip
"""Words that follow the hyphen of a shared part, as in "pre- and post-war"; it must stay."""


def rejoined(pages: Sequence[str], mark: str) -> list[str]:
    r"""The texts with words that were broken at line ends made whole.

    Args:
        pages: the texts of one document.
        mark: what stands for a hyphen at which two lines were joined; a hyphen before a newline counts too.

    >>> rejoined(["an im\x02portant state-of-the-\nart re-\ntail, pre-\nand post-war COVID-\nrelated"], "\x02")
    ['an important state-of-the-art retail, pre-\nand post-war COVID-related']
    """
    broken = re.compile(rf"{re.escape(mark)}\n?|-\n")
    if not any(broken.search(page) for page in pages):
        return list(pages)
    whole = {word.lower() for page in pages for word in _WORD.findall(page)}
    return [_mended(page, broken, whole).replace(mark, "-") for page in pages]


def _mended(page: str, broken: re.Pattern[str], whole: Collection[str]) -> str:
    pieces: list[str] = []
    done = 0
    for cut in broken.finditer(page):
        before = _BEFORE.search(page, max(done, cut.start() - LONGEST_WORD), cut.start())
        after = _AFTER.match(page, cut.end())
        if before and after:
            pieces += [page[done : cut.start()], _link(before.group(), cut.group(), after.group(), whole)]
            done = cut.end()
    return "".join([*pieces, page[done:]])


def _link(before: str, cut: str, after: str, whole: Collection[str]) -> str:
    """What stands between the two parts of a word: nothing, a hyphen, or a hyphen and what parts two words."""
    if after.lower() in _LINKS:
        return "-\n" if cut.endswith("\n") else "- "
    compound, _, first = before.rpartition("-")
    if after[0].islower() and (first + after).lower() in whole:
        return ""
    plain = not compound and first.isalpha() and after.isalpha() and after.islower()
    shouted = first.isupper() and len(first) > 1
    return "" if plain and not shouted and f"{first}-{after}".lower() not in whole else "-"
