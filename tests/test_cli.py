"""The command as a person runs it: exit codes, one sentence on stderr, nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fabricated_retrieval import HashingEncoder, WriteCase
from test_ingest_readers import write_pdf

from workbench import session
from workbench.case import open_case
from workbench.cli import main
from workbench.cli.entry import COMMANDS
from workbench.comparison import compare as comparing

CORPUS = {"d1": "storm cover and excess", "d2": "flood cover", "d3": "theft of keys"}
QUERIES = {"q1": "storm excess", "q2": "keys stolen"}
QRELS = {"q1": {"d1": 1}, "q2": {"d3": 1}}


@pytest.fixture(autouse=True)
def _tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(comparing, "load_encoder", lambda model: HashingEncoder())
    yield


def one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    err = capsys.readouterr().err
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    return err


def test_compare_writes_its_json_and_runs(write_case: WriteCase, tmp_path: Path, capsys) -> None:
    root = write_case(CORPUS, QUERIES, QRELS)
    assert main(["compare", str(root), "--out", str(tmp_path / "out")]) == 0
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert content["judged"] == 2
    assert set(content["arms"]) == {"dense", "bm25", "hybrid", "hybrid+rerank"}
    assert sorted(p.name for p in (tmp_path / "out" / "runs").iterdir()) == [
        "bm25.trec",
        "dense.trec",
        "hybrid+rerank.trec",
        "hybrid.trec",
    ]
    assert "hybrid with reranker" in capsys.readouterr().out


def test_diagnose_of_an_empty_case_says_not_enough_evidence(tmp_path: Path, capsys) -> None:
    assert main(["new", "acme", "--workspace", str(tmp_path)]) == 0
    assert main(["diagnose", str(tmp_path / "acme"), "--out", str(tmp_path / "out")]) == 0
    content = json.loads((tmp_path / "out" / "diagnosis.json").read_text())
    assert (content["schema"], content["verdict"], content["primary"]) == (
        "workbench.diagnosis/1",
        "not_enough_evidence",
        None,
    )
    assert len(content["not_measured"]) > 10
    assert (tmp_path / "out" / "report.html").stat().st_size > 5000


def test_diagnose_of_a_plain_benchmark_folder_says_what_it_could_not_measure(
    write_case: WriteCase, tmp_path: Path
) -> None:
    assert main(["diagnose", str(write_case(CORPUS, QUERIES, QRELS)), "--out", str(tmp_path / "out")]) == 0
    content = json.loads((tmp_path / "out" / "diagnosis.json").read_text())
    evidence = {e["signal"]: e for cause in content["causes"] for e in cause["evidence"]}
    assert evidence["R-01"]["observed"] in {"seen", "clean"}
    assert content["not_measured"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["compare", "nowhere"], "no such folder"),
        (["diagnose", "nowhere"], "no such folder"),
        (["compare", "a-file.txt"], "is a file, expected a case folder"),
        (["new", "../outside"], "cannot be a case name"),
        (["new", "acme", "--workspace", "a-file.txt"], "a-file.txt"),
    ],
)
def test_bad_requests_end_in_one_sentence_and_exit_code_two(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file.txt").write_text("x")
    assert main(arguments) == 2
    assert expected in one_sentence(capsys)
    assert sorted(p.name for p in tmp_path.rglob("*")) in (["a-file.txt"], ["a-file.txt", "cases"])


def test_unknown_ids_in_the_labels_write_nothing(write_case: WriteCase, tmp_path: Path, capsys) -> None:
    root = write_case(CORPUS, QUERIES, {"q1": {"d99": 1}})
    for command in ("compare", "diagnose"):
        assert main([command, str(root), "--out", str(tmp_path / "out")]) == 2
        assert "document 'd99' is not in the corpus" in one_sentence(capsys)
    assert not (tmp_path / "out").exists()


def test_an_empty_corpus_is_one_sentence(write_case: WriteCase, tmp_path: Path, capsys) -> None:
    assert main(["compare", str(write_case({}, QUERIES, {})), "--out", str(tmp_path / "out")]) == 2
    assert "no documents" in one_sentence(capsys)
    assert not (tmp_path / "out").exists()


def test_a_corpus_of_one_broken_pdf_is_one_sentence_that_names_it(
    write_case: WriteCase, tmp_path: Path, capsys
) -> None:
    root = write_case({}, QUERIES, {})
    (root / "corpus.jsonl").unlink()
    (root / "corpus").mkdir()
    (root / "corpus" / "wording.pdf").write_bytes(b"%PDF-1.7 broken")
    assert main(["compare", str(root), "--out", str(tmp_path / "out")]) == 2
    assert "wording.pdf: damaged PDF" in one_sentence(capsys)
    assert not (tmp_path / "out").exists()


def test_a_broken_pdf_among_readable_files_is_named_and_the_rest_is_used(
    write_case: WriteCase, tmp_path: Path, capsys
) -> None:
    root = write_case({}, QUERIES, {})
    (root / "corpus.jsonl").unlink()
    (root / "corpus").mkdir()
    (root / "corpus" / "wording.pdf").write_bytes(b"%PDF-1.7 broken")
    write_pdf(root / "corpus" / "good.pdf", "storm cover and excess")
    assert main(["compare", str(root), "--out", str(tmp_path / "out")]) == 0
    assert "wording.pdf: damaged PDF" in capsys.readouterr().err
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert any("wording.pdf" in note for note in content["notes"])


@pytest.mark.parametrize("command", ["compare", "diagnose"])
def test_a_folder_for_results_that_cannot_be_used_is_refused_before_any_work(
    command: str, write_case: WriteCase, tmp_path: Path, capsys
) -> None:
    root = write_case(CORPUS, QUERIES, QRELS)
    (tmp_path / "file").write_text("x")
    for out, fault in [
        (tmp_path / "file", "cannot be written"),
        (tmp_path / "file" / "below", "cannot be written"),
        (root / "corpus" / "results", "among the client's files"),
    ]:
        assert main([command, str(root), "--out", str(out)]) == 2
        assert fault in one_sentence(capsys)
    assert not (root / ".workbench").exists()


def test_runs_of_an_earlier_comparison_do_not_stay_beside_the_new_one(write_case: WriteCase, tmp_path: Path) -> None:
    root, out = write_case(CORPUS, QUERIES, QRELS), tmp_path / "out"
    assert main(["compare", str(root), "--out", str(out)]) == 0
    assert main(["compare", str(root), "--arms", "bm25", "--out", str(out)]) == 0
    assert [path.name for path in (out / "runs").iterdir()] == ["bm25.trec"]


def test_runs_that_somebody_else_put_into_the_folder_stay(write_case: WriteCase, tmp_path: Path) -> None:
    root, out = write_case(CORPUS, QUERIES, QRELS), tmp_path / "out"
    (out / "runs").mkdir(parents=True)
    (out / "runs" / "theirs.trec").write_text("q1 Q0 d1 1 1.0 theirs\n")
    for _ in range(2):
        assert main(["compare", str(root), "--arms", "bm25", "--out", str(out)]) == 0
    assert sorted(path.name for path in (out / "runs").iterdir()) == ["bm25.trec", "theirs.trec"]


def test_a_comparison_with_other_settings_is_not_taken_for_the_diagnosis(write_case: WriteCase) -> None:
    root = write_case(CORPUS, QUERIES, QRELS)
    assert main(["compare", str(root), "--bm25-engine", "rank-bm25"]) == 0
    assert main(["diagnose", str(root)]) == 0
    stored = session.stored_comparison(open_case(root))
    assert stored is not None
    assert stored.comparison.settings["bm25_engine"] == "workbench"


def test_a_damaged_result_is_computed_again(write_case: WriteCase) -> None:
    root = write_case(CORPUS, QUERIES, QRELS)
    assert main(["diagnose", str(root)]) == 0
    folder = session.results_folder(open_case(root))
    (folder / "comparison" / "comparison.json").write_text("{}")
    (folder / "diagnosis.json").write_text("{}")
    assert session.stored_diagnosis(open_case(root)) is None
    assert main(["diagnose", str(root)]) == 0
    assert session.stored_diagnosis(open_case(root)) is not None


def test_debug_lets_the_traceback_through(tmp_path: Path) -> None:
    from workbench.errors import CaseError

    with pytest.raises(CaseError):
        main(["--debug", "compare", str(tmp_path / "nowhere")])


def test_doctor_names_model_engine_browser_and_optional_parts(capsys) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for part in ("encoder", "bm25 engine", "browser", "reranker", "ragas", "weights verified"):
        assert part in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["compare", "c", "--weights", "1"], "'1' is not two numbers; give the weights as 0.7,0.3"),
        (["compare", "c", "--weights", "0,0"], "'0,0': weights are 0 or more and not both 0; give them as 0.7,0.3"),
        (["compare", "c", "--weights", "nan,1"], "'nan,1': weights are 0 or more and not both 0; give them as 0.7,0.3"),
        (["cache", "c", "--price-in=-1"], "'-1' is not an amount of 0 or more"),
        (["cache", "c", "--price-in", "inf"], "'inf' is not an amount of 0 or more"),
        (["cache", "c", "--ttl", "0"], "'0' is not a number above 0"),
        (["cache", "c", "--budget", "101"], "'101' is not a per cent figure above 0 and up to 100"),
        (["cache", "c", "--growth", "nan"], "'nan' is not a per cent figure from -99 to 1000"),
        (["cache", "c", "--capacity", "1.5"], "'1.5' is not a whole number above 0"),
        (["evaluate", "c", "--limit", "²"], "'²' is not a whole number above 0"),
        (["evaluate", "c", "--currency", "EURO"], "'EURO' is not a currency code of three letters, like EUR"),
        (["harness", "c", "--out", "o", "--items", "1"], "'1' is not a whole number above 1"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_before_anything_is_read(
    arguments: list[str], said: str, capsys
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f": {said}\n")


def test_every_command_is_in_the_help_and_has_one_of_its_own(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert [command.name for command in COMMANDS] == (
        ["intake", "compare", "diagnose", "cache", "evaluate", "harness", "serve", "lab", "new", "doctor"]
    )
    with pytest.raises(SystemExit):
        main(["--help"])
    overview = capsys.readouterr().out
    for command in COMMANDS:
        assert f"    {command.name:<8}  {command.summary}\n" in overview
        with pytest.raises(SystemExit) as ended:
            main([command.name, "--help"])
        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: workbench {command.name} [-h]")
