"""The server's fixed settings and what surrounds a page, without a browser."""

import asyncio
import logging
import os
import time
from pathlib import Path

import pytest

from workbench.case import new_case, open_case
from workbench.compute import JobState, _write, job_state, run_job
from workbench.errors import CaseError, MissingPartError
from workbench.ui import browser, handlers, navigation, page, progress, server, steps


@pytest.fixture
def workspace(tmp_path):
    new_case(tmp_path, "acme")
    return tmp_path


def test_the_server_listens_on_this_machine_with_a_locked_template():
    config = server.configuration(8866, "secret")
    assert config.Voila.ip == "127.0.0.1"
    assert config.Voila.config_file_paths == []
    assert config.VoilaConfiguration.file_allowlist == []
    assert config.VoilaConfiguration.allow_template_override == "NO"
    assert config.VoilaConfiguration.show_tracebacks is False


def test_kernels_without_a_page_are_stopped_after_minutes():
    manager = server.configuration(8866, "secret").MappingKernelManager
    assert (manager.cull_idle_timeout, manager.cull_interval) == (180, 30)


def test_kernels_inherit_workspaces_template_and_package(monkeypatch, tmp_path):
    for name in ("JUPYTER_PATH", "PYTHONPATH", navigation.CASES_VARIABLE):
        monkeypatch.setenv(name, "before")
    server.prepare_environment([tmp_path, tmp_path / "other"])
    assert navigation.workspaces_from(os.environ[navigation.CASES_VARIABLE]) == (tmp_path, tmp_path / "other")
    template = Path(os.environ["JUPYTER_PATH"].split(os.pathsep)[0]) / "voila/templates/workbench/index.html.j2"
    assert template.is_file()
    assert os.environ["PYTHONPATH"].endswith(f"{os.pathsep}before")


def test_the_token_is_masked_in_every_log_record(caplog):
    before = logging.getLogRecordFactory()
    try:
        server.hide_in_logs("s3cret")
        with caplog.at_level(logging.INFO):
            logging.getLogger("access").info("GET %s", "/?token=s3cret")
            logging.getLogger("other").info("/?token=s3cret 100%")
    finally:
        logging.setLogRecordFactory(before)
    assert [record.getMessage() for record in caplog.records] == ["GET /?token=[token]", "/?token=[token] 100%"]


def test_an_address_loses_its_token_and_nothing_else():
    assert handlers.without_token("/a?case=x&token=abc&at=line+2&empty=") == "/a?case=x&at=line+2&empty="


def test_the_plotly_code_of_the_installed_package_is_there():
    assert handlers.PLOTLY_WIDGET.stat().st_size > 1_000_000


def test_templates_ask_no_other_host():
    folder = Path(server.__file__).parent / "share" / "jupyter" / "voila" / "templates" / "workbench"
    for file in folder.rglob("*"):
        if file.is_file():
            assert "://" not in file.read_text(encoding="utf-8"), file.name


def test_the_frame_offers_the_cases_and_the_steps_that_exist(workspace):
    frame = navigation.frame("00_start.ipynb", "acme", [workspace])
    assert frame["case"] == "acme"
    assert [case["slug"] for case in frame["cases"]] == ["acme"]
    assert [step["key"] for step in frame["steps"]] == [step.key for step in steps.available_steps()]
    assert frame["steps"][0]["href"] == "/voila/render/00_start.ipynb?case=acme"


@pytest.mark.parametrize("slug", ["../acme", "unknown", "<script>", ""])
def test_a_name_that_is_no_case_opens_none(workspace, slug):
    assert navigation.frame("00_start.ipynb", slug, [workspace])["case"] == ""
    with pytest.raises(CaseError, match="no case of this name"):
        navigation.find_case(navigation.readable_cases([workspace])[0], slug)


def test_a_broken_case_does_not_hide_the_others(workspace):
    new_case(workspace, "broken").root.joinpath("case.toml").write_text("name = ")
    cases, faults = navigation.readable_cases([workspace])
    assert [case.slug for case in cases] == ["acme"]
    assert len(faults) == 1
    assert faults[0].startswith("broken: case.toml")


def test_only_steps_with_a_notebook_are_available(tmp_path):
    (tmp_path / "02_diagnosis.ipynb").touch()
    (tmp_path / "00_start.ipynb").touch()
    assert [step.key for step in steps.available_steps(tmp_path)] == ["start", "diagnosis"]


def test_the_steps_fill_half_an_hour():
    assert sum(step.minutes for step in steps.STEPS) == 30


def test_an_unknown_step_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match="known: start, intake"):
        steps.step("nothing")


def test_a_page_in_jupyterlab_opens_the_first_case(workspace, monkeypatch):
    monkeypatch.setenv(navigation.CASES_VARIABLE, str(workspace))
    monkeypatch.delenv("WORKBENCH_CASE", raising=False)
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    assert page.open_page("start").case == open_case(workspace / "acme")


def test_a_page_takes_case_and_query_from_its_address_but_not_the_token(workspace, monkeypatch):
    monkeypatch.setenv(navigation.CASES_VARIABLE, str(workspace))
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    monkeypatch.setenv("QUERY_STRING", "case=acme&query=q%201&token=secret")
    context = page.open_page("diagnosis")
    assert context.case is not None
    assert context.case.slug == "acme"
    assert context.query == {"query": "q 1"}


def test_an_error_becomes_a_sentence_with_a_reference_that_is_in_the_log(caplog):
    markup = page.guarded(lambda: 1 / 0).value  # type: ignore[arg-type, return-value]
    reference = caplog.records[0].getMessage().split()[-1]
    assert f"Reference {reference}" in markup
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in markup


def test_an_error_of_the_data_is_told_in_its_own_words(caplog):
    def fail():
        raise CaseError("no <corpus> here")

    assert "no &lt;corpus&gt; here" in page.guarded(fail).value


def test_an_error_in_a_callback_is_shown_on_the_page(caplog):
    page.safe_callback(lambda _: 1 / 0)(None)
    assert "Reference" in page._notices.value
    page._notices.value = ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (4, "a few seconds left"), (38, "about 40 seconds left"), (150, "about 2 minutes left")],
)
def test_time_left_is_told_in_round_numbers(seconds, words):
    assert progress.remaining(JobState("analysis", "running", 0.5, "", seconds)) == words


def test_a_failed_job_says_why_and_what_to_do():
    markup = progress.progress_markup(JobState("analysis", "failed", error="logs/a.csv line 4: no <room> left"))
    assert "no &lt;room&gt; left." in markup
    assert "Correct that, then start again." in markup
    assert "eference" not in markup


def test_an_error_of_the_workbench_itself_does_not_blame_the_files(workspace):
    state = run_job(workspace / "acme", "analysis", lambda progress: 1 / 0)
    markup = progress.progress_markup(state)
    assert "the server log has the details" in markup
    assert "Correct that" not in markup


def test_a_job_whose_process_died_does_not_blame_the_files(workspace, monkeypatch):
    submitted = JobState("analysis", "running", started=1.0, updated=1.0)
    _write(workspace / "acme", submitted)
    markup = progress.progress_markup(job_state(workspace / "acme", "analysis"))
    assert markup.lower().count("start it again") == 1
    assert "Correct that" not in markup


def test_a_finished_job_leaves_no_line_behind():
    assert progress.progress_markup(JobState("analysis", "done", 1.0)) == ""


@pytest.mark.parametrize(("status", "words"), [("failed", "Correct that"), ("cancelled", "what was finished is kept")])
def test_a_page_shows_how_the_last_job_ended_until_a_new_one_starts(workspace, status, words):
    _write(workspace / "acme", JobState("analysis", status, error="qrels/test.tsv line 2: no such id"))
    widget = progress.JobProgress(open_case(workspace / "acme"), "analysis", print)
    assert words in widget.children[0].value
    assert not widget.under_way


def test_stop_says_at_once_that_it_is_stopping(workspace):
    _write(workspace / "acme", JobState("analysis", "running", 0.4, "Encoding", 40.0, updated=time.time()))

    async def scenario() -> None:
        widget = progress.JobProgress(open_case(workspace / "acme"), "analysis", lambda state: None)
        line, stop = widget.children
        stop.click()
        assert "Stopping…" in line.value
        assert "left" not in line.value
        widget._watching.cancel()

    asyncio.run(scenario())


def test_progress_follows_a_job_to_its_end_and_says_so_once(workspace, monkeypatch):
    states = iter([None, JobState("analysis", "running", 0.4, "Encoding"), JobState("analysis", "done", 1.0)])
    monkeypatch.setattr(progress.compute, "job_state", lambda root, name: next(states))
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    ended = []

    async def scenario() -> None:
        widget = progress.JobProgress(open_case(workspace / "acme"), "analysis", ended.append)
        widget.follow(lambda: None)
        assert len(widget.children) == 2
        await widget._watching
        assert widget.children == ()

    asyncio.run(scenario())
    assert [state.status for state in ended] == ["done"]


def test_whoever_is_told_of_the_end_may_begin_it_again(workspace, monkeypatch):
    monkeypatch.setattr(progress.compute, "job_state", lambda root, name: JobState("analysis", "done", 1.0))
    begun = []

    async def scenario() -> None:
        def again(state):
            if len(begun) < 2:
                widget.follow(lambda: begun.append("again"))

        widget = progress.JobProgress(open_case(workspace / "acme"), "analysis", again)
        widget.follow(lambda: begun.append("first"))
        for _ in range(100):
            await asyncio.sleep(0.01)

    asyncio.run(scenario())
    assert begun == ["first", "again"]


def test_a_named_chromium_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv(browser.VARIABLE, "/nowhere/chromium")
    with pytest.raises(MissingPartError, match="correct it or unset it"):
        browser.find_chromium()


def kept(case, name, text="not opened for a mark"):
    from workbench.session import results_folder

    path = results_folder(case) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_nothing_computed_leaves_every_step_with_a_result_unmarked(workspace):
    states = navigation.step_states(open_case(workspace / "acme"))
    assert states == dict.fromkeys(("intake", "diagnosis", "lab", "evaluation", "costs"), "not measured")


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("intake", "intake.json"),
        ("diagnosis", "diagnosis.json"),
        ("lab", "comparison/comparison.json"),
        ("evaluation", "harness.json"),
        ("costs", "costs/study.json"),
    ],
)
def test_a_kept_result_marks_its_step_alone_and_is_not_opened(workspace, step, name):
    case = open_case(workspace / "acme")
    kept(case, name).chmod(0)
    states = navigation.step_states(case)
    assert {key for key, state in states.items() if state == "done"} == {step}


def test_a_result_of_files_that_changed_since_marks_nothing(workspace):
    case = open_case(workspace / "acme")
    kept(case, "harness.json")
    (workspace / "acme" / "evals").mkdir(exist_ok=True)
    (workspace / "acme" / "evals" / "set.csv").write_text("id,question\n1,Who?\n")
    assert navigation.step_states(case)["evaluation"] == "not measured"


@pytest.mark.parametrize("step", ["evaluation", "costs"])
def test_a_job_under_way_marks_its_step_as_running(workspace, step):
    case = open_case(workspace / "acme")
    during = []
    run_job(case.root, step, lambda progress: during.append(navigation.step_states(case)))
    others = {key: state for key, state in during[0].items() if key != step}
    assert (during[0][step], set(others.values())) == ("running", {"not measured"})


def test_the_marks_know_where_the_report_on_the_harness_is_kept(workspace):
    from workbench.evaluating import harness_report, stored_harness

    case = open_case(workspace / "acme")
    harness_report(case)
    assert stored_harness(case) is not None
    assert navigation.step_states(case)["evaluation"] == "done"
