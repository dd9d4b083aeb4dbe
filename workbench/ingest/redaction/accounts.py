"""Payment card numbers and IBANs, told by their check digits.

Presidio has recognisers for both. These are kept because its card pattern knows no 19 digits and no Mastercard beginning with
2, and believes one in ten numbers of 13 to 17 digits that begin with 1; its IBAN pattern misses a number with capitals behind.
"""

from __future__ import annotations

import re

from workbench.ingest.redaction.replacing import replaced

_IBAN = re.compile(r"[A-Z](?<![A-Za-z0-9-].)[A-Z]\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_CARD = re.compile(
    r"\d(?<![\w.-].)(?:"
    r"\d{12,18}|\d{3}(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:(?P=gap)\d{3})?|\d{3}[ -]\d{6}[ -]\d{4,5})(?![\w-])"
)
_CARD_PREFIX = re.compile(r"4|5[0-8]|2[2-7]|3[0-9]|6")
_CARD_LENGTHS = frozenset({13, 14, 15, 16, 19})

# Length of an IBAN by country (ISO 13616 registry).
_IBAN_COUNTRIES = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "PT", 26: "IS TR",
    27: "FR GR IT MC MR SM", 28: "AL AZ CY DO GT HU LB PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU",
    31: "MT SC", 32: "LC", 33: "ST",
}  # fmt: skip
_IBAN_LENGTH = {country: length for length, countries in _IBAN_COUNTRIES.items() for country in countries.split()}


def mask_ibans(text: str) -> tuple[str, int]:
    """The text with IBANs replaced, and how many there were."""
    return replaced(text, _IBAN, "iban", _iban_length)


def mask_cards(text: str) -> tuple[str, int]:
    """The text with payment card numbers replaced, and how many there were."""
    return replaced(text, _CARD, "card", lambda match: len(match[0]) if is_card(match[0]) else 0)


def is_card(number: str) -> bool:
    """Whether digits (spaces and hyphens allowed) are a payment card number: known prefix, usual length, Luhn check digit.

    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(character) for character in number if character.isdecimal()]
    if len(digits) not in _CARD_LENGTHS or not _CARD_PREFIX.match("".join(map(str, digits))):
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(number: str) -> bool:
    """Whether letters and digits (no spaces) are an IBAN: the length of its country and a remainder of 1 modulo 97 (ISO 7064).

    >>> is_iban("GB29NWBK60161331926819"), is_iban("GB28NWBK60161331926819")
    (True, False)
    """
    if _IBAN_LENGTH.get(number[:2]) != len(number):
        return False
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


def _iban_length(match: re.Match[str]) -> int:
    # Capitals behind the number may have been caught with it; only the country's length counts.
    found = match[0]
    end = _position_after(found, _IBAN_LENGTH.get(found[:2], 0))
    return end if end and is_iban(found[:end].replace(" ", "")) else 0


def _position_after(text: str, characters: int) -> int:
    """Index behind the given number of characters that are not spaces; 0 when there are fewer."""
    places = [index for index, character in enumerate(text) if character != " "]
    return places[characters - 1] + 1 if 0 < characters <= len(places) else 0
