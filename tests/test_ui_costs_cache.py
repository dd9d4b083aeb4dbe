"""The state of the costs page and its views of the cache and of the pairs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import fabricated_traffic as made
import numpy as np
import pytest

from workbench.case import Case, open_case
from workbench.costs.context import no_trade_off
from workbench.costs.pairs import Pair
from workbench.costs.prompt_tokens import prompt_tokens
from workbench.costs.study import EXACT_ONLY, CostStudy
from workbench.errors import CaseError
from workbench.records import Prices
from workbench.ui.costs.cache_view import CacheView, policies_markup
from workbench.ui.costs.controls import Controls
from workbench.ui.costs.pairs_view import PairsView, csv_row, differing, pair_markup
from workbench.ui.costs.state import Costs

HOSTILE = "<script>alert(1)</script> covered?"
QUESTIONS = ["Is hail covered?", "is hail covered", "Is hail damage covered?", HOSTILE]


def study(monkeypatch: pytest.MonkeyPatch) -> CostStudy:
    """Four questions: one exact repeat, one of cosine 0.95 in another group, one of 0.9 in the same."""
    log = made.traffic(QUESTIONS, group=[0, 0, 1, 0])
    near = made.neighbours_of({(0, 1): 0.95, (0, 2): 0.9}, log)
    monkeypatch.setattr(
        "workbench.ui.costs.pairs_view.answers_at", lambda _table, rows: [f"<b>answer {row}</b>" for row in rows]
    )
    return CostStudy(
        log, near, "an encoder", no_trade_off("not compared", prompt_tokens(log)), None, "", None, None, Prices()
    )


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Costs:
    return Costs(study(monkeypatch))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Costs:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "case.toml").write_text('name = "Mine"\n', encoding="utf-8")
    case: Case = open_case(tmp_path / "mine")
    return Costs(study(monkeypatch), case=case)


def test_without_a_threshold_the_budget_allows_only_exact_repeats_are_served(state: Costs) -> None:
    assert state.curve.chosen is None
    assert state.outcome.point.threshold == EXACT_ONLY
    assert (state.outcome.point.exact_hits, state.outcome.point.semantic_hits) == (1, 0)


def test_a_threshold_changes_what_is_looked_at_and_leaves_the_curve_alone(state: Costs) -> None:
    curve = state.curve
    state.change(threshold=0.92)
    assert state.curve is curve
    assert (state.outcome.point.exact_hits, state.outcome.point.semantic_hits) == (1, 1)
    state.change(threshold=0.85)
    assert state.outcome.point.semantic_hits == 2
    assert state.outcome.judged.tolist() == [-1, 1, 0, 1]


def test_how_long_answers_are_kept_makes_a_new_curve(state: Costs) -> None:
    curve = state.curve
    state.change(ttl=30.0)
    assert state.curve is not curve
    assert state.outcome.point.exact_hits == 0


def test_a_burst_of_slider_moves_becomes_one_change(state: Costs) -> None:
    seen: list[float | None] = []

    async def moves() -> None:
        controls = Controls(state)
        state.observe(lambda change: seen.append(change["new"].threshold), "settings")
        for value in (0.95, 0.9, 0.85):
            controls.threshold.value = value
        await asyncio.sleep(0.4)

    asyncio.run(moves())
    assert seen == [0.85]


def test_the_view_shows_the_policies_and_follows_a_click_on_the_curve(state: Costs) -> None:
    async def clicked() -> None:
        view = CacheView(state)
        view._clicked(None, type("Points", (), {"xs": [0.9]})(), None)
        await asyncio.sleep(0)

    asyncio.run(clicked())
    assert state.settings.threshold == 0.9
    assert policies_markup(state).count("<tr>") == len(state.policies) + 1


def test_what_a_client_wrote_never_becomes_markup(state: Costs) -> None:
    state.change(threshold=0.85)
    markup = pair_markup(state, Pair(3, 0, 0.9, False, 1, 1))
    assert "<script" not in markup
    assert "&lt;b&gt;answer 0&lt;/b&gt;" in markup
    assert "<i>" not in "".join(differing("<i>a</i>", "<i>b</i>"))


def test_pairs_are_listed_least_similar_first_and_by_verdict(state: Costs) -> None:
    state.change(threshold=0.85)
    view = PairsView(state)
    assert [pair.row for pair in view._listed.pairs] == [3, 2]
    view.which.value = "false"
    assert [pair.row for pair in view._listed.pairs] == [2]


def test_a_mark_is_kept_with_the_case_shown_and_withdrawn(kept: Costs) -> None:
    kept.change(threshold=0.85)
    kept.mark(2, 0, False)
    assert kept.marks.same.tolist() == [False]
    pair = Pair(2, 0, 0.95, False, 0, 1)
    assert csv_row(kept, pair)[4] == "different"
    kept.mark(2, 0, None)
    assert np.size(kept.marks.same) == 0


def test_without_a_case_nothing_is_kept_and_the_view_offers_no_mark(state: Costs) -> None:
    state.change(threshold=0.85)
    assert PairsView(state).same.disabled
    with pytest.raises(CaseError, match="belongs to no case"):
        state.mark(2, 0, True)
