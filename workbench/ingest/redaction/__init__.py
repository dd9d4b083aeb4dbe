"""Masks secrets and personal identifiers in client text before anything else sees it.

It works on patterns with checks (check digits, prefixes, words beside a number), offline: nothing found is ever verified against
a service, and no model reads the text. Domain identifiers (form, clause, claim and policy numbers) are meant to survive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

from workbench.ingest.redaction.accounts import is_card, is_iban
from workbench.ingest.redaction.persons import PERSONAL_KINDS, mask_personal
from workbench.ingest.redaction.replacing import Masked
from workbench.ingest.redaction.secrets import LONG_WORD, PLUGINS, masked_secrets

__all__ = [
    "KINDS",
    "LONG_WORD",
    "NOT_FOUND",
    "PLUGINS",
    "is_card",
    "is_iban",
    "mask",
    "mask_secrets",
    "personal",
]

KINDS = ("secret", *PERSONAL_KINDS)
"""What `mask` finds, in the order it looks; each is replaced by its name in square brackets."""

NOT_FOUND = (
    "Secrets and personal data are found by their form alone: names of people, postal addresses, dates of birth, descriptions "
    "that point to one person, text inside images, and numbers written in an unusual way or without their usual words beside "
    "them are not found."
)
"""What patterns cannot see, for pages and reports."""

ROUNDS = 4
"""A mask can set free what stood against it (a card number behind a mail address), so masking is repeated, at most so often."""

_NOTHING: Mapping[str, int] = MappingProxyType({})


def mask(text: str) -> tuple[str, Mapping[str, int]]:
    """The text with secrets and personal identifiers replaced by `[kind]`, and how many of each kind there were.

    Masking a masked text changes nothing. A text without findings comes back as it is, with no counts.

    >>> mask("mail ann@example.org about END-H-114")
    ('mail [email] about END-H-114', mappingproxy({'email': 1}))
    """
    return _settled(text, _mask_all)


def mask_secrets(text: str) -> tuple[str, int]:
    """The text with secrets alone replaced by `[secret]`, and how many there were.

    For documents, which hold people's phone numbers and addresses rightly.

    >>> mask_secrets("ann@example.org, password = S3cret!pw")
    ('ann@example.org, password = [secret]', 1)
    """
    text, counts = _settled(text, masked_secrets)
    return text, counts.get("secret", 0)


def personal(text: str) -> Mapping[str, int]:
    """How many personal identifiers of each kind a text holds; nothing is masked. For documents, where they may rightly stand.

    >>> dict(personal("ann@example.org, password = S3cret!pw"))
    {'email': 1}
    """
    return MappingProxyType(dict(mask_personal(text)[1]))


def _mask_all(text: str) -> Masked:
    text, secrets = masked_secrets(text)
    text, people = mask_personal(text)
    return text, {**secrets, **people} if secrets or people else _NOTHING


def _settled(text: str, masked: Callable[[str], Masked]) -> Masked:
    text, first = masked(text)
    if not first:
        return text, _NOTHING
    counts = Counter(first)
    for _ in range(ROUNDS - 1):
        text, more = masked(text)
        if not more:
            break
        counts.update(more)
    return text, MappingProxyType(dict(counts))
