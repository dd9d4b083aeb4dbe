"""Files of promptfoo: results of `promptfoo eval --output`, versions 2 and 3, and test suites in YAML or JSON.

A suite's assertions become a reference answer only where they state one; what a rubric asks for is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ingest.evals.parts import Json, json_list, json_object, named_scores
from workbench.ingest.logs.values import number_of

STATED_ANSWERS = ("equals", "factuality", "model-graded-factuality", "similar", "icontains", "contains")
"""Types of assertion whose value is the expected answer, or a part of it; the first kind a test has counts."""


def is_promptfoo(value: Json) -> bool:
    """Whether a parsed file holds the results of an eval."""
    entries = json_list(json_object(value.get("results")).get("results")) or json_list(value.get("results"))
    framed = "evalId" in value or "stats" in value or "stats" in json_object(value.get("results"))
    return framed and any({"vars", "namedScores", "testCase"} & json_object(entry).keys() for entry in entries[:20])


def is_promptfoo_tests(value: Json) -> bool:
    """Whether a parsed file holds tests with variables."""
    return any("vars" in json_object(test) for test in json_list(value.get("tests"))[:20])


def promptfoo_tests(value: Json) -> Sequence[Json]:
    """One row a test."""
    return [_test_row(json_object(test)) for test in json_list(value.get("tests"))]


def _test_row(test: Json) -> Json:
    variables = json_object(test.get("vars"))
    metadata = json_object(test.get("metadata"))
    named = {
        "item_id": metadata.get("id") or variables.pop("id", None) or test.get("description"),
        "kind": metadata.get("category") or metadata.get("kind") or metadata.get("type"),
        "stated": _stated_answer(test),
    }
    return {**{f"vars.{name}": raw for name, raw in variables.items()}, **named}


def _stated_answer(test: Json) -> object:
    assertions = [json_object(part) for part in json_list(test.get("assert"))]
    by_type = {
        str(part.get("type")): part.get("value") for part in reversed(assertions) if isinstance(part.get("value"), str)
    }
    return next((by_type[kind] for kind in STATED_ANSWERS if kind in by_type), None)


def _entries(value: Json) -> list[Json]:
    results = value.get("results")
    inner = results if isinstance(results, list) else json_list(json_object(results).get("results"))
    return [entry for entry in inner if isinstance(entry, dict)]


def _rows(value: Json) -> Sequence[Json]:
    entries = _entries(value)
    eval_id = str(value.get("evalId") or "")
    several = len({str(entry.get("promptIdx")) for entry in entries}) > 1
    return [_row(entry, eval_id, several) for entry in entries]


def _header(value: Json) -> Json:
    results = json_object(value.get("results"))
    at = results.get("timestamp") or value.get("timestamp") or value.get("createdAt")
    return {"run_id": value.get("evalId"), "at": at}


def _row(entry: Json, eval_id: str, several: bool) -> Json:
    test = json_object(entry.get("testCase"))
    variables = {**json_object(test.get("vars")), **json_object(entry.get("vars"))}
    scores = {
        name: number
        for name, raw in json_object(entry.get("namedScores")).items()
        if (number := number_of(raw)) is not None
    }
    named = {
        "item_id": json_object(test.get("metadata")).get("id")
        or variables.pop("id", None)
        or test.get("description")
        or entry.get("testIdx"),
        "run_id": f"{eval_id} prompt {entry.get('promptIdx')}".strip() if several else None,
        "passed": entry.get("success"),
        "score": number_of(entry.get("score")),
        "stated": _stated_answer(test),
    }
    return {**{f"vars.{name}": raw for name, raw in variables.items()}, **_component_scores(entry), **scores, **named}


def _component_scores(entry: Json) -> Json:
    components = map(json_object, json_list(json_object(entry.get("gradingResult")).get("componentResults")))
    return named_scores(
        [{**json_object(part.get("assertion")), "score": part.get("score")} for part in components], ("metric", "type")
    )


promptfoo_rows = (_rows, _header)
"""(rows of a results file, what it says about the run)."""
