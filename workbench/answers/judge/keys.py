"""The key of a judge: where it is found, and a value that keeps it to itself.

It is never stored, logged, pickled or made part of a text; only the one request that needs it reads it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NoReturn

from workbench.answers.judge.addresses import host_of, hostname_of
from workbench.answers.judge.vendors import base_address
from workbench.errors import InputError
from workbench.records import JudgeSettings
from workbench.records.answers import Vendor

KEY_NAME = "WORKBENCH_JUDGE_KEY"
URL_NAME = "WORKBENCH_JUDGE_URL"
KEYRING_SERVICE = "pilot-workbench"
USUAL: Mapping[Vendor, tuple[str, re.Pattern[str]]] = {
    "openai": ("OPENAI_API_KEY", re.compile(r"(?:.+\.)?api\.openai\.com")),
    "azure": (
        "AZURE_OPENAI_API_KEY",
        re.compile(r"[^.]+\.(?:openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com)"),
    ),
    "anthropic": ("ANTHROPIC_API_KEY", re.compile(r"api\.anthropic\.com")),
    "bedrock": ("AWS_BEARER_TOKEN_BEDROCK", re.compile(r"bedrock-runtime(?:-fips)?\.[^.]+\.amazonaws\.com(?:\.cn)?")),
}
"""The vendors' usual names, and the hosts they are for: a key of OpenAI is not sent to whoever offers the same interface."""


class Key:
    """A key that shows itself only when asked.

    Attributes:
        origin: where it was found, in words.
    """

    __slots__ = ("_secret", "origin")

    def __init__(self, secret: str, origin: str) -> None:
        self._secret = _checked(secret, origin)
        self.origin = origin

    def reveal(self) -> str:
        """The key itself, for the header of a request."""
        return self._secret

    def __repr__(self) -> str:
        return f"<key from {self.origin}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not passed on: the process that needs it looks it up itself")


def key_for(settings: JudgeSettings, environment: Mapping[str, str] | None = None) -> Key | None:
    """The key for an endpoint; None where there is none, as for most models on one's own machines.

    WORKBENCH_JUDGE_KEY comes first, where WORKBENCH_JUDGE_URL names the same host, or is not set and the host is the vendor's
    own; then the vendor's usual name, for its own hosts alone; then the keyring, service "pilot-workbench", the host as user.
    So a `judge.json` that came with a client's case cannot send a key to a host that its owner did not name.

    Raises:
        InputError: what was found cannot be a key.
    """
    known = os.environ if environment is None else environment
    address = base_address(settings)
    host = host_of(address)
    meant = known.get(URL_NAME, "").strip()
    name, hosts = USUAL[settings.vendor]
    vendors_own = hosts.fullmatch(hostname_of(address)) is not None
    if known.get(KEY_NAME, "").strip() and (_meant_for(meant, address) if meant else vendors_own):
        return Key(known[KEY_NAME], KEY_NAME)
    if known.get(name, "").strip() and vendors_own:
        return Key(known[name], name)
    kept = _from_keyring(host)
    return Key(kept, f"the keyring, for {host}") if kept else None


def _meant_for(meant: str, asked: str) -> bool:
    """Whether a key for one address may go to another: the same host and port, and no less encrypted."""
    return host_of(meant) == host_of(asked) and (
        asked.lower().startswith("https:") or meant.lower().startswith("http:")
    )


def _from_keyring(host: str) -> str | None:
    import keyring

    try:
        return keyring.get_password(KEYRING_SERVICE, host) if host else None
    except Exception:
        # A machine without a keyring has no key in it; what keeps a keyring from opening is between it and its owner.
        # Which errors that takes is up to the backend of that machine.
        return None


def _checked(secret: str, origin: str) -> str:
    plain = secret.strip()
    if not plain or len(plain) > 10_000 or any(not "!" <= sign <= "~" for sign in plain):
        raise InputError(f"{origin}: it holds no usable key, but white space or signs a key cannot hold; set it again")
    return plain
