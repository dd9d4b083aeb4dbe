"""Which addresses a judge may have: http or https, nothing secret in them, and plain http only nearby.

Names are judged as they are written; nothing is looked up.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from workbench.errors import InputError

ALLOW_HTTP = "WORKBENCH_JUDGE_ALLOW_HTTP"
_USUAL_PORTS = {"http": 80, "https": 443}
_NEAR_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp")


def checked_address(url: str, environment: Mapping[str, str] | None = None) -> str:
    """The address, when it may be used.

    Raises:
        InputError: not http or https, a user, key or query in it, or plain http to a host that is not nearby.
    """
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("address of the judge: expected one that begins with https:// (or http:// for this machine)")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InputError(
            "address of the judge: it holds a user, a '?' or a '#'; enter the plain address, and give the key apart from it"
        )
    if any(not "!" <= sign <= "~" or sign == "\\" for sign in url):
        raise InputError("address of the judge: it holds white space or characters that addresses cannot hold")
    allowed = (os.environ if environment is None else environment).get(ALLOW_HTTP) == "1"
    if parts.scheme == "http" and not is_near(parts.hostname) and not allowed:
        raise InputError(
            f"address of the judge: http://{parts.hostname} would send key and texts unencrypted over the internet; "
            f"use https, or set {ALLOW_HTTP}=1 if the network in between is your own"
        )
    _check_host(url)
    return url


def host_of(url: str) -> str:
    """Host and, where it is not the usual one, port; "" for what is no address.

    >>> [host_of(url) for url in ("https://gw.example:443/v1", "http://localhost:11434/v1", "http://[::1]:8080/v1")]
    ['gw.example', 'localhost:11434', '[::1]:8080']
    """
    try:
        parts = _split(url)
    except InputError:
        return ""
    host = hostname_of(url)
    written = f"[{host}]" if ":" in host else host
    return written if parts.port in (None, _USUAL_PORTS.get(parts.scheme)) else f"{written}:{parts.port}"


def hostname_of(url: str) -> str:
    """The host alone, in small letters and without brackets; "" for what is no address."""
    try:
        return (_split(url).hostname or "").rstrip(".")
    except InputError:
        return ""


def is_near(host: str) -> bool:
    """Whether a host is this machine or one of a private network, by its name or number.

    >>> [is_near(host) for host in ("localhost", "10.1.2.3", "gpu-server", "api.openai.com", "8.8.8.8")]
    [True, True, True, False, False]
    """
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        name = host.lower().rstrip(".")
        # A number in another notation, like 0x08080808, is no name of a private network.
        return name.endswith(_NEAR_ENDINGS) or ("." not in name and not name[:1].isdigit())
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped:
        number = number.ipv4_mapped  # the same host in another notation
    # Link-local addresses are where clouds hand out credentials, never where a model listens.
    return number.is_loopback or (number.is_private and not number.is_link_local and not number.is_unspecified)


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _check_host(url: str) -> None:
    """Refuse what would fail question by question: a host that is no number and no name, like 1.2.3.999."""
    import httpx

    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise InputError("address of the judge: its host is neither a name nor a number; check it") from None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise InputError("address of the judge: it cannot be read; check brackets and port") from None
    return parts
