"""How four vendors' endpoints are spoken to: the request as a value, and what their reply says.

Nothing here opens a connection or knows a key; `transport` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from workbench.records import JudgeSettings
from workbench.records.answers import Vendor

Form = Literal["json_schema", "json_object", "text"]
"""How the reply is asked for: held to a schema, held to JSON, or only asked for in words."""

REPLY = "reply"
"""Name under which the schema travels."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a model.

    Attributes:
        schema: as `schemas.pinned_schema` makes it. max_tokens: of the reply.
    """

    prompt: str
    schema: Mapping[str, Any]
    form: Form
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered.

    Attributes:
        text: what it wrote. structured: the object where the endpoint gives one apart from the text.
        cut_off: whether it ended at the limit of tokens. declined: whether model or endpoint held the answer back.
    """

    text: str
    structured: Any = None
    cut_off: bool = False
    declined: bool = False
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor.

    Attributes:
        base: address where the settings name none. path: what follows the address.
        key_header: header that carries the key. key_prefix: what stands before it.
        forms: how a reply can be asked for, the strictest first. headers: that every request needs.
        ending: paths people paste with the address, cut off.
    """

    base: str
    path: Callable[[JudgeSettings], str]
    key_header: str
    key_prefix: str
    forms: tuple[Form, ...]
    body: Callable[[JudgeSettings, Question], dict[str, Any]]
    reply: Callable[[Any], Reply]
    headers: Mapping[str, str]
    ending: tuple[str, ...] = ()


def address(settings: JudgeSettings) -> str:
    """The full address a question is sent to.

    >>> address(JudgeSettings(url="http://localhost:11434/v1/", model="m"))
    'http://localhost:11434/v1/chat/completions'
    """
    return base_address(settings) + DIALECTS[settings.vendor].path(settings)


def base_address(settings: JudgeSettings) -> str:
    """The address of the settings without what the vendor's path repeats; the vendor's own where none is set."""
    dialect = DIALECTS[settings.vendor]
    base = (settings.url or dialect.base).rstrip("/")
    for ending in dialect.ending:
        base = base.removesuffix(ending)
    return base


# --- OpenAI and what is compatible with it ------------------------------------------------------------------------------


def _chat_path(settings: JudgeSettings) -> str:
    return "/chat/completions"


def _chat_body(settings: JudgeSettings, question: Question) -> dict[str, Any]:
    formats: dict[Form, dict[str, Any]] = {
        "json_schema": {
            "type": "json_schema",
            "json_schema": {"name": REPLY, "strict": True, "schema": dict(question.schema)},
        },
        "json_object": {"type": "json_object"},
    }
    asked = {"response_format": formats[question.form]} if question.form in formats else {}
    return {
        "model": settings.model,
        "messages": [{"role": "user", "content": question.prompt}],
        settings.max_tokens_name: question.max_tokens,
        **_temperature(settings),
        **asked,
    }


def _chat_reply(content: Any) -> Reply:  # noqa: ANN401 - JSON of others
    choice = content["choices"][0]
    message, finish = choice["message"], choice.get("finish_reason")
    usage = _object(content.get("usage"))
    return Reply(
        text=_joined(message.get("content")),
        cut_off=finish == "length",
        declined=finish == "content_filter" or bool(message.get("refusal")),
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
    )


# --- Azure: the same bodies at other addresses --------------------------------------------------------------------------


def _azure_path(settings: JudgeSettings) -> str:
    if not settings.api_version:
        return "/openai/v1/chat/completions"
    deployment, version = quote(settings.model, safe=""), quote(settings.api_version, safe="")
    return f"/openai/deployments/{deployment}/chat/completions?api-version={version}"


# --- Anthropic ------------------------------------------------------------------------------------------------------------


def _messages_body(settings: JudgeSettings, question: Question) -> dict[str, Any]:
    tool = {"name": REPLY, "description": "Give the reply.", "input_schema": dict(question.schema)}
    asked = {"tools": [tool], "tool_choice": {"type": "tool", "name": REPLY}} if question.form == "json_schema" else {}
    return {
        "model": settings.model,
        "messages": [{"role": "user", "content": question.prompt}],
        "max_tokens": question.max_tokens,
        **_temperature(settings),
        **asked,
    }


def _messages_reply(content: Any) -> Reply:  # noqa: ANN401 - JSON of others
    parts = [_object(part) for part in content["content"]]
    usage = _object(content.get("usage"))
    return Reply(
        text="".join(_joined(part.get("text")) for part in parts if part.get("type") == "text"),
        structured=next((part.get("input") for part in parts if part.get("type") == "tool_use"), None),
        cut_off=content.get("stop_reason") in ("max_tokens", "model_context_window_exceeded"),
        declined=content.get("stop_reason") == "refusal",
        input_tokens=_total(usage, "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
        output_tokens=_count(usage.get("output_tokens")),
    )


# --- Bedrock Converse -----------------------------------------------------------------------------------------------------


def _converse_path(settings: JudgeSettings) -> str:
    return f"/model/{quote(settings.model, safe='')}/converse"


def _converse_body(settings: JudgeSettings, question: Question) -> dict[str, Any]:
    tool = {
        "toolSpec": {"name": REPLY, "description": "Give the reply.", "inputSchema": {"json": dict(question.schema)}}
    }
    asked = {"toolConfig": {"tools": [tool], "toolChoice": {"tool": {"name": REPLY}}}}
    return {
        "messages": [{"role": "user", "content": [{"text": question.prompt}]}],
        "inferenceConfig": {"maxTokens": question.max_tokens, **_temperature(settings)},
        **(asked if question.form == "json_schema" else {}),
    }


def _converse_reply(content: Any) -> Reply:  # noqa: ANN401 - JSON of others
    parts = [_object(part) for part in content["output"]["message"]["content"]]
    usage = _object(content.get("usage"))
    return Reply(
        text="".join(_joined(part.get("text")) for part in parts),
        structured=next((part["toolUse"].get("input") for part in parts if "toolUse" in part), None),
        cut_off=content.get("stopReason") in ("max_tokens", "model_context_window_exceeded"),
        declined=content.get("stopReason") in ("guardrail_intervened", "content_filtered"),
        input_tokens=_total(usage, "inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"),
        output_tokens=_count(usage.get("outputTokens")),
    )


# --- what they share ------------------------------------------------------------------------------------------------------


def _temperature(settings: JudgeSettings) -> dict[str, float]:
    return {} if settings.temperature is None else {"temperature": settings.temperature}


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON of others
    return value if isinstance(value, dict) else {}


def _joined(content: Any) -> str:  # noqa: ANN401 - JSON of others
    """Text of a message, which some gateways send in parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [_object(part).get("text") for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _count(value: Any) -> int | None:  # noqa: ANN401 - JSON of others
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def _total(usage: Mapping[str, Any], first: str, *others: str) -> int | None:
    counted = _count(usage.get(first))
    return None if counted is None else counted + sum(_count(usage.get(name)) or 0 for name in others)


_ALL: tuple[Form, ...] = ("json_schema", "json_object", "text")
DIALECTS: Mapping[Vendor, Dialect] = {
    "openai": Dialect(
        base="https://api.openai.com/v1",
        path=_chat_path,
        key_header="Authorization",
        key_prefix="Bearer ",
        forms=_ALL,
        body=_chat_body,
        reply=_chat_reply,
        headers={},
        ending=("/chat/completions",),
    ),
    "azure": Dialect(
        base="",
        path=_azure_path,
        key_header="api-key",
        key_prefix="",
        forms=_ALL,
        body=_chat_body,
        reply=_chat_reply,
        headers={},
        ending=("/chat/completions", "/openai/v1", "/openai"),
    ),
    "anthropic": Dialect(
        base="https://api.anthropic.com",
        path=lambda settings: "/v1/messages",
        key_header="x-api-key",
        key_prefix="",
        forms=("json_schema", "text"),
        body=_messages_body,
        reply=_messages_reply,
        headers={"anthropic-version": "2023-06-01"},
        ending=("/messages", "/v1"),
    ),
    "bedrock": Dialect(
        base="",
        path=_converse_path,
        key_header="Authorization",
        key_prefix="Bearer ",
        forms=("json_schema", "text"),
        body=_converse_body,
        reply=_converse_reply,
        headers={},
    ),
}
"""What is known of each vendor; only the first was ever asked by these programs beyond a server of the tests."""
