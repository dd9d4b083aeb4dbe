"""Rows of the log and of evaluation files, references joined to them, and what is said of contexts a log cut."""

import json
from datetime import UTC, datetime

from workbench.answers.rows import cut_at, rows_of
from workbench.records import CaseInputs, EvalItem, EvalMaterial, Interaction, QueryLog, RetrievedItem, Source


def asked(number, query="Is hail covered?", answer="Yes.", retrieved=(), **more):
    return Interaction(f"t{number}", query, Source("logs/a.jsonl", f"line {number}"), answer, retrieved, **more)


def case(*interactions, items=(), root="", total=0):
    log = QueryLog(interactions, total=total or len(interactions))
    return CaseInputs(root, "case", log=log, evals=EvalMaterial(items=tuple(items)))


def test_a_line_of_the_log_becomes_a_row_with_its_contexts_in_order():
    at = datetime(2026, 9, 1, tzinfo=UTC)
    retrieved = (RetrievedItem("a.md", "First."), RetrievedItem(None, "Second."), RetrievedItem("c.md"))
    rows = rows_of(case(asked(1, retrieved=retrieved, feedback=-1, at=at)))
    (row,) = rows.rows
    assert (rows.origin, dict(rows.available)) == ("log", {"evals": 0, "log": 1})
    assert (row.row_id, row.question, row.answer, row.feedback, row.at) == ("t1", "Is hail covered?", "Yes.", -1, at)
    assert (row.contexts, row.context_ids) == (("First.", "Second."), ("a.md", "", "c.md"))


def test_the_trace_of_an_item_comes_before_its_question():
    items = [
        EvalItem("g1", "Who pays?", "We do.", ("a.md",), source_trace_id="t2"),
        EvalItem("g2", "is HAIL  covered?", "It is."),
    ]
    first, second, third = rows_of(case(asked(1), asked(2), asked(3, "And wind?"), items=items)).rows
    assert (first.item_id, first.reference) == ("g2", "It is.")
    assert (second.item_id, second.reference, second.reference_doc_ids) == ("g1", "We do.", ("a.md",))
    assert (third.item_id, third.reference) == (None, None)


def test_items_that_contradict_each_other_give_no_reference():
    items = [EvalItem("g1", "Is hail covered?", "Yes."), EvalItem("g2", "Is hail covered?", "No.")]
    assert rows_of(case(asked(1), items=items)).rows[0].reference is None


def test_lines_without_an_answer_are_left_out_and_counted():
    rows = rows_of(case(asked(1), asked(2, answer=None), asked(3, answer=" "), total=9))
    assert len(rows.rows) == 1
    assert "The log holds 9 questions; the rows are those of a random sample of whole sessions." in rows.notes
    assert "2 questions of the log carry no answer and are left out." in rows.notes
    assert any(note.startswith("1 of 1 rows have no text of their contexts") for note in rows.notes)


def test_an_id_that_comes_twice_is_told_apart():
    assert [row.row_id for row in rows_of(case(asked(1), asked(1))).rows] == ["t1", "t1 (2)"]


def test_contexts_that_end_at_one_length_are_said_to_look_cut():
    texts = [(f"{number:02} " + "word " * 40)[:100] for number in range(20)]
    rows = rows_of(case(*(asked(number, retrieved=(RetrievedItem("a", text),)) for number, text in enumerate(texts))))
    (note,) = rows.notes
    assert note.startswith("Contexts look cut at 100 characters: 20 of 20 different ones end there.")


def test_contexts_that_end_by_themselves_or_repeat_do_not_look_cut():
    assert cut_at(["x" * length for length in range(100, 400, 3)]) is None
    assert cut_at(["x" * 400] * 500) is None
    assert cut_at([]) is None


def test_nothing_at_all_gives_no_rows():
    rows = rows_of(case())
    assert (rows.origin, rows.rows, rows.notes) == ("log", (), ())
    assert rows_of(case(), "evals").rows == ()


def put(root, name, lines):
    (root / "evals").mkdir(exist_ok=True)
    (root / "evals" / name).write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")


def test_evaluation_files_come_first_and_the_latest_run_is_taken(tmp_path):
    line = {"user_input": "Is hail covered?", "retrieved_contexts": ["Hail is."], "faithfulness": 1.0}
    put(tmp_path, "run_2026-09-01.jsonl", [{**line, "response": "No."}])
    put(tmp_path, "run_2026-09-08.jsonl", [{**line, "response": "Yes."}])
    inputs = case(asked(1), items=[EvalItem("g1", "Is hail covered?", "It is.", ("a.md",))], root=str(tmp_path))
    rows = rows_of(inputs)
    (row,) = rows.rows
    assert (rows.origin, dict(rows.available)) == ("evals", {"evals": 1, "log": 1})
    assert (row.answer, row.reference, row.reference_doc_ids, row.item_id) == ("Yes.", "It is.", ("a.md",), "g1")
    assert rows.notes == (
        "The evaluation files hold answers of 2 runs; taken is the latest, 'run_2026-09-08' of 2026-09-08.",
    )
    assert [row.row_id for row in rows_of(inputs, "log").rows] == ["t1"]


def test_a_row_that_names_its_item_alone_gets_the_question_of_it(tmp_path):
    put(tmp_path, "run.jsonl", [{"item_id": "g1", "response": "Yes.", "faithfulness": 1.0}])
    (row,) = rows_of(case(items=[EvalItem("g1", "Is hail covered?", "It is.")], root=str(tmp_path))).rows
    assert (row.question, row.reference) == ("Is hail covered?", "It is.")
