"""The one way to an endpoint: a bounded question out, a bounded reply back, asked again when that may help.

It never follows a redirect, and neither key nor text ends in a log, an exception or an attribute.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from workbench.answers.judge.addresses import is_near, is_this_machine
from workbench.answers.judge.failures import Failure, failure_of_error, failure_of_status, timed_out
from workbench.answers.judge.keys import Key
from workbench.answers.judge.vendors import DIALECTS, address

if TYPE_CHECKING:
    from workbench.records import JudgeSettings

MOST_BYTES = 2_000_000
"""Of a reply."""
MOST_WAITING = 180.0
"""Seconds waited at most between the attempts of one question, all waits together."""
_BACKOFF = wait_exponential_jitter(multiplier=0.5, max=20, jitter=0.5)
_SHORTEST_SECRET = 12
"""Shorter keys ("ollama", "none") are words that may well stand in a reply."""

Sleep = Callable[[float], Awaitable[None]]


class Refused(Exception):
    """A question that came to nothing; says only what `Failure` says."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class Transport:
    """An open way to one endpoint, for one event loop.

    Args:
        settings: where and how long.
        key: put into the header of each request; None for endpoints without.
        sleep: waits between attempts.
        told: told of each request: seconds it took, and whether it is to be made again.
    """

    def __init__(
        self, settings: JudgeSettings, key: Key | None, sleep: Sleep, told: Callable[[float, bool], None]
    ) -> None:
        self._settings, self._key, self._sleep, self._told = settings, key, sleep, told
        self._address = address(settings)
        self._client = _client(settings, self._address)

    async def post(self, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON of others
        """The JSON an endpoint answers with.

        Raises:
            Refused: nothing usable, after as many attempts as make sense.
        """
        content = json.dumps(body).encode()
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, Refused) and error.failure.again),
            stop=self._enough,
            wait=_wait,
            sleep=self._sleep,
            before_sleep=lambda state: self._told(0.0, True),
            reraise=True,
        )
        attempts, refused = 0, None
        try:
            async for attempt in retrying:
                with attempt:
                    attempts = attempt.retry_state.attempt_number
                    return await self._once(content)
        except Refused as error:
            refused = error.failure
        # Raised out here, so that no earlier exception hangs on it.
        raise Refused(_after(refused or Failure("the endpoint was not asked"), attempts))

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        most = error.failure.most_attempts if isinstance(error, Refused) else 1
        return state.attempt_number >= min(self._settings.attempts, most) or state.idle_for >= MOST_WAITING

    async def _once(self, content: bytes) -> Any:  # noqa: ANN401 - JSON of others
        start = time.monotonic()
        outcome: Any = None
        failure: Failure | None = None
        try:
            async with asyncio.timeout(self._settings.timeout):
                outcome = await self._exchange(content)
        except (TimeoutError, httpx.TimeoutException):
            failure = timed_out(self._settings.timeout)
        except Refused as error:
            failure = error.failure
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            failure = failure_of_error(error)
        self._told(time.monotonic() - start, False)
        if failure is not None:
            # httpx keeps the request, key included, on its exceptions: none of them may hang on ours.
            raise Refused(failure)
        return outcome

    async def _exchange(self, content: bytes) -> Any:  # noqa: ANN401 - JSON of others
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        dialect = DIALECTS[self._settings.vendor]
        signed = _Signed(self._key, dialect.key_header, dialect.key_prefix)
        async with self._client.stream(
            "POST", self._address, content=content, headers={**headers, **dialect.headers}, auth=signed
        ) as response:
            raw = self._without_key(await _bounded(response))
            if response.is_success:
                return _parsed(raw, response.headers.get("content-type", ""))
            text = raw.decode("utf-8", "replace")
            raise Refused(
                failure_of_status(response.status_code, text, response.headers.get("retry-after"), datetime.now(UTC))
            )

    def _without_key(self, raw: bytes) -> bytes:
        """A reply that repeats the key loses it before anyone reads or keeps it."""
        secret = self._key.reveal() if self._key else ""
        return raw.replace(secret.encode(), b"[key]") if len(secret) >= _SHORTEST_SECRET else raw


class _Signed(httpx.Auth):
    """Puts the key into the request at the last moment, so that no dictionary of ours holds it."""

    def __init__(self, key: Key | None, header: str, prefix: str) -> None:
        self._key, self._header, self._prefix = key, header, prefix

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._key is not None:
            request.headers[self._header] = self._prefix + self._key.reveal()
        yield request


def _client(settings: JudgeSettings, address: str) -> httpx.AsyncClient:
    url = httpx.URL(address)
    # Proxies are for the way out: what goes to this machine, or unencrypted to a host nearby, does not pass them.
    # Certificates named in the environment are for this machine too.
    direct = is_this_machine(url.host) or (url.scheme == "http" and is_near(url.host))
    problem = ""
    try:
        return httpx.AsyncClient(
            verify=httpx.create_ssl_context(trust_env=url.scheme == "https" or not direct),
            trust_env=not direct,
            follow_redirects=False,
            timeout=httpx.Timeout(settings.timeout, connect=min(settings.timeout, 15.0)),
            # How many are in flight is bounded by the judge: a call cancelled at the wrong moment never leaves the pool's count.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.concurrency),
        )
    except OSError:
        problem = "the file of certificates named in SSL_CERT_FILE cannot be read"
    except (ValueError, ImportError):
        problem = "the proxy named in the environment cannot be used"
    raise Refused(Failure(problem))


async def _bounded(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise Refused(Failure("the reply is larger than 2 MB"))
        parts.append(part)
    return b"".join(parts)


def _parsed(raw: bytes, kind: str) -> Any:  # noqa: ANN401 - JSON of others
    problem = "the endpoint's reply is not JSON; check the address"
    if kind.startswith("text/html") or raw.lstrip()[:1] == b"<":
        problem = "a web page came instead of a reply; check the address, or sign in to the network"
    else:
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            pass
    raise Refused(Failure(problem))


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.failure.wait if isinstance(error, Refused) else None
    wait = _BACKOFF(state) if asked is None else asked
    return min(wait, max(MOST_WAITING - state.idle_for, 0.0))


def _after(failure: Failure, attempts: int) -> Failure:
    if not failure.again or attempts < 2 or failure.reason.startswith("timed out"):
        return failure
    return Failure(f"{failure.reason} after {attempts} attempts", again=True, of_prompt=failure.of_prompt)
