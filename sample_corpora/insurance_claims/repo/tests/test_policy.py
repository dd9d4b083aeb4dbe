from typing import Any

import requests

from claimsdesk.policy import PolicyEngine
from claimsdesk.settings import load_settings


class Reply:
    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    def raise_for_status(self) -> None:
        return None

    def json(self) -> dict[str, Any]:
        return self._body


class Session(requests.Session):
    def __init__(self, outcome: Reply | Exception) -> None:
        super().__init__()
        self._outcome = outcome

    def post(self, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def test_the_bundle_revision_travels_with_the_decision() -> None:
    body = {"result": {"action": "escalate", "rule": "conduct.repudiation", "bundle": "cwm-policy-8"}}
    decision = PolicyEngine(load_settings(), Session(Reply(body))).decide("question", "text", "u1", ["claims-all"])
    assert (decision.version, decision.needs_reviewer) == ("cwm-policy-8", True)


def test_an_engine_that_does_not_answer_means_deny() -> None:
    engine = PolicyEngine(load_settings(), Session(requests.Timeout()))
    assert engine.decide("question", "text", "u1", ["claims-all"]).action == "deny"


def test_a_reply_without_result_means_deny() -> None:
    engine = PolicyEngine(load_settings(), Session(Reply({})))
    assert engine.decide("answer", "text", "u1", ["claims-all"]).rule == "engine.unavailable"
