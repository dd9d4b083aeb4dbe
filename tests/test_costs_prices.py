"""Prices read, entered and kept; what each question cost, and never a guess."""

import json
from datetime import date

import numpy as np
import pytest
from fabricated_traffic import traffic

from workbench.case import PRICES, fingerprint
from workbench.costs.prices import costs_of, keep_prices, kept_prices, merged, prices_of
from workbench.errors import InputError
from workbench.records import Prices

ENTERED = Prices(3.0, 15.0, currency="EUR", as_of=date(2026, 11, 1), source="entered on the page")


def test_case_prices_are_known_by_their_names_and_others_are_left_alone():
    prices = prices_of({"input_tokens": 0.3, "output_tokens": 1.2, "handler_minute": 0.62}, "GBP")
    assert (prices.input_per_million, prices.output_per_million, prices.embedding_per_million) == (0.3, 1.2, None)
    assert (prices.currency, prices.as_of, prices.source) == ("GBP", None, "case.toml")
    assert prices_of({"handler_minute": 1.0}, "").source == ""


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_a_price_below_nothing_or_without_end_is_refused(wrong, tmp_path):
    with pytest.raises(InputError, match=r"input_per_million is .* expected an amount of 0 or more"):
        prices_of({"input_tokens": wrong}, "")
    with pytest.raises(InputError):
        keep_prices(tmp_path, Prices(input_per_million=wrong))
    assert not list(tmp_path.iterdir())


def test_entered_prices_win_field_by_field():
    both = merged(
        Prices(0.3, 1.2, 0.02, currency="EUR", source="case.toml"), Prices(false_hit=5.0, input_per_million=9.0)
    )
    assert (both.input_per_million, both.output_per_million, both.false_hit) == (9.0, 1.2, 5.0)
    assert merged(ENTERED, None) == ENTERED


def test_amounts_of_two_currencies_never_stand_side_by_side():
    assert merged(Prices(0.3, 1.2, 0.02, currency="GBP"), ENTERED) == ENTERED


def test_kept_prices_come_back_and_change_no_result(tmp_path):
    (tmp_path / "corpus").mkdir()
    before = fingerprint(tmp_path)
    assert kept_prices(tmp_path) is None
    keep_prices(tmp_path, ENTERED)
    assert kept_prices(tmp_path) == ENTERED
    assert fingerprint(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir() if path.name != "corpus"] == [PRICES]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"input_per_million": "three"}',
        '{"color": 1}',
        '{"currency": "€"}',
        '{"as_of": "soon"}',
        "9" * 20_000,
    ],
)
def test_a_damaged_file_of_prices_is_named(tmp_path, content):
    (tmp_path / PRICES).write_text(content)
    with pytest.raises(InputError, match=PRICES):
        kept_prices(tmp_path)


def test_logged_costs_come_first_and_nothing_is_filled_in_without_prices():
    log = traffic(["a", "b", "c"], cost=[0.1, np.nan, 0.3], tokens_in=1000, tokens_out=100, currency="EUR")
    costs, basis = costs_of(log, Prices())
    assert np.array_equal(costs, [0.1, np.nan, 0.3], equal_nan=True)
    assert (basis.kind, basis.known, basis.queries, basis.currency) == ("logged", 2, 3, "EUR")
    assert "1 without a cost are left out" in basis.said


def test_questions_without_a_cost_are_priced_in_the_currency_of_the_log():
    log = traffic(["a", "b"], cost=[0.1, np.nan], tokens_in=1000, tokens_out=100, currency="EUR")
    costs, basis = costs_of(log, ENTERED)
    assert costs.tolist() == pytest.approx([0.1, 0.0045])  # 1000 x 3 / 1e6 + 100 x 15 / 1e6
    assert "1 more from tokens times prices (entered on the page, of 2026-11-01)" in basis.said
    other, basis = costs_of(log, Prices(3.0, 15.0, currency="USD"))
    assert np.isnan(other[1])
    assert basis.currency == "EUR"
    assert np.isnan(costs_of(log, Prices(3.0, 15.0))[0][1]), "prices of no currency are not of the log's"


def test_tokens_times_prices_where_nothing_is_logged():
    costs, basis = costs_of(traffic(["a", "b"], tokens_in=[2e6, np.nan], tokens_out=1e6), ENTERED)
    assert costs[0] == pytest.approx(21.0)
    assert np.isnan(costs[1])
    assert (basis.kind, basis.known) == ("priced", 1)


def test_no_costs_say_what_is_missing():
    with_tokens, without = traffic(["a"], tokens_in=5, tokens_out=5), traffic(["a"])
    assert "enter what a million prompt tokens" in costs_of(with_tokens, Prices())[1].said
    assert "neither costs nor token counts" in costs_of(without, Prices())[1].said
    assert "prices alone do not tell" in costs_of(without, ENTERED)[1].said
    assert costs_of(without, ENTERED)[1].kind == "none"


def test_what_is_kept_is_plain_json(tmp_path):
    keep_prices(tmp_path, ENTERED)
    assert json.loads((tmp_path / PRICES).read_text())["as_of"] == "2026-11-01"
