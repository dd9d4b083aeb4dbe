"""Answers out of the files of evaluation tools; what is a reference and no answer; masking."""

import json
from datetime import UTC, datetime

import pytest

from workbench.ingest.evals.answers import read_eval_answers
from workbench.ingest.evals.material import read_evals


def put(root, name, content):
    path = root / "evals" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return root


def only(root):
    ((row,),) = (run.rows for run in read_eval_answers(root))
    return row


def test_a_ragas_result(tmp_path):
    record = {
        "user_input": "Who pays?", "response": "We do.", "reference": "The insurer.", "faithfulness": 0.5,
        "retrieved_contexts": ["One.", "Two."], "retrieved_context_ids": ["a", "b"], "reference_context_ids": ["b"],
    }  # fmt: skip
    row = only(put(tmp_path, "scores.jsonl", json.dumps(record) + "\n"))
    assert (row.question, row.answer, row.reference) == ("Who pays?", "We do.", "The insurer.")
    assert (row.contexts, row.context_ids, row.reference_doc_ids) == (("One.", "Two."), ("a", "b"), ("b",))
    assert (row.source.path, row.source.locator) == ("evals/scores.jsonl", "line 1")


def test_a_csv_with_lists_in_its_cells(tmp_path):
    text = "question,answer,ground_truth,contexts\nWho pays?,We do.,The insurer.,\"['One.', 'Two.']\"\n"
    row = only(put(tmp_path, "run.csv", text))
    assert (row.answer, row.reference, row.contexts) == ("We do.", "The insurer.", ("One.", "Two."))


def test_a_deepeval_test_run(tmp_path):
    case = {
        "name": "g1", "input": "Who pays?", "actualOutput": "We do.", "expectedOutput": "The insurer.",
        "retrievalContext": ["One."], "context": ["Ideal."], "success": True,
        "metricsData": [{"name": "Faithfulness", "score": 1}],
    }  # fmt: skip
    row = only(put(tmp_path, "run.json", {"testCases": [case], "testRunId": "r1"}))
    assert (row.answer, row.reference, row.contexts, row.item_id) == ("We do.", "The insurer.", ("One.",), "g1")
    assert row.row_id == "r1: g1"


def test_promptfoo_results(tmp_path):
    result = {
        "vars": {"question": "Who pays?", "context": "One."}, "success": True, "score": 1, "namedScores": {},
        "response": {"output": "We do."}, "testIdx": 0, "promptIdx": 0,
    }  # fmt: skip
    value = {"evalId": "eval-a", "results": {"timestamp": "2026-09-14T10:00:00Z", "results": [result], "stats": {}}}
    (run,) = read_eval_answers(put(tmp_path, "out.json", value))
    (row,) = run.rows
    assert (run.run_id, run.at) == ("eval-a", datetime(2026, 9, 14, 10, tzinfo=UTC))
    assert (row.question, row.answer, row.contexts) == ("Who pays?", "We do.", ("One.",))


def test_a_langfuse_run_names_the_item_and_the_trace_holds_the_answer(tmp_path):
    trace = {"id": "t1", "output": {"answer": "We do.", "contexts": ["One."]}}
    item = {"datasetItemId": "d1", "traceId": "t1", "trace": trace, "createdAt": "2026-09-14T10:00:00Z"}
    row = only(put(tmp_path, "run.json", {"name": "r1", "datasetRunItems": [item]}))
    assert (row.item_id, row.question, row.answer, row.contexts) == ("d1", "", "We do.", ("One.",))


def test_a_phoenix_experiment(tmp_path):
    record = {
        "example_id": "e1", "input": {"question": "Who pays?"}, "output": {"answer": "We do."},
        "reference_output": {"answer": "The insurer."}, "annotations": [{"name": "qa", "score": 1}], "repetition_number": 1,
    }  # fmt: skip
    row = only(put(tmp_path, "experiment.json", [record]))
    assert (row.question, row.answer, row.reference) == ("Who pays?", "We do.", "The insurer.")


def test_the_answers_of_an_eval_set_are_references_and_no_rows(tmp_path):
    put(tmp_path, "set.csv", "question,answer\nWho pays?,We do.\n")
    assert read_eval_answers(tmp_path) == ()
    assert read_evals(tmp_path).items[0].reference == "We do."


def test_the_answer_column_of_a_result_without_references_is_the_systems(tmp_path):
    row = only(put(tmp_path, "run.csv", "question,answer,faithfulness\nWho pays?,We do.,0.5\n"))
    assert (row.answer, row.reference) == ("We do.", None)


def test_rows_without_an_answer_are_left_out_and_repeats_told_apart(tmp_path):
    text = "id,question,response,reference,score\n1,Who pays?,We do.,x,1\n1,Who pays?,They do.,x,1\n2,Why?,,x,0\n"
    (run,) = read_eval_answers(put(tmp_path, "run.csv", text))
    assert [row.row_id for row in run.rows] == ["run: 1", "run: 1 (2)"]


def test_personal_data_is_masked_in_answers_and_contexts(tmp_path):
    record = {"user_input": "Who?", "response": "Ask jo@acme.org.", "retrieved_contexts": ["jo@acme.org decides."]}
    row = only(put(tmp_path, "run.jsonl", json.dumps({**record, "faithfulness": 1}) + "\n"))
    assert "acme" not in f"{row.answer} {row.contexts}"
    assert row.answer.startswith("Ask [")


@pytest.mark.parametrize("content", ["", "{", "[[[[", "\0\0", '{"a": 1}', '[{"response": 3}]', "a,b\n1,2\n"])
def test_files_that_hold_no_answers_give_none(tmp_path, content):
    assert read_eval_answers(put(tmp_path, "x.json", content)) == ()


def test_no_folder_gives_no_runs(tmp_path):
    assert read_eval_answers(tmp_path) == ()


def test_scores_and_items_of_a_file_stay_what_they_were_when_its_answers_are_numbers(tmp_path):
    case = {
        "input": "How many?",
        "actualOutput": "1",
        "success": True,
        "metricsData": [{"name": "Faithfulness", "score": 0.5}],
    }
    (run,) = read_evals(put(tmp_path, "run.json", {"testCases": [case]})).runs
    assert set(run.scores) == {"Faithfulness"}


def test_settings_of_own_metrics_are_told_from_unreadable_files(tmp_path):
    material = read_evals(put(tmp_path, "metrics.toml", '[[metric]]\nname = "a"\nkind = "exact_match"\n'))
    assert material.formats == {"evals/metrics.toml": "settings of own metrics"}
    assert material.unrecognised == ()
