"""What a guardrail, a content filter or a policy engine decided, as one word or short phrase.

A decision stays the word that was logged; yes and no become "allow" and "deny". Nothing is judged from running text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ingest.traces.answer_texts import answer_in
from workbench.ingest.traces.formats import table, words_of
from workbench.ingest.traces.keys import named, parsed

MAX_DEPTH = 4
LONGEST = 100
"""Characters a decision may have; longer text is a message, not a decision."""


def decision_of_guardrail(value: object) -> str | None:
    """The decision in an output of a guardrail or policy engine; of several the one that stopped something.

    >>> decision_of_guardrail({"allowed": False, "reason": "personal data"})
    'deny'
    >>> decision_of_guardrail([{"action": "NONE"}, {"action": "BLOCKED"}])
    'BLOCKED'
    """
    return _decision(value, MAX_DEPTH)


def _decision(value: object, depth: int) -> str | None:
    value = parsed(value)
    if isinstance(value, bool):
        return "allow" if value else "deny"
    if isinstance(value, str | int | float):
        word = named(value)
        if word and word.lower() in ("true", "false"):
            return "allow" if word.lower() == "true" else "deny"
        return word if word and len(word) <= LONGEST and "\n" not in word else None
    if not depth:
        return None
    if isinstance(value, list | tuple):
        return strictest([found for item in value[:200] if (found := _decision(item, depth - 1))])
    return _of_object(value, depth) if isinstance(value, Mapping) else None


def _of_object(value: Mapping[object, object], depth: int) -> str | None:
    by_name = {str(key).lower(): inner for key, inner in value.items()}
    for key in table()["decision_keys"]:
        inner = by_name.get(key)
        if isinstance(inner, bool):
            return "allow" if inner is not (key in table()["negative_keys"]) else "deny"
        found = _decision(inner, depth - 1) if inner is not None else None
        if found:
            return found
    said = answer_in(value) if {"role", "content", "message", "messages", "output"} & by_name.keys() else None
    return _decision(said.text, 0) if said else None


def strictest(decisions: Sequence[str]) -> str | None:
    """Of several decisions the first that stopped something, else the first.

    >>> strictest(["pass", "guardrail_intervened"])
    'guardrail_intervened'
    """
    stopping = set(table()["stopping_words"])
    stopped = (decision for decision in decisions if words_of(decision.partition(" ")[0]) in stopping)
    return next(stopped, decisions[0] if decisions else None)


def decision_of_filters(filters: Sequence[object]) -> str | None:
    """What content filters decided: "allow", or "deny" with the categories that were filtered; None where none was logged.

    >>> decision_of_filters([{"hate": {"filtered": False}, "violence": {"filtered": True, "severity": "high"}}])
    'deny (violence)'
    """
    results = [(str(name), result) for entry in filters if isinstance(entry, Mapping) for name, result in entry.items()]
    told = [(name, result) for name, result in results if isinstance(result, Mapping) and "filtered" in result]
    stopped = sorted({name[:40] for name, result in told if result["filtered"] is True})
    if stopped:
        return f"deny ({', '.join(stopped[:8])})"
    return "allow" if told else None


def decision_of_stop(reasons: Sequence[object]) -> str | None:
    """The reason a model stopped where a filter was the reason; None for any other.

    >>> decision_of_stop(["stop"]) is None
    True
    """
    return next((named(reason) for reason in reasons if words_of(reason) in table()["stop_reasons"]), None)
