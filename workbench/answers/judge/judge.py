"""A model that judges: one question in, one checked object out, or a reason why there is none.

What is asked is its caller's business; how metrics are made of the answers stands in `workbench.answers.ragas_metrics`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel

from workbench.answers.judge.breaker import Breaker
from workbench.answers.judge.cache import KeptReply, ReplyCache, reply_key
from workbench.answers.judge.failures import Failure, JudgeFailed
from workbench.answers.judge.keys import Key
from workbench.answers.judge.reading import Model, Unreadable, read_reply
from workbench.answers.judge.schemas import pinned_schema
from workbench.answers.judge.settings import checked_settings
from workbench.answers.judge.usage import UsageCount
from workbench.answers.judge.vendors import DIALECTS, Question, Reply
from workbench.records import JudgeSettings, JudgeUsage

if TYPE_CHECKING:
    from workbench.answers.judge.transport import Sleep, Transport

RE_ASKS = 2
"""Times a question is put again when its reply cannot be read."""
_NOT_OF_VENDOR = "the endpoint's reply has another form than this vendor's; check vendor and address"


@dataclass(slots=True)
class _Open:
    """What belongs to one event loop."""

    loop: asyncio.AbstractEventLoop
    transport: Transport
    slots: asyncio.Semaphore
    asking: dict[bytes, asyncio.Lock] = field(default_factory=dict)


class _GivenUp(Exception):
    """A question given up, and what it says of the endpoint."""

    def __init__(self, reason: str, *, of_prompt: bool = False, answering: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.of_prompt, self.answering = reason, of_prompt, answering


class Judge:
    """A model behind an endpoint, with its cache and its count of what it took.

    Use it as an asynchronous context manager, or call `close`, so that its connections do not stay open.

    Args:
        settings: which model, and how it is asked.
        key: from `key_for`; None for an endpoint without.
        cache: replies kept from earlier runs; None keeps none.
        sleep: waits between attempts; tests replace it.

    Raises:
        InputError: settings that cannot be used.
    """

    def __init__(
        self,
        settings: JudgeSettings,
        key: Key | None,
        cache: ReplyCache | None,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.settings = checked_settings(settings, "judge")
        self._key, self._cache, self._sleep = key, cache, sleep
        self._usage = UsageCount(settings)
        self._breaker = Breaker()
        self._dialect = DIALECTS[settings.vendor]
        self._form, self._form_known = 0, False
        self._open: _Open | None = None

    @property
    def usage(self) -> JudgeUsage:
        """What judging took so far."""
        return self._usage.now

    async def ask(self, prompt: str, schema: type[Model], *, sample: int = 0) -> Model:
        """The model's reply, read and checked.

        Args:
            prompt: the whole question. It says itself that JSON is wanted, and in which form.
            schema: of the reply.
            sample: tells repeated questions apart, so that each is asked and kept.

        Raises:
            JudgeFailed: nothing usable came back; the reason is short and holds nothing of the question.
        """
        text = prompt.encode("utf-8", "replace").decode("utf-8")
        pinned = pinned_schema(schema)
        key = reply_key(self.settings, pinned, text, sample)
        if (kept := await self._kept(key, schema)) is not None:
            return kept
        given_up: _GivenUp | None = None
        async with self._turn(key):
            # Whoever asked the same question may have had its reply kept since.
            if (kept := await self._kept(key, schema)) is not None:
                return kept
            try:
                return await self._answer(key, text, pinned, schema)
            except _GivenUp as error:
                given_up = error
        self._usage.gave_up()
        raise JudgeFailed(given_up.reason)

    def cached(self, prompt: str, schema: type[Model], *, sample: int = 0) -> Model | None:
        """The reply an earlier run got to this question; None where it would have to be asked. Counts nothing."""
        if self._cache is None:
            return None
        text = prompt.encode("utf-8", "replace").decode("utf-8")
        kept = self._cache.get(reply_key(self.settings, pinned_schema(schema), text, sample))
        return _reread(kept, schema) if kept else None

    async def close(self) -> None:
        """Close the connections; the next question opens them again."""
        opened, self._open = self._open, None
        if opened is not None and opened.loop is asyncio.get_running_loop():
            await opened.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Judge {self.settings.vendor} {self.settings.model}>"

    async def _kept(self, key: bytes, schema: type[Model]) -> Model | None:
        if self._cache is None:
            return None
        kept = await asyncio.to_thread(self._cache.get, key)
        if kept is None:
            return None
        read = _reread(kept, schema)
        if read is None:
            await asyncio.to_thread(self._cache.forget, key)
        else:
            self._usage.found()
        return read

    @asynccontextmanager
    async def _turn(self, key: bytes) -> AsyncIterator[None]:
        """A place among the calls in flight; the same question is asked by one at a time, so that it is asked once."""
        opened = self._opened()
        if self._cache is None:
            async with opened.slots:
                yield
            return
        lock = opened.asking.setdefault(key, asyncio.Lock())
        try:
            async with lock, opened.slots:
                yield
        finally:
            if not lock.locked() and not getattr(lock, "_waiters", None):
                opened.asking.pop(key, None)

    def _opened(self) -> _Open:
        from workbench.answers.judge.transport import Refused, Transport

        loop = asyncio.get_running_loop()
        if self._open is None or self._open.loop is not loop:
            problem = ""
            try:
                transport = Transport(self.settings, self._key, self._sleep, self._usage.request)
            except Refused as refused:
                problem = refused.failure.reason
            if problem:
                self._usage.gave_up()
                raise JudgeFailed(problem)
            self._open = _Open(loop, transport, asyncio.Semaphore(self.settings.concurrency))
        return self._open

    async def _answer(self, key: bytes, prompt: str, pinned: Mapping[str, Any], schema: type[Model]) -> Model:
        if (why := self._breaker.why) is not None:
            raise _GivenUp(why)
        try:
            read, reply = await self._readable(prompt, pinned, schema)
        except _GivenUp as given_up:
            if not given_up.of_prompt:
                self._breaker.failed(given_up.reason, answering=given_up.answering)
            raise
        self._breaker.succeeded()
        if self._cache is not None:
            kept = KeptReply(json.dumps(read.model_dump(mode="json")), reply.input_tokens, reply.output_tokens)
            await asyncio.to_thread(self._cache.put, key, kept)
        return read

    async def _readable(self, prompt: str, pinned: Mapping[str, Any], schema: type[Model]) -> tuple[Model, Reply]:
        asked, reason = prompt, ""
        for turn in range(1 + RE_ASKS):
            if turn:
                self._usage.asked_again()
            reply = await self._whole(asked, pinned)
            try:
                return _read(reply, schema), reply
            except Unreadable as error:
                reason = str(error)
            # At temperature 0 the same question gets the same reply: say what was wrong with it.
            asked = f"{prompt}\n\nAn earlier reply could not be used: {reason}. Reply with the JSON object alone."
        raise _GivenUp(reason, answering=True)

    async def _whole(self, prompt: str, pinned: Mapping[str, Any]) -> Reply:
        """A reply that is not cut off: asked once more with twice the tokens where it was."""
        limit = self.settings.max_tokens
        reply = await self._sent(prompt, pinned, limit)
        if reply.cut_off:
            self._usage.asked_again()
            try:
                reply = await self._sent(prompt, pinned, limit * 2)
                limit *= 2
            except _GivenUp as given_up:
                if not given_up.reason.startswith("HTTP 4"):
                    raise
                # The model cannot write as much as that: the first limit is what counts.
        if reply.cut_off:
            raise _GivenUp(f"reply cut off at {limit} tokens", answering=True)
        if reply.declined:
            raise _GivenUp("the model declined to answer", of_prompt=True)
        return reply

    async def _sent(self, prompt: str, pinned: Mapping[str, Any], limit: int) -> Reply:
        """A reply in the strictest form the endpoint accepts; which one that is, is found out once."""
        from workbench.answers.judge.transport import Refused

        forms, at = self._dialect.forms, self._form
        while True:
            question = Question(prompt, pinned, forms[at], limit)
            failure: Failure | None = None
            content: Any = None
            try:
                content = await self._opened().transport.post(self._dialect.body(self.settings, question))
            except Refused as refused:
                failure = refused.failure
            if failure is None:
                self._form, self._form_known = max(at, self._form), True
                return self._understood(content)
            may_step_down = failure.refused_form and (not self._form_known or self._form > at)
            if not may_step_down or at + 1 == len(forms):
                raise _GivenUp(failure.reason, of_prompt=failure.of_prompt)
            at = max(at + 1, self._form)
            self._usage.request(0.0, True)

    def _understood(self, content: Any) -> Reply:  # noqa: ANN401 - JSON of others
        reply: Reply | None = None
        try:
            reply = self._dialect.reply(content)
        except (KeyError, IndexError, TypeError, AttributeError):
            reply = None
        if reply is None:
            raise _GivenUp(_NOT_OF_VENDOR)
        self._usage.answered(reply)
        return reply


def _read(reply: Reply, schema: type[Model]) -> Model:
    text = reply.text if reply.structured is None else json.dumps(reply.structured)
    return read_reply(text.encode("utf-8", "replace").decode("utf-8"), schema)


def _reread(kept: KeptReply, schema: type[Model]) -> Model | None:
    try:
        return read_reply(kept.text, schema)
    except Unreadable:
        return None


class Trial(BaseModel):
    """What a judge is asked to see whether it works."""

    verdict: int


_TRIAL = """Does the text "The shop opens at nine." say that the shop opens at nine?
Reply with a JSON object that has one field, "verdict": 1 for yes, 0 for no. For example: {"verdict": 0}"""


async def try_judge(settings: JudgeSettings, key: Key | None = None) -> str:
    """Ask an endpoint one tiny question and say in a sentence whether it works; nothing is kept.

    Args:
        settings: as entered.
        key: None looks it up as `key_for` does.
    """
    from dataclasses import replace

    from workbench.answers.judge.keys import key_for
    from workbench.errors import WorkbenchError

    try:
        once = replace(settings, attempts=1, max_tokens=max(settings.max_tokens, 512))
        async with Judge(once, key or key_for(settings), None) as judge:
            verdict = (await judge.ask(_TRIAL, Trial)).verdict
            used = judge.usage
    except JudgeFailed as error:
        return f"It does not work: {error.reason}."
    except WorkbenchError as error:
        return f"It does not work: {error}."
    if verdict != 1:
        return f"{settings.model} answers, but judges wrongly that 'nine' is not 'nine': choose a stronger model."
    tokens = "" if used.input_tokens is None else f", {used.input_tokens} tokens in and {used.output_tokens} out"
    return f"{settings.model} answers and can be read: one question took {used.seconds:.1f} s{tokens}."
