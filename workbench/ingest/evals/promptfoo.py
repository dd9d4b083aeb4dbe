"""Files of promptfoo: results of `promptfoo eval --output`, versions 2 and 3, and test suites in YAML or JSON.

A suite's assertions become a reference answer only where they state one; what a rubric asks for is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.ingest.evals.parts import Json, contexts_in, json_list, json_object, main_text, named_scores
from workbench.ingest.logs.values import number_of

STATED_ANSWERS = (
    *("equals", "factuality", "model-graded-factuality"),
    *("similar", "similar:cosine", "similar:dot", "similar:euclidean", "context-recall"),
    *("rouge-n", "bleu", "gleu", "meteor", "levenshtein"),
    *("icontains", "contains", "starts-with"),
)
"""Types of assertion whose value is the expected answer, or a part of it; the first kind a test has counts."""
OTHER_ASSERTIONS = (
    *("contains-all", "contains-any", "icontains-all", "icontains-any", "regex", "ends-with"),
    *("is-json", "contains-json", "is-xml", "contains-xml", "is-html", "contains-html", "is-sql", "contains-sql"),
    *("javascript", "fn", "eval", "python", "ruby", "file", "webhook", "classifier", "moderation", "guardrails"),
    *("llm-rubric", "grade", "g-eval", "model-graded-closedqa", "answer-relevance", "conversation-relevance"),
    *("context-faithfulness", "context-relevance", "select-best", "cost", "latency", "perplexity", "is-refusal"),
)
"""Types whose value is a rule, a limit or a program: nothing that an answer could be compared with."""
_EXPECTED, _METADATA = "__expected", "__metadata:"
_ASSERTION = re.compile(r"(?:not-)?([a-z][a-z:-]*?)(?:\([^)]*\))?:\s*(.*)", re.DOTALL)


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
    assertions = [inner for part in map(json_object, json_list(test.get("assert"))) for inner in _with_set(part)]
    by_type = {
        str(part.get("type")): part.get("value") for part in reversed(assertions) if isinstance(part.get("value"), str)
    }
    return next((by_type[kind] for kind in STATED_ANSWERS if kind in by_type), None)


def _with_set(assertion: Json) -> list[Json]:
    """An assertion, or those of the set it is."""
    return [assertion, *map(json_object, json_list(assertion.get("assert")))]


def is_promptfoo_table(record: Json) -> bool:
    """Whether a row of a table is a test as `tests: file://tests.csv` takes it."""
    return any(name.startswith(_EXPECTED) for name in record)


def table_row(record: Json) -> Json:
    """One test of such a table: a variable a column, assertions as text in those that begin with "__expected"."""
    stated = [_assertion(str(value)) for name, value in record.items() if name.startswith(_EXPECTED) and value]
    metadata = {
        name.removeprefix(_METADATA): value for name, value in record.items() if name.startswith(_METADATA) and value
    }
    variables = {name: value for name, value in record.items() if not name.startswith("__")}
    return _test_row(
        {"vars": variables, "metadata": metadata, "assert": stated, "description": record.get("__description")}
    )


def _assertion(text: str) -> Json:
    """An assertion as a cell states it: "similar(0.8): At home"; without a type the whole cell is the answer."""
    match = _ASSERTION.fullmatch(text.strip())
    if match is None or match[1] not in (*STATED_ANSWERS, *OTHER_ASSERTIONS):
        return {"type": "equals", "value": text.strip()}
    return {"type": "rule" if text.strip().startswith("not-") else match[1], "value": match[2]}


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
    test, response = json_object(entry.get("testCase")), json_object(entry.get("response"))
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
        "said_answer": main_text(response.get("output"), "answer"),
        "said_contexts": contexts_in(response.get("output")) or contexts_in(variables),
    }
    return {**{f"vars.{name}": raw for name, raw in variables.items()}, **_component_scores(entry), **scores, **named}


def _component_scores(entry: Json) -> Json:
    components = map(json_object, json_list(json_object(entry.get("gradingResult")).get("componentResults")))
    return named_scores(
        [{**json_object(part.get("assertion")), "score": part.get("score")} for part in components], ("metric", "type")
    )


promptfoo_rows = (_rows, _header)
"""(rows of a results file, what it says about the run)."""
