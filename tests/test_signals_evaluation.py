from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from fabricated_case import EMPTY, START, check, document, evals, item, line, lines, log, paper, run
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation import automation, eval_runs, eval_set, harness, judge
from workbench.evaluation.ci_files import eval_commands, runs_evaluation
from workbench.evaluation.coverage import coverage_of_traffic
from workbench.intervals import wilson
from workbench.observing import DocumentNames, read_case_text, share_observation, share_status
from workbench.records import Estimate, EvalMaterial, Repository

TOPICS = (
    "water leak escape pipe burst kitchen",
    "stolen vehicle theft keys tracker",
    "hail roof tiles storm gale",
    "travel cancellation flight illness",
)


def traffic(*counts: int) -> list[str]:
    """Questions per topic; each ends in its own number so that all differ."""
    return [f"{TOPICS[topic]} {100 + n}" for topic, count in enumerate(counts) for n in range(count)]


def test_every_harness_signal_is_unknown_on_an_empty_case():
    found = harness.observe(EMPTY)
    assert [one.signal for one in found] == sorted(harness.SIGNALS)
    assert {one.status for one in found} == {"unknown"}
    assert all(one.finding and one.value is None for one in found)


def test_a_share_above_its_threshold_is_seen_only_when_the_interval_stays_above_half_of_it():
    # Wilson for 3 of 40: centre (0.075 + 1.9207/40) / (1 + 3.8415/40) = 0.1122, half 0.0864: low 0.0258 > 0.025.
    assert share_status(wilson(3, 40), 0.05) == "seen"
    # 1 of 10: low 0.0179 < 0.025.
    assert share_status(wilson(1, 10), 0.05) == "unknown"
    assert share_status(wilson(2, 40), 0.05) == "clean"
    assert share_status(Estimate.not_measured("nothing"), 0.05) == "unknown"


def test_too_few_to_tell_is_said_in_the_finding():
    assert share_observation("X", 1, 10, 0.05, "1 of 10 is bad.").finding == "1 of 10 is bad: too few to tell."


@settings(deadline=None)
@given(st.integers(1, 400), st.floats(0.01, 0.95), st.data())
def test_more_bad_units_never_turn_a_seen_share_clean(n, threshold, data):
    count = data.draw(st.integers(0, n - 1))
    order = {"clean": 0, "unknown": 1, "seen": 2}
    assert order[share_status(wilson(count, n), threshold)] <= order[share_status(wilson(count + 1, n), threshold)]


def test_files_outside_the_case_are_refused(tmp_path):
    (tmp_path / "secret.txt").write_text("no")
    case = tmp_path / "case"
    case.mkdir()
    (case / "link.txt").symlink_to(tmp_path / "secret.txt")
    (case / "own.txt").write_text("yes")
    assert read_case_text(str(case), "../secret.txt") is None
    assert read_case_text(str(case), "link.txt") is None
    assert read_case_text(str(case), "own.txt") == "yes"


def test_a_document_is_found_by_its_file_name_unless_two_share_it():
    names = DocumentNames([document("a/one.pdf"), document("a/two.pdf"), document("b/two.pdf")])
    assert names.find("ONE.pdf#chunk-3").doc_id == "a/one.pdf"
    assert names.find("two.pdf") is None
    assert names.find("b/two.pdf").doc_id == "b/two.pdf"
    assert names.find(None) is None


def test_e01_is_seen_when_the_repository_holds_neither_set_nor_run():
    inputs = replace(EMPTY, repository=Repository(("repo/app.py", "repo/README.md")))
    check(eval_set.existence, inputs, "seen", "No evaluation set", "2 files")
    check(
        eval_set.existence, replace(inputs, evals=evals(item(1))), "clean", "1 evaluation question and 0 recorded runs"
    )
    named = replace(EMPTY, repository=Repository(("repo/eval/golden_set.jsonl",)))
    assert check(eval_set.existence, named, "clean", "1 file named").quality == 0.5


def test_e01_does_not_judge_files_it_could_not_recognise():
    inputs = replace(EMPTY, repository=Repository(("repo/app.py",)), evals=EvalMaterial(unrecognised=("evals/a.xlsx",)))
    check(eval_set.existence, inputs, "unknown", "evals/a.xlsx")


def test_e02_counts_only_questions_with_a_reference():
    few = evals(*(item(n, reference="yes") for n in range(49)), item(49))
    found = check(eval_set.size, replace(EMPTY, evals=few), "seen", "49 of 50 (98 %)", "±10 points")
    assert found.value == Estimate.exact(49, 50)
    enough = evals(*(item(n, reference_doc_ids=("d",)) for n in range(50)))
    check(eval_set.size, replace(EMPTY, evals=enough), "clean", "50 of 50")
    check(eval_set.size, EMPTY, "unknown")


def test_coverage_counts_the_traffic_of_topics_without_an_eval_question():
    # 100 questions, 30 of them on travel: 0.30 of the traffic lies in topics the set leaves out.
    found = coverage_of_traffic(traffic(30, 20, 20, 30), [f"{topic} 777" for topic in TOPICS[:3]])
    assert (found.queries, found.uncovered) == (100, 30)
    assert found.example is not None
    assert found.example.startswith("travel")


def test_a_set_over_all_topics_leaves_nothing_uncovered():
    found = coverage_of_traffic(traffic(30, 20, 20, 30), [f"{topic} 1{n:02}" for topic in TOPICS for n in range(20)])
    assert found.uncovered == 0
    assert found.example is None


def test_e05_is_seen_above_a_fifth_of_the_traffic():
    queries = traffic(30, 20, 20, 30)
    asked = log(*(line(n, query) for n, query in enumerate(queries)))
    items = [item(n, f"{topic} 1{n:02}") for topic in TOPICS[:3] for n in range(20)]
    found = check(
        eval_set.coverage, replace(EMPTY, log=asked, evals=evals(*items)), "seen", "30 of 100 (30 %)", "travel"
    )
    assert found.value.value == pytest.approx(0.3)
    items += [item(n, f"{TOPICS[3]} 1{n:02}") for n in range(20)]
    check(eval_set.coverage, replace(EMPTY, log=asked, evals=evals(*items)), "clean", "0 of 100")
    check(eval_set.coverage, replace(EMPTY, log=log(*lines(40)), evals=evals(*items)), "unknown", "Fewer than 30")


def test_e06_wants_at_least_two_kinds_of_hard_case():
    plain_set = evals(item(1, kind="factual"), item(2, kind="factual", reference_doc_ids=("a", "b")))
    check(eval_set.hard_cases, replace(EMPTY, evals=plain_set), "seen", "1 multi-document", "adversarial")
    mixed = evals(*plain_set.items, item(3, kind="no_answer"))
    check(eval_set.hard_cases, replace(EMPTY, evals=mixed), "clean", "1 unanswerable and 1 multi-document")
    check(eval_set.hard_cases, replace(EMPTY, evals=evals(item(1))), "unknown", "do not say")


def test_e08_counts_questions_that_nearly_repeat_an_earlier_one():
    same = [item(n, "What is the excess for escape of water in the kitchen?") for n in range(5)]
    different = [item(10 + n, f"topic {chr(97 + n) * 9} only") for n in range(15)]
    # 4 of 20 repeat the first: share 0.20, low 0.08 > 0.05.
    check(eval_set.duplicates, replace(EMPTY, evals=evals(*same, *different)), "seen", "4 of 20 (20 %)")
    check(eval_set.duplicates, replace(EMPTY, evals=evals(*different)), "clean", "0 of 15")
    check(eval_set.duplicates, EMPTY, "unknown")


def test_e08_keeps_questions_apart_that_differ_in_a_number():
    editions = [item(n, f"What is the standard excess under wording HO-W-{n}?") for n in (21, 23, 25)]
    check(eval_set.duplicates, replace(EMPTY, evals=evals(*editions)), "clean", "0 of 3")


def test_e09_is_seen_when_the_set_is_older_than_the_last_change():
    asked = log(line(1, at=START, prompt_version="p1"), line(2, at=START + timedelta(days=20), prompt_version="p2"))
    old = evals(item(1, added_on=date(2026, 9, 20), reference_doc_ids=("d",)))
    inputs = replace(EMPTY, log=asked, evals=old, documents=(document("d"),))
    check(eval_set.age, inputs, "seen", "p2 on 2026-09-21", "0 of 1")
    fresh = evals(item(1, added_on=date(2026, 9, 21), reference_doc_ids=("d",)))
    check(eval_set.age, replace(inputs, evals=fresh), "clean", "not before")


def test_e09_is_seen_when_reference_documents_are_gone():
    items = [item(n, reference_doc_ids=(f"d{n}",)) for n in range(20)]
    inputs = replace(EMPTY, evals=evals(*items), documents=tuple(document(f"d{n}") for n in range(16)))
    check(eval_set.age, inputs, "seen", "4 of 20 (20 %)")
    check(eval_set.age, replace(inputs, documents=()), "unknown")


def test_e04_is_seen_when_most_runs_keep_only_an_aggregate():
    bare = tuple(run(n, summary={"faithfulness": 0.9}) for n in range(3))
    check(eval_runs.bare_scores, replace(EMPTY, evals=evals(runs=bare)), "seen", "0 of 3")
    full = tuple(run(n, scores={"faithfulness": {"q1": 0.9}}) for n in range(3))
    check(eval_runs.bare_scores, replace(EMPTY, evals=evals(runs=full)), "clean", "3 of 3")


WORKFLOW = """name: check
on: {trigger}
jobs:
  evaluate:
    runs-on: ubuntu-latest
    {job}
    steps:
      - uses: actions/checkout@v4
      - run: python eval/run.py --gate 0.55{suffix}
"""


def pipeline(tmp_path, text, name=".github/workflows/check.yml"):
    path = tmp_path / "repo" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return replace(EMPTY, root=str(tmp_path), repository=Repository((f"repo/{name}",)))


def test_e10_is_clean_for_a_pipeline_that_can_stop_a_change(tmp_path):
    inputs = pipeline(tmp_path, WORKFLOW.format(trigger="[pull_request]", job="timeout-minutes: 20", suffix=""))
    found = check(automation.blocking_pipeline, inputs, "clean", "python eval/run.py --gate 0.55")
    assert found.sources[0].locator == "line 9"


@pytest.mark.parametrize(
    ("trigger", "job", "suffix", "said"),
    [
        ("[push]", "continue-on-error: true", "", "failure is ignored"),
        ("[push]", "timeout-minutes: 5", " || true", "failure is ignored"),
        ("workflow_dispatch", "timeout-minutes: 5", "", "only by hand"),
    ],
)
def test_e10_is_seen_when_no_run_can_stop_anything(tmp_path, trigger, job, suffix, said):
    inputs = pipeline(tmp_path, WORKFLOW.format(trigger=trigger, job=job, suffix=suffix))
    check(automation.blocking_pipeline, inputs, "seen", said)


def test_e10_is_seen_when_no_pipeline_runs_an_evaluation(tmp_path):
    inputs = pipeline(tmp_path, "test:\n  script:\n    - pytest\n    - eval $(ssh-agent)\n", ".gitlab-ci.yml")
    check(automation.blocking_pipeline, inputs, "seen", "None of the 1 pipeline file")
    check(
        automation.blocking_pipeline, replace(EMPTY, repository=Repository(("repo/a.py",))), "seen", "No pipeline file"
    )


def test_pipelines_of_other_systems_are_read_as_well():
    gitlab = "quality:\n  allow_failure: true\n  script: [deepeval test run tests]\n"
    assert [command.can_fail for command in eval_commands(".gitlab-ci.yml", gitlab)] == [False]
    jenkins = "stage('quality') {\n  sh 'promptfoo eval -c eval.yaml'\n}\n"
    (command,) = eval_commands("Jenkinsfile", jenkins)
    assert (command.line, command.automatic, command.can_fail) == (2, True, True)
    azure = "trigger: none\nsteps:\n  - script: make evaluate\n"
    assert [command.automatic for command in eval_commands("azure-pipelines.yml", azure)] == [False]


def test_the_shells_own_eval_is_no_evaluation():
    assert not runs_evaluation('eval "$(direnv hook bash)"')
    assert not runs_evaluation("echo run eval later")
    assert runs_evaluation("make eval")
    assert not runs_evaluation("store fetch --out eval/out")


def releases(count):
    return {f"v{n}": START + timedelta(days=10 * n) for n in range(count)}


def test_e11_counts_releases_without_a_run_in_the_day_before():
    tagged = replace(EMPTY, repository=Repository(tags=releases(4)))
    late = tuple(run(n, days=10 * n + 0.5) for n in range(4))
    check(
        automation.runs_before_releases, replace(tagged, evals=evals(runs=late)), "seen", "0 of 4", "v0, v1, v2 and v3"
    )
    early = tuple(run(n, days=10 * n - 0.5) for n in range(4))
    check(automation.runs_before_releases, replace(tagged, evals=evals(runs=early)), "clean", "4 of 4 (100 %)")
    check(automation.runs_before_releases, tagged, "unknown", "no dated run")


def test_e11_falls_back_to_changes_of_the_prompt_version():
    asked = log(line(1, at=START, prompt_version="p1"), line(2, at=START + timedelta(days=20), prompt_version="p2"))
    inputs = replace(EMPTY, log=asked, evals=evals(runs=(run(1, days=19.5),)))
    check(automation.runs_before_releases, inputs, "clean", "1 of 1 (100 %)")


def test_e12_wants_three_runs_over_more_than_a_week():
    within = tuple(run(n, days=n) for n in range(5))
    check(automation.run_history, replace(EMPTY, evals=evals(runs=within)), "seen", "5 evaluation runs over 4 days")
    longer = tuple(run(n, days=4 * n) for n in range(3))
    check(automation.run_history, replace(EMPTY, evals=evals(runs=longer)), "clean", "3 evaluation runs over 8 days")
    assert check(automation.run_history, replace(EMPTY, evals=evals(item(1))), "seen").quality == 0.7


def test_e13_is_seen_when_only_the_answer_is_scored():
    answers = (run(1, summary={"faithfulness": 0.9, "answer_relevancy": 0.8}),)
    check(
        eval_runs.retrieval_metric,
        replace(EMPTY, evals=evals(runs=answers)),
        "seen",
        "answer_relevancy and faithfulness",
    )
    both = (run(1, summary={"context_recall": 0.6}),)
    check(eval_runs.retrieval_metric, replace(EMPTY, evals=evals(runs=both)), "clean", "context_recall")


def marked_table(root, rows):
    (root / "evals").mkdir()
    lines = ["item_id,human_1_mark,judge_mark", *(f"g{i},{human},{judged}" for i, (human, judged) in enumerate(rows))]
    (root / "evals" / "judge_vs_human.csv").write_text("\n".join(lines))


def test_e14_computes_agreement_from_answers_marked_twice(tmp_path):
    # People say 1 for 23 of 40 and the judge for 22; they agree on 35.
    marked_table(tmp_path, [(1, 1)] * 20 + [(0, 0)] * 15 + [(1, 0)] * 3 + [(0, 1)] * 2)
    inputs = replace(EMPTY, root=str(tmp_path), evals=evals(runs=(run(1, summary={"faithfulness": 0.9}),)))
    found = check(judge.checked_judge, inputs, "clean", "marked the same 40 answers")
    chance = (23 / 40) * (22 / 40) + (17 / 40) * (18 / 40)
    assert found.value.value == pytest.approx((35 / 40 - chance) / (1 - chance))
    assert found.quality == 1.0
    # The table is enough: it needs no run with a metric that a model judges.
    check(judge.checked_judge, replace(EMPTY, root=str(tmp_path)), "clean", "marked the same 40 answers")


def test_e14_sees_a_judge_that_disagrees_with_people(tmp_path):
    marked_table(tmp_path, [(1, 1), (0, 1), (1, 0), (0, 0)] * 10)
    inputs = replace(EMPTY, root=str(tmp_path), evals=evals(runs=(run(1, summary={"faithfulness": 0.9}),)))
    check(judge.checked_judge, inputs, "seen", "kappa 0")


def test_kappa_equals_scikit_learns():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(3)
    one, other = (rng.choice(list("abc"), size=60) for _ in range(2))
    estimate = judge.kappa_estimate(list(one), list(other), rng)
    assert estimate.value == pytest.approx(cohen_kappa_score(one, other))
    assert estimate.low < estimate.value < estimate.high


def test_e14_looks_for_a_comparison_of_the_judge_with_people():
    inputs = replace(EMPTY, evals=evals(runs=(run(1, summary={"faithfulness": 0.9}),)))
    check(judge.checked_judge, inputs, "seen", "no comparison of it with people")
    fair = replace(inputs, artefacts=(paper("adr", text="Judge\nCohen's kappa with two experts: 0.71"),))
    found = check(judge.checked_judge, fair, "clean", "kappa 0.71")
    assert found.sources[0].locator == "line 2"
    poor = replace(inputs, artefacts=(paper("adr", text="kappa of the judge was 0.31"),))
    check(judge.checked_judge, poor, "seen", "0.31")
    demanded = replace(inputs, artefacts=(paper("adr", text="The kappa must be at least 0.6"),))
    check(judge.checked_judge, demanded, "seen", "no comparison")
    exact = replace(EMPTY, evals=evals(runs=(run(1, summary={"exact_match": 0.9}),)))
    check(judge.checked_judge, exact, "unknown")


def rated(liked, disliked):
    return log(*lines(liked, feedback=1), *lines(disliked, first=500, feedback=-1))


def passing(passed, failed):
    return evals(runs=(run(1, passed={f"q{n}": n < passed for n in range(passed + failed)}),))


def test_e15_is_seen_when_the_set_passes_and_users_do_not_like_the_answers():
    inputs = replace(EMPTY, log=rated(25, 25), evals=passing(9, 1))
    found = check(eval_runs.trust_gap, inputs, "seen", "9 of 10 (90 %)", "25 of 50 (50 %)")
    assert (found.n, found.n_min) == (50, 30)
    check(eval_runs.trust_gap, replace(inputs, evals=passing(5, 5)), "clean")
    check(eval_runs.trust_gap, replace(inputs, log=rated(45, 5)), "clean", "45 of 50 (90 %)")
    check(eval_runs.trust_gap, replace(inputs, log=log(*lines(3))), "unknown")


def test_e18_wants_live_answers_reviewed_or_scored_in_the_last_thirty_days():
    old = line(1, at=START, review="approved")
    recent = lines(4, first=2, at=START + timedelta(days=40))
    found = check(eval_runs.live_scores, replace(EMPTY, log=log(old, *recent)), "seen", "0 of 4")
    assert found.quality == 0.7
    scored = evals(runs=(run(1, scores={"faithfulness": {"i3": 0.5}}),))
    check(eval_runs.live_scores, replace(EMPTY, log=log(old, *recent), evals=scored), "clean", "1 of 4 (25 %)")
    live = replace(evals(), live=scored.runs)
    check(eval_runs.live_scores, replace(EMPTY, log=log(old, *recent), evals=live), "clean", "1 of 4 (25 %)")


@settings(deadline=None)
@given(st.permutations(list(range(12))))
def test_the_order_of_eval_questions_changes_no_count(order):
    items = [item(n, TOPICS[n % 4] if n % 3 else f"{TOPICS[n % 4]} {n}", kind="no answer") for n in range(12)]
    shuffled = replace(EMPTY, evals=evals(*(items[n] for n in order)))
    found = {name: eval_set.SIGNALS[name](shuffled) for name in ("E-02", "E-06", "E-08")}
    wanted = {name: eval_set.SIGNALS[name](replace(EMPTY, evals=evals(*items))) for name in found}
    assert {name: one.finding for name, one in found.items()} == {name: one.finding for name, one in wanted.items()}
