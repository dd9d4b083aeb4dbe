"""The form that has a model judge: what it says of a key, and that judging begins only after its plan."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import ipywidgets as widgets
import pytest

from workbench import judging
from workbench.case import Case, open_case
from workbench.errors import InputError
from workbench.judging import Judging
from workbench.records import JudgeSettings
from workbench.ui.evaluation.judge_form import BEGIN, JudgeForm

SECRET = "sk-never-shown-0123456789"
URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODEL", "URL", "KEY", "VENDOR"):
        monkeypatch.delenv(f"WORKBENCH_JUDGE_{name}", raising=False)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    root = tmp_path / "mine"
    (root / "logs").mkdir(parents=True)
    (root / "case.toml").write_text('name = "Mine"\n', encoding="utf-8")
    rows = [{"question": f"{n} Is hail covered?", "answer": "Yes. It is.", "contexts": ["Hail is."]} for n in range(3)]
    (root / "logs" / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return open_case(root)


def filled(case: Case, begun: Callable[[Judging], None] = lambda _asked: None, *, url: str = URL) -> JudgeForm:
    form = JudgeForm(case, begun)
    form.fields.url.value, form.fields.model.value = url, "m"
    return form


def within(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from within(child)


def told(form: JudgeForm) -> str:
    return f"{form._key.value}{form._said.value}{form._takes.value}"


def test_an_empty_form_says_nothing_and_begins_nothing(case) -> None:
    form = JudgeForm(case, lambda _asked: None)
    assert told(form) == ""
    assert (form.trial.disabled, form.estimate.disabled, form.begin.disabled) == (True, True, True)


def test_the_host_is_named_and_a_key_that_is_missing_with_the_way_to_set_it(case) -> None:
    form = filled(case)
    assert "would go to 127.0.0.1:9" in form._key.value
    assert "WORKBENCH_JUDGE_KEY together with WORKBENCH_JUDGE_URL" in form._key.value
    assert "keyring set pilot-workbench 127.0.0.1:9" in form._key.value
    assert not form.estimate.disabled
    assert form.begin.disabled


def test_a_key_is_said_to_be_found_and_never_shown(case, monkeypatch) -> None:
    monkeypatch.setenv("WORKBENCH_JUDGE_KEY", SECRET)
    monkeypatch.setenv("WORKBENCH_JUDGE_URL", URL)
    form = filled(case)
    assert "found in WORKBENCH_JUDGE_KEY" in form._key.value
    assert all(SECRET not in str(widget.get_state()) for widget in within(form))
    form.fields.url.value = "http://127.0.0.1:10/v1"
    assert "No key for it is found" in form._key.value


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("url", "ftp://there", "expected one that begins with https://"),
        ("url", "http://judge.example.com/v1", "unencrypted"),
        ("model", "", "no model is named"),
        ("price_in", "cheap", "is no number"),
        ("currency", "euro", "code of three letters"),
        ("held_on", "today", "is no day"),
        ("limit", "0", "whole number from 1"),
        ("limit", "2.5", "whole number from 1"),
        ("limit", "2,5", "whole number from 1"),
        ("limit", "1.000", "whole number from 1"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_can_be_pressed(case, name, value, said) -> None:
    form = filled(case)
    getattr(form.fields, name).value = value
    assert said in form._said.value
    assert form.estimate.disabled
    assert form._key.value == ""


def test_hostile_entries_stay_text(case) -> None:
    form = filled(case)
    form.fields.price_in.value = "<img src=x onerror=alert(1)>"
    assert "<img" not in told(form)


def test_a_limit_may_be_written_with_commas(case) -> None:
    form = filled(case)
    form.fields.limit.value = "1,000"
    assert form.fields.entered().limit == 1000


def test_no_metric_chosen_is_said(case) -> None:
    form = filled(case)
    for tick in form.fields.metrics.values():
        tick.value = False
    assert "no metric is chosen" in form._said.value


def test_another_vendor_takes_the_address_of_the_last_one_away(case) -> None:
    form = filled(case)
    form.fields.vendor.value = "azure"
    assert form.fields.url.value == ""
    assert "needs an address" in form._said.value
    assert form.fields.api_version.layout.display == ""


def test_a_reasoning_model_gets_no_temperature_and_the_other_limit(case) -> None:
    form = filled(case)
    form.fields.reasoning.value = True
    judge = form.fields.entered().judge
    assert (judge.temperature, judge.max_tokens_name) == (None, "max_completion_tokens")
    form.fields.reasoning.value = False
    assert form.fields.entered().judge.temperature == 0.0


def test_judging_begins_only_after_the_plan_of_exactly_what_is_entered(case, monkeypatch) -> None:
    monkeypatch.setattr(judging, "start_plan", lambda case, asked: judging.run_plan(str(case.root), asked))
    begun: list[Judging] = []

    async def visit() -> JudgeForm:
        form = filled(case, begun.append)
        form.begin.click()
        assert begun == []
        form.estimate.click()
        assert form.estimate.disabled
        ends = time.monotonic() + 60
        while form.begin.disabled and time.monotonic() < ends:
            await asyncio.sleep(0.05)
        return form

    form = asyncio.run(visit())
    assert form.begin.description == "Judge 3 answers"
    assert "Judging 3 answers by faithfulness" in form._takes.value
    assert "127.0.0.1:9" in form._takes.value
    form.begin.click()
    assert [asked.judge for asked in begun] == [JudgeSettings(url=URL, model="m")]
    form.busy = True
    assert form.begin.disabled
    form.busy = False
    assert not form.begin.disabled
    form.fields.limit.value = "2"
    assert (form.begin.disabled, form.begin.description, form._takes.value) == (True, BEGIN, "")
    form.fields.limit.value = ""
    assert form.begin.description == "Judge 3 answers"
    form.forget_plan()
    assert form.begin.disabled


def test_a_judge_kept_with_the_case_is_in_the_fields(case) -> None:
    kept = {"model": "kept", "url": URL, "input_per_million": 0.4, "currency": "EUR", "as_of": "2026-11-01"}
    (case.root / "judge.json").write_text(json.dumps(kept), encoding="utf-8")
    fields = JudgeForm(case, lambda _asked: None).fields
    entered = fields.model.value, fields.url.value, fields.price_in.value, fields.currency.value, fields.held_on.value
    assert entered == ("kept", URL, "0.4", "EUR", "2026-11-01")


def test_a_damaged_judge_is_told_and_the_form_is_empty(case) -> None:
    (case.root / "judge.json").write_text('{"key": "secret"}', encoding="utf-8")
    form = JudgeForm(case, lambda _asked: None)
    assert "judge.json" in form._said.value
    assert form.fields.model.value == ""


@pytest.mark.local_network
def test_an_endpoint_that_is_not_there_is_said_in_a_sentence(case) -> None:
    form = filled(case)
    form.trial.click()
    assert "It does not work:" in form._said.value


@pytest.mark.parametrize("entry", ["", "another"])
def test_what_was_looked_for_before_does_not_come_back_beside_another_entry(case, monkeypatch, entry) -> None:
    let_go = threading.Event()

    def slow(_case: Case, asked: Judging) -> tuple[str, None]:
        if asked.judge.model == "m":
            let_go.wait(5)
        return f"key of {asked.judge.model}", None

    def tried(judge: JudgeSettings) -> str:
        let_go.wait(5)
        return f"{judge.model} answers"

    monkeypatch.setattr("workbench.ui.evaluation.judge_form._found", slow)
    monkeypatch.setattr("workbench.ui.evaluation.judge_form._tried", tried)

    async def visit() -> JudgeForm:
        form = filled(case)
        form.trial.click()
        await asyncio.sleep(0.05)
        form.fields.model.value = entry
        await asyncio.sleep(0.05)
        let_go.set()
        await asyncio.sleep(0.1)
        return form

    form = asyncio.run(visit())
    assert "key of m" not in told(form)
    assert "m answers" not in told(form)
    assert ("key of another" in told(form)) == (entry == "another")


def test_an_estimate_that_cannot_be_started_is_said_and_can_be_tried_again(case, monkeypatch) -> None:
    def refused(_case: Case, _asked: Judging) -> None:
        raise InputError("another plan is being worked out")

    monkeypatch.setattr(judging, "start_plan", refused)

    async def visit() -> JudgeForm:
        form = filled(case)
        form.estimate.click()
        ends = time.monotonic() + 10
        while form.planning.under_way and time.monotonic() < ends:
            await asyncio.sleep(0.02)
        return form

    form = asyncio.run(visit())
    assert "another plan is being worked out" in form.planning.children[0].value
    assert not form.estimate.disabled
