"""Personal identifiers in a text: which kinds are looked for, in which order, and behind which cheap look.

Mail addresses are told by a pattern of our own: presidio's takes quadratic time on a long word without "@", and its check
fetches the list of top-level domains from the network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from workbench.ingest.redaction.accounts import mask_cards, mask_ibans
from workbench.ingest.redaction.addresses import mask_ips, mask_macs
from workbench.ingest.redaction.identifiers import mask_identifiers, mask_wallets
from workbench.ingest.redaction.phones import mask_phones
from workbench.ingest.redaction.replacing import Masked, replaced

PERSONAL_KINDS = ("email", "iban", "card", "ip", "mac", "wallet", "national id", "phone")
"""In the order they are looked for: what has the strongest check comes first, phone numbers, which have none, last."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+%'-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?!\w)")
WALLET_LENGTH = 26
"""Characters of the shortest wallet address."""
_DIGIT = re.compile(r"\d")
_MANY_DIGITS = re.compile(r"\d(?:[ ()./-]{0,2}\d){7}")
"""Eight digits close together: no card number and no phone number has fewer."""
_IBAN_START = re.compile(r"[A-Z]{2}\d{2} ?[A-Z0-9]{4}")


def mask_personal(text: str) -> Masked:
    """The text with personal identifiers replaced, and how many of each kind there were."""
    counts: dict[str, int] = {}
    for kind, find in _finders(text):
        text, found = find(text)
        if found:
            counts[kind] = found
    return text, counts


def _finders(text: str) -> Iterator[tuple[str, Callable[[str], tuple[str, int]]]]:
    if "@" in text:
        yield "email", _mask_emails
    if not _DIGIT.search(text):
        return
    if _IBAN_START.search(text):
        yield "iban", mask_ibans
    many = _MANY_DIGITS.search(text)
    if many:
        yield "card", mask_cards
    yield "ip", mask_ips
    yield "mac", mask_macs
    if max(map(len, text.split())) >= WALLET_LENGTH:
        yield "wallet", mask_wallets
    yield "national id", mask_identifiers
    if many:
        yield "phone", mask_phones


def _mask_emails(text: str) -> tuple[str, int]:
    return replaced(text, _EMAIL, "email")
