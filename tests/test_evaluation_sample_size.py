"""What an eval set of a given size can show: figures against the published table, and against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation.sample_size import (
    items_needed,
    paired_power,
    sample_size,
    separate_power,
    smallest_drop_paired,
    smallest_drop_separate,
    smallest_topic,
)
from workbench.intervals import wilson
from workbench.records import (
    CaseInputs,
    Estimate,
    EvalItem,
    EvalMaterial,
    RunChange,
    RunHistory,
    RunSummary,
    Source,
)
from workbench.report.harness_text import sample_size_basis, sample_size_sentence

# Pass rate 0.85, 10 % discordant, 5 %, 80 % power: (items, two samples, the same items), with two digits.
TABLE = [
    (20, 0.41, 0.35),
    (50, 0.25, 0.15),
    (100, 0.17, 0.088),
    (200, 0.11, 0.063),
    (400, 0.078, 0.045),
    (1000, 0.048, 0.028),
]
NOTHING_RUN = RunHistory()


def inputs(n: int) -> CaseInputs:
    items = tuple(EvalItem(f"i{k}", f"question {k}", reference="yes") for k in range(n))
    return CaseInputs("/nowhere", "case", evals=EvalMaterial(items))


@pytest.mark.parametrize(("n", "separate", "paired"), TABLE)
def test_smallest_drops_are_those_of_the_planning_table(n: int, separate: float, paired: float) -> None:
    # The table has two digits, one unit of which is up to 5 %; the exact sums lie above it by up to that much.
    assert smallest_drop_separate(n, 0.85) == pytest.approx(separate, rel=0.05)
    assert smallest_drop_paired(n, 0.85, 0.10) == pytest.approx(paired, rel=0.05)


@pytest.mark.parametrize(("n", "share"), [(29, 0.10), (59, 0.05), (149, 0.02), (299, 0.01)])
def test_a_set_drawn_at_random_holds_a_topic_of_this_share(n: int, share: float) -> None:
    assert smallest_topic(n) == pytest.approx(share, abs=0.002)
    assert (1 - smallest_topic(n)) ** n == pytest.approx(0.05)


def test_paired_power_is_the_sum_over_both_binomials_counted_by_hand() -> None:
    n, drop, share = 12, 0.3, 0.4
    by_hand = 0.0
    for worse in range(n + 1):
        for better in range(n + 1 - worse):
            differing = worse + better
            chance = comb(n, worse) * comb(n - worse, better)
            chance *= ((share + drop) / 2) ** worse * ((share - drop) / 2) ** better * (1 - share) ** (n - differing)
            tail = 2 * sum(comb(differing, k) for k in range(better + 1)) / 2**differing
            by_hand += chance if better < worse and tail <= 0.05 else 0.0
    assert paired_power(n, drop, 0.8, share) == pytest.approx(by_hand, abs=1e-9)


def test_five_items_show_no_drop_and_six_need_all_of_them_to_fail() -> None:
    assert smallest_drop_paired(5, 1.0) is None  # 2 x 0.5^5 = 0.0625
    assert paired_power(6, 1.0, 1.0) == pytest.approx(1.0)  # 2 x 0.5^6 = 0.031
    assert smallest_drop_paired(0, 0.85) is None
    assert smallest_drop_separate(1, 0.85) is None


def test_a_drop_is_never_larger_than_the_rate_it_falls_from() -> None:
    assert smallest_drop_paired(100, 0.05) is None
    with pytest.raises(ValueError, match="below the pass rate"):
        items_needed(0.2, 0.1)


def test_disagreement_is_never_below_the_drop_nor_above_what_the_rate_allows() -> None:
    assert paired_power(100, 0.2, 0.85, 0.01) == paired_power(100, 0.2, 0.85, 0.2)
    # From a rate of 1 nothing gets better: every disagreement is one of the drop.
    assert paired_power(100, 0.05, 1.0, 0.9) == paired_power(100, 0.05, 1.0, 0.05)


@settings(max_examples=40)
@given(st.integers(8, 400), st.floats(0.02, 0.3))
def test_power_rises_with_the_drop(n: int, drop: float) -> None:
    assert paired_power(n, drop, 0.85) <= paired_power(n, drop + 0.05, 0.85) + 1e-9
    assert separate_power(n, drop, 0.85) <= separate_power(n, drop + 0.05, 0.85) + 1e-9


@settings(max_examples=25)
@given(st.sampled_from([0.1, 0.05, 0.03]), st.floats(0.4, 0.95))
def test_the_items_needed_see_the_drop_and_one_less_does_not(drop: float, rate: float) -> None:
    needed = items_needed(drop, rate)
    assert paired_power(needed.paired, drop, rate) >= 0.8 > paired_power(needed.paired - 1, drop, rate)
    assert separate_power(needed.separate, drop, rate) >= 0.8 > separate_power(needed.separate - 1, drop, rate)


def test_forty_items_see_nineteen_points() -> None:
    found = sample_size(inputs(40), NOTHING_RUN)
    assert (found.items, found.rate_from, found.discordant_from) == (40, "assumed", "assumed")
    assert found.rate.value == 0.85
    assert [needed.paired for needed in found.needed] == [78, 337, 920, 8032]
    assert (
        sample_size_sentence(found) == "Your 40 items can see a drop of 19 points; to see 5 points you need 340 items."
    )
    assert "85 % (assumed)" in sample_size_basis(found)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "There is no evaluation question with a reference; to see 5 points you need 340 items."),
        (4, "Your 4 items can show no drop at all; to see 5 points you need 340 items."),
        (500, "Your 500 items can see a drop of 4 points; to see 3 points you need 920 items."),
        (20_000, "Your 20,000 items can see a drop of 0.6 points."),
    ],
)
def test_the_sentence_names_the_next_drop_that_cannot_be_seen(n: int, expected: str) -> None:
    found = sample_size(CaseInputs("/nowhere", "case"), NOTHING_RUN) if not n else sample_size(inputs(n), NOTHING_RUN)
    assert sample_size_sentence(found) == expected


def test_rate_and_disagreement_come_from_the_runs_where_there_are_any() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    runs = (
        RunSummary("old", at, 100, wilson(60, 100), {}, {}, Source("evals/old.csv")),
        RunSummary("new", at.replace(month=4), 100, wilson(70, 100), {}, {}, Source("evals/new.csv")),
        RunSummary("bare", at.replace(month=5), 0, Estimate.not_measured("no verdicts"), {}, {}, Source("evals/b.csv")),
    )
    change = RunChange("passed", "old", "new", 100, Estimate.exact(0.1, 100), 15, 5, 0.04, 0.04, "better")
    found = sample_size(inputs(40), RunHistory(runs, (change,)))
    assert (found.rate.value, found.rate_from) == (0.7, "run new")
    assert (found.discordant, found.discordant_from) == (0.2, "two runs side by side")
    alike = sample_size(inputs(40), RunHistory(runs, (replace(change, better=1, worse=0),)))
    assert (alike.discordant, alike.discordant_from) == (0.1, "assumed; two runs side by side disagree on 1.0 %")


def test_items_without_a_reference_do_not_count() -> None:
    items = (
        EvalItem("a", "one"),
        EvalItem("b", "two", reference="x"),
        EvalItem("c", "three", reference_doc_ids=("d",)),
    )
    assert sample_size(CaseInputs("/nowhere", "case", evals=EvalMaterial(items)), NOTHING_RUN).items == 2
