"""The harness that is left behind, as a client's team would run it: green as it comes out, red when the system gets worse."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from workbench.case import open_case
from workbench.cli import main
from workbench.errors import CaseError
from workbench.evaluation.ci_files import CI_FILE, eval_commands
from workbench.ingest.load import load_inputs
from workbench.observing import plain
from workbench.starter import StarterReport, write_harness
from workbench.starter.drawing import is_held_out, item_id_of, shared_out

SAMPLE = Path(__file__).parent.parent / "sample_corpora" / "insurance_claims"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StarterReport]:
    folder = tmp_path_factory.mktemp("starter") / "harness"
    return folder, write_harness(SAMPLE, folder)


@pytest.fixture
def harness(made: tuple[Path, StarterReport], tmp_path: Path) -> Path:
    """A copy to change, as a team has it in its repository."""
    return shutil.copytree(made[0], tmp_path / "repository") / "evaluation"


def python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # As on another machine: nothing of this project's settings or packages' plugins.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "EVAL"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**inherited, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def checked(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return python(folder, "-m", "pytest", "-q", **environment)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rewrite(path: Path, entries: list[dict]) -> None:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


def worsened(folder: Path, items: int) -> None:
    """As many right answers of the first run lose their documents as asked."""
    baseline = json.loads((folder / "evals" / "baseline.json").read_text())["sets"]["dev"]["success"]
    right = [item_id for item_id, value in baseline.items() if value][:items]
    assert len(right) == items
    run = lines(folder / "runs" / "dev.jsonl")
    rewrite(folder / "runs" / "dev.jsonl", [{**e, "retrieved": []} if e["item_id"] in right else e for e in run])


def test_it_is_green_as_it_comes_out(harness: Path) -> None:
    for chosen in ("dev", "held_out"):
        done = checked(harness, EVAL_SET=chosen)
        assert done.returncode == 0, done.stdout
        assert "7 passed" in done.stdout
        scored = python(harness, "evaluate.py", "score", "--set", chosen)
        assert scored.returncode == 0, scored.stdout
        assert "0 better, 0 worse, p = 1.000" in scored.stdout


def test_a_worse_run_fails_and_names_the_items(harness: Path) -> None:
    worsened(harness, 20)
    done = checked(harness)
    assert done.returncode == 1
    assert "success fell: 20 items got worse and 0 better of 234 (p = 0.0000)" in done.stdout
    assert python(harness, "evaluate.py", "score").returncode == 1


@pytest.mark.parametrize(("items", "code"), [(1, 0), (5, 0), (6, 1)])
def test_a_tiny_change_stays_green(harness: Path, items: int, code: int) -> None:
    worsened(harness, items)  # five of five: p = 2 / 2^5 = 0.0625; six of six: 0.031
    assert checked(harness).returncode == code


def test_items_that_were_not_asked_fail(harness: Path) -> None:
    run = lines(harness / "runs" / "dev.jsonl")
    rewrite(harness / "runs" / "dev.jsonl", run[3:])
    done = checked(harness)
    assert done.returncode == 1
    assert "3 of 236 items of the dev set are not in the run" in done.stdout


def test_ids_that_are_not_in_the_set_fail(harness: Path) -> None:
    run = lines(harness / "runs" / "dev.jsonl")
    rewrite(harness / "runs" / "dev.jsonl", [*run, {"item_id": "q-made-up", "retrieved": []}])
    done = checked(harness)
    assert done.returncode == 1
    assert "1 ids of the run are not in the dev set: q-made-up" in done.stdout


def test_leaving_out_what_was_retrieved_is_no_way_around_the_comparison(harness: Path) -> None:
    rewrite(harness / "runs" / "dev.jsonl", [{"item_id": e["item_id"]} for e in lines(harness / "runs" / "dev.jsonl")])
    done = checked(harness)
    assert done.returncode == 1
    assert "234 of 234 items of the baseline were not scored" in done.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not json\n", "line 1: not JSON"),
        ("[]\n", "needs an object"),
        ('{"item_id": "a", "retrieved": "one"}\n', "must be a list"),
        ('{"item_id": "a", "passed": 1}\n', "must be true, false or null"),
        ('{"item_id": "a"}\n{"item_id": "a"}\n', "twice"),
    ],
)
def test_a_run_that_cannot_be_read_fails_with_the_line(harness: Path, text: str, expected: str) -> None:
    (harness / "runs" / "dev.jsonl").write_text(text, encoding="utf-8")
    done = checked(harness)
    assert done.returncode == 1
    assert expected in done.stdout
    assert "Traceback" not in done.stdout


def test_the_held_out_set_is_fixed_by_the_id_and_shares_nothing_with_the_dev_set(harness: Path) -> None:
    dev, held_out = (lines(harness / "evals" / f"{name}.jsonl") for name in ("dev", "held_out"))
    assert (len(dev), len(held_out)) == (236, 64)
    assert not {plain(item["question"]) for item in dev} & {plain(item["question"]) for item in held_out}
    for item in (*dev, *held_out):
        assert item["item_id"] == "q-" + hashlib.sha256(plain(item["question"]).encode()).hexdigest()[:12]
        remainder = int(hashlib.sha256(item["item_id"].encode()).hexdigest()[:8], 16) % 5
        assert (remainder == 0) is (item in held_out)
    rewrite(harness / "evals" / "dev.jsonl", [*dev, held_out[0]])
    done = checked(harness)
    assert f"dev.jsonl: {held_out[0]['item_id']} belong to the other set" in done.stdout


def test_references_are_copied_and_never_made_up(harness: Path) -> None:
    inputs = load_inputs(open_case(SAMPLE))
    labelled = {plain(q.text): q for q in inputs.queries}
    of_set = {item.reference for item in inputs.evals.items}
    documents = {doc_id for grades in inputs.qrels.values() for doc_id, grade in grades.items() if grade > 0}
    documents |= {document.doc_id for document in inputs.documents}
    answers = {query.reference_answer for query in labelled.values()} | of_set
    items = [item for name in ("dev", "held_out") for item in lines(harness / "evals" / f"{name}.jsonl")]
    for item in items:
        known = bool(item["reference"] or item["reference_doc_ids"])
        assert item["status"] == ("written" if known else "to be written")
        assert bool(item["reference_from"]) is known
        assert item["reference"] is None or item["reference"] in answers
        assert set(item["reference_doc_ids"]) <= documents
        query = labelled.get(plain(item["question"]))
        relevant = {d for d, g in inputs.qrels.get(query.query_id, {}).items() if g > 0} if query else set()
        assert set(item["reference_doc_ids"]) == relevant or not relevant


def test_questions_are_those_of_the_log_and_every_topic_is_there(harness: Path) -> None:
    inputs = load_inputs(open_case(SAMPLE))
    asked = Counter(plain(line.query) for line in inputs.log.interactions)
    items = [item for name in ("dev", "held_out") for item in lines(harness / "evals" / f"{name}.jsonl")]
    assert all(item["asked"] == asked[plain(item["question"])] > 0 for item in items)
    assert len({item["topic"] for item in items}) == 20


def test_cases_that_the_log_cannot_give_are_marked_and_move_when_they_are_written(harness: Path) -> None:
    cases = lines(harness / "evals" / "to_write.jsonl")
    assert Counter(case["kind"] for case in cases) == {"unanswerable": 10, "permission": 10}
    assert not any(case["question"] or case["reference"] for case in cases)
    cases[0]["question"], cases[0]["reference"] = "who won the cup", "Says that the documents do not tell."
    rewrite(harness / "evals" / "to_write.jsonl", cases)
    done = python(harness, "evaluate.py", "add")
    assert (done.returncode, done.stdout) == (0, "1 cases moved, 19 still to be written\n")
    name = "held_out" if is_held_out(cases[0]["item_id"]) else "dev"
    assert lines(harness / "evals" / f"{name}.jsonl")[-1]["question"] == "who won the cup"
    assert checked(harness, EVAL_SET=name).returncode == 1  # it was not asked yet


SYSTEM = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    assert set(asked) == {"item_id", "question"}, asked
    print(json.dumps({"item_id": asked["item_id"], "retrieved": ["nothing.pdf"], "answer": "no", "passed": True}))
"""


def test_a_team_s_system_is_asked_compared_and_accepted_only_with_a_reason(harness: Path) -> None:
    assert "`command` is empty" in python(harness, "evaluate.py", "run").stderr
    (harness / "system.py").write_text(SYSTEM)
    command = f"{sys.executable} system.py"
    assert python(harness, "evaluate.py", "run", EVAL_COMMAND=command).returncode == 0
    assert "success fell" in checked(harness).stdout
    refused = python(harness, "evaluate.py", "accept")
    assert (refused.returncode, "say why with --reason" in refused.stderr) == (2, True)
    assert python(harness, "evaluate.py", "accept", "--reason", "another index").returncode == 0
    assert checked(harness).returncode == 0
    stored = json.loads((harness / "evals" / "baseline.json").read_text())
    assert stored["from"].endswith(": another index")
    assert set(stored["sets"]["dev"]) == {"success", "passed"}


@pytest.mark.parametrize("command", ["no-such-program", f"{sys.executable} -c raise(SystemExit(3))", "'unclosed"])
def test_a_system_that_cannot_be_asked_ends_with_a_sentence(harness: Path, command: str) -> None:
    done = python(harness, "evaluate.py", "run", EVAL_COMMAND=command)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_short_names_of_documents_count_as_the_document(harness: Path) -> None:
    run = lines(harness / "runs" / "dev.jsonl")
    names = json.loads((harness / "evals" / "document_names.json").read_text())
    short = {doc_id: forms[-1] for doc_id, forms in names.items() if forms}
    assert len(short) > 50
    rewrite(
        harness / "runs" / "dev.jsonl",
        [{**entry, "retrieved": [short.get(doc_id, doc_id) for doc_id in entry["retrieved"]]} for entry in run],
    )
    assert "0 better, 0 worse" in python(harness, "evaluate.py", "score").stdout


def test_our_own_reading_of_pipelines_finds_it_automatic_and_able_to_fail(made: tuple[Path, StarterReport]) -> None:
    path = ".github/workflows/evaluation.yml"
    text = (made[0] / path).read_text()
    assert CI_FILE.search(path)
    commands = eval_commands(path, text)
    assert any("pytest test_evaluation.py" in c.text and c.automatic and c.can_fail for c in commands)
    steps = yaml.safe_load(text)["jobs"]["evaluate"]["steps"]
    assert [s["run"] for s in steps if "run" in s][1:3] == [
        "python evaluate.py run",
        "python -m pytest test_evaluation.py",
    ]
    gitlab = yaml.safe_load((made[0] / "evaluation" / "gitlab-ci.yml").read_text())["evaluate"]
    assert not gitlab.get("allow_failure")


def test_everything_that_was_written_is_told(made: tuple[Path, StarterReport]) -> None:
    folder, report = made
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*report.written, "evaluation/harness.json"}
    assert (report.dev, report.held_out, report.topics, report.k, report.kept) == (236, 64, 20, 5, ())
    assert report.baseline.n == 234
    assert "$" not in (folder / "evaluation" / "README.md").read_text()


def test_what_people_changed_is_kept_and_the_rest_written_again(harness: Path) -> None:
    folder = harness.parent
    items = lines(harness / "evals" / "dev.jsonl")
    rewrite(harness / "evals" / "dev.jsonl", [{**items[0], "reference": "written by a person"}, *items[1:]])
    before = (harness / "evals" / "baseline.json").read_text()
    (harness / "pytest.ini").unlink()
    report = write_harness(SAMPLE, folder, items=50)
    assert "evaluation/evals/dev.jsonl" in report.kept
    assert (harness / "evals" / "baseline.json").read_text() == before
    assert lines(harness / "evals" / "dev.jsonl")[0]["reference"] == "written by a person"
    assert (harness / "pytest.ini").is_file()
    assert any("People changed the questions" in note for note in report.notes)
    assert checked(harness).returncode == 0


def test_an_unchanged_folder_is_written_anew(harness: Path) -> None:
    report = write_harness(SAMPLE, harness.parent, items=50)
    assert (report.kept, report.dev + report.held_out) == ((), 50)
    assert checked(harness).returncode == 0


def test_a_folder_with_anything_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(CaseError, match="is not empty"):
        write_harness(SAMPLE, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("place", ["evals/harness", "repo", "corpus/x/y", ".", ".workbench/harness"])
def test_nothing_is_ever_written_among_the_files_of_the_client(small_case: Path, place: str) -> None:
    before = sorted(small_case.rglob("*"))
    with pytest.raises(CaseError):
        write_harness(small_case, small_case / place)
    assert sorted(small_case.rglob("*")) == before


def test_a_link_in_the_folder_leads_nowhere(harness: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    shutil.rmtree(harness / "evals")
    (harness / "evals").symlink_to(tmp_path / "outside")
    with pytest.raises(CaseError, match="a link leads out"):
        write_harness(SAMPLE, harness.parent)
    assert not list((tmp_path / "outside").iterdir())


def test_the_harness_of_another_case_is_not_overwritten(harness: Path, small_case: Path) -> None:
    with pytest.raises(CaseError, match="holds the harness of the case 'insurance_claims'"):
        write_harness(small_case, harness.parent)


@pytest.fixture
def small_case(tmp_path: Path) -> Iterator[Path]:
    """A log of five questions, nothing retrieved, nothing labelled."""
    root = tmp_path / "small"
    (root / "logs").mkdir(parents=True)
    questions = ["where is my parcel", "how do I return it", "mail anna.berg@example.org the invoice", "refund", "..."]
    rows = [{"id": f"t{n}", "question": text, "answer": "see the page"} for n, text in enumerate(questions)]
    (root / "logs" / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    yield root


def test_without_labels_the_baseline_is_empty_and_says_so(small_case: Path, tmp_path: Path) -> None:
    report = write_harness(small_case, tmp_path / "out")
    assert (report.dev + report.held_out, report.known, report.baseline.value, report.drop) == (4, 0, None, None)
    done = checked(tmp_path / "out" / "evaluation")
    assert done.returncode == 1
    assert "the baseline is empty, so no drop can be seen (the log does not name what was retrieved)" in done.stdout
    assert "runs/dev.jsonl is not there" in done.stdout
    assert "Both fail as they come out" in (tmp_path / "out" / "evaluation" / "README.md").read_text()


def test_only_masked_text_is_written(small_case: Path, tmp_path: Path) -> None:
    (small_case / "corpus.jsonl").write_text('{"_id": "d", "title": "", "text": "invoices"}')
    (small_case / "queries.jsonl").write_text(
        '{"_id": "q", "text": "mail anna.berg@example.org the invoice", "reference_answer": "Ask tom.ray@example.org"}'
    )
    (small_case / "qrels").mkdir()
    (small_case / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    write_harness(small_case, tmp_path / "out")
    text = "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert "example.org" not in text
    items = [i for name in ("dev", "held_out") for i in lines(tmp_path / "out" / f"evaluation/evals/{name}.jsonl")]
    assert [item["reference_doc_ids"] for item in items if "invoice" in item["question"]] == [["d"]]


def test_the_command_writes_it_and_says_where_to_begin(small_case: Path, tmp_path: Path, capsys) -> None:
    assert main(["harness", str(small_case), "--out", str(tmp_path / "out"), "--items", "3"]) == 0
    out = capsys.readouterr().out
    assert "begin with" in out
    assert "not measured: the log does not name what was retrieved" in out
    assert main(["harness", str(small_case), "--out", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_case_without_a_log_is_told_what_to_hand_over(tmp_path: Path) -> None:
    (tmp_path / "empty" / "logs").mkdir(parents=True)
    with pytest.raises(CaseError, match="no query log to draw questions from"):
        write_harness(tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_seats_follow_the_traffic_and_every_topic_has_one() -> None:
    # Webster: after one seat each, the next goes to the largest weight / (2 seats + 1).
    assert shared_out(Counter(a=90, b=9, c=1), {"a": 50, "b": 50, "c": 50}, 10) == {"a": 8, "b": 1, "c": 1}
    assert shared_out(Counter(a=90, b=9, c=1), {"a": 2, "b": 50, "c": 1}, 10) == {"a": 2, "b": 7, "c": 1}
    assert shared_out(Counter(a=90, b=9, c=1), {"a": 1, "b": 1, "c": 1}, 10) == {"a": 1, "b": 1, "c": 1}
    assert shared_out(Counter(a=90, b=9, c=1), {"a": 5, "b": 5, "c": 5}, 2) == {"a": 1, "b": 1, "c": 0}


def test_the_same_question_has_the_same_id_however_it_is_typed() -> None:
    assert item_id_of("Storm  excess?") == item_id_of("storm excess") != item_id_of("storm cover")
