from dataclasses import replace

import numpy as np
import pytest
from fabricated_case import EMPTY, check, evals, item, line, lines, log
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.realism import Bands, Manner, _script, unlike_real_questions
from workbench.evaluation.spelling import Spelling
from workbench.records import Passage

ENGLISH = "what does the policy pay for when a hired car is stolen abroad, case {}"
GERMAN = "was bezahlt die Versicherung eigentlich, wenn das gemietete Auto gestohlen wurde, Fall {}"


def case(items, queries, passages=()):
    return replace(
        EMPTY,
        evals=evals(*(item(n, text) for n, text in enumerate(items))),
        log=log(*(line(n, text) for n, text in enumerate(queries))),
        passages=tuple(Passage(f"d#{n}", "d", text, 0, len(text)) for n, text in enumerate(passages)),
    )


def of_lengths(*lengths):
    return ["x" * length for length in lengths]


def test_bands_are_the_5_and_95_percent_points():
    # 101 lengths from 0 to 100: the points fall on 5 and 95.
    bands = Bands.of([Manner(length, None, "unknown", "LATIN") for length in range(101)])
    assert (bands.shortest, bands.longest) == (5, 95)
    assert bands.faults(Manner(5, None, "unknown", "LATIN")) == []
    assert bands.faults(Manner(4, None, "unknown", "LATIN")) == ["shorter"]
    assert bands.faults(Manner(96, None, "unknown", "")) == ["longer"]


def test_e20_is_seen_where_real_questions_are_shorter():
    items = of_lengths(*range(40, 140))
    # 50 of 100 have 10 characters, under the set's 5 % point of 44.95.
    found = check(
        unlike_real_questions,
        case(items, of_lengths(*[10] * 50, *[90] * 50)),
        "seen",
        "50 of 100 (50 %)",
        "50 under 45",
    )
    assert found.value.value == pytest.approx(0.5)
    check(unlike_real_questions, case(items, of_lengths(*range(40, 140))), "clean", "10 of 100 (10 %)")


def test_a_set_drawn_from_the_traffic_is_clean_and_one_tenth_lies_outside():
    rng = np.random.default_rng(0)
    lengths = rng.lognormal(4, 0.5, size=3_100).astype(int) + 1
    found = check(unlike_real_questions, case(of_lengths(*lengths[:100]), of_lengths(*lengths[100:])), "clean")
    assert found.value.value == pytest.approx(0.10, abs=0.05)


def test_a_letter_left_out_put_in_or_swapped_is_a_slip():
    spelling = Spelling(["the excess applies to repairs"] * 3)
    assert all(map(spelling.is_slip, ("exess", "excsess", "execss", "repiars")))


def test_endings_rare_words_and_wrong_letters_are_no_slips():
    spelling = Spelling(["the excess applies to repairs and stuff", *["the excess applies to repairs"] * 2], ["staff"])
    assert not any(map(spelling.is_slip, ("excess", "repair", "repaired", "stuff", "staff", "axcess", "zebra")))


def test_a_word_many_people_write_is_no_slip():
    assert Spelling(["motor claim form"] * 3, ["mottor"] * 2).is_slip("mottor")
    assert not Spelling(["motor claim form"] * 3, ["mottor"] * 3).is_slip("mottor")


def test_a_text_without_longer_words_has_no_rate():
    assert Spelling([]).rate("is it on?") is None
    assert Spelling([]).rate("anything else") == 0


@given(st.text(max_size=60))
def test_a_rate_is_a_share(text):
    rate = Spelling(["the excess applies to repairs"] * 3).rate(text)
    assert rate is None or 0 <= rate <= 1


def without_letter(text, place):
    first, second, *others = text.split()
    return " ".join([first, second[:place] + second[place + 1 :], *others])


def test_e20_is_seen_where_real_questions_hold_slips_and_the_set_none():
    rng = np.random.default_rng(1)
    known = ["".join(rng.choice(list("aeioubdfgklmnrst"), 9)) for _ in range(60)]
    ask = [" ".join(rng.choice(known, 4, replace=False)) for _ in range(200)]
    # A letter falls out of the second word of two in three questions, each time another one.
    slips = [without_letter(text, 2 + n % 4) if n % 3 else text for n, text in enumerate(ask[100:])]
    inputs = case(ask[:100], slips, [" ".join(known)] * 3)
    check(unlike_real_questions, inputs, "seen", "with a slip")
    check(unlike_real_questions, case(ask[:100], ask[100:], [" ".join(known)] * 3), "clean")


def test_without_documents_spelling_is_not_looked_at():
    found = unlike_real_questions(case(of_lengths(*[30] * 30), of_lengths(*[30] * 40)))
    assert "slip" not in found.finding
    assert found.status == "clean"


def test_e20_is_seen_where_people_ask_in_another_language():
    items = [ENGLISH.format(100 + n) + " yes" * (n % 9) for n in range(40)]
    german = [GERMAN.format(n) for n in range(10, 60)]
    english = [ENGLISH.format(n) for n in range(10, 60)]
    check(unlike_real_questions, case(items, german + english), "seen", "in a language or script hardly in the set")


def test_short_questions_in_another_script_are_noticed():
    items = [f"policy number {n:03}" for n in range(40)]
    queries = ["какой лимит здесь"] * 40 + [f"policy number {n:03}" for n in range(40)]
    check(unlike_real_questions, case(items, queries), "seen", "40 in a language or script")


def test_the_script_is_that_of_most_letters():
    assert [_script(text) for text in ("hello", "привет OK", "保险理赔", "12 !?", "")] == [
        "LATIN",
        "CYRILLIC",
        "CJK",
        "",
        "",
    ]


def test_e20_is_unknown_without_log_or_set_or_with_few():
    check(unlike_real_questions, EMPTY, "unknown", "no evaluation set was handed over")
    check(unlike_real_questions, replace(EMPTY, evals=evals(item(1))), "unknown", "no log was handed over")
    few = replace(EMPTY, evals=evals(item(1)), log=log(*lines(100)))
    check(unlike_real_questions, few, "unknown", "1 evaluation questions and 100 logged ones")
    one = replace(EMPTY, evals=evals(*(item(n) for n in range(30))), log=log(*lines(1)))
    check(unlike_real_questions, one, "unknown", "Too few")
