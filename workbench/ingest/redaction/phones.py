"""Phone numbers: written as people write them, and possible or valid under the numbering plan of a country.

Presidio's recogniser is the same library run over the whole text once a country; it takes ten-digit claim numbers for American
phone numbers. So only what is written like a phone number is asked about here; what could be anything needs a word beside it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from workbench.ingest.redaction.replacing import any_word, near, replaced

REGIONS = ("GB", "US", "DE", "FR", "ES", "IT", "NL", "CH", "AT", "BE", "IE", "AU", "IN")
"""Countries whose way of writing a number without the country's code is known; with "+" any country's is."""

_PHONE = re.compile(
    r"[+(\d](?<![\w/.#+-].)(?:"
    r"(?<=\+)\d{1,3}[ .-]?(?:\(0\)[ .-]?)?(?:\(?\d{1,5}\)?[ .-]?){1,5}\d{2,}"  # +44 (0)20 7946 0958
    r"|(?<=0)0[1-9]\d{0,2}[ .-](?:\d{1,5}[ .-]?){2,5}\d{2,}"  # 0044 20 7946 0958
    r"|(?<=\()0\d{2,5}\)[ .-]?\d{3,4}[ .-]?\d{3,4}"  # (0117) 496 0400
    r"|(?<=0)(?:[1-9]\d{1,3}[ .-]\d{3,4}[ .-]\d{3,4}|[1-9]\d{2,3}[ .-]\d{6,7}"  # 0117 496 0400, 01632 960123
    r"|[1-9]\d?[ -]\d{8}|[1-9] \d{4} \d{4}"  # 06-12345678, 02 9876 5432
    r"|[12367]\d{8,9}"  # 07700900123
    r"|[1-9]\d{0,2}(?:[ .]\d{2,3}){3,4})"  # 01 45 67 89 10, 044 668 18 00
    r"|(?<=\()\d{3}\)[ .-]?\d{3}[ .-]\d{4}|(?<=[2-9])\d{2}[.-][2-9]\d{2}[.-]\d{4}"  # (212) 555-0143
    r")(?![\w/-])"
)
_ANY_NUMBER = re.compile(r"[(\d](?<![\w/.#+-].)[\d ()./-]{7,20}\d(?![\w/-])")
_WORDS = any_word(
    "phone", "telephone", "tel", "mobile", "cellphone", "cell phone", "call", "ring", "fax", "whatsapp", "sms", "dial",
    "telefon", "handy", "mobil", "téléphone", "teléfono", "telefono", "telefoon", "mobiel", "móvil", "cellulare",
)  # fmt: skip
_HINTS = (
    "phone", "tel", "mobi", "cellphone", "cell phone", "call", "ring", "fax", "whatsapp", "sms", "dial", "handy", "téléph",
    "teléf", "móvil",
)  # fmt: skip


def mask_phones(text: str) -> tuple[str, int]:
    """The text with phone numbers replaced, and how many there were."""
    text, written = replaced(text, _PHONE, "phone", lambda match: len(match[0]) if _is_phone(match[0]) else 0)
    lowered = text.lower()
    if not any(hint in lowered for hint in _HINTS):
        return text, written
    text, named = replaced(text, _ANY_NUMBER, "phone", _named_length)
    return text, written + named


def _named_length(match: re.Match[str]) -> int:
    return len(match[0]) if near(match, _WORDS, 24, 0) and _is_phone(match[0]) else 0


@lru_cache(maxsize=4096)
def _is_phone(number: str) -> bool:
    """Whether a number is possible where it names its country, else valid in one of `REGIONS`."""
    import phonenumbers as library

    if not 9 <= sum(character.isdecimal() for character in number) <= 15:
        return False
    international = re.sub(r"^00", "+", number)
    try:
        if international.startswith("+"):
            return library.is_possible_number(library.parse(international))
        return any(library.is_valid_number(library.parse(number, region)) for region in REGIONS)
    except library.NumberParseException:
        return False
