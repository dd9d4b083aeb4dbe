"""Why a judge gave nothing usable, in words a person can act on, and without a word of what was sent.

Replies of endpoints are read for what went wrong but never quoted: they may repeat a key or a client's text.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from workbench.errors import WorkbenchError

LONGEST_WAIT = 60.0
"""Seconds waited at most before asking again, whatever `Retry-After` says."""


class JudgeFailed(WorkbenchError):
    """The judge gave nothing usable for one question.

    Attributes:
        reason: why, short and the same for the same cause, so that failures can be counted by it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that came to nothing.

    Attributes:
        reason: as `JudgeFailed.reason`. again: whether asking once more may help. wait: seconds the endpoint asks for.
        refused_form: whether the endpoint may refuse only how the reply was to be written.
        of_prompt: whether this question alone is concerned, so that it says nothing of the endpoint.
        most_attempts: attempts it is worth, whatever the settings allow.
    """

    reason: str
    again: bool = False
    wait: float | None = None
    refused_form: bool = False
    of_prompt: bool = False
    most_attempts: int = 100


_COMPLAINTS = (
    (("max_completion_tokens",), "the model wants max_completion_tokens; change max_tokens_name of the judge", False),
    (("temperature",), "the model accepts no temperature; leave it empty in the judge's settings", False),
    (
        ("context length", "context window", "context_length", "too long", "too many tokens"),
        "the question is too long",
        True,
    ),
    (
        ("content_filter", "content management policy", "content filter"),
        "the content filter refused the question",
        True,
    ),
    (
        ("model identifier is invalid", "model_not_found", "model not found"),
        "the endpoint does not know this model",
        False,
    ),
)
"""Words of a refusal, what they mean, and whether they concern this question alone."""
_OF_FORM = ("response_format", "json_schema", "tool_choice", "toolconfig", "structured output", "grammar")
_STATUS = {
    401: "HTTP 401: the key is missing or was refused",
    402: "HTTP 402: the account has no credit left",
    403: "HTTP 403: the key may not use this model or address",
    404: "HTTP 404: the endpoint does not know this model or address",
    407: "HTTP 407: the company's proxy asks for a sign-in",
    413: "HTTP 413: the question is longer than the endpoint accepts",
}
_NO_CREDIT = ("insufficient_quota", "billing", "credit balance")
_FORM_STATUS = frozenset({400, 415, 422, 501})
_AGAIN_STATUS = frozenset({408, 425, 429})
_NEVER_AGAIN = frozenset({501, 505})


def failure_of_status(status: int, text: str, retry_after: str | None, now: datetime) -> Failure:
    """What a status other than success means; `text` is only searched for known complaints."""
    if 300 <= status < 400:
        return Failure(f"HTTP {status}: the address sends on to another one; enter the final address")
    said = text[:20_000].lower()
    if status == 429 and any(word in said for word in _NO_CREDIT):
        return Failure("HTTP 429: the account has no credit left")
    if status in _AGAIN_STATUS or (status >= 500 and status not in _NEVER_AGAIN):
        reason = "HTTP 429 (too many requests)" if status == 429 else f"HTTP {status}"
        return Failure(reason, again=True, wait=seconds_asked(retry_after, now))
    if status in (400, 413, 422) and not any(word in said for word in _OF_FORM):
        for words, reason, of_prompt in _COMPLAINTS:
            if any(word in said for word in words):
                return Failure(f"HTTP {status}: {reason}", of_prompt=of_prompt)
    reason = _STATUS.get(status, f"HTTP {status}: the endpoint refuses the request")
    return Failure(reason, refused_form=status in _FORM_STATUS, of_prompt=status == 413)


def timed_out(seconds: float) -> Failure:
    """No whole reply in time; a slow model is asked twice, not five times."""
    return Failure(f"timed out after {seconds:g} s", again=True, most_attempts=2)


def failure_of_error(error: BaseException) -> Failure:
    """What an error on the way to the endpoint means."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Failure("the certificate of the endpoint is not trusted; name your company's authority in SSL_CERT_FILE")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Failure("no secure connection to the endpoint; check whether the address begins with http or https")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Failure("the name of the endpoint's host is not known", again=True)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return Failure("nothing listens at the address of the endpoint", again=True)
    return Failure("the connection to the endpoint broke", again=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < 50:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        # anyio keeps the errors of several addresses in a group
        waiting += [cause for cause in (found.__cause__, found.__context__, *getattr(found, "exceptions", ())) if cause]


def seconds_asked(retry_after: str | None, now: datetime) -> float | None:
    """Seconds a `Retry-After` asks for, 0 to `LONGEST_WAIT`; None where it says nothing that can be read.

    >>> seconds_asked("7", datetime(2026, 1, 1, tzinfo=UTC))
    7.0
    >>> seconds_asked("Thu, 01 Jan 2026 00:00:30 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    30.0
    """
    text = (retry_after or "").strip()[:100]
    try:
        if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit():
            seconds = float(text)
        else:
            at = parsedate_to_datetime(text)
            seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)
