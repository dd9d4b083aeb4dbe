"""A text cut into sentences with their offsets, for answers and contexts alike: lines of a list are sentences of their own.

Rules and a short list of abbreviations, no model: a sentence cut in two costs a proxy little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 600
"""Characters of one sentence: a table or a text without full stops is cut at the last space before."""

# Possessive, and from the first mark of a run on: rows of dots must not cost their square.
_END = re.compile(r"""(?<![.!?…])[.!?…]++["'»”’)\]]*+(?=\s)|(?<![。！？])[。！？]++[」』”）]*+|\n""")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:[A-Za-z]|e\.g|i\.e|cf|vs|etc|dr|mrs?|ms|prof|st|nr|no|art|abs|sec|fig|vol|pp?|para|ca|approx|incl|inc|ltd"
    r"|z\.\s?B|d\.\s?h|u\.\s?a|bzw|ggf|evtl|usw|inkl|zzgl|max|min|tel|p\.\s?ej|sig|sra?|av|pág|núm|env|ex|mme?)\.$",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"\s*(?:\d{1,3}|[ivx]{1,4})[.)]$", re.IGNORECASE)
_SAYS = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a text: `text == whole[start:end]`."""

    start: int
    end: int
    text: str


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text in their order, without white space around them; what holds no letter and no digit is left out.

    >>> [each.text for each in sentences("The excess is 2.50, e.g. for glass. See CM5.")]
    ['The excess is 2.50, e.g. for glass.', 'See CM5.']
    """
    return tuple(Sentence(start, end, text[start:end]) for start, end in _spans(text) if _SAYS.search(text, start, end))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(text):
        if "\n" not in match.group() and not _ends(text, start, match.end()):
            continue
        yield from _pieces(text, start, match.end())
        start = match.end()
    yield from _pieces(text, start, len(text))


def _ends(text: str, start: int, end: int) -> bool:
    """Whether the mark before `end` ends a sentence: no abbreviation, no number of a list, no small letter after it."""
    head = text[max(start, end - 12) : end]
    after = text[end : end + 8].lstrip()
    if head.endswith(".") and (_ABBREVIATION.search(head) or _NUMBERING.fullmatch(text[start:end][:8])):
        return False
    return not (head.endswith(".") and after[:1].islower())


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretch without white space around it, in pieces of at most `LONGEST` characters."""
    while True:
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if end - start <= LONGEST:
            break
        space = text.rfind(" ", start + 1, start + LONGEST)
        cut = space if space > 0 else start + LONGEST
        yield start, cut
        start = cut
    if start < end:
        yield start, end
