from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fabricated_case import EMPTY, START, check, commit, line, lines, log, paper, table
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.governance import audit_log, dates, papers, readiness, timing
from workbench.governance.people import name_key
from workbench.records import DatedFact, Repository, Source

# 100 days from build start to first users, so that day n has the place n / 100.
KEY_DATES = {"build_start": date(2026, 2, 1), "first_users": date(2026, 5, 12)}
CASE = replace(EMPTY, key_dates=KEY_DATES)
KINDS = ("risk_register", "impact_assessment", "approval", "policy", "runbook", "log_schema")


def day(number):
    return date(2026, 2, 1) + timedelta(days=number)


def papers_on(*days):
    return tuple(paper(kind, on=day(number)) for kind, number in zip(KINDS, days, strict=False))


def test_every_governance_signal_is_unknown_on_an_empty_case():
    found = readiness.observe(EMPTY)
    assert [one.signal for one in found] == sorted(readiness.SIGNALS)
    assert {one.status for one in found} == {"unknown"}


def test_the_retrofit_index_is_the_median_place_between_build_start_and_first_users():
    found = dates.retrofit_index(replace(CASE, artefacts=papers_on(10, 20, 30, 90)))
    # Places 0.1, 0.2, 0.3, 0.9: median 0.25; none after the first users.
    assert found.index.value == pytest.approx(0.25)
    assert (found.index.n, found.late) == (4, 0.0)
    assert found.index.low >= 0.1
    assert found.index.high <= 0.9


def test_places_are_clipped_to_two_and_before_the_build_to_zero():
    found = dates.retrofit_index(replace(CASE, artefacts=papers_on(-5, 500, 100, 50)))
    assert sorted(found.by_kind.values()) == [0.0, 0.5, 1.0, 2.0]
    assert found.late == 0.25


def test_the_index_abstains_under_four_dated_kinds_and_without_anchors():
    assert dates.retrofit_index(replace(CASE, artefacts=papers_on(1, 2, 3))).index.value is None
    assert dates.retrofit_index(replace(EMPTY, artefacts=papers_on(1, 2, 3, 4))).index.value is None


@settings(deadline=None)
@given(st.lists(st.integers(-50, 300), min_size=4, max_size=6), st.randoms(use_true_random=False))
def test_the_index_stays_in_its_range_and_ignores_the_order_of_papers(days, random):
    artefacts = list(papers_on(*days))
    first = dates.retrofit_index(replace(CASE, artefacts=tuple(artefacts)))
    random.shuffle(artefacts)
    assert 0 <= first.index.low <= first.index.value <= first.index.high <= 2
    assert dates.retrofit_index(replace(CASE, artefacts=tuple(artefacts))).index == first.index


def test_a_paper_counts_by_the_earliest_date_on_its_strongest_basis():
    source = Source("governance/a.md")
    facts = tuple(
        DatedFact(day(number), basis, source)
        for number, basis in ((30, "commit"), (20, "commit"), (5, "claimed"), (1, "file"))
    )
    assert dates.first_evidence(replace(paper("policy"), dates=facts)).on == day(20)
    assert dates.first_evidence(replace(paper("policy"), dates=facts[3:])) is None


def test_anchors_come_from_commits_tags_and_log_when_the_case_states_none():
    repository = Repository(commits=(commit(3), commit(1)), tags={"v0-demo": datetime(2026, 4, 1, tzinfo=UTC)})
    asked = log(*(line(n, at=START, user_id=f"u{n}") for n in range(3)))
    found = dates.anchors(replace(EMPTY, repository=repository, log=asked))
    assert found == dates.Anchors(date(2026, 2, 2), date(2026, 4, 1), date(2026, 9, 1), None)


def test_g01_tells_papers_added_late_from_papers_built_in():
    late = replace(CASE, artefacts=papers_on(90, 95, 99, 98, 97, 96))
    found = check(timing.retrofitted, late, "seen", "added late", "96 % of the time")
    assert found.value.value == pytest.approx(0.965)
    assert found.quality == pytest.approx(0.7)
    after = replace(CASE, artefacts=papers_on(5, 5, 101, 120))
    check(timing.retrofitted, after, "seen", "2 came after the first users")
    check(timing.retrofitted, replace(CASE, artefacts=papers_on(2, 5, 10, 15, 20, 30)), "clean", "built in")
    check(timing.retrofitted, replace(CASE, artefacts=papers_on(2, 60, 70, 99)), "unknown", "neither early nor late")


def reviewed(day_number, *names):
    return paper("adr", "Governance posture", on=day(day_number), people={"consulted": names})


def test_g02_wants_somebody_outside_the_build_team_within_fourteen_days():
    built = replace(CASE, repository=Repository(commits=(commit(0, "Ada Builder"),)))
    own = replace(built, artefacts=(reviewed(3, "Builder, Ada (Lead)"),))
    check(timing.outside_review, own, "seen", "names anybody outside")
    late = replace(built, artefacts=(reviewed(3, "Ada Builder"), reviewed(15, "Rita Risk (Operational Risk)")))
    check(timing.outside_review, late, "seen", "Rita Risk (Operational Risk)", "15 days after")
    early = replace(built, artefacts=(reviewed(14, "Rita Risk (Operational Risk)"),))
    check(timing.outside_review, early, "clean", "14 days after")
    check(timing.outside_review, replace(built, artefacts=(paper("adr"),)), "unknown", "names a reviewer")


def test_g02_without_a_history_counts_only_control_functions_as_outside():
    found = check(
        timing.outside_review, replace(CASE, artefacts=(reviewed(2, "Someone", "Bo (Compliance)"),)), "clean", "Bo"
    )
    assert found.quality == pytest.approx(0.7 * 0.7)


def approval(what, on, **more):
    return {"what": what, "approver": "Rita Risk", "decision": "approved", "date": str(on), **more}


def test_g03_compares_the_first_approval_of_use_with_the_first_users():
    early = table("approval", approval("Governance posture of the pilot", day(1)), approval("Pilot, 24 users", day(99)))
    found = check(timing.late_approval, replace(CASE, artefacts=(early,)), "clean", "1 day before the first users")
    assert found.sources[0] == Source("governance/approval.csv", "row 2")
    late = table("approval", approval("Pilot", day(90), decision="rejected"), approval("Pilot", day(121)))
    check(timing.late_approval, replace(CASE, artefacts=(late,)), "seen", "21 days after the first users")
    demo = table("approval", approval("Release for the demo", day(2)))
    check(timing.late_approval, replace(CASE, artefacts=(demo,)), "unknown", "No dated approval")


def test_g04_finds_the_burst_of_governance_commits_at_the_end():
    work = [commit(float(number), "Ada Builder", "src/app.py") for number in range(0, 100, 5)]
    burst = [commit(90.0 + number, "Ada Builder", "repo/policies/rules.rego") for number in range(8)]
    early = [commit(1.0 + number, "Ada Builder", "docs/adr/0001.md") for number in range(2)]
    # Life 0 to 97 days: the last fifth begins on day 77.6, so 8 of 10 governance commits lie in it.
    late = replace(CASE, repository=Repository(commits=tuple(work + burst + early)))
    check(timing.late_burst, late, "seen", "8 of 10 (80 %)")
    check(timing.late_burst, replace(CASE, repository=Repository(commits=tuple(work + early))), "clean", "0 of 2")
    check(timing.late_burst, replace(CASE, repository=Repository(commits=tuple(work))), "unknown")


def test_g09_compares_the_first_log_line_with_the_first_users():
    def first_line(number):
        at = datetime.combine(day(number), START.timetz())
        return replace(CASE, log=log(line(1, at=at)))

    check(timing.late_log, first_line(107), "clean", "7 days after")
    check(timing.late_log, first_line(108), "seen", "8 days after")
    schema = replace(first_line(108), artefacts=(paper("log_schema", on=day(20)),))
    check(timing.late_log, schema, "unknown", "may be an excerpt")
    check(timing.late_log, CASE, "unknown", "Needs")


@pytest.mark.parametrize(
    ("signal", "field"),
    [
        (audit_log.policy_version, "policy_version"),
        (audit_log.complete_mediation, "policy_decision"),
        (audit_log.actor, "user_id"),
    ],
)
def test_a_field_that_one_line_in_ten_lacks_is_seen(signal, field):
    full = [line(n, **{field: f"value {n}"}) for n in range(90)]
    check(signal, replace(CASE, log=log(*full, *lines(10, first=90))), "seen", "90 of 100 (90 %)")
    check(signal, replace(CASE, log=log(*full)), "clean", "90 of 90")
    check(signal, replace(CASE, log=log(*lines(40))), "seen", "No line of the log handed over")
    check(signal, CASE, "unknown")


def test_g12_takes_the_worst_of_the_three_versions():
    some = lines(50, prompt_version="p1", model="m")
    check(
        audit_log.component_versions, replace(CASE, log=log(*some)), "seen", "prompt version 100 %", "index version 0 %"
    )
    every = lines(50, prompt_version="p1", model="m", index_version="i")
    check(audit_log.component_versions, replace(CASE, log=log(*every)), "clean", "index version 100 %")
    check(audit_log.component_versions, CASE, "unknown")


def test_g13_is_seen_for_one_service_account():
    shared = log(*lines(95, user_id="svc"), *lines(5, first=95, user_id="anna"))
    check(audit_log.actor, replace(CASE, log=shared), "seen", "2 accounts", "95 of 100")


def test_g15_wants_three_hundred_decisions_before_it_misses_a_denial():
    allowed = lines(300, policy_decision="allow")
    check(audit_log.enforcement, replace(CASE, log=log(*allowed)), "seen", "Not one denial in 300", "1.00%")
    check(audit_log.enforcement, replace(CASE, log=log(*allowed[:299])), "unknown", "300 are needed")
    denied = (*allowed, line(301, policy_decision="deny"), line(302, policy_decision="redact"))
    check(audit_log.enforcement, replace(CASE, log=log(*denied)), "clean", "2 of 302", "1 deny and 1 redact")
    shadow = (*denied, *lines(20, first=400, policy_decision="shadow"))
    check(audit_log.enforcement, replace(CASE, log=log(*shadow)), "seen", "20 of 322", "not enforced")


def test_g18_is_seen_only_where_a_regulated_use_has_no_review():
    asked = replace(CASE, log=log(*lines(40)))
    check(audit_log.human_review, replace(asked, regulated=True), "seen", "40 log lines")
    check(audit_log.human_review, asked, "unknown", "does not say")
    reviewed_lines = log(*lines(40), line(41, review="edited"))
    check(audit_log.human_review, replace(asked, log=reviewed_lines), "clean", "1 of 41")


def test_g19_is_seen_for_quick_reviews_that_change_nothing():
    quick = replace(CASE, log=log(*lines(60, review="accepted", review_seconds=3.0)))
    found = check(audit_log.rubber_stamp, quick, "seen", "0 of 60", "3 seconds or less")
    assert found.value.value == 0
    real = log(*quick.log.interactions, line(61, review="rejected", review_seconds=3.0))
    check(audit_log.rubber_stamp, replace(CASE, log=real), "clean", "1 of 61")
    check(audit_log.rubber_stamp, replace(CASE, log=log(*quick.log.interactions[:49])), "unknown", "found 49")


def test_g07_wants_a_record_on_governance_that_heard_a_control_function():
    heard = paper(
        "adr", "0003 Governance posture", people={"consulted": ("Rita Risk (Operational Risk)", "Ada Builder")}
    )
    check(papers.posture, replace(CASE, artefacts=(heard,)), "clean", "1 person from control functions", "Rita Risk")
    alone = paper("adr", "0003 Governance posture", people={"decision-makers": ("Ada Builder",)})
    check(papers.posture, replace(CASE, artefacts=(alone,)), "seen", "names nobody from risk")
    check(
        papers.posture,
        replace(CASE, artefacts=(paper("adr", "0001 Model choice"),)),
        "seen",
        "None of the 1 governance paper",
    )


TABLE = """# Alerts
| Alert | Condition | Owner | Channel |
|---|---|---|---|
| cost | spend above 15 a day | duty engineer | pager |
| quality | {condition} | {owner} | phone |
"""


def test_g20_wants_a_number_an_owner_and_a_channel_in_each_criterion():
    good = paper("runbook", text=TABLE.format(condition="below 0.85 over 7 days", owner="Ina Ops"))
    check(papers.escalation, replace(CASE, artefacts=(good,)), "clean", "2 of 2")
    poor = paper("runbook", text=TABLE.format(condition="quality drops", owner=""))
    found = check(papers.escalation, replace(CASE, artefacts=(poor,) * 2), "seen", "2 of 4", "a number and an owner")
    assert found.sources[0].locator == "line 5"
    vague = paper("runbook", text="We escalate to somebody in case of any doubt.")
    check(papers.escalation, replace(CASE, artefacts=(vague, vague)), "seen", "0 of 2")
    check(
        papers.escalation,
        replace(CASE, artefacts=(paper("runbook", text="Restart it."),)),
        "seen",
        "states no escalation",
    )
    check(papers.escalation, CASE, "unknown")


def risk(number, opened, rating="high", owner="Rita Risk"):
    return {"id": f"R-{number}", "risk": "something", "owner": owner, "opened": opened, "rating_inherent": rating}


def test_g22_finds_registers_filled_in_one_go():
    one_day = table("risk_register", *(risk(n, "2026-05-01") for n in range(3)))
    check(papers.risk_register, replace(CASE, artefacts=(one_day,)), "seen", "all were opened on 2026-05-01")
    harmless = table("risk_register", *(risk(n, f"2026-05-0{n + 1}", "low") for n in range(3)))
    check(papers.risk_register, replace(CASE, artefacts=(harmless,)), "seen", "all are rated low")
    orphans = table("risk_register", *(risk(n, f"2026-05-0{n + 1}", owner="") for n in range(3)))
    check(papers.risk_register, replace(CASE, artefacts=(orphans,)), "seen", "most have no owner")
    kept = table("risk_register", *(risk(n, f"2026-05-0{n + 1}") for n in range(3)))
    check(papers.risk_register, replace(CASE, artefacts=(kept,)), "clean", "3 risks, 3 with an owner")
    check(papers.risk_register, replace(CASE, artefacts=(paper("risk_register"),)), "unknown")


def test_g25_finds_an_approver_among_the_top_committers():
    authors = ["Ada Builder"] * 5 + ["Bo Builder"] * 4 + ["Cy Builder"] * 3 + ["Di Builder"] * 2
    built = Repository(commits=tuple(commit(n, author) for n, author in enumerate(authors)))
    own = table("approval", {"approver": "Builder, Cy"}, {"approver": "Rita Risk"})
    inputs = replace(CASE, repository=built, artefacts=(own,))
    check(papers.independence, inputs, "seen", "Builder, Cy approved")
    fourth = replace(inputs, artefacts=(table("approval", {"approver": "Di Builder"}),))
    check(papers.independence, fourth, "clean", "None of the 1 approver")
    check(papers.independence, replace(inputs, repository=None), "unknown")


def test_names_are_compared_without_role_mail_and_order():
    assert name_key("Raman, Priya <priya@example.org>") == name_key("priya raman (Lead)") == "priya raman"
