"""The client's own metrics: what the file may say, what rows score, and what hostile patterns and functions do."""

import json
import math

import pytest

from workbench.answers import own_metrics
from workbench.answers.own_metrics import OwnMetric, own_scores, read_own_metrics
from workbench.errors import InputError
from workbench.records import AnswerRow


def put(root, text):
    (root / "evals").mkdir(exist_ok=True)
    (root / "evals" / "metrics.toml").write_text(text, encoding="utf-8")
    return root


def row(answer, reference=None, row_id="1"):
    return AnswerRow(row_id, "Is hail covered?", answer, reference=reference)


def outcomes(scores):
    return [(each.status, each.value) for each in scores]


def test_no_file_gives_no_metrics(tmp_path):
    assert read_own_metrics(tmp_path) == ()


def test_three_kinds_are_read_and_score_rows(tmp_path):
    text = """
    [[metric]]
    name = "same words"
    kind = "exact_match"
    [[metric]]
    name = "cites a clause"
    kind = "regex"
    pattern = 'CM\\d+'
    min_length = 5
    max_length = 20
    [[metric]]
    name = "is a record"
    kind = "json_schema"
    [metric.schema]
    type = "object"
    required = ["paid"]
    properties = {paid = {"$ref" = "#/$defs/sum"}}
    "$defs" = {sum = {type = "integer"}}
    """
    metrics = read_own_metrics(put(tmp_path, text))
    assert [metric.name for metric in metrics] == ["same words", "cites a clause", "is a record"]
    rows = [
        row("See  CM5.", "see cm5"),
        row("CM5", None),
        row('{"paid": 3}', "x"),
        row('{"paid": "3"}', "x"),
        row(None),
    ]
    scores = own_scores(rows, metrics)
    assert outcomes(scores[:5]) == [("ok", 1.0), ("skipped", None), ("ok", 0.0), ("ok", 0.0), ("skipped", None)]
    # "CM5" matches and is shorter than five characters.
    assert outcomes(scores[5:10]) == [("ok", 1.0), ("ok", 0.0), ("ok", 0.0), ("ok", 0.0), ("skipped", None)]
    assert outcomes(scores[10:]) == [("ok", 0.0), ("ok", 0.0), ("ok", 1.0), ("ok", 0.0), ("skipped", None)]
    assert [scores[1].reason, scores[4].reason] == ["no reference", "no answer, no reference"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('kind = "regex"', r"metric 1: needs a name"),
        ('name = "a"\nkind = "python"', r"metric 1 \('a'\): kind is 'python', expected one of exact_match, json_schema, regex"),
        ('name = "a"\nkind = "regex"', "needs a pattern"),
        ('name = "a"\nkind = "regex"\npattern = "("', "no regular expression"),
        ('name = "a"\nkind = "regex"\npattern = "x"\nschema = "{}"', "'schema' is no setting of kind regex"),
        ('name = "a"\nkind = "regex"\npattern = "x"\nmin_length = -1', "min_length is -1"),
        ('name = "a"\nkind = "regex"\npattern = "x"\nmin_length = 5\nmax_length = 2', "max_length 2 is below min_length 5"),
        ('name = "a"\nkind = "regex"\npattern = "x"\nfield = "contexts"', "field is 'contexts'"),
        ('name = "a"\nkind = "exact_match"\nfield = "answer"', "field is 'answer', expected one of question, reference"),
        ('name = "a"\nkind = "json_schema"', "needs a schema"),
        ('name = "a"\nkind = "json_schema"\nschema = "{"', "schema is not valid JSON"),
        ('name = "a"\nkind = "json_schema"\nschema = {type = "sum"}', "not a JSON schema"),
        ('name = "a"\nkind = "json_schema"\nschema = {"$ref" = "file:///etc/passwd"}', "only '#/...' within it is followed"),
        ('name = "a"\nkind = "json_schema"\nschema = {"$ref" = "#/$defs/no"}', "which is not in it"),
        ('name = "a"\nkind = "json_schema"\nschema = {items = {"$ref" = "#/items"}}', "refers to itself"),
        ('name = "a"\nkind = "json_schema"\nschema = {pattern = "(a+)+$"}', "use kind regex"),
        ('name = "faithfulness"\nkind = "regex"\npattern = "x"', "that name is taken"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_with_its_place(tmp_path, entry, said):
    with pytest.raises(InputError, match=said) as caught:
        read_own_metrics(put(tmp_path, f"[[metric]]\n{entry}\n"))
    assert str(caught.value).startswith("evals/metrics.toml: metric 1")


@pytest.mark.parametrize("text", ["[[metric]", "[metric]\nname = 'a'", "threshold = 1", "metric = 3"])
def test_a_file_that_is_no_list_of_metrics_is_refused(tmp_path, text):
    with pytest.raises(InputError, match=r"evals/metrics\.toml: (not valid TOML|found)"):
        read_own_metrics(put(tmp_path, text))


def test_two_metrics_of_one_name_are_refused(tmp_path):
    entry = '[[metric]]\nname = "a"\nkind = "exact_match"\n'
    with pytest.raises(InputError, match="two metrics are named 'a'"):
        read_own_metrics(put(tmp_path, entry * 2))


def test_a_schema_whose_references_double_at_each_step_is_refused(tmp_path):
    doubled = [{"anyOf": [{"$ref": f"#/$defs/d{step + 1}"}] * 2} for step in range(30)]
    schema = {"$ref": "#/$defs/d0", "$defs": {f"d{step}": part for step, part in enumerate([*doubled, {}])}}
    text = f"[[metric]]\nname = 'a'\nkind = 'json_schema'\nschema = '{json.dumps(schema)}'\n"
    with pytest.raises(InputError, match="more than 5,000 parts"):
        read_own_metrics(put(tmp_path, text))


def test_a_pattern_that_never_ends_fails_its_row_alone(monkeypatch):
    monkeypatch.setattr(own_metrics, "SECONDS_A_ROW", 0.05)
    slow = OwnMetric("slow", "regex", pattern=r"(?:a|a|ab)+?(?:a|aa)+\d$")
    first, second = own_scores([row("a" * 60), row("aa1", row_id="2")], [slow])
    assert (first.status, first.reason) == ("failed", "the pattern took more than 0.05 s")
    assert (second.status, second.value) == ("ok", 1.0)


def test_case_counts_unless_the_entry_says_otherwise():
    assert outcomes(own_scores([row("HAIL")], [OwnMetric("m", "regex", pattern="hail")])) == [("ok", 0.0)]
    assert outcomes(own_scores([row("HAIL")], [OwnMetric("m", "regex", pattern="hail", ignore_case=True)])) == [
        ("ok", 1.0)
    ]


def test_an_answer_nested_too_deep_is_no_number():
    (found,) = own_scores([row("[" * 100_000)], [OwnMetric("m", "json_schema", schema="{}")])
    assert found.status == "failed"


def raising(_row):
    raise KeyError("amount")


@pytest.mark.parametrize(
    ("function", "status", "value", "reason"),
    [
        (lambda _: 0.25, "ok", 0.25, None),
        (lambda _: True, "ok", 1.0, None),
        (lambda _: None, "undefined", None, "the function gave no value"),
        (raising, "failed", None, "KeyError: 'amount'"),
        (lambda _: 1.5, "failed", None, "returned 1.5, expected 0 to 1, a bool or None"),
        (lambda _: math.nan, "failed", None, "returned nan, expected 0 to 1, a bool or None"),
        (lambda _: "0.5", "failed", None, "returned '0.5', expected 0 to 1, a bool or None"),
        (lambda _: [1], "failed", None, "returned [1], expected 0 to 1, a bool or None"),
    ],
)
def test_what_a_function_gives_is_checked(function, status, value, reason):
    (found,) = own_scores([row("Yes.")], own={"mine": function})
    assert (found.metric, found.status, found.value, found.reason) == ("mine", status, value, reason)


def test_a_function_cannot_take_the_name_of_another_metric():
    with pytest.raises(InputError, match="the function 'faithfulness' has the name"):
        own_scores([], own={"faithfulness": lambda _: 1})
