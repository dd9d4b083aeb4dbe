"""Network addresses: IP addresses, told from version and clause numbers, and the addresses of network cards.

Presidio's IP recogniser is the same check (`ipaddress`) behind five patterns, and takes "clause 4.3.2.1" for an address; so the
check is called here. An IP address is personal data: with a time it leads to one household or desk.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from workbench.ingest.redaction.recognisers import recognised
from workbench.ingest.redaction.replacing import any_word, near, replaced

_IPV4 = re.compile(r"\d(?<![\w.-].)\d{0,2}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_IPV6 = re.compile(
    r"[0-9A-Fa-f:](?<![\w:.].)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\d{0,2}(?:\.\d{1,3}){3})?(?![\w:]|\.\d)"
)
_MAC = re.compile(
    r"[0-9A-Fa-f](?<![\w:.-].)(?:[0-9A-Fa-f](?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})"
    r"|[0-9A-Fa-f]{3}(?:\.[0-9A-Fa-f]{4}){2})(?![\w:-]|\.\w)"
)
_IP_WORDS = any_word(
    "ip", "ipv4", "address", "addr", "host", "client", "server", "remote", "gateway", "subnet", "login"
)
_NUMBERED = re.compile(
    r"(?<![^\W_])(?:v|ver|version|release|build|cl|clause|sec|section|para|paragraph|chapter|item|step|table|figure|annex|article)"
    r"[ .:=]{0,2}\Z|§ ?\Z",
    re.IGNORECASE,
)


def mask_ips(text: str) -> tuple[str, int]:
    """The text with IP addresses replaced, and how many there were."""
    found = 0
    if text.count(".") >= 3:
        text, found = replaced(text, _IPV4, "ip", _ipv4_length)
    if text.count(":") >= 2:
        text, more = replaced(text, _IPV6, "ip", _ipv6_length)
        found += more
    return text, found


def mask_macs(text: str) -> tuple[str, int]:
    """The text with addresses of network cards replaced, and how many there were."""
    if text.count(":") < 5 and text.count("-") < 5 and text.count(".") < 2:
        return text, 0
    return replaced(text, _MAC, "mac", _mac_length)


def _ipv4_length(match: re.Match[str]) -> int:
    number = match[0]
    if not _is_address(number) or _NUMBERED.search(match.string[max(0, match.start() - 16) : match.start()]):
        return 0
    # "4.3.2.1" is a clause or a version more often than an address.
    long_part = any(len(part) == 3 for part in number.split("."))
    believed = long_part or _stands_alone(match) or near(match, _IP_WORDS, 24, 0)
    return len(number) if believed else 0


def _stands_alone(match: re.Match[str]) -> bool:
    return match.start() < 3 and len(match.string) - match.end() < 3 and match.string.strip() == match[0]


def _ipv6_length(match: re.Match[str]) -> int:
    number = match[0]
    groups = [group for group in number.split(":") if group]
    told = len(groups) >= 3 or (len(groups) == 2 and len(groups[0]) == 4)
    return len(number) if told and _is_address(number) else 0


def _is_address(number: str) -> bool:
    try:
        return bool(ip_address(number))
    except ValueError:
        return False


def _mac_length(match: re.Match[str]) -> int:
    # Six pairs of digits alone are a date and a time more often than an address.
    told = any(character.isalpha() for character in match[0])
    return len(match[0]) if told and recognised("MacAddressRecognizer", match[0], 0.5) else 0
