"""`workbench evaluate` as a person runs it: asked before a judge is, with prices, a metric of one's own, stopped with Ctrl-C."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from fabricated_answers import ANSWERS, answers_case
from fabricated_retrieval import HashingEncoder
from fake_endpoint import serving

from workbench import scoring
from workbench.answers.judge import keep_judge
from workbench.cli import main
from workbench.cli.evaluate import _without_strangers
from workbench.records import JudgeSettings

pty = pytest.importorskip("pty", reason="there are no pseudo terminals here")


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch):
    monkeypatch.setattr("workbench.scoring.evaluating.load_encoder", lambda model: HashingEncoder())
    for name in [name for name in os.environ if name.startswith("WORKBENCH_JUDGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def case(tmp_path):
    return answers_case(tmp_path / "case")


@pytest.fixture
def terminal(monkeypatch):
    """A terminal in front of the command, at which bytes can be typed."""
    master, slave = pty.openpty()
    with os.fdopen(slave) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield lambda typed: os.write(master, typed)
    os.close(master)


def judged_by(endpoint, case, *further):
    named = ["--judge-url", endpoint.url, "--judge-model", "m", "--metrics", "faithfulness"]
    return ["evaluate", str(case.root), *named, *further]


def faithfulness(case):
    return [score for score in scoring.stored_answers(case).scores if score.metric == "faithfulness"]


# --- asked before the judge is -------------------------------------------------------------------------------------------


@pytest.mark.local_network
@pytest.mark.parametrize("typed", [b"y\n", b" Yes\n"])
def test_who_says_yes_to_the_plan_has_it_carried_out(case, terminal, typed, capsys):
    terminal(typed)
    with serving() as endpoint:
        assert main(judged_by(endpoint, case)) == 0
        # A question for the statements of each answer, and the verdicts on two different answers.
        assert endpoint.calls == ANSWERS + 2
    shown = capsys.readouterr()
    assert shown.err == "Go ahead? [y/N] "
    assert shown.out.startswith(f"to judge: {ANSWERS} rows, faithfulness\ncalls: {ANSWERS + 2} to the model; ")
    assert f"judge: m; {ANSWERS + 2} calls" in shown.out
    assert [score.value for score in faithfulness(case)].count(0.5) == ANSWERS / 2


@pytest.mark.local_network
@pytest.mark.parametrize("typed", [b"n\n", b"\n", b"\x04", b"yup\n", b"ja\n"], ids=["n", "empty", "end", "yup", "ja"])
def test_who_says_anything_else_stops_before_a_question_is_asked(case, terminal, typed, capsys):
    terminal(typed)
    with serving() as endpoint:
        assert main(judged_by(endpoint, case)) == 0
        assert endpoint.calls == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"to judge: {ANSWERS} rows")
    assert shown.err == "Go ahead? [y/N] workbench: stopped before the judge was asked anything\n"
    assert scoring.stored_answers(case).judge is None


@pytest.mark.local_network
def test_a_plan_that_is_declined_leaves_what_needs_no_judge_where_it_was_wanted(case, terminal, tmp_path):
    terminal(b"n\n")
    with serving() as endpoint:
        assert main(judged_by(endpoint, case, "--out", str(tmp_path / "out"))) == 0
    written = json.loads((tmp_path / "out" / "answers.json").read_text())
    assert (written["rows"], written["judge"]) == (ANSWERS, None)


@pytest.mark.local_network
def test_it_is_said_when_the_pages_go_on_showing_an_earlier_report(case, capsys):
    with serving() as endpoint:
        assert main(judged_by(endpoint, case, "--yes")) == 0
        assert capsys.readouterr().out.endswith("\nkept for the pages\n")
        assert main(judged_by(endpoint, case, "--yes", "--limit", "3")) == 0
        assert capsys.readouterr().out.endswith("\nthe pages go on showing the earlier report of a judge\n")
        assert main(["evaluate", str(case.root), "--no-judge"]) == 0
        assert capsys.readouterr().out.endswith("\nkept for the pages\n")


@pytest.mark.local_network
def test_ctrl_c_at_the_question_stops_before_a_question_is_asked(case, monkeypatch, capsys):
    class Interrupted(io.StringIO):
        def isatty(self):
            return True

        def readline(self, *_arguments):
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Interrupted())
    with serving() as endpoint:
        assert main(judged_by(endpoint, case)) == 130
        assert endpoint.calls == 0
    assert capsys.readouterr().err.endswith("workbench: stopped; what was finished is kept\n")


@pytest.mark.local_network
def test_a_closed_standard_input_cannot_be_asked_either(case, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    with serving() as endpoint:
        assert main(judged_by(endpoint, case)) == 2
        assert endpoint.calls == 0
    assert capsys.readouterr().err == (
        "workbench: nothing was asked of the judge: add --yes to go ahead with the plan above\n"
    )


@pytest.mark.local_network
def test_what_was_judged_before_is_not_asked_about(case, terminal, capsys):
    with serving() as endpoint:
        assert main(judged_by(endpoint, case, "--yes")) == 0
        capsys.readouterr()
        asked = endpoint.calls
        assert main(judged_by(endpoint, case)) == 0
        assert endpoint.calls == asked
    shown = capsys.readouterr()
    assert "Go ahead?" not in shown.err
    assert f"calls: 0 to the model; {2 * ANSWERS} more questions need none" in shown.out


# --- which judge ---------------------------------------------------------------------------------------------------------


@pytest.mark.local_network
def test_the_judge_comes_from_the_environment_and_the_command_line_has_the_last_word(case, monkeypatch, capsys):
    with serving() as endpoint:
        monkeypatch.setenv("WORKBENCH_JUDGE_URL", endpoint.url)
        monkeypatch.setenv("WORKBENCH_JUDGE_MODEL", "of-the-environment")
        keep_judge(case.root, JudgeSettings(url="http://127.0.0.1:9/v1", model="of-the-case"))
        command = ["evaluate", str(case.root), "--metrics", "faithfulness", "--yes"]
        assert main(command) == 0
        assert {request.body["model"] for request in endpoint.requests} == {"of-the-environment"}
        asked = endpoint.calls
        assert main([*command, "--judge-model", "of-the-line"]) == 0
        assert {request.body["model"] for request in endpoint.requests[asked:]} == {"of-the-line"}
    assert "judge: of-the-line; " in capsys.readouterr().out


@pytest.mark.local_network
def test_the_judge_kept_with_the_case_is_asked_where_nothing_else_is_named(case):
    with serving() as endpoint:
        keep_judge(case.root, JudgeSettings(url=endpoint.url, model="of-the-case"))
        assert main(["evaluate", str(case.root), "--metrics", "faithfulness", "--yes"]) == 0
        assert {request.body["model"] for request in endpoint.requests} == {"of-the-case"}


@pytest.mark.local_network
def test_no_judge_asks_none_whoever_is_named(case, monkeypatch, capsys):
    with serving() as endpoint:
        monkeypatch.setenv("WORKBENCH_JUDGE_URL", endpoint.url)
        monkeypatch.setenv("WORKBENCH_JUDGE_MODEL", "m")
        assert main(judged_by(endpoint, case, "--no-judge", "--yes")) == 0
        assert endpoint.calls == 0
    shown = capsys.readouterr()
    assert "to judge:" not in shown.out
    assert "judge: none; metrics that need a model are not measured" in shown.out
    assert "faithfulness above 0.900 (the usual target): not measured; no model was asked to judge" in shown.out


def test_an_address_without_a_model_is_one_sentence(case, capsys):
    assert main(["evaluate", str(case.root), "--judge-url", "http://127.0.0.1:9/v1"]) == 2
    assert capsys.readouterr().err == (
        "workbench: no model is named to judge; give --judge-model, or --no-judge to measure without one\n"
    )


# --- what it costs -------------------------------------------------------------------------------------------------------


@pytest.mark.local_network
def test_prices_of_the_command_line_are_printed_as_what_it_would_cost_and_what_it_did(case, tmp_path, capsys):
    prices = ["--price-in", "500000", "--price-out", "0", "--currency", "eur", "--out", str(tmp_path / "out")]
    with serving() as endpoint:
        assert main(judged_by(endpoint, case, *prices, "--yes")) == 0
        # The endpoint counts a word as a token.
        tokens = sum(len(request.prompt.split()) for request in endpoint.requests)
    out = capsys.readouterr().out
    low, high = map(amount, re.search(r"^cost: (\S+) to (\S+) EUR$", out, re.M).groups())
    assert 0 < low < high
    written = json.loads((tmp_path / "out" / "answers.json").read_text())
    assert written["usage"]["cost"] == pytest.approx(0.5 * tokens)
    spent = re.search(rf"^judge: m; {ANSWERS + 2} calls, .* given up, (\S+) EUR$", out, re.M)
    assert amount(spent[1]) == pytest.approx(0.5 * tokens, rel=0.01)


def amount(text):
    return float(text.replace(",", ""))


@pytest.mark.local_network
@pytest.mark.parametrize("prices", [[], ["--currency", "EUR"], ["--price-in", "3"]], ids=["none", "no price", "one"])
def test_without_both_prices_no_cost_is_printed(case, terminal, prices, capsys):
    terminal(b"n\n")
    with serving() as endpoint:
        assert main(judged_by(endpoint, case, *prices)) == 0
    out = capsys.readouterr().out
    assert "no cost: the prices of the judge's tokens are not known" in out
    assert not re.search(r"^cost:", out, re.M)


# --- a metric of one's own -----------------------------------------------------------------------------------------------


def with_own(case, text, name="mine"):
    path = case.root.parent / "checks.py"
    path.write_text(text)
    return main(["evaluate", str(case.root), "--no-judge", "--own", f"{path}:{name}"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def other(row):\n    return 1\n", "the file has no function 'mine'"),
        ("mine = 3\n", "the file has no function 'mine'"),
        ("def mine(row)\n", "the file stops with SyntaxError (expected ':' (checks.py, line 1))"),
        ("raise ValueError('first line\\nsecond')\n", "the file stops with ValueError (first line second)"),
        ("import no_such_thing\n", "the file stops with ModuleNotFoundError (No module named 'no_such_thing')"),
        ("import sys\nsys.exit(0)\n", "the file stops with SystemExit (0)"),
        ("class E(Exception):\n    def __str__(self):\n        return 1\nraise E\n", "the file stops with E"),
    ],
    ids=["another", "a number", "no python", "raises", "imports nothing", "exits", "cannot say why"],
)
def test_a_file_without_the_function_is_one_sentence(case, text, said, capsys):
    assert with_own(case, text) == 2
    assert capsys.readouterr().err == f"workbench: --own {case.root.parent / 'checks.py'}:mine: {said}\n"
    assert scoring.stored_answers(case) is None


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nowhere.py:mine", "no such file; check the path"),
        ("folder.py:mine", "no such file; check the path"),
        ("checks.py", "expected FILE.py:FUNCTION, like checks.py:has_number"),
        ("checks.py:", "expected FILE.py:FUNCTION, like checks.py:has_number"),
        ("checks.py:os.system", "expected FILE.py:FUNCTION, like checks.py:has_number"),
        ("checks.txt:mine", "expected FILE.py:FUNCTION, like checks.py:has_number"),
    ],
)
def test_a_file_that_is_not_there_or_not_named_is_one_sentence(case, named, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "checks.py").write_text("def mine(row):\n    return 1\n")
    assert main(["evaluate", str(case.root), "--no-judge", "--own", named]) == 2
    assert capsys.readouterr().err == f"workbench: --own {named}: {said}\n"


EXPECTED = "expected 0 to 1, a bool or None"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return row.amount", "AttributeError: 'AnswerRow' object has no attribute 'amount'"),
        ("return 'good'", f"returned 'good', {EXPECTED}"),
        ("return '1'", f"returned '1', {EXPECTED}"),
        ("return 7", f"returned 7, {EXPECTED}"),
        ("return -0.001", f"returned -0.001, {EXPECTED}"),
        ("return float('nan')", f"returned nan, {EXPECTED}"),
        ("return float('inf')", f"returned inf, {EXPECTED}"),
        ("return 10 ** 400", f"returned {'1' + 59 * '0'}, {EXPECTED}"),
        ("return __import__('numpy').zeros((2, 2))", f"returned array([[0., 0.], [0., 0.]]), {EXPECTED}"),
        ("raise ValueError('first line\\nsecond')", "ValueError: first line second"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError", "RuntimeError"),
    ],
)
def test_what_is_no_score_fails_its_rows_with_the_reason_and_is_never_a_number(case, body, reason, capsys):
    assert with_own(case, f"def mine(row):\n    {body}\n") == 0
    out = capsys.readouterr().out
    assert (
        f"mine (the client's own): not measured: no row has a value; {ANSWERS} of {ANSWERS} failed: {reason}; "
        f"0 scored, 0 undefined, {ANSWERS} failed, 0 skipped\n"
    ) in out
    assert f"  mine: failed: {reason} in {ANSWERS} rows\n" in out
    scores = [score for score in scoring.stored_answers(case).scores if score.metric == "mine"]
    assert {(score.status, score.value) for score in scores} == {("failed", None)}


def test_a_value_that_cannot_be_made_a_number_fails_its_rows_whatever_it_raises(case, capsys):
    text = """
class Tensor:
    def __float__(self):
        raise RuntimeError("a tensor with 2 elements")
    def __repr__(self):
        return "tensor([0., 1.])"
def mine(row):
    return Tensor()
"""
    assert with_own(case, text) == 0
    assert f"  mine: failed: returned tensor([0., 1.]), {EXPECTED} in {ANSWERS} rows\n" in capsys.readouterr().out


def test_rows_on_which_the_function_fails_leave_the_others_scored(case, capsys):
    text = "def mine(row):\n    return {'r0': 'no', 'r1': None, 'r2': 0.5}.get(row.row_id, True)\n"
    assert with_own(case, text) == 0
    scores = {score.row_id: score for score in scoring.stored_answers(case).scores if score.metric == "mine"}
    assert [scores[f"r{n}"].status for n in range(4)] == ["failed", "undefined", "ok", "ok"]
    # (0.5 + 5 times 1) / 6
    (found,) = (each for each in scoring.stored_answers(case).metrics if each.metric == "mine")
    assert math.isclose(found.value.value, 5.5 / 6)
    assert f"{ANSWERS - 2} scored, 1 undefined, 1 failed, 0 skipped" in capsys.readouterr().out


def test_a_file_of_ones_own_may_hold_data_classes(case):
    text = """
from __future__ import annotations
from dataclasses import dataclass
@dataclass
class Rule:
    word: str
def mine(row):
    return Rule("Hail").word in row.answer
"""
    assert with_own(case, text) == 0
    (found,) = (each for each in scoring.stored_answers(case).metrics if each.metric == "mine")
    assert (found.value.value, found.scored) == (1.0, ANSWERS)


# --- stopped while the judge answers -------------------------------------------------------------------------------------

PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may have it ignored
from fabricated_retrieval import HashingEncoder
import workbench.scoring.evaluating as evaluating
evaluating.load_encoder = lambda model: HashingEncoder()
from workbench.cli import main
sys.exit(main(sys.argv[1:]))
"""


PLANNING = """
import asyncio
import workbench.scoring.asking as asking

async def endless(*arguments, progress, **named):
    print("planning", flush=True)
    while True:
        await asyncio.sleep(0.05)
        progress(0.5, "working out what it would take")

asking.plan = endless
"""
"""What makes planning last until it is stopped."""


@contextmanager
def running(command, first=""):
    """The command in a process of its own, with one question under way at a time."""
    said = {"WORKBENCH_JUDGE_CONCURRENCY": "1", "WORKBENCH_JUDGE_MODEL": "m"}
    process = subprocess.Popen(
        [sys.executable, "-c", first + PROGRAM, *command],
        env={**os.environ, **said, "PYTHONPATH": str(Path(__file__).parent)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def all_waiting(endpoint):
    """Until nothing more arrives: what was asked last has no answer."""
    asked = -1
    while asked != endpoint.calls:
        asked = endpoint.calls
        time.sleep(0.5)
    return asked


@pytest.mark.local_network
def test_ctrl_c_keeps_what_was_judged_and_the_same_command_goes_on_from_there(case, tmp_path):
    out = tmp_path / "out"
    with serving("slow", delay=0.05) as endpoint:
        command = ["evaluate", str(case.root), "--judge-url", endpoint.url, "--metrics", "faithfulness"]
        command += ["--yes", "--out", str(out)]
        with running(command) as process:
            endpoint.wait_for(7, seconds=120)
            endpoint.delay = 60.0
            asked = all_waiting(endpoint)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            shown, said = process.communicate(timeout=60)
            assert time.monotonic() - began < 30  # the answer under way is not waited for
        assert process.returncode == 130, said
        assert "Traceback" not in said
        assert "stopped before all rows were judged; the same command goes on from here" in shown
        first = {score.row_id: score for score in faithfulness(case)}
        scored = {row_id for row_id, score in first.items() if score.status == "ok"}
        rest = [score for row_id, score in first.items() if row_id not in scored]
        assert 0 < len(scored) < ANSWERS
        assert {(score.status, score.reason) for score in rest} == {("skipped", "not reached")}
        assert scoring.stored_answers(case).stopped
        assert json.loads((out / "answers.json").read_text())["stopped"]

        answered = {request.prompt for request in endpoint.requests[: asked - 1]}
        endpoint.mode = "clean"
        with running(command) as process:
            _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        again = [request.prompt for request in endpoint.requests[asked:]]
    assert not answered & set(again)
    assert len(answered) + len(again) == len(answered | set(again)) == ANSWERS + 2
    second = {score.row_id: score for score in faithfulness(case)}
    assert {row_id: second[row_id] for row_id in scored} == {row_id: first[row_id] for row_id in scored}
    assert {score.status for score in second.values()} == {"ok"}
    assert not scoring.stored_answers(case).stopped


def test_a_known_price_is_not_called_by_the_name_of_another_currency(case, capsys):
    keep_judge(
        case.root,
        JudgeSettings(
            url="http://127.0.0.1:9/v1", model="m", input_per_million=2.5, output_per_million=10.0, currency="USD"
        ),
    )
    assert main(["evaluate", str(case.root), "--currency", "EUR", "--price-in", "2"]) == 2
    assert capsys.readouterr().err == (
        "workbench: the prices that are known are in USD; give --price-in and --price-out in EUR as well\n"
    )


def test_ctrl_c_while_it_is_planned_ends_like_any_other(case):
    with running(["evaluate", str(case.root), "--judge-url", "http://127.0.0.1:9/v1", "--yes"], PLANNING) as process:
        assert process.stdout.readline() == "planning\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "workbench: stopped; what was finished is kept" in said
    assert "Traceback" not in said


def test_another_model_or_vendor_keeps_neither_prices_nor_the_address_of_the_last():
    known = JudgeSettings(url="https://gateway.example/v1", model="large", input_per_million=2.5, currency="USD")
    same = _without_strangers(known, {"model": "large"})
    assert same == known
    smaller = _without_strangers(known, {"model": "small"})
    assert (smaller.url, smaller.input_per_million, smaller.currency) == (known.url, None, "")
    stranger = _without_strangers(known, {"vendor": "anthropic", "model": "other"})
    assert (stranger.url, stranger.input_per_million) == ("", None)
