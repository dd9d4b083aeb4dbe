"""A passage as people read it, with the words of the question marked in it, stems included.

It decides only what is marked; ranking and grading are elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from workbench.ui.components import badge, escape, join

if TYPE_CHECKING:
    from Stemmer import Stemmer

WORD = re.compile(r"\w+")
# Words so frequent that marking them hides the ones that matter.
_UNMARKED_TEXT = """
a an and are as at be by can do does did for from has have how i if in is it its me my of on or our shall should
that the their them there these they this to us was we were what when where which who whose why will with you your
"""
UNMARKED = frozenset(_UNMARKED_TEXT.split())


def highlight(text: str, query: str) -> str:
    """Text as markup with every word marked whose stem (English) occurs in the query; frequent short words are not."""
    stems = query_stems(query)
    pieces, end = [], 0
    for match in WORD.finditer(text):
        if stem(match.group()) in stems:
            pieces += [escape(text[end : match.start()]), f"<mark>{escape(match.group())}</mark>"]
            end = match.end()
    return join([*pieces, escape(text[end:])])


def query_stems(query: str) -> frozenset[str]:
    """Stems of the words of a question that are worth marking."""
    return frozenset(stem(word) for word in WORD.findall(query) if word.casefold() not in UNMARKED)


def passage(
    title: str,
    text: str,
    *,
    query: str = "",
    section: str = "",
    date: str = "",
    version: str = "",
    badges: Sequence[str] = (),
    link: str = "",
) -> str:
    """A passage: title, section, date and version, text with the question's words marked.

    Args:
        title: document title.
        section: heading above the passage; "" leaves it out, as in all of these.
        date: date of the document, as written.
        version: version of the document, as written.
        text: the passage itself.
        query: the question whose words are marked.
        badges: markup from `components.badge`.
        link: markup from `components.source_link`.
    """
    marks = [*(badge(word, "muted") for word in (date, version) if word), *badges]
    where = f'<span class="wb-passage-section">{escape(section)}</span>' if section else ""
    return (
        f'<article class="wb-passage"><header><b>{escape(title)}</b>{where}{join(marks)}{link}</header>'
        f"<p>{highlight(text, query)}</p></article>"
    )


@cache
def _stemmer() -> Stemmer:
    from Stemmer import Stemmer

    return Stemmer("english")


def stem(word: str) -> str:
    """English stem of a word, case folded: what two words must share to count as the same in a text."""
    return str(_stemmer().stemWord(word.casefold()))
