"""Answer one question: policy, retrieval, model, policy, audit. The handler decides; nothing is written to a claim."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from claimsdesk.audit import AuditWriter
from claimsdesk.index import Encoder, Index
from claimsdesk.policy import Decision, PolicyEngine
from claimsdesk.retrieve import Hit, retrieve

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
REFUSAL = "This question cannot be answered here. Please call the technical helpdesk."


@dataclass(frozen=True)
class Question:
    """A question with the person who asks it."""

    text: str
    user_id: str
    groups: list[str]
    session_id: str
    request_id: str


@dataclass(frozen=True)
class Completion:
    """What the model returned, and what it cost."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_gbp: float


Complete = Callable[[str, str], Completion]


def render_sources(hits: list[Hit]) -> str:
    """The chunks as the model sees them, numbered by rank."""
    return "\n\n".join(f"[{hit.rank}] {hit.source.path}\n{hit.chunk.text}" for hit in hits)


class Assistant:
    """The service with its parts; every part is handed in."""

    def __init__(
        self,
        settings: dict[str, Any],
        index: Index,
        encode: Encoder,
        complete: Complete,
        policy: PolicyEngine,
        audit: AuditWriter,
    ) -> None:
        self._settings = settings
        self._index = index
        self._encode = encode
        self._complete = complete
        self._policy = policy
        self._audit = audit
        self._prompt = (PROMPTS / f"answer_{settings['prompt']['answer']}.md").read_text(encoding="utf-8")

    def answer(self, question: Question) -> str:
        """The answer as shown, or the refusal. Nothing is shown before its audit line is written."""
        started = time.monotonic()
        incoming = self._policy.decide("question", question.text, question.user_id, question.groups)
        if incoming.action == "deny":
            self._record(question, "", incoming, [], REFUSAL, None, started)
            return REFUSAL
        # A redacted or escalated question keeps the engine's text from here on.
        asked = incoming.text
        hits = retrieve(asked, self._index, self._encode, question.groups, self._settings["retrieval"]["top_k"])
        completion = self._complete(self._prompt, f"{render_sources(hits)}\n\nQuestion: {asked}")
        outgoing = self._policy.decide("answer", completion.text, question.user_id, question.groups)
        shown = REFUSAL if outgoing.action == "deny" else outgoing.text
        decision = incoming if incoming.needs_reviewer and outgoing.action != "deny" else outgoing
        self._record(question, asked, decision, hits, shown, completion, started)
        return shown

    def _record(
        self,
        question: Question,
        asked: str,
        decision: Decision,
        hits: list[Hit],
        shown: str,
        completion: Completion | None,
        started: float,
    ) -> None:
        trace_id = uuid.uuid4().hex
        fields: dict[str, Any] = {
            "trace_id": trace_id,
            "span_id": trace_id[:16],
            "parent_id": "",
            "request_id": question.request_id,
            "user_id": question.user_id,
            "groups": question.groups,
            "session_id": question.session_id,
            "query": asked,
            "retrieved": [describe(hit) for hit in hits],
            "answer": shown,
            "citations": [hit.chunk.chunk_id for hit in hits if f"[{hit.rank}]" in shown],
            "model": completion.model if completion else self._settings["model"]["id"],
            "prompt_version": self._settings["prompt"]["answer"],
            "index_version": self._index.name,
            "release": self._settings["release"],
            "policy": {
                "decision": decision.action,
                "rule": decision.rule,
                "version": decision.version,
                "mode": decision.mode,
            },
            "review": {"required": decision.needs_reviewer},
            "usage": {
                "input_tokens": completion.input_tokens if completion else 0,
                "output_tokens": completion.output_tokens if completion else 0,
            },
            "cost_gbp": completion.cost_gbp if completion else 0.0,
            "latency_ms": round((time.monotonic() - started) * 1000),
            "environment": self._settings["environment"],
            "traffic": "real",
        }
        self._audit.write(datetime.now(UTC), fields)


def describe(hit: Hit) -> dict[str, Any]:
    """A hit as the audit record names it."""
    return {
        "doc_id": hit.chunk.doc_id,
        "doc_version": hit.source.version,
        "chunk_id": hit.chunk.chunk_id,
        "rank": hit.rank,
        "score": round(hit.score, 4),
        "source": hit.source.path,
        "acl": hit.source.acl,
    }
