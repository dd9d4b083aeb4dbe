"""Eval material: sets, runs, tools' result files, what is refused."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.ingest.evals.columns import moment_in_name, question_id
from workbench.ingest.evals.files import tool_results
from workbench.ingest.evals.material import read_evals
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
    material = read_evals(tmp_path / "case")
    assert (material.items, material.runs, dict(material.formats)) == ((), (), {})


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


def scores_by_metric(run):
    return {metric: dict(scores) for metric, scores in run.scores.items()}


def test_a_ragas_testset_csv_gives_items_of_their_kind(tmp_path):
    text = "user_input,reference_contexts,reference,synthesizer_name\n"
    text += "Who pays?,\"['text']\",We do,single_hop_specific_query_synthesizer\n"
    material = read_evals(put(tmp_path, "testset.csv", text))
    (item,) = material.items
    assert (item.question, item.reference, item.kind) == ("Who pays?", "We do", "single_hop_specific_query_synthesizer")
    assert (material.runs, material.formats) == ((), {"evals/testset.csv": "ragas testset"})


def test_a_ragas_conversation_gives_what_the_person_said_last_as_the_question(tmp_path):
    turns = [
        {"content": "Who pays?", "type": "human"},
        {"content": "For what?", "type": "ai"},
        {"content": "For water", "type": "human"},
        {"content": "We do", "type": "ai"},
    ]
    material = read_evals(put(tmp_path, "set.jsonl", jsonl({"user_input": turns, "reference": "We do"})))
    assert [item.question for item in material.items] == ["For water"]
    assert material.formats == {"evals/set.jsonl": "ragas set"}


def test_a_ragas_result_frame_is_read_from_csv_and_from_json_by_column(tmp_path):
    text = ",user_input,retrieved_contexts,response,reference,faithfulness\n0,Who pays?,\"['a']\",They,We do,0.4\n"
    put(tmp_path, "a.csv", text)
    frame = {
        "user_input": {"0": "Who pays?", "1": "When?"},
        "response": {"0": "They", "1": "Now"},
        "reference": {"0": "We do", "1": "Later"},
        "faithfulness": {"0": 0.5, "1": None},
    }
    put(tmp_path, "b.json", frame)
    material = read_evals(tmp_path)
    pays = question_id("Who pays?")
    assert [scores_by_metric(run) for run in material.runs] == [
        {"faithfulness": {pays: 0.4}},
        {"faithfulness": {pays: 0.5}},
    ]
    assert [(item.question, item.reference) for item in material.items] == [("Who pays?", "We do"), ("When?", "Later")]
    assert material.formats == {"evals/a.csv": "ragas result", "evals/b.json": "data frame as json"}


def test_deepeval_goldens_give_items_with_their_document(tmp_path):
    golden = {
        "input": "Who pays?",
        "actual_output": None,
        "expected_output": "We do",
        "context": ["text"],
        "source_file": "a.md",
    }
    put(tmp_path, "20260914_101500.json", [golden])
    put(tmp_path, "b.csv", "input,actual_output,expected_output,context,source_file\nWhen?,,Now,x|y,b.md\n")
    material = read_evals(tmp_path)
    assert [(item.question, item.reference, item.reference_doc_ids) for item in material.items] == [
        ("Who pays?", "We do", ("a.md",)),
        ("When?", "Now", ("b.md",)),
    ]
    assert set(material.formats.values()) == {"deepeval goldens"}
    assert material.runs == ()


def test_a_deepeval_run_of_conversations_and_one_of_an_old_version_are_read(tmp_path):
    talk = {
        "name": "c1",
        "scenario": "A claim",
        "expectedOutcome": "Paid",
        "success": True,
        "metricsData": [{"name": "Role", "score": 1.0}],
    }
    put(tmp_path, "a.json", {"testRunData": {"testCases": [], "conversationalTestCases": [talk], "identifier": "r1"}})
    old = {
        "name": "t1",
        "input": "Who?",
        "success": False,
        "metricsMetadata": [{"metric": "Faithfulness", "score": 0.2, "minimumScore": 0.5}],
    }
    put(tmp_path, "b.json", {"testFile": "t.py", "testCases": [old], "metricScores": []})
    material = read_evals(tmp_path)
    assert [(run.run_id, scores_by_metric(run), dict(run.passed)) for run in material.runs] == [
        ("r1", {"Role": {"c1": 1.0}}, {"c1": True}),
        ("b", {"Faithfulness": {"t1": 0.2}}, {"t1": False}),
    ]
    assert [(item.question, item.reference) for item in material.items] == [("A claim", "Paid")]
    assert set(material.formats.values()) == {"deepeval test run"}


def test_a_promptfoo_result_of_two_prompts_is_two_runs(tmp_path):
    def entry(prompt, score):
        return {
            "success": score > 0.5,
            "score": score,
            "testIdx": 0,
            "promptIdx": prompt,
            "namedScores": {},
            "vars": {"question": "Who pays?"},
            "testCase": {"metadata": {"id": "t1"}, "assert": [{"type": "equals", "value": "We do"}]},
            "gradingResult": {
                "componentResults": [
                    {"pass": True, "score": score, "assertion": {"type": "llm-rubric", "value": "polite"}}
                ]
            },
        }

    summary = {
        "version": 3,
        "timestamp": "2026-09-14T10:00:00Z",
        "prompts": [],
        "stats": {},
        "results": [entry(0, 1), entry(1, 0)],
    }
    put(tmp_path, "v3.json", {"evalId": "e1", "results": summary})
    material = read_evals(tmp_path)
    assert [(run.run_id, scores_by_metric(run), dict(run.passed)) for run in material.runs] == [
        ("e1 prompt 0", {"llm-rubric": {"t1": 1.0}, "score": {"t1": 1.0}}, {"t1": True}),
        ("e1 prompt 1", {"llm-rubric": {"t1": 0.0}, "score": {"t1": 0.0}}, {"t1": False}),
    ]
    assert [(item.item_id, item.question, item.reference) for item in material.items] == [("t1", "Who pays?", "We do")]
    assert material.formats == {"evals/v3.json": "promptfoo results"}


def test_a_promptfoo_summary_alone_is_read_too(tmp_path):
    entry = {
        "success": True,
        "score": 1,
        "vars": {"question": "Who pays?"},
        "namedScores": {"recall": 0.5},
        "testIdx": 4,
    }
    value = {
        "version": 2,
        "timestamp": "2026-09-14T10:00:00Z",
        "results": [entry],
        "table": {},
        "stats": {"successes": 1},
    }
    (run,) = read_evals(put(tmp_path, "out.json", value)).runs
    assert scores_by_metric(run) == {"recall": {"4": 0.5}, "score": {"4": 1.0}}
    assert run.at == datetime(2026, 9, 14, 10, tzinfo=UTC)


def test_a_promptfoo_suite_gives_items_with_the_answer_its_assertions_state(tmp_path):
    text = """
prompts: [p.txt]
tests:
  - description: first
    vars: {question: 'Who pays?'}
    assert:
      - {type: llm-rubric, value: is polite}
      - {type: icontains, value: we do}
  - vars: {question: 'When?'}
    metadata: {id: t2, category: lookup}
    assert: [{type: llm-rubric, value: is short}]
"""
    material = read_evals(put(tmp_path, "promptfooconfig.yaml", text))
    assert [(item.item_id, item.question, item.reference, item.kind) for item in material.items] == [
        ("first", "Who pays?", "we do", None),
        ("t2", "When?", None, "lookup"),
    ]
    assert material.formats == {"evals/promptfooconfig.yaml": "promptfoo tests"}


def langfuse_run(*items):
    return {
        "id": "run-1",
        "name": "nightly",
        "datasetName": "golden",
        "createdAt": "2026-09-14T03:00:00Z",
        "datasetRunItems": items,
    }


def test_langfuse_scores_are_joined_to_the_items_of_the_dataset_run(tmp_path):
    item = {
        "id": "ri",
        "datasetRunName": "nightly",
        "datasetItemId": "d1",
        "traceId": "t1",
        "createdAt": "2026-09-14T03:00:00Z",
    }
    put(tmp_path, "run.json", langfuse_run(item, {**item, "datasetItemId": "d2", "traceId": "t2"}))
    score = {"id": "s1", "name": "groundedness", "value": 0.9, "traceId": "t1", "dataType": "NUMERIC"}
    others = [{**score, "value": 0.4, "traceId": "t2"}, {**score, "traceId": "t9"}]
    put(tmp_path, "scores.json", {"data": [score, *others], "meta": {"page": 1}})
    material = read_evals(tmp_path)
    (run,) = material.runs
    assert (run.run_id, run.at, scores_by_metric(run)) == (
        "nightly",
        datetime(2026, 9, 14, 3, tzinfo=UTC),
        {"groundedness": {"d1": 0.9, "d2": 0.4}},
    )
    assert material.formats == {"evals/run.json": "langfuse dataset run", "evals/scores.json": "langfuse scores"}
    assert material.unrecognised == ()


def test_langfuse_scores_in_the_run_items_need_no_other_file_and_scores_without_a_run_are_named(tmp_path):
    item = {"datasetItemId": "d1", "traceId": "t1", "scores": [{"name": "recall", "value": 0.5}]}
    put(tmp_path, "run.json", langfuse_run(item))
    assert scores_by_metric(read_evals(tmp_path).runs[0]) == {"recall": {"d1": 0.5}}
    put(tmp_path / "other", "scores.json", [{"name": "recall", "value": 1, "traceId": "t7"}])
    material = read_evals(tmp_path / "other")
    assert (material.runs, len(material.unrecognised)) == ((), 1)
    assert "datasetRunItems" in material.unrecognised[0]


def test_a_phoenix_experiment_is_read_from_json_and_from_csv(tmp_path):
    record = {
        "example_id": "ex1",
        "repetition_number": 1,
        "input": {"question": "Who pays?"},
        "reference_output": {"answer": "We do"},
        "output": {"answer": "They"},
        "error": None,
        "latency_ms": 900.0,
        "start_time": "2026-09-14T10:00:00+00:00",
        "trace_id": "tr1",
        "annotations": [{"name": "correctness", "score": 0.0, "label": "incorrect"}],
    }
    again = {**record, "repetition_number": 2, "annotations": [{"name": "correctness", "score": 1.0}]}
    put(tmp_path, "exp-a.json", [record, again])
    text = (
        "example_id,repetition_number,input,reference_output,output,latency_ms,start_time,trace_id,"
        "annotation_correctness_label,annotation_correctness_score\n"
        'ex1,1,"{""question"": ""Who pays?""}","{""answer"": ""We do""}",They,900,2026-09-15T10:00:00+00:00,tr2,correct,1.0\n'
    )
    put(tmp_path, "exp-b.csv", text)
    material = read_evals(tmp_path)
    assert [(run.run_id, scores_by_metric(run)) for run in material.runs] == [
        ("exp-a", {"correctness": {"ex1": 0.0}}),
        ("exp-a repetition 2", {"correctness": {"ex1": 1.0}}),
        ("exp-b", {"correctness": {"ex1": 1.0}}),
    ]
    assert [(item.item_id, item.question, item.reference, item.source_trace_id) for item in material.items] == [
        ("ex1", "Who pays?", "We do", None)
    ]
    assert set(material.formats.values()) == {"phoenix experiment"}


def test_langsmith_datasets_and_experiments_are_told_apart(tmp_path):
    put(tmp_path, "dataset.csv", 'inputs,outputs\n"{""question"": ""Who pays?""}","{""answer"": ""We do""}"\n')
    experiment = (
        "id,example_id,inputs,outputs,reference,error,execution_time,feedback.correctness\n"
        'r1,ex1,"{""question"": ""When?""}","{""answer"": ""Later""}","{""answer"": ""Now""}",,2.5,0.0\n'
    )
    put(tmp_path, "experiment.csv", experiment)
    material = read_evals(tmp_path)
    assert [(item.question, item.reference) for item in material.items] == [("Who pays?", "We do"), ("When?", "Now")]
    (run,) = material.runs
    assert scores_by_metric(run) == {"correctness": {"ex1": 0.0}}
    assert material.formats == {
        "evals/dataset.csv": "langsmith dataset",
        "evals/experiment.csv": "langsmith experiment",
    }


def test_an_openai_eval_set_and_the_log_of_its_run_are_read(tmp_path):
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Who pays?"}]
    put(tmp_path, "samples.jsonl", jsonl({"input": messages, "ideal": ["We do", "we do"]}))
    event = {
        "run_id": "r1",
        "event_id": 0,
        "sample_id": "s.0",
        "created_by": "",
        "created_at": "2026-09-14 10:00:00+00:00",
    }
    log = jsonl(
        {"spec": {"run_id": "r1", "eval_name": "x.dev.v0", "created_at": "2026-09-14 10:00:00"}},
        {**event, "type": "sampling", "data": {"prompt": messages, "sampled": ["They"]}},
        {**event, "type": "match", "data": {"correct": False, "expected": "We do", "picked": "They"}},
        {"final_report": {"accuracy": 0.25}},
    )
    put(tmp_path, "r1_match.jsonl", log)
    material = read_evals(tmp_path)
    assert [(item.question, item.reference) for item in material.items] == [("Who pays?", "We do\nwe do")]
    (run,) = material.runs
    assert (run.run_id, dict(run.passed), dict(run.summary)) == ("r1", {"s.0": False}, {"accuracy": 0.25})
    assert run.at == datetime(2026, 9, 14, 10, tzinfo=UTC)
    assert material.formats == {"evals/samples.jsonl": "openai evals set", "evals/r1_match.jsonl": "openai evals run"}


def test_a_trulens_leaderboard_gives_one_summary_a_version(tmp_path):
    text = "app_name,app_version,Answer Relevance,Groundedness,latency,total_cost\n"
    text += "rag,v1,0.8,0.6,2.0,0.01\nrag,v2,0.9,0.7,3.0,0.02\n"
    material = read_evals(put(tmp_path, "leaderboard.csv", text))
    assert [(run.run_id, dict(run.summary)) for run in material.runs] == [
        ("rag v1", {"Answer Relevance": 0.8, "Groundedness": 0.6}),
        ("rag v2", {"Answer Relevance": 0.9, "Groundedness": 0.7}),
    ]
    assert material.formats == {"evals/leaderboard.csv": "trulens leaderboard"}


def test_an_mlflow_eval_table_is_read_with_scores_of_any_range(tmp_path):
    table = {
        "columns": ["inputs", "ground_truth", "outputs", "token_count", "toxicity/v1/score", "answer_similarity/v1/score",
                    "answer_similarity/v1/justification"],
        "data": [["Who pays?", "We do", "They", 12, 0.01, 4, "close"], ["When?", "Now", "Later", 9, 0.02, 1, "far"]],
    }  # fmt: skip
    material = read_evals(put(tmp_path, "eval_results_table.json", table))
    (run,) = material.runs
    pays, when = question_id("Who pays?"), question_id("When?")
    assert scores_by_metric(run) == {"toxicity": {pays: 0.01, when: 0.02}, "answer_similarity": {pays: 4.0, when: 1.0}}
    assert [item.reference for item in material.items] == ["We do", "Now"]
    assert material.formats == {"evals/eval_results_table.json": "mlflow eval table"}


def test_spreadsheets_and_parquet_files_are_read_like_csv(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq
    import xlsxwriter

    folder = tmp_path / "evals"
    folder.mkdir()
    with xlsxwriter.Workbook(str(folder / "golden.xlsx")) as book:
        sheet = book.add_worksheet("golden")
        for row, cells in enumerate([("id", "question", "expected_answer"), ("7", "Who pays?", "We do")]):
            sheet.write_row(row, 0, cells)
    columns = {"item_id": ["a", "b"], "question": ["Who?", "When?"], "faithfulness": [0.5, 1.0]}
    pq.write_table(pa.table(columns), folder / "run_2026-09-14.parquet")
    material = read_evals(tmp_path)
    assert [(item.item_id, item.question, item.reference) for item in material.items] == [("7", "Who pays?", "We do")]
    assert [(run.run_id, run.at.day, scores_by_metric(run)) for run in material.runs] == [
        ("run_2026-09-14", 14, {"faithfulness": {"a": 0.5, "b": 1.0}})
    ]
    assert material.formats == {"evals/golden.xlsx": "spreadsheet", "evals/run_2026-09-14.parquet": "parquet"}


def test_damaged_spreadsheets_and_parquet_files_are_named(tmp_path):
    folder = tmp_path / "evals"
    folder.mkdir()
    (folder / "a.parquet").write_bytes(b"PAR1 nothing")
    (folder / "b.xlsx").write_bytes(b"PK\x03\x04 nothing")
    (folder / "c.xls").write_bytes(b"\xd0\xcf\x11\xe0 nothing")
    assert [entry.split(":")[0] for entry in read_evals(tmp_path).unrecognised] == [
        "evals/a.parquet",
        "evals/b.xlsx",
        "evals/c.xls",
    ]


def test_what_is_personal_or_secret_is_masked_and_counted_by_file(tmp_path):
    line = {
        "id": "ann@example.org",
        "question": "May ann@example.org see it?",
        "reference": "password = S3cret!pw",
        "author": "bob@example.org",
    }
    put(
        tmp_path,
        "set.jsonl",
        jsonl(line, {"id": "2", "question": "Who?", "reference": "We", "author": "cy@example.org"}),
    )
    put(tmp_path, "plain.csv", "id,question,reference\n3,When?,Now\n")
    put(tmp_path, "run.csv", "item_id,faithfulness\nann@example.org,0.5\n")
    key = b"k" * 32
    material = read_evals(tmp_path, key=key)
    _, first, second = material.items
    assert (first.question, first.reference) == ("May [email] see it?", "password = [secret]")
    assert first.item_id.startswith("[email] ")
    assert len({first.item_id, first.author, second.author}) == 3
    assert material.runs[0].scores == {"faithfulness": {first.item_id: 0.5}}
    assert material.masked == {"evals/set.jsonl": {"email": 4, "secret": 1}, "evals/run.csv": {"email": 1}}
    assert "example.org" not in repr(material)
    assert read_evals(tmp_path, key=key) == material


def test_column_names_in_a_reason_are_masked_too(tmp_path):
    material = read_evals(put(tmp_path, "x.csv", "ann@example.org,b\nx,y\n"))
    assert "[email]" in material.unrecognised[0]


def test_yaml_aliases_that_stand_for_billions_are_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    material = read_evals(put(tmp_path, "set.yaml", "\n".join([*lines, "tests: [{vars: {question: 'Who?'}}]"]) + "\n"))
    assert (material.items, len(material.unrecognised)) == ((), 1)


KEYS = """
    results stats evalId vars testCase testCases metricsData name score tests assert type value columns data datasetRunItems
    datasetItemId traceId example_id reference_output annotations spec sample_id final_report input expected_output item_id
    question faithfulness namedScores gradingResult componentResults inputs outputs app_name app_version repetition_number
"""
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=6),
    max_leaves=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(json_values, st.sampled_from(["x.json", "x.yaml", "x.jsonl"]))
def test_a_file_with_the_keys_of_every_tool_in_any_shape_never_raises(tmp_path, value, name):
    path = tmp_path / "evals" / name
    path.parent.mkdir(exist_ok=True)
    rows = value if isinstance(value, list) else [value]
    path.write_text("\n".join(map(json.dumps, rows)) if name.endswith("l") and "j" in name else json.dumps(value))
    assert isinstance(read_evals(tmp_path), EvalMaterial)
    path.unlink()


def test_a_log_kept_as_a_data_frame_is_no_evaluation():
    assert tool_results({"columns": ["query", "answer"], "data": [["Who?", "We"]]}) is None
    assert tool_results({"query": {"0": "Who?"}, "answer": {"0": "We"}}) is None
    assert tool_results([{"query": "Who?", "answer": "We"}]) is None


def test_the_frames_the_langsmith_client_makes_of_an_experiment_are_one_run(tmp_path):
    results = "inputs.question,outputs.answer,error,reference.answer,feedback.correct,execution_time,example_id,id\n"
    put(tmp_path, "to_pandas.csv", f"{results}When?,Later,,Now,0.0,2.5,ex1,r1\nWho?,We,,We,1.0,1.5,ex2,r2\n")
    older = "input.question,outputs.output,execution_time,reference.answer,feedback.correct,example_id,run_id\n"
    put(tmp_path, "test_results.csv", f"{older}When?,Later,1.2,Now,0.0,ex1,r1\nWho?,We,3,We,1.0,ex2,r2\n")
    material = read_evals(tmp_path)
    assert {run.run_id: scores_by_metric(run) for run in material.runs} == {
        "to_pandas": {"correct": {"ex1": 0.0, "ex2": 1.0}},
        "test_results": {"correct": {"ex1": 0.0, "ex2": 1.0}},
    }
    assert set(material.formats.values()) == {"langsmith experiment"}


def test_a_promptfoo_csv_gives_each_metric_once(tmp_path):
    text = (
        "Description,question,expected,[openai:gpt-4o] {{question}},Status,Score,Named Scores,Metric: faithful,Grader Reason,"
        'Comment\nt1,Who pays?,We do,They do,FAIL,0.50,"{""faithful"": 0.25}",0.25,no,\nt2,When?,Now,Now,PASS,1.00,,,ok,\n'
    )
    material = read_evals(put(tmp_path, "results.csv", text))
    pays, when = question_id("Who pays?"), question_id("When?")
    (run,) = material.runs
    assert scores_by_metric(run) == {"Score": {pays: 0.5, when: 1.0}, "faithful": {pays: 0.25}}
    assert dict(run.passed) == {pays: False, when: True}
    assert [(item.question, item.reference) for item in material.items] == [("Who pays?", "We do"), ("When?", "Now")]
    assert material.formats == {"evals/results.csv": "promptfoo results"}


def test_promptfoo_tests_in_a_table_state_their_answers_as_assertions(tmp_path):
    text = (
        "question,__expected,__expected2,__metadata:category\nWho pays?,llm-rubric: is polite,equals: We do,billing\n"
        "When?,Now,,\nWhere?,similar(0.8): At home,,\nWhy?,javascript: output.length > 5,,\n"
        "How?,note: by post,,\nHow far?,not-contains: a mile,file://far.py,\n"
    )
    material = read_evals(put(tmp_path, "tests.csv", text))
    assert [(item.question, item.reference, item.kind) for item in material.items] == [
        ("Who pays?", "We do", "billing"),
        ("When?", "Now", None),
        ("Where?", "At home", None),
        ("Why?", None, None),
        ("How?", "note: by post", None),
        ("How far?", None, None),
    ]
    assert material.formats == {"evals/tests.csv": "promptfoo tests"}


@pytest.mark.parametrize(
    ("assertions", "stated"),
    [
        ([{"type": "context-recall", "value": "We do"}], "We do"),
        ([{"type": "rouge-n", "value": "We do"}, {"type": "llm-rubric", "value": "polite"}], "We do"),
        ([{"type": "assert-set", "assert": [{"type": "similar:cosine", "value": "We do"}]}], "We do"),
        ([{"type": "contains-all", "value": ["we", "do"]}], None),
        ([{"type": "not-contains", "value": "they"}, {"type": "is-json"}], None),
    ],
)
def test_a_promptfoo_assertion_states_an_answer_where_its_value_is_one(tmp_path, assertions, stated):
    suite = {"prompts": ["p"], "tests": [{"vars": {"question": "Who pays?"}, "assert": assertions}]}
    (item,) = read_evals(put(tmp_path, "suite.json", json.dumps(suite))).items
    assert item.reference == stated


@pytest.mark.parametrize(("holder", "name"), [("metric_metadata", "metric"), ("metric_data", "name")])
def test_the_cache_of_a_deepeval_run_is_read(tmp_path, holder, name):
    case = json.dumps({"input": "Who pays?", "actual_output": "They", "expected_output": "We do", "model": None})
    metric = {holder: {name: "Faithfulness", "threshold": 0.5, "success": True, "score": 0.75}}
    cache = {"test_cases_lookup_map": {case: {"cached_metrics_data": [{**metric, "metric_configuration": {}}]}}}
    material = read_evals(put(tmp_path, ".deepeval-cache.json", json.dumps(cache)))
    assert [(item.question, item.reference) for item in material.items] == [("Who pays?", "We do")]
    (run,) = material.runs
    assert scores_by_metric(run) == {"Faithfulness": {question_id("Who pays?"): 0.75}}
    assert material.formats == {"evals/.deepeval-cache.json": "deepeval cache"}


def test_a_judge_that_says_yes_or_no_gives_a_score_of_one_or_zero(tmp_path):
    mlflow = "trace_id,request,response,correctness/value,correctness/rationale,execution_duration\n"
    mlflow += 'tr1,"{""question"": ""Who?""}",They,no,bad,120\ntr2,"{""question"": ""When?""}",Now,yes,ok,99\n'
    put(tmp_path, "mlflow.csv", mlflow)
    put(tmp_path, "ragas.csv", "id,query,grading_notes,experiment_name,response,score\n1,Who?,- we,base,They,pass\n")
    runs = {run.run_id: scores_by_metric(run) for run in read_evals(tmp_path).runs}
    assert runs == {
        "mlflow": {"correctness": {question_id("Who?"): 0.0, question_id("When?"): 1.0}},
        "base": {"score": {"1": 1.0}},
    }


RUN = "item_id,faithfulness,passed\na,0.9,1\nb,0.4,0\n"


def kinds(material):
    return [[run.run_id for run in part] for part in (material.runs, material.baselines, material.live)]


def test_a_pinned_baseline_is_no_further_run(tmp_path):
    put(tmp_path, "runs/2026-09-14.csv", RUN)
    items = [{"id": "a", "faithfulness": 0.9}, {"id": "b", "faithfulness": 0.4}]
    put(tmp_path, "kept.json", {"run": "2026-09-14", "pinned_on": "2026-09-15", "items": items})
    put(tmp_path, "baseline.csv", RUN)
    material = read_evals(tmp_path)
    assert kinds(material) == [["2026-09-14"], ["baseline", "kept"], []]
    assert {material.formats["evals/baseline.csv"], material.formats["evals/kept.json"]} == {"pinned baseline"}


def test_a_dated_run_of_a_system_called_baseline_is_one_run_of_the_series(tmp_path):
    put(tmp_path, "baseline_2026-09-07.csv", RUN)
    put(tmp_path, "hybrid_2026-09-14.csv", RUN)
    assert kinds(read_evals(tmp_path)) == [["baseline_2026-09-07", "hybrid_2026-09-14"], [], []]


def test_a_baseline_alone_is_the_only_record_of_a_run(tmp_path):
    assert kinds(read_evals(put(tmp_path, "baseline.csv", RUN))) == [["baseline"], [], []]


def test_marks_of_people_beside_a_judge_are_no_run(tmp_path):
    put(
        tmp_path,
        "marks.csv",
        "item_id,marked_on,human_1_mark,human_2_mark,judge_mark\na,2026-09-10,1,1,0\nb,2026-09-10,0,0,0\n",
    )
    material = read_evals(tmp_path)
    assert kinds(material) == [[], [], []]
    assert material.formats == {"evals/marks.csv": "judge beside people"}
    assert material.unrecognised == ()


@pytest.mark.parametrize(
    "text",
    [
        "item_id,human_score,judge_score,faithfulness\na,1,0,0.9\n",  # a metric beside the marks
        "run,item_id,human_score,judge_score\nr1,a,1,0\n",  # it says of which run
        "item_id,judge_score,judge_relevance\na,1,0\n",  # no person
        "item_id,human_score\na,1\n",  # answers marked by hand, with no judge beside it
    ],
)
def test_a_run_that_a_judge_or_a_person_scored_stays_a_run(tmp_path, text):
    assert len(read_evals(put(tmp_path, "r1.csv", text)).runs) == 1


def test_scores_of_logged_answers_are_live_and_keep_the_ids_of_the_log(tmp_path):
    text = "week,scored_at,trace_id,source,faithful\n2026-W36,2026-09-08,t-1,EVAL,1\n2026-W36,2026-09-08,t-2,HUMAN,0\n"
    material = read_evals(put(tmp_path, "samples.csv", text))
    assert kinds(material) == [[], [], ["samples"]]
    assert scores_by_metric(material.live[0]) == {"faithful": {"t-1": 1.0, "t-2": 0.0}}


@pytest.mark.parametrize(
    ("name", "text", "live"),
    [
        ("online_scores.csv", "trace_id,question,faithfulness\nt1,Who pays?,0.9\n", True),
        ("live.csv", "week,faithfulness\n2026-W36,0.9\n", True),
        ("nightly.csv", "trace_id,question,faithfulness\nt1,Who pays?,0.9\n", False),
        ("production_set.csv", "trace_id,question,reference,faithfulness\nt1,Who pays?,We do,0.9\n", False),
        ("online.csv", "run,trace_id,faithfulness\nr1,t1,0.9\n", False),
        ("prod.csv", "item_id,trace_id,faithfulness\na,t1,0.9\n", False),
        ("delivery.csv", "week,faithfulness\n2026-W36,0.9\n", False),
    ],
)
def test_live_scores_are_told_from_runs_by_what_their_rows_name(tmp_path, name, text, live):
    material = read_evals(put(tmp_path, name, text))
    assert (len(material.runs), len(material.live)) == ((0, 1) if live else (1, 0))


def test_items_say_whether_they_are_held_out_by_column_or_by_file(tmp_path):
    put(tmp_path, "set.csv", "id,question,reference,held_out\n1,Who?,We,true\n2,When?,Now,false\n")
    put(tmp_path, "split.csv", "id,question,reference,split\n3,How?,So,test\n4,Why?,Because,dev\n")
    put(tmp_path, "more.csv", "id,question,reference,split\n5,Where?,Here,fold 3\n")
    assert {item.item_id: item.held_out for item in read_evals(tmp_path).items} == {
        "1": True, "2": False, "3": True, "4": False, "5": None,
    }  # fmt: skip
    put(tmp_path / "files", "golden/dev.csv", "id,question,reference\n1,Who?,We\n")
    put(tmp_path / "files", "golden/held_out.csv", "id,question,reference\n2,When?,Now\n")
    assert {item.item_id: item.held_out for item in read_evals(tmp_path / "files").items} == {"1": False, "2": True}


def test_a_set_called_dev_says_nothing_where_no_other_is_held_out(tmp_path):
    (item,) = read_evals(put(tmp_path, "dev.csv", "id,question,reference\n1,Who?,We\n")).items
    assert item.held_out is None


def test_a_held_out_mark_is_no_metric(tmp_path):
    (run,) = read_evals(put(tmp_path, "r.csv", "item_id,held_out,faithfulness\na,1,0.9\nb,0,0.8\n")).runs
    assert set(run.scores) == {"faithfulness"}


def test_the_sample_case_holds_nine_runs_a_baseline_and_live_samples():
    sample = Path(__file__).parents[1] / "sample_corpora" / "insurance_claims"
    material = read_evals(sample)
    assert len(material.runs) == len(list((sample / "evals" / "runs").glob("20*.csv"))) == 9
    assert all(run.at is not None for run in material.runs)
    assert [run.source.path for run in material.baselines] == ["evals/baseline.json"]
    assert [run.source.path for run in material.live] == ["evals/online_scores.csv"]
    assert sum(item.held_out is True for item in material.items) == 45
