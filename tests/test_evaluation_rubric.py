"""The rubric of a harness: 24 rules on fabricated cases, sums, the weakest section first, and unknown kept apart from absent."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from fabricated_case import EMPTY, evals, item, line, log, paper, run

from workbench import session
from workbench.case import open_case
from workbench.evaluation.rubric import RULES, band, rubric
from workbench.ingest.load import load_inputs
from workbench.records import CaseInputs, Observation, Repository, RubricItem, Source
from workbench.report.harness_text import rubric_lines, rubric_sentence, section_points

SAMPLE = Path(__file__).parent.parent / "sample_corpora" / "insurance_claims"
REFERENCE = {"reference": "yes", "author": "Expert"}


def seen(signal: str, status: str = "seen", **fields: object) -> Observation:
    return Observation(signal, status, f"{signal} is {status}.", (Source(f"{signal}.txt"),), **fields)


def items_of(inputs: CaseInputs, *observations: Observation) -> dict[str, RubricItem]:
    return {i.key: i for section in rubric(inputs, observations).sections for i in section.items}


def scored(key: str, inputs: CaseInputs, *observations: Observation) -> float | None:
    return items_of(inputs, *observations)[key].score


def with_files(root: Path, files: dict[str, str], inputs: CaseInputs = EMPTY) -> CaseInputs:
    """The case with these files on disk, the ones below evals/ and repo/ known to it."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    formats = {path: "csv" for path in files if path.startswith("evals/")}
    code = tuple(path for path in files if path.startswith("repo/"))
    repository = Repository(code) if code else inputs.repository
    return replace(inputs, root=str(root), evals=replace(inputs.evals, formats=formats), repository=repository)


def test_nothing_handed_over_is_unknown_in_all_24_and_never_zero() -> None:
    found = rubric(EMPTY, [])
    scores = [one.score for section in found.sections for one in section.items]
    assert scores == [None] * 24
    assert [(section.low, section.high) for section in found.sections] == [(0, 6)] * 4
    assert (found.low, found.high, found.band) == (0, 6, "research project to exceptional")
    assert all(one.finding.endswith(".") for section in found.sections for one in section.items)


def test_no_harness_where_the_repository_was_looked_at_is_zero_points_of_data() -> None:
    found = rubric(EMPTY, [seen("E-01")])
    data = next(section for section in found.sections if section.key == "data")
    assert [one.score for one in data.items] == [0.0] * 6
    assert (data.low, data.high, found.low) == (0, 0, 0)


def test_the_weakest_section_comes_first_and_decides() -> None:
    found = rubric(EMPTY, [seen("E-01")])
    assert found.sections[0].key == "data"
    assert (found.low, found.high, found.band) == (0, 0, "research project")
    assert rubric_sentence(found).endswith("the weakest section is data, with 0 of 6 points.")


def test_every_item_of_the_table_has_a_rule_and_every_rule_an_item() -> None:
    found = rubric(EMPTY, [])
    table = {section.key: {one.key for one in section.items} for section in found.sections}
    assert table == {section: set(rules) for section, rules in RULES.items()}
    assert all(len(keys) == 6 for keys in table.values())


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0, "research project"),
        (0.5, 1, "untested holes"),
        (1, 2, "untested holes to first pass"),
        (2.5, 3, "reasonable"),
        (3.5, 5, "strong"),
        (5.5, 6, "exceptional"),
    ],
)
def test_bands_are_those_of_the_ml_test_score(low: float, high: float, words: str) -> None:
    assert band(low, high) == words


def test_references_count_when_others_than_the_builders_wrote_nine_in_ten() -> None:
    full = replace(EMPTY, evals=evals(*(item(n, **REFERENCE) for n in range(10))))
    gaps = replace(EMPTY, evals=evals(*(item(n, **REFERENCE) for n in range(5)), *(item(n) for n in range(5, 10))))
    assert scored("references", full, seen("E-17", "clean")) == 1.0
    assert scored("references", gaps, seen("E-17", "clean")) == 0.5
    assert scored("references", full, seen("E-17")) == 0.0
    assert scored("references", full) is None
    assert scored("references", replace(EMPTY, evals=evals(item(1))), seen("E-17", "clean")) == 0.0


@pytest.mark.parametrize(("n", "score"), [(20, 0.0), (80, 0.5), (340, 1.0)])
def test_size_is_judged_by_the_drop_it_shows(n: int, score: float) -> None:
    inputs = replace(EMPTY, evals=evals(*(item(k, **REFERENCE) for k in range(n))))
    assert scored("size", inputs) == score
    assert scored("size", inputs, seen("E-03")) == min(score, 0.5)


def test_hard_cases_need_all_three_kinds() -> None:
    kinds = [item(1, kind="unanswerable"), item(2, kind="permission"), item(3, kind="adversarial")]
    assert scored("hard_cases", replace(EMPTY, evals=evals(*kinds))) == 1.0
    assert scored("hard_cases", replace(EMPTY, evals=evals(*kinds[:1], item(4, kind="plain")))) == 0.5
    assert scored("hard_cases", replace(EMPTY, evals=evals(item(4, kind="plain")))) == 0.0
    assert scored("hard_cases", replace(EMPTY, evals=evals(item(4)))) is None


def test_a_held_out_part_and_clean_questions_are_both_asked_for(tmp_path: Path) -> None:
    clean = (seen("E-07", "clean"), seen("E-08", "clean"))
    plain = replace(EMPTY, evals=evals(item(1)))
    marked = with_files(tmp_path, {"evals/set.csv": "id,question,held_out\n1,a,0\n"}, plain)
    assert scored("held_out", marked, *clean) == 1.0
    assert scored("held_out", plain, *clean) == 0.5
    assert scored("held_out", marked, seen("E-07"), clean[1]) == 0.5
    assert scored("held_out", plain, seen("E-07"), clean[1]) == 0.0
    assert scored("held_out", marked, clean[1]) is None


def test_metrics_are_read_from_the_names_in_the_runs(tmp_path: Path) -> None:
    one = replace(run(1, scores={"faithfulness": {"a": 1.0}}), source=Source("evals/runs/r1.csv"))
    bare = with_files(
        tmp_path / "a", {"evals/runs/r1.csv": "item_id,faithfulness\na,1\n"}, replace(EMPTY, evals=evals(runs=(one,)))
    )
    rich = with_files(
        tmp_path / "b",
        {"evals/runs/r1.csv": "item_id,topic,faithfulness,ci_low,ci_high,latency_ms,cost,prompt_version\n"},
        bare,
    )
    clean = seen("E-04", "clean")
    found = items_of(bare, clean)
    assert (found["intervals"].score, found["cost_latency"].score, found["slices"].score) == (0.5, 0.0, 0.0)
    assert found["versioned"].score == 0.0
    found = items_of(rich, clean)
    assert (found["intervals"].score, found["cost_latency"].score, found["slices"].score) == (1.0, 1.0, 1.0)
    assert found["versioned"].score == 1.0


def test_a_judge_whose_agreement_is_only_stated_gets_half() -> None:
    inputs = replace(EMPTY, evals=evals(runs=(run(1),)))
    assert scored("judge", inputs, seen("E-14", "clean")) == 1.0
    assert scored("judge", inputs, seen("E-14", "clean", quality=0.5)) == 0.5
    assert scored("judge", inputs, seen("E-14")) == 0.0


WORKFLOW = "on: {{ {trigger} }}\njobs:\n  e:\n    steps:\n      - run: python evaluate.py --seed 7 --set golden-v3\n"


@pytest.mark.parametrize(
    ("trigger", "score"),
    [("pull_request: ", 1.0), ("schedule: [{cron: '0 1 * * *'}]", 0.5), ("workflow_dispatch: ", 0.0)],
)
def test_a_pipeline_counts_by_what_starts_it(tmp_path: Path, trigger: str, score: float) -> None:
    inputs = with_files(tmp_path, {"repo/.github/workflows/eval.yml": WORKFLOW.format(trigger=trigger)})
    assert scored("on_change", inputs) == score


def test_thresholds_on_paper_are_half_a_gate(tmp_path: Path) -> None:
    inputs = with_files(tmp_path, {"repo/eval/thresholds.yaml": "recall: 0.8\n"})
    assert scored("gate", inputs, seen("E-10")) == 0.5
    assert scored("gate", EMPTY, seen("E-10")) == 0.0
    assert scored("gate", EMPTY, seen("E-10", "clean")) == 1.0


def test_a_baseline_needs_a_comparison_item_by_item(tmp_path: Path) -> None:
    pinned = {"evals/baseline.json": '{"run": "r1"}'}
    script = {"repo/eval/run_eval.py": "# paired bootstrap against the baseline\n"}
    assert scored("baseline", with_files(tmp_path / "a", {**pinned, **script})) == 1.0
    assert scored("baseline", with_files(tmp_path / "b", pinned)) is not None
    assert scored("baseline", with_files(tmp_path / "b", pinned)) == 0.5
    assert scored("baseline", replace(EMPTY, evals=evals(runs=(run(1),)))) == 0.0


def test_python_s_own_version_in_a_pipeline_pins_no_set(tmp_path: Path) -> None:
    text = 'steps:\n  - with: {python-version: "3.12"}\n  - uses: actions/cache@v4\n'
    assert scored("reproducible", with_files(tmp_path, {"repo/.github/workflows/eval.yml": text})) == 0.0
    both = {"repo/eval/golden.lock.yaml": "version: golden-v7\n", "repo/eval/run.py": "seed = 7\n"}
    assert scored("reproducible", with_files(tmp_path / "b", both)) == 1.0


def test_live_scores_are_told_apart_from_an_eval_set_made_from_traces(tmp_path: Path) -> None:
    inputs = replace(EMPTY, log=log(*(line(n) for n in range(1000, 1010))))
    made = with_files(tmp_path / "a", {"evals/set.csv": "question,source_trace_id\nwhat,i1001\n"}, inputs)
    assert scored("live_scoring", made, seen("E-18")) == 0.0
    people = with_files(tmp_path / "b", {"evals/live.csv": "trace_id,scorer,ok\ni1001,r-04,1\n"}, inputs)
    assert scored("live_scoring", people) == 0.5
    judged = with_files(tmp_path / "c", {"evals/live.csv": "trace_id,source,ok\ni1001,EVAL,1\n"}, inputs)
    assert scored("live_scoring", judged) == 1.0


def test_failures_flow_back_when_a_question_comes_from_a_disliked_answer() -> None:
    lines = log(line(1, feedback=-1), line(2, feedback=1))
    for traces, score in ((("i1",), 1.0), (("i2",), 0.5), (("elsewhere",), 0.5), ((None,), 0.0)):
        items = tuple(item(n, source_trace_id=trace) for n, trace in enumerate(traces))
        assert scored("failures", replace(EMPTY, log=lines, evals=evals(*items))) == score


def test_a_runbook_needs_an_alert_on_quality_and_an_owner() -> None:
    text = "Alert: faithfulness below 0.85 over seven days."
    owned = paper("runbook", text=text, people={"owner": ("Ops",)})
    assert scored("alerts", replace(EMPTY, artefacts=(owned,))) == 1.0
    assert scored("alerts", replace(EMPTY, artefacts=(paper("runbook", text=text),))) == 0.5
    assert scored("alerts", replace(EMPTY, artefacts=(paper("runbook", text="Restart it."),))) == 0.5
    assert scored("alerts", replace(EMPTY, artefacts=(paper("charter"),))) == 0.0


def test_drift_is_asked_of_questions_and_of_documents() -> None:
    texts = {"Weekly check of question drift.": 0.5, "Alert: index older than 29 days.": 0.5, "Restart it.": 0.0}
    for text, score in texts.items():
        assert scored("drift", replace(EMPTY, artefacts=(paper("runbook", text=text),))) == score
    both = paper("runbook", text=" ".join(list(texts)[:2]))
    assert scored("drift", replace(EMPTY, artefacts=(both,))) == 1.0


def test_cost_needs_a_logged_cost_and_an_alarm_on_the_budget() -> None:
    priced = replace(EMPTY, log=log(line(1, cost=0.01)))
    alarm = paper("runbook", text="Alert when the day's spend is above 15.")
    assert scored("cost", replace(priced, artefacts=(alarm,))) == 1.0
    assert scored("cost", priced) == 0.5
    assert scored("cost", replace(EMPTY, log=log(line(1)))) == 0.0


def test_feedback_on_the_lines_of_the_log_is_joined() -> None:
    assert scored("feedback", replace(EMPTY, log=log(line(1, feedback=1)))) == 1.0
    assert scored("feedback", replace(EMPTY, log=log(line(1)))) == 0.0


def test_sums_are_the_sums_of_the_items_whatever_the_signals_say() -> None:
    signals = ("E-01", "E-05", "E-09", "E-10", "E-12", "E-14", "E-18")
    inputs = replace(EMPTY, evals=evals(item(1), runs=(run(1),)), log=log(line(1)))
    for statuses in product(("seen", "clean", "unknown"), repeat=2):
        chosen = [seen(signal, statuses[n % 2]) for n, signal in enumerate(signals)]
        found = rubric(inputs, chosen)
        for section in found.sections:
            known = [one.score for one in section.items if one.score is not None]
            assert set(known) <= {0.0, 0.5, 1.0}
            assert section.low == sum(known)
            assert section.high == sum(known) + 6 - len(known)
        assert found.low == min(section.low for section in found.sections)
        assert found.high == min(section.high for section in found.sections)


def test_the_sample_has_a_good_harness_whose_metrics_are_weakest() -> None:
    inputs = load_inputs(open_case(SAMPLE))
    found = rubric(inputs, session.observe(inputs, None))
    assert found.sections[0].key == "metrics"
    assert found.low >= 3.5
    assert {s.key: s.low for s in found.sections}["automation"] == 6
    scores = {one.key: one for section in found.sections for one in section.items}
    assert scores["cost_latency"].score == 0.0
    assert all(one.sources for one in scores.values() if one.score)
    assert all((SAMPLE / source.path).is_file() for one in scores.values() for source in one.sources)
    assert rubric_lines(found)[0].startswith("Metrics: 4 of 6; lacking cost and speed beside quality")


def test_points_are_a_range_where_something_could_not_be_looked_at() -> None:
    assert section_points(rubric(EMPTY, []).sections[0]) == "0 to 6 of 6"
