"""A model's endpoint for tests: it speaks four dialects and judges by words, so that every score can be worked out by hand.

It knows nothing of languages: a statement holds when all its words (of four letters and more, and numbers) stand in the context.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

MODES = (
    "clean",  # what a good endpoint says
    "fenced",  # JSON in a code fence, words around it
    "think",  # reasoning first, with braces in it
    "prose",  # no JSON at all
    "empty",  # an object without fields
    "truncated",  # always cut off at the limit of tokens
    "truncated_once",  # whole once the limit of tokens is doubled
    "rate_limited",  # `failing` times 429 with Retry-After, then clean
    "error_500",  # `failing` times 500, then clean
    "slow",  # answers after `delay` seconds
    "dripping",  # a byte now and then, without end
    "redirect",  # to another host
    "garbage",  # bytes that are no text
    "html",  # the page of a captive portal
    "huge",  # more than any reply can hold
    "nested",  # brackets without end
    "verdict_2",  # verdicts outside 0 and 1
    "verdict_minus_1",
    "missing_statements",  # a verdict on the first statement alone
    "no_usage",  # no counts of tokens
    "no_envelope",  # JSON, of another form
    "unauthorised",  # 401 that repeats the key
    "not_found",  # 404
    "no_json_schema",  # 400 for a JSON schema
    "text_only",  # 400 for every response format
    "bad_request",  # 400 for `complaint`
    "echo",  # repeats the key in its answer
    "dropped",  # closes the connection without a word
)
ALWAYS = 10**9
ABSTAINS = re.compile(r"don't know|do not know|not sure", re.I)


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names in small letters."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        return prompt_of(self.body)


@dataclass
class FakeEndpoint:
    """The endpoint and what it was asked; `mode` may be changed while it runs.

    Attributes:
        root: its address. requests: all of them, in their order, those refused too.
        failing: how many requests the modes rate_limited and error_500 refuse. retry_after: their header, None leaves it out.
        delay: of the mode slow, in seconds. complaint: what the mode bad_request says.
        in_flight: requests it has not begun to answer. most_at_once: the most there ever were.
    """

    root: str = ""
    mode: str = "clean"
    failing: int = ALWAYS
    retry_after: str | None = "0"
    delay: float = 5.0
    complaint: str = "bad request"
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    refused: int = 0
    most_at_once: int = 0
    in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Address for the vendor "openai"."""
        return f"{self.root}/v1"

    @property
    def calls(self) -> int:
        return len(self.requests)

    def arrived(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            self.in_flight += 1
            self.most_at_once = max(self.most_at_once, self.in_flight)

    def left(self) -> None:
        with self._lock:
            self.in_flight -= 1

    def wait_for(self, calls: int, seconds: float = 20.0) -> None:
        """Until it was asked so often."""
        end = time.monotonic() + seconds
        while self.calls < calls:
            assert time.monotonic() < end, f"{self.calls} of {calls} calls after {seconds} s"
            time.sleep(0.002)

    def refuses(self) -> bool:
        """Whether this request is one of the first `failing`."""
        with self._lock:
            self.refused += 1
            return self.refused <= self.failing


@contextmanager
def serving(mode: str = "clean", *, tls: ssl.SSLContext | None = None, **settings: Any) -> Iterator[FakeEndpoint]:
    """An endpoint on this machine for as long as the block lasts; with `tls` it is spoken to by https."""
    endpoint = FakeEndpoint(mode=mode, **settings)

    class Bound(_Handler):
        fake = endpoint

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    endpoint.root = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    """For tests that mark themselves `local_network`."""
    with serving() as started:
        yield started


# --- what it judges ------------------------------------------------------------------------------------------------------


def words(text: str) -> set[str]:
    """Words of four letters and more, and numbers, in small letters."""
    return {word for word in re.findall(r"\w+", text.lower()) if len(word) >= 4 or word.isdigit()}


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def holds(statement: str, context: str) -> int:
    """1 when all words of the statement stand in the context."""
    return int(words(statement) <= words(context))


def useful(answer: str, context: str) -> int:
    """1 when at least half of the words of the answer stand in the context."""
    return int(2 * len(words(answer) & words(context)) >= max(len(words(answer)), 1))


def question_for(response: str) -> str:
    """The question the endpoint makes of an answer: its first sentence between two words."""
    first = (sentences(response) or [""])[0].rstrip(".!?")
    return f"Is it true that {first}?" if first else ""


def judged(prompt: str) -> dict[str, Any]:
    """The reply of a good judge to a prompt of RAGAS; of any other, an example of the schema in it."""
    given = _input(prompt)
    if prompt.startswith("Given a question and an answer, analyze the complexity"):
        return {"statements": [] if ABSTAINS.search(given["answer"]) else sentences(given["answer"])}
    if prompt.startswith("Your task is to judge the faithfulness"):
        verdicts = [(text, holds(text, given["context"])) for text in given["statements"]]
        return {"statements": [{"statement": t, "reason": "by its words", "verdict": v} for t, v in verdicts]}
    if prompt.startswith("Given question, answer and context verify"):
        return {"reason": "by its words", "verdict": useful(given["answer"], given["context"])}
    if prompt.startswith("Given a context and an answer, analyze each statement"):
        verdicts = [(text, holds(text, given["context"])) for text in sentences(given["answer"])]
        return {"classifications": [{"statement": t, "reason": "by its words", "attributed": v} for t, v in verdicts]}
    if prompt.startswith("Generate a question for the given answer"):
        response = given["response"]
        return {"question": question_for(response), "noncommittal": int(bool(ABSTAINS.search(response)))}
    return {"verdict": 1, "reason": "an example", "ok": 1}


def _input(prompt: str) -> dict[str, Any]:
    _, found, tail = prompt.rpartition("Now perform the same with the following input\ninput: ")
    return json.JSONDecoder().raw_decode(tail)[0] if found else {}


def _spoiled(reply: dict[str, Any], mode: str) -> dict[str, Any]:
    if mode == "empty":
        return {}
    if mode in ("verdict_2", "verdict_minus_1"):
        return _with_verdicts(reply, 2 if mode == "verdict_2" else -1)
    if mode == "missing_statements" and any(isinstance(item, dict) for item in reply.get("statements", ())):
        return {"statements": reply["statements"][:1]}
    return reply


def _with_verdicts(value: Any, verdict: int) -> Any:
    if isinstance(value, list):
        return [_with_verdicts(item, verdict) for item in value]
    if isinstance(value, dict):
        marks = ("verdict", "attributed", "noncommittal")
        return {key: verdict if key in marks else _with_verdicts(item, verdict) for key, item in value.items()}
    return value


def _told(reply: dict[str, Any], mode: str) -> str:
    text = json.dumps(reply)
    if mode == "fenced":
        return f"Here is the output you asked for:\n```json\n{text}\n```\nLet me know if {{anything}} is missing."
    if mode == "think":
        return f'<think>The schema is {{"verdict": 0}}; so I say</think>\n{text}'
    return "I would say that the answer is fine." if mode == "prose" else text


# --- how it speaks -------------------------------------------------------------------------------------------------------


def prompt_of(body: dict[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _limit(body: dict[str, Any]) -> int:
    inner = body.get("inferenceConfig", {})
    return int(body.get("max_tokens") or body.get("max_completion_tokens") or inner.get("maxTokens") or 0)


def _openai(body: dict[str, Any], text: str, reply: Any, cut: bool, usage: tuple[int, int] | None) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "length" if cut else "stop",
    }
    counted = {"usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]}} if usage else {}
    return {"id": "x", "object": "chat.completion", "model": body.get("model"), "choices": [choice], **counted}


def _anthropic(body: dict[str, Any], text: str, reply: Any, cut: bool, usage: tuple[int, int] | None) -> dict[str, Any]:
    tool = {"type": "tool_use", "id": "t", "name": "reply", "input": reply}
    content = [tool] if body.get("tools") and reply is not None else [{"type": "text", "text": text}]
    counted = {"usage": {"input_tokens": usage[0], "output_tokens": usage[1]}} if usage else {}
    stop = "max_tokens" if cut else "tool_use" if body.get("tools") else "end_turn"
    return {"type": "message", "role": "assistant", "content": content, "stop_reason": stop, **counted}


def _bedrock(body: dict[str, Any], text: str, reply: Any, cut: bool, usage: tuple[int, int] | None) -> dict[str, Any]:
    tool = {"toolUse": {"toolUseId": "t", "name": "reply", "input": reply}}
    content = [tool] if body.get("toolConfig") and reply is not None else [{"text": text}]
    counted = {"usage": {"inputTokens": usage[0], "outputTokens": usage[1]}} if usage else {}
    stop = "max_tokens" if cut else "tool_use" if body.get("toolConfig") else "end_turn"
    return {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop, **counted}


def _dialect(path: str) -> Any:
    plain = unquote(urlsplit(path).path)
    if plain.endswith("/chat/completions"):  # Azure's two addresses too
        return _openai
    if plain == "/v1/messages":
        return _anthropic
    return _bedrock if re.fullmatch(r"/model/.+/converse", plain) else None


class _Handler(BaseHTTPRequestHandler):
    fake: FakeEndpoint
    _waiting = False

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        try:
            content = self.rfile.read(length)
        except OSError:
            content = b""
        if len(content) < length:  # the client hung up before it had asked
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, json.loads(content))
        # Before it is counted: whoever waits for the count may change the mode.
        mode = self.fake.mode
        self.fake.arrived(request)
        self._waiting = True
        try:
            self._answer(request, mode)
        except OSError:  # the client hung up first
            self.close_connection = True
        finally:
            self._leave()

    def do_GET(self) -> None:
        self._send(200, b"<html><title>Sign in</title></html>", "text/html")

    def _answer(self, request: Request, mode: str) -> None:
        special = getattr(self, f"_mode_{mode}", None)
        if special and special(request):
            return
        speak = _dialect(request.path)
        if speak is None:
            self._send(404, b'{"error": {"message": "no such path"}}')
            return
        reply = _spoiled(judged(request.prompt), mode)
        text = _told(reply, mode)
        cut = mode == "truncated" or (mode == "truncated_once" and _limit(request.body) <= 4096)
        if cut:
            text = text[: len(text) // 2]
        usage = None if mode == "no_usage" else (len(request.prompt.split()), len(text.split()))
        if mode == "echo":
            text = json.dumps({**reply, "reason": f"you are {self._key(request)}"})
        structured = None if cut or mode in ("fenced", "think", "prose") else json.loads(text)
        self._send(200, json.dumps(speak(request.body, text, structured, cut, usage)).encode())

    def _key(self, request: Request) -> str:
        names = ("authorization", "api-key", "x-api-key")
        return next((request.headers[name] for name in names if name in request.headers), "")

    def _mode_rate_limited(self, request: Request) -> bool:
        return self._refuse(429, "slow down") if self.fake.refuses() else False

    def _mode_error_500(self, request: Request) -> bool:
        return self._refuse(500, "out of order") if self.fake.refuses() else False

    def _mode_slow(self, request: Request) -> bool:
        self.fake.closing.wait(self.fake.delay)
        return False

    def _mode_dripping(self, request: Request) -> bool:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        while not self.fake.closing.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()
        return True

    def _mode_redirect(self, request: Request) -> bool:
        self.send_response(307)
        self.send_header("Location", "http://127.0.0.2:9/v1/chat/completions")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def _mode_garbage(self, request: Request) -> bool:
        return self._send(200, bytes(range(256)) * 4)

    def _mode_html(self, request: Request) -> bool:
        return self._send(200, b"<!DOCTYPE html><html><title>Sign in to the network</title></html>", "text/html")

    def _mode_huge(self, request: Request) -> bool:
        return self._send(200, b'{"choices": "' + b"a" * 3_000_000 + b'"}')

    def _mode_nested(self, request: Request) -> bool:
        return self._send(200, b"[" * 200_000)

    def _mode_no_envelope(self, request: Request) -> bool:
        return self._send(200, b'{"choices": [], "content": 3, "output": null}')

    def _mode_unauthorised(self, request: Request) -> bool:
        return self._refuse(401, f"Incorrect API key provided: {self._key(request)}")

    def _mode_not_found(self, request: Request) -> bool:
        return self._refuse(404, "model not found")

    def _mode_no_json_schema(self, request: Request) -> bool:
        asked = request.body.get("response_format", {}).get("type")
        return self._refuse(400, "response_format is not supported") if asked == "json_schema" else False

    def _mode_text_only(self, request: Request) -> bool:
        asked = {"response_format", "tools", "toolConfig"} & set(request.body)
        return self._refuse(400, "structured output is not supported") if asked else False

    def _mode_bad_request(self, request: Request) -> bool:
        return self._refuse(400, self.fake.complaint)

    def _mode_dropped(self, request: Request) -> bool:
        self.close_connection = True
        return True

    def _leave(self) -> None:
        # Before the reply goes out: its reader may ask again before this thread is heard of.
        if self._waiting:
            self._waiting = False
            self.fake.left()

    def _refuse(self, status: int, message: str) -> bool:
        return self._send(status, json.dumps({"error": {"message": message}}).encode())

    def _send(self, status: int, content: bytes, kind: str = "application/json") -> bool:
        self._leave()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.fake.retry_after is not None and status in (429, 503):
            self.send_header("Retry-After", self.fake.retry_after)
        self.end_headers()
        self.wfile.write(content)
        return True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the requests are kept."""
