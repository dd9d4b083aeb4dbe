"""Eval material: sets, runs, tools' result files, what is refused."""

import json
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.ingest.eval_columns import moment_in_name, question_id
from workbench.ingest.evals import read_evals
from workbench.records import EvalMaterial


def put(root, name, content):
    path = root / "evals" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    path.write_text(text, encoding="utf-8")
    return root


def jsonl(*lines):
    return "\n".join(json.dumps(line) for line in lines) + "\n"


def test_no_folder_and_an_empty_folder_give_an_empty_value(tmp_path):
    assert read_evals(tmp_path) == EvalMaterial()
    (tmp_path / "evals").mkdir()
    assert read_evals(tmp_path) == EvalMaterial()


def test_a_ragas_set_is_recognised_by_its_columns(tmp_path):
    line = {
        "user_input": "Who pays?",
        "reference": "We do",
        "reference_contexts": ["text"],
        "reference_context_ids": ["a.md", "b.md"],
    }
    (item,) = read_evals(put(tmp_path, "set.jsonl", jsonl(line))).items
    assert (item.question, item.reference, item.reference_doc_ids) == ("Who pays?", "We do", ("a.md", "b.md"))
    assert (item.item_id, item.source.locator) == (question_id("who  pays?"), "line 1")


def test_langfuse_items_keep_trace_and_date(tmp_path):
    line = {
        "id": "d1",
        "input": {"question": "Who pays?"},
        "expectedOutput": "We do",
        "sourceTraceId": "t1",
        "createdAt": "2026-03-02T09:00:00Z",
    }
    (item,) = read_evals(put(tmp_path, "items.json", [line])).items
    assert (item.item_id, item.question, item.reference) == ("d1", "Who pays?", "We do")
    assert (item.source_trace_id, item.added_on) == ("t1", date(2026, 3, 2))


def test_a_plain_csv_set_gives_kind_author_and_documents(tmp_path):
    text = "id,question,expected_answer,gold_docs,category,author,added\n7,Who pays?,We do,a.md;b.md,lookup,Ann,2026-03-02\n"
    (item,) = read_evals(put(tmp_path, "golden.csv", text)).items
    assert (item.item_id, item.kind, item.author, item.added_on) == ("7", "lookup", "Ann", date(2026, 3, 2))
    assert item.reference_doc_ids == ("a.md", "b.md")


def test_a_yaml_set_is_read_and_yaml_settings_are_not(tmp_path):
    put(tmp_path, "golden.yaml", "tests:\n  - vars: {question: 'Who pays?', expected: We do}\n")
    put(tmp_path, "thresholds.yaml", "faithfulness: 0.85\n")
    material = read_evals(tmp_path)
    assert [(item.question, item.reference) for item in material.items] == [("Who pays?", "We do")]
    assert (material.runs, len(material.unrecognised)) == ((), 1)


def test_a_wide_csv_of_scores_is_a_run_dated_by_its_name(tmp_path):
    text = "item_id,faithfulness,context_recall,passed,latency_ms\na,0.9,0.5,true,900\nb,,1.0,false,800\n"
    (run,) = read_evals(put(tmp_path, "runs/nightly_2026-09-14.csv", text)).runs
    assert run.run_id == "nightly_2026-09-14"
    assert run.at == datetime(2026, 9, 14, tzinfo=UTC)
    assert run.scores == {"faithfulness": {"a": 0.9}, "context_recall": {"a": 0.5, "b": 1.0}}
    assert run.passed == {"a": True, "b": False}


def test_several_runs_in_one_file_are_told_apart_by_run_and_oldest_first(tmp_path):
    text = "run_id,run_date,item_id,faithfulness\nr2,2026-09-21,a,0.8\nr1,2026-09-14,a,0.7\nr2,2026-09-21,b,0.6\n"
    runs = read_evals(put(tmp_path, "history.csv", text)).runs
    assert [(run.run_id, run.at.day, run.scores["faithfulness"]) for run in runs] == [
        ("r1", 14, {"a": 0.7}),
        ("r2", 21, {"a": 0.8, "b": 0.6}),
    ]


def test_a_long_summary_csv_gives_one_run_a_run_with_aggregates_only(tmp_path):
    text = "run,date,metric,value\nr1,2026-09-14,faithfulness,0.9\nr1,2026-09-14,context_recall,0.6\n"
    text += "r2,2026-09-21,faithfulness,0.8\n"
    runs = read_evals(put(tmp_path, "summary.csv", text)).runs
    assert [(run.run_id, dict(run.summary)) for run in runs] == [
        ("r1", {"faithfulness": 0.9, "context_recall": 0.6}),
        ("r2", {"faithfulness": 0.8}),
    ]
    assert all(not run.scores for run in runs)


def test_a_summary_joins_the_run_of_the_same_id(tmp_path):
    put(tmp_path, "r1.csv", "item_id,faithfulness\na,0.9\n")
    put(tmp_path, "summary.csv", "run,date,metric,value\nr1,2026-09-14,accuracy,0.7\n")
    (run,) = read_evals(tmp_path).runs
    assert (run.scores, run.summary, run.at.day) == ({"faithfulness": {"a": 0.9}}, {"accuracy": 0.7}, 14)


def test_promptfoo_results_give_a_run_and_the_items_behind_it(tmp_path):
    result = {
        "success": True, "score": 1, "vars": {"question": "Who pays?", "reference": "We do"},
        "namedScores": {"context_recall": 0.5},
        "testIdx": 0, "promptIdx": 0, "latencyMs": 900,
    }  # fmt: skip
    value = {
        "evalId": "eval-abc",
        "results": {"timestamp": "2026-09-14T10:00:00.000Z", "results": [result], "stats": {"successes": 1}},
    }
    material = read_evals(put(tmp_path, "out.json", value))
    (run,) = material.runs
    assert (run.run_id, run.at) == ("eval-abc", datetime(2026, 9, 14, 10, tzinfo=UTC))
    (item,) = material.items
    assert run.scores == {"score": {item.item_id: 1.0}, "context_recall": {item.item_id: 0.5}}
    assert run.passed == {item.item_id: True}
    assert (item.question, item.reference) == ("Who pays?", "We do")


def test_a_deepeval_test_run_gives_scores_and_verdicts(tmp_path):
    case = {
        "name": "case_1", "input": "Who pays?", "actualOutput": "They", "expectedOutput": "We", "success": False,
        "metricsData": [{"name": "Faithfulness", "score": 0.4, "success": False}, {"name": "Bias", "score": None}],
    }  # fmt: skip
    (run,) = read_evals(
        put(tmp_path, "run_20260914.json", {"testRunData": {"testCases": [case], "testPassed": 0}})
    ).runs
    assert run.scores == {"Faithfulness": {"case_1": 0.4}}
    assert run.passed == {"case_1": False}
    assert run.at == datetime(2026, 9, 14, tzinfo=UTC)


def test_a_ragas_result_gives_a_run_and_items_only_where_no_set_holds_them(tmp_path):
    result = {"user_input": "Who pays?", "response": "They", "reference": "We", "faithfulness": 0.4}
    put(tmp_path, "b_result.jsonl", jsonl(result, {**result, "user_input": "Who else?"}))
    put(tmp_path, "a_set.jsonl", jsonl({"id": "g1", "user_input": "who pays?", "reference": "We"}))
    material = read_evals(tmp_path)
    assert [item.question for item in material.items] == ["who pays?", "Who else?"]
    assert len(material.runs[0].scores["faithfulness"]) == 2


def test_numbers_beside_a_reference_are_no_metrics_unless_known_by_name(tmp_path):
    material = read_evals(put(tmp_path, "set.csv", "id,question,reference,answerable\n1,Who?,We,1\n2,When?,Now,0\n"))
    assert (len(material.items), material.runs) == (2, ())


def test_what_is_neither_set_nor_run_is_named_with_the_reason(tmp_path):
    put(tmp_path, "a.json", "{broken")
    put(tmp_path, "b.csv", "alpha,beta\nx,y\n")
    put(tmp_path, "c.csv", "id,question,reference\n1,Who?,We\n")
    put(tmp_path, "readme.md", "# hello")
    material = read_evals(tmp_path)
    assert len(material.items) == 1
    assert [entry.split(":")[0] for entry in material.unrecognised] == [
        "evals/a.json",
        "evals/b.csv",
        "evals/readme.md",
    ]


def test_links_are_not_followed(tmp_path):
    (tmp_path / "outside.csv").write_text("id,question\n1,Who?\n")
    (tmp_path / "case" / "evals").mkdir(parents=True)
    (tmp_path / "case" / "evals" / "x.csv").symlink_to(tmp_path / "outside.csv")
    assert read_evals(tmp_path / "case") == EvalMaterial()


def test_dates_in_names_are_found_and_other_numbers_are_not():
    assert moment_in_name("nightly-2026-09-14.csv") == datetime(2026, 9, 14, tzinfo=UTC)
    assert moment_in_name("run_20260914T0310.json") == datetime(2026, 9, 14, 3, 10, tzinfo=UTC)
    assert moment_in_name("run_2026-02-31.json") is None
    assert moment_in_name("run_1234.json") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["x.jsonl", "x.csv", "x.json", "x.yaml"]))
def test_arbitrary_bytes_never_raise(tmp_path, content, name):
    path = tmp_path / "evals" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert isinstance(read_evals(tmp_path), EvalMaterial)
    path.unlink()


scores = st.dictionaries(st.from_regex(r"i[0-9]{1,3}", fullmatch=True), st.floats(0, 1), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(scores)
def test_scores_come_back_the_same_from_csv_and_json_lines(tmp_path, scores):
    put(tmp_path, "a.csv", "item_id,faithfulness\n" + "".join(f"{item},{score!r}\n" for item, score in scores.items()))
    put(tmp_path, "b.jsonl", jsonl(*({"item_id": item, "faithfulness": score} for item, score in scores.items())))
    runs = read_evals(tmp_path).runs
    assert [run.scores for run in runs] == [{"faithfulness": scores}] * 2
