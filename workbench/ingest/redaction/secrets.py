"""Secrets: the patterns of detect-secrets that are safe in prose, and rules for tokens it does not know or knows badly.

Nothing found is verified: the plugins, which can ask services whether a find is live, never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from workbench.ingest.redaction.replacing import Masked, replaced

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

Rule = tuple[tuple[str, ...], re.Pattern[str]]
"""Hints, of which one stands in the lower-case text wherever the pattern matches, and the pattern."""

_SHORT_RULES: tuple[Rule, ...] = (
    (
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    (("://",), re.compile(r"://[^\s:/@\[\]]{0,256}:(?P<secret>[^\s/\[\]]{1,256})@")),
    (
        ("bearer", "basic "),
        re.compile(r"\b(?:bearer|basic)\s{1,9}(?P<secret>(?=\S{0,256}\d)[A-Za-z0-9._~+/-]{16,}=*)", re.IGNORECASE),
    ),
    (
        ("sk-",),
        re.compile(
            r"(?<![A-Za-z0-9])sk-(?:(?:proj|ant|svcacct|admin|or)-[A-Za-z0-9_-]{8,}|(?=[A-Za-z]{0,256}\d)[A-Za-z0-9]{20,})"
        ),
    ),
    (("eyj",), re.compile(r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]+)*")),
    (
        ("passw", "passphrase", "pwd", "secret", "key", "token"),
        re.compile(
            r"(?:pass(?:word|wd|phrase)|(?:account|sharedaccess)key"
            r"|(?<![A-Za-z0-9])(?:pwd|(?:client[ _-]?)?secret(?:[ _-]?(?:access[ _-]?)?key)?"
            r"|(?:api|private)[ _-]?key|(?:access|auth|refresh)[ _-]?(?:key|token)|token))"
            r"[\"']?\s{0,3}(?:=|:=?|=>)\s{0,3}[\"']?(?P<secret>(?=[^\s\"',;]{0,256}[\d!#$%^&*_+~])[^\s\"',;\[\]]{6,})",
            re.IGNORECASE,
        ),
    ),
)

# Prefixes that services give their tokens so that they can be found; detect-secrets knows none of these in today's length.
# Behind the first only letters and digits follow, so that "hf_transformers_model_2" is none.
_PLAIN = (
    "hf_", "npm_", "r8_", "gsk_", "xai-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "whsec_", "rk_live_", "sk_live_", "lin_api_",
    "dop_v1_", "pplx-", "shpat_", "shpss_", "secret_",
)  # fmt: skip
_JOINED = (
    "github_pat_", "glpat-", "xapp-", "xoxb-", "xoxp-", "xoxe.", "xoxe-", "AIza", "ya29.", "GOCSPX-", "dckr_pat_", "nvapi-",
    "tvly-", "ATATT3", "sntrys_", "PMAK-", "pypi-",
)  # fmt: skip


def _prefixed(prefixes: Sequence[str], body: str) -> Rule:
    anyone = "|".join(map(re.escape, prefixes))
    pattern = rf"(?<![A-Za-z0-9])(?:{anyone})(?=[A-Za-z_.-]{{0,256}}\d){body}{{16,}}(?![A-Za-z0-9_])=*"
    return tuple(prefix.lower() for prefix in prefixes), re.compile(pattern)


_LONG_RULES: tuple[Rule, ...] = (
    _prefixed(_PLAIN, "[A-Za-z0-9]"),
    _prefixed(_JOINED, "[A-Za-z0-9_.-]"),
    (("sig=",), re.compile(r"[?&;]sig=(?P<secret>[A-Za-z0-9%+/_-]{20,}=*)")),  # shared access signatures of Azure
)


def masked_secrets(text: str) -> Masked:
    """The text with secrets replaced, and how many there were."""
    lowered = text.lower()
    found = 0
    for hints, pattern in _rules() if max(map(len, text.split()), default=0) >= LONG_WORD else _SHORT_RULES:
        for hint in hints:
            if hint in lowered:
                text, more = replaced(text, pattern, "secret")
                found += more
                break
    return text, {"secret": found} if found else {}


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, ...]:
    return (*_SHORT_RULES, *_LONG_RULES, *_plugin_rules())


def _plugin_rules() -> Iterator[Rule]:
    """The compiled patterns of the plugins."""
    from importlib import import_module

    for name, hints in PLUGINS.items():
        module, plugin = name.split(".")
        for pattern in getattr(import_module(f"detect_secrets.plugins.{module}"), plugin).denylist:
            yield hints, pattern
