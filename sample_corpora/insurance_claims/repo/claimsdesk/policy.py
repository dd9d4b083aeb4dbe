"""Ask the policy engine about a question or an answer. No decision in time means deny."""

import logging
from dataclasses import dataclass
from typing import Any, Literal

import requests

log = logging.getLogger(__name__)

Action = Literal["allow", "deny", "redact", "escalate"]


@dataclass(frozen=True)
class Decision:
    """What the engine decided, by which rule of which bundle."""

    action: Action
    rule: str
    version: str
    mode: str
    text: str

    @property
    def needs_reviewer(self) -> bool:
        return self.action == "escalate"


class PolicyEngine:
    """Client of the Open Policy Agent that runs beside the service."""

    def __init__(self, settings: dict[str, Any], session: requests.Session | None = None) -> None:
        self._settings = settings["policy"]
        self._session = session or requests.Session()

    def decide(self, stage: Literal["question", "answer"], text: str, user_id: str, groups: list[str]) -> Decision:
        """One decision; the engine's failure is a denial, never a pass."""
        payload = {"input": {"stage": stage, "text": text, "user": user_id, "groups": groups}}
        try:
            reply = self._session.post(self._settings["url"], json=payload, timeout=self._settings["timeout_seconds"])
            reply.raise_for_status()
            result = reply.json()["result"]
            version = result["bundle"]
            return Decision(result["action"], result["rule"], version, self._settings["mode"], result.get("text", text))
        except (requests.RequestException, KeyError, ValueError) as error:
            log.error("policy engine gave no decision: %s", type(error).__name__)
            return Decision("deny", "engine.unavailable", self._settings["bundle"], self._settings["mode"], "")
