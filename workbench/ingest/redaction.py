"""Masks secrets and personal identifiers in client text before anything else sees it.

It works on patterns with checks (check digits, prefixes), offline: nothing found is ever verified against a service. Names and
addresses are not found. Domain identifiers (form, clause, claim and policy numbers) are meant to survive.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

KINDS = ("secret", "email", "iban", "card", "phone")
"""What `mask` finds, in the order it looks; each is replaced by its name in square brackets."""

Pattern = re.Pattern[str]
Check = Callable[[str], bool]

_NOTHING: Mapping[str, int] = MappingProxyType({})

# detect-secrets plugins whose patterns are safe in prose, each with what stands, in lower case, in every text it can match:
# looking for that first is far cheaper than the patterns. "" means no such hint. Left out: IPPublicDetector (an address is no
# secret), ArtifactoryDetector, whose password pattern is any capitalised word such as "APEXINSURANCE" or "AP20261234567", and
# JwtTokenDetector and OpenAIDetector, whose patterns take quadratic time on hostile text: rules of our own find what they find.
PLUGINS: Mapping[str, tuple[str, ...]] = {
    "aws.AWSKeyDetector": ("akia", "asia", "abia", "acca", "a3t", "aws"),
    "azure_storage_key.AzureStorageKeyDetector": ("accountkey=",),
    "cloudant.CloudantDetector": ("cloudant", "cl_", "cl-", "cl "),
    "discord.DiscordBotTokenDetector": ("",),
    "github_token.GitHubTokenDetector": ("gh",),
    "gitlab_token.GitLabTokenDetector": ("gl", "gr1348941"),
    "ibm_cloud_iam.IbmCloudIamDetector": ("ibm", "api"),
    "ibm_cos_hmac.IbmCosHmacDetector": ("secret",),
    "mailchimp.MailchimpDetector": ("-us",),
    "npm.NpmDetector": ("_authtoken",),
    "private_key.PrivateKeyDetector": ("putty", "private key"),
    "pypi_token.PypiTokenDetector": ("pypi-",),
    "sendgrid.SendGridDetector": ("sg.",),
    "slack.SlackDetector": ("xox", "hooks.slack"),
    "softlayer.SoftlayerDetector": ("softlayer", "sl_", "sl-", "sl "),
    "square_oauth.SquareOAuthDetector": ("sq0csp",),
    "stripe.StripeDetector": ("k_live_",),
    "telegram_token.TelegramBotTokenDetector": ("",),
    "twilio.TwilioKeyDetector": ("ac", "sk"),
}
LONG_WORD = 20
"""Characters of the shortest token any plugin knows: a text without a word this long is not searched for tokens."""

_ASSIGNMENT_HINTS = ("passw", "passphrase", "pwd", "secret", "key", "token")
_OWN_RULES: tuple[tuple[tuple[str, ...], Pattern], ...] = (
    (
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    (("://",), re.compile(r"://[^\s:/@\[\]]{0,256}:(?P<secret>[^\s/\[\]]{1,256})@")),
    (
        ("bearer", "basic "),
        re.compile(r"\b(?:bearer|basic)\s+(?P<secret>(?=[^\s]*\d)[A-Za-z0-9._~+/-]{16,}=*)", re.IGNORECASE),
    ),
    (
        ("sk-",),
        re.compile(
            r"(?<![A-Za-z0-9])sk-(?:(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{8,}|(?=[A-Za-z]*\d)[A-Za-z0-9]{20,})"
        ),
    ),
    (("eyj",), re.compile(r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]+)*")),
    (
        _ASSIGNMENT_HINTS,
        re.compile(
            r"(?:pass(?:word|wd|phrase)|(?<![A-Za-z0-9])(?:pwd|(?:client[ _-]?)?secret(?:[ _-]?(?:access[ _-]?)?key)?"
            r"|(?:api|private)[ _-]?key|(?:access|auth|refresh)[ _-]?(?:key|token)|token))"
            r"[\"']?\s{0,3}(?:=|:=?|=>)\s{0,3}[\"']?(?P<secret>(?=[^\s\"',;]{0,256}[\d!#$%^&*_+~])[^\s\"',;\[\]]{6,})",
            re.IGNORECASE,
        ),
    ),
)

_EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9_.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b")
_LONG_DIGITS = re.compile(r"\d[\d ().-]{7,}\d|[A-Z]{2}\d{2} ?[A-Z0-9]{4}")
_IBAN = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_CARD = re.compile(
    r"(?<![\w.-])(?:"
    r"\d{13,19}|\d{4}(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:(?P=gap)\d{3})?|\d{4}[ -]\d{6}[ -]\d{4,5})(?![\w-])"
)
_PHONE = re.compile(
    r"(?<![\w/.#-])(?:"
    r"\+\d{1,3}[ .-]?(?:\(0\)[ .-]?)?(?:\(?\d{1,5}\)?[ .-]?){1,5}\d{2,}"  # +44 (0)20 7946 0958
    r"|00[1-9]\d{0,2}[ .-](?:\d{1,5}[ .-]?){2,5}\d{2,}"  # 0044 20 7946 0958
    r"|\(0\d{2,5}\)[ .-]?\d{3,4}[ .-]?\d{3,4}"  # (0117) 496 0400
    r"|0[1-9]\d{1,3}[ .-]\d{3,4}[ .-]\d{3,4}|0[1-9]\d{2,3}[ .-]\d{6,7}"  # 0117 496 0400, 01632 960123
    r"|0[1237]\d{8,9}"  # 07700900123
    r"|0[1-9](?:[ .]\d{2}){4}"  # 01 45 67 89 10
    r"|\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}|[2-9]\d{2}[.-][2-9]\d{2}[.-]\d{4}"  # (212) 555-0143
    r")(?![\w/-])"
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


def mask(text: str) -> tuple[str, Mapping[str, int]]:
    """The text with secrets and personal identifiers replaced by `[kind]`, and how many of each kind there were.

    Masking a masked text changes nothing. A text without findings comes back as it is, with no counts.

    >>> mask("mail ann@example.org about END-H-114")
    ('mail [email] about END-H-114', mappingproxy({'email': 1}))
    """
    counts: Counter[str] = Counter()
    text = _mask_secrets(text, counts)
    if "@" in text:
        text = _replace(text, _EMAIL, "email", counts)
    if _LONG_DIGITS.search(text):
        text = _replace_iban(text, counts)
        text = _replace(text, _CARD, "card", counts, is_card)
        text = _replace(text, _PHONE, "phone", counts, _is_phone)
    return text, MappingProxyType(dict(counts)) if counts else _NOTHING


def mask_secrets(text: str) -> tuple[str, int]:
    """The text with secrets alone replaced by `[secret]`, and how many there were.

    For documents, which hold people's phone numbers and addresses rightly.

    >>> mask_secrets("ann@example.org, password = S3cret!pw")
    ('ann@example.org, password = [secret]', 1)
    """
    counts: Counter[str] = Counter()
    return _mask_secrets(text, counts), counts["secret"]


def is_card(number: str) -> bool:
    """Whether digits (spaces and hyphens allowed) are a payment card number: known prefix, usual length, Luhn check digit.

    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(character) for character in number if character.isdecimal()]
    if len(digits) not in _CARD_LENGTHS or not _CARD_PREFIX.match(re.sub(r"\D", "", number)):
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


def _mask_secrets(text: str, counts: Counter[str]) -> str:
    lowered = text.lower()
    rules = _all_rules() if any(len(word) >= LONG_WORD for word in text.split()) else _OWN_RULES
    for hints, pattern in rules:
        if any(hint in lowered for hint in hints):
            text = _replace(text, pattern, "secret", counts)
    return text


def _replace(text: str, pattern: Pattern, kind: str, counts: Counter[str], check: Check | None = None) -> str:
    def substitute(match: re.Match[str]) -> str:
        found = match.group(0)
        if check and not check(found):
            return found
        counts[kind] += 1
        if "secret" not in pattern.groupindex:
            return f"[{kind}]"
        start, end = (position - match.start() for position in match.span("secret"))
        return f"{found[:start]}[{kind}]{found[end:]}"

    return pattern.sub(substitute, text)


def _replace_iban(text: str, counts: Counter[str]) -> str:
    def substitute(match: re.Match[str]) -> str:
        # Capitals behind the number may have been caught with it; only the country's length counts.
        found = match.group(0)
        length = _IBAN_LENGTH.get(found[:2], 0)
        end = _position_after(found, length)
        if not end or not is_iban(found[:end].replace(" ", "")):
            return found
        counts["iban"] += 1
        return f"[iban]{found[end:]}"

    return _IBAN.sub(substitute, text)


def _position_after(text: str, characters: int) -> int:
    """Index behind the given number of characters that are not spaces; 0 when there are fewer."""
    places = [index for index, character in enumerate(text) if character != " "]
    return places[characters - 1] + 1 if 0 < characters <= len(places) else 0


def _is_phone(number: str) -> bool:
    return 9 <= sum(character.isdecimal() for character in number) <= 15


@lru_cache(maxsize=1)
def _all_rules() -> tuple[tuple[tuple[str, ...], Pattern], ...]:
    return (*_OWN_RULES, *_plugin_rules())


def _plugin_rules() -> Iterator[tuple[tuple[str, ...], Pattern]]:
    """The compiled patterns of the plugins; the plugins themselves, which can call services to verify a find, never run."""
    from importlib import import_module

    for name, hints in PLUGINS.items():
        module, plugin = name.split(".")
        for pattern in getattr(import_module(f"detect_secrets.plugins.{module}"), plugin).denylist:
            yield hints, pattern
