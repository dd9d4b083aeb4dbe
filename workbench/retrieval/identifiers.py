"""Finds the exact terms of a text that a meaning-based search tends to miss: codes, clause numbers, reference numbers.

Amounts, dates and plain years are not among them: they describe a case and do not name a document.
"""

from __future__ import annotations

import re

_CODE = re.compile(
    r"(?<![\w£$€])(?:"
    r"[A-Z]{1,6}(?:[-/ ][A-Z]{1,4}){0,2}[-/ ]\d[\w]*(?:[-/.]\d\w*)*"  # END-H-114, MB 2026-17, PM-W-21
    r"|[A-Za-z]{1,6}-?\d[\w]*(?:[-/.]\w*\d\w*)*"  # CF207b, p14, ISO27001
    r"|\d+\.\d+(?:\.\d+)*(?:\([a-z0-9]+\))*(?![\d%])"  # 4.3(c)
    r"|\d{4,}"
    r")"
)
_AMOUNT = re.compile(
    r"[£$€]\s?[\d.,]+|\b(GBP|EUR|USD|CHF)\s?[\d.,]+|\b\d{1,3}(,\d{3})+(\.\d+)?|\b[\d.]+\s?(%|k\b|percent)", re.I
)
_DATE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,4}\b",
    re.I,
)
_NEITHER = re.compile(r"[\W_]+")
_YEAR = re.compile(r"(19|20)\d\d")
_WORD_NUMBER = re.compile(r"(A|I|IN|ON|BY|TO|OF|AT|OR|THE|AND|FOR|FROM|SINCE|UNDER|OVER|CLASS)[ ]\d+", re.I)


def identifiers(text: str) -> tuple[str, ...]:
    """Codes, clause numbers and long bare numbers of a text as written, each once, in order.

    >>> identifiers("Does END-H-114 or cl. 4.3(c) apply to a £10,000 claim under MB 2026-17 since 2023?")
    ('END-H-114', '4.3(c)', 'MB 2026-17')
    """
    bare = _DATE.sub(" ", _AMOUNT.sub(" ", text))
    found = (match.group().strip() for match in _CODE.finditer(bare))
    return tuple(
        dict.fromkeys(code for code in found if not _YEAR.fullmatch(code) and not _WORD_NUMBER.fullmatch(code))
    )


def squeezed(text: str) -> str:
    """A text without anything but letters and digits, lower case: "CF-207b", "CF 207 B" and "cf207b" become one."""
    return _NEITHER.sub("", text.casefold())


def holds(squeezed_text: str, identifier: str) -> bool:
    """Whether a squeezed text holds an identifier, not as the beginning or end of a longer number."""
    wanted = squeezed(identifier)
    if not wanted or wanted not in squeezed_text:
        return False
    before = r"(?<!\d)" if wanted[0].isdigit() else ""
    after = r"(?!\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, squeezed_text) is not None
