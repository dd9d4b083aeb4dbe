from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fabricated_case import EMPTY, check, commit, evals, item, line, lines, log, paper, table

from workbench.costs import limits
from workbench.governance import operations
from workbench.records import Repository

BUILT = replace(EMPTY, repository=Repository(commits=(commit(0, "Ada Builder"), commit(1, "Bo Builder"))))
CEILING = paper("adr", "0001 Model choice", text="Drivers\n* Cost ceiling: GBP 0.01 per answer")


def test_every_other_signal_is_unknown_on_an_empty_case():
    for package in (limits, operations):
        found = package.observe(EMPTY)
        assert [one.signal for one in found] == list(package.SIGNALS)
        assert {one.status for one in found} == {"unknown"}


def test_c01_compares_the_mean_cost_with_three_times_the_ceiling():
    dear = replace(EMPTY, log=log(*lines(20, cost=0.02), *lines(20, first=50, cost=0.04)), artefacts=(CEILING,))
    # Mean 0.03 is three times 0.01.
    found = check(limits.cost_against_ceiling, dear, "seen", "0.0300", "ceiling of 0.01")
    assert found.sources[0].locator == "line 2"
    assert found.value.value == pytest.approx(0.03)
    cheap = replace(dear, log=log(*lines(40, cost=0.009)))
    check(limits.cost_against_ceiling, cheap, "clean", "40 answers")
    unagreed = check(limits.cost_against_ceiling, replace(cheap, artefacts=()), "clean", "no agreed ceiling")
    assert unagreed.quality == 0.7


def test_c01_sees_questions_asked_again_and_several_calls():
    calm = lines(30, cost=0.009, model_calls=1)
    loops = lines(10, first=60, cost=0.009, model_calls=4)
    found = check(
        limits.cost_against_ceiling, replace(EMPTY, log=log(*calm, *loops)), "seen", "10 answers came after a repeat"
    )
    assert found.n == 40
    check(
        limits.cost_against_ceiling,
        replace(EMPTY, log=log(*calm, *lines(3, first=90, cost=0.009, model_calls=2))),
        "clean",
    )
    begin = datetime(2026, 3, 2, 9, tzinfo=UTC)
    asked = [
        line(number, "what is the excess", cost=0.009, user_id="u1", at=begin + timedelta(minutes=5 * number))
        for number in range(10)
    ]
    check(limits.cost_against_ceiling, replace(EMPTY, log=log(*asked)), "seen", "9 answers came after a repeat")


def test_c01_is_seen_when_some_answers_use_far_more_tokens_than_most():
    loops = log(*lines(90, tokens_in=100, tokens_out=0), *lines(10, first=200, tokens_in=900, tokens_out=100))
    # The 95th percentile is 1,000, the median 100.
    check(limits.cost_against_ceiling, replace(EMPTY, log=loops), "seen", "1,000 tokens", "10.0 times")
    check(limits.cost_against_ceiling, replace(EMPTY, log=log(*lines(3, tokens_in=100))), "clean")


def repository(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / name.replace("__", ".")).write_text(text)
    return replace(EMPTY, root=str(tmp_path), repository=Repository(tuple(name.replace("__", ".") for name in files)))


def test_c02_finds_limits_in_the_configuration(tmp_path):
    limited = repository(tmp_path, settings__yaml="model: small\nmax_tokens: 700\nrpm_limit: 60\n")
    found = check(limits.limits, limited, "clean", "token cap and rate limit", "no budget, breaker and cache")
    assert [source.locator for source in found.sources] == ["line 2", "line 3"]
    bare = repository(tmp_path, other__yaml="model: small\n# max_tokens: 700\ntop_k: 5\n")
    check(limits.limits, bare, "seen", "1 configuration file")
    check(limits.limits, repository(tmp_path, README__md="max_tokens: 1"), "unknown", "no configuration file")


BOOK = """# Runbook
Restart the service.

## Exercises
| Date | What |
|---|---|
| 2026-05-21 | stop switch |

Next exercise: 2026-11-17.
"""


def incident(name, team=""):
    return {"id": "INC", "resolved_by": name, "resolver_team": team}


def test_p01_is_seen_when_the_build_team_does_all_or_nothing_was_exercised():
    ready = paper("runbook", text=BOOK, people={"owner": ("Ina Ops (IT Operations)",)})
    incidents = table("incident_log", incident("Ada Builder"), incident("Ina Ops", "IT Operations"))
    found = check(
        operations.runbook, replace(BUILT, artefacts=(ready, incidents)), "clean", "1 of 2 (50 %)", "1 dated exercise"
    )
    assert found.sources[0].locator == "line 7"
    own = table("incident_log", incident("Ada Builder"), incident("X", "Build team"))
    check(operations.runbook, replace(BUILT, artefacts=(ready, own)), "seen", "closed every one of them")
    unused = paper("runbook", text="# Runbook\nNot yet exercised, planned for 2026-11-17.")
    check(operations.runbook, replace(BUILT, artefacts=(unused, incidents)), "seen", "never exercised")
    builders_book = paper("runbook", text=BOOK, people={"owner": ("Bo Builder",)})
    check(operations.runbook, replace(BUILT, artefacts=(builders_book,)), "seen", "owned by the build team")


CHARTER = """| **Metric** | share of questions settled |
| **Baseline** | 58 % of 412 |
| **Target** | 75 % |
| **Population** | claims handlers |
| **Timeframe** | twelve weeks after go-live |
| **Owner** | {owner} |
"""


def test_o01_names_the_parts_a_charter_lacks():
    whole = paper("charter", "Outcome charter", CHARTER.format(owner="Eva Head"))
    check(operations.charter, replace(EMPTY, artefacts=(whole,)), "clean", "6 of 6 parts")
    unowned = paper("charter", "Outcome charter", CHARTER.format(owner="tbd").replace("75 %", "much better"))
    check(
        operations.charter, replace(EMPTY, artefacts=(unowned,)), "seen", "4 of 6 parts", "target and owner are missing"
    )
    check(operations.charter, replace(EMPTY, artefacts=(paper("adr"),)), "unknown", "No outcome charter")


NAMES = [f"{first}.{last}@example.org" for first in ("eva", "tom", "ina") for last in ("wood", "hill", "lake", "moor")]


def test_u01_wants_ten_users_who_did_not_build_it():
    crowd = [line(n, user_id=NAMES[n % 12]) for n in range(60)]
    found = check(
        operations.users, replace(BUILT, log=log(*crowd)), "clean", "12 users outside the build team", "0 of 60"
    )
    assert found.quality == 1.0
    few = [line(n, user_id=NAMES[n % 9]) for n in range(60)]
    check(operations.users, replace(BUILT, log=log(*few)), "seen", "9 users")
    own = log(*crowd, *lines(70, first=100, user_id="ada.builder@example.org"))
    check(operations.users, replace(BUILT, log=own), "seen", "70 of 130 (54 %)")


def test_u01_says_when_ids_cannot_be_compared_with_the_names_of_builders():
    crowd = log(*(line(n, user_id=f"h-{n % 12:03}") for n in range(60)))
    found = check(operations.users, replace(BUILT, log=crowd), "clean", "12 different users", "cannot be told")
    assert found.quality == 0.7
    assert check(operations.users, replace(EMPTY, log=crowd), "clean", "cannot be told").quality == 0.7


def test_u02_counts_logged_questions_that_repeat_the_eval_set():
    written = evals(item(1, "What is the excess?"), item(2, "From the log", source_trace_id="t1"))
    copied, own = lines(20, "what is the EXCESS"), [line(100 + n, f"own question {n}") for n in range(30)]
    inputs = replace(EMPTY, log=log(*copied, *own), evals=written)
    check(operations.copied_queries, inputs, "seen", "20 of 50 (40 %)")
    traced = replace(inputs, log=log(*lines(20, "from the log")))
    check(operations.copied_queries, traced, "clean", "0 of 20")
    check(operations.copied_queries, replace(inputs, evals=evals(written.items[1])), "unknown")
