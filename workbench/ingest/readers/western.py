"""Whether bytes read well as Windows-1252, the usual legacy encoding of western European texts.

General detection needs more text than a short file holds; knowing which letters stand together in one language needs less.
It weighs Windows-1252 alone and never looks at any other encoding.
"""

from __future__ import annotations

import re

SAMPLE = 1 << 16
"""Characters looked at; what is plausible in the first ones is taken to hold for the rest."""
PLAUSIBLE = 0.9
"""Share of the letters beyond ASCII that must belong to one language, and of other signs that must stand where such signs do."""
SURE, FEWEST_A_LINE = 0.97, 3
"""The same share where every line is taken by itself, and how many letters beyond ASCII a line must then hold on average."""
LONGEST_RUN = 3
"""Letters beyond ASCII in a row; more of them mean another alphabet read with the wrong table."""
ALPHABETS = (
    "äöüßé",  # German
    "àâäæçéèêëîïôœùûüÿ",  # French
    "áéíóúüñ",  # Spanish
    "àáâãçéêíóôõúü",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "æøåéóòôêä",  # Danish, Norwegian
    "åäöéüšž",  # Swedish, Finnish
    "áéíóúýþæöð",  # Icelandic
    "áéèëïíóöúü",  # Dutch
    "àçèéíïòóúü",  # Catalan
)
_JOINERS = frozenset("’·\xa0\xad–—")
"""Signs that may stand between two letters."""
_RUN = re.compile(r"[^\x00-\x7f]+")


def western(data: bytes) -> bool:
    r"""Whether the bytes are plausible Windows-1252: letters of one western language, signs beside words and not within.

    >>> western("Prämie für Gebäude".encode("cp1252")), western("Привет".encode("cp1251"))
    (True, False)
    """
    try:
        text = data[:SAMPLE].decode("cp1252")
    except UnicodeDecodeError:
        return False
    runs = list(_RUN.finditer(text))
    if any(sum(map(str.isalpha, run.group())) > LONGEST_RUN for run in runs):
        return False
    letters = _foreign_letters(text)
    capitals = sum(_capital_within(text, run) for run in runs)
    signs = [_well_placed(text, run) for run in runs if not all(map(str.isalpha, run.group()))]
    placed = sum(signs) >= PLAUSIBLE * len(signs) and capitals <= (1 - PLAUSIBLE) * len(letters)
    return placed and (_known(letters) >= PLAUSIBLE * len(letters) or _one_language_a_line(text))


def _foreign_letters(text: str) -> list[str]:
    return [sign.lower() for sign in text if sign > "\x7f" and sign.isalpha() and sign not in "ªº"]


def _known(letters: list[str]) -> int:
    """How many of the letters belong to the one language that fits them best."""
    return max(sum(letter in alphabet for letter in letters) for alphabet in ALPHABETS)


def _one_language_a_line(text: str) -> bool:
    """A text in several languages, each line in one; only where the lines hold enough letters to tell."""
    lines = [letters for letters in map(_foreign_letters, text.split("\n")) if letters]
    total = sum(map(len, lines))
    return total >= FEWEST_A_LINE * len(lines) and sum(map(_known, lines)) >= SURE * total


def _capital_within(text: str, run: re.Match[str]) -> bool:
    """A capital right behind a small letter is a sign of a wrong table, not of a name."""
    return run.group()[0].isupper() and text[max(0, run.start() - 1) : run.start()].islower()


def _well_placed(text: str, run: re.Match[str]) -> bool:
    before, after = text[max(0, run.start() - 1) : run.start()], text[run.end() : run.end() + 1]
    between_letters = before.isalpha() and after.isalpha()
    return not between_letters or any(sign in _JOINERS or sign.isalpha() for sign in run.group())
