from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.health import shingles
from workbench.health.shingles import count_words, jaccard, runs_of, step_of, word_pieces

TEXTS = st.text(alphabet="abc 12.é\u00ad\n保険", max_size=200)


def plain_runs(text: str) -> set[tuple[str, ...]]:
    """Runs of five words, the obvious way."""
    words = [word for piece in word_pieces(text) for word in piece]
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def test_spacing_case_punctuation_and_invisible_characters_do_not_tell_texts_apart():
    written = "The Limit, for jewellery: is \u00a35,000"
    extracted = "the limit\u00a0for jewel\u00adlery\nis \u200b5 000"
    assert count_words(written) == count_words(extracted)
    assert count_words(written).words == 7
    assert count_words(written) != count_words("the limit is for jewellery 5 000")


def test_word_borders_count():
    assert count_words("ab c").digest != count_words("a bc").digest


def test_a_script_without_spaces_counts_by_characters():
    assert count_words("保険契約 number 7").words == 6
    assert len(runs_of("保険金の請求")) == 2  # six characters hold two runs of five


@given(TEXTS, TEXTS)
def test_jaccard_of_hashed_runs_is_that_of_the_runs(left: str, right: str):
    ours, theirs = plain_runs(left), plain_runs(right)
    expected = len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0
    assert jaccard(runs_of(left), runs_of(right)) == pytest.approx(expected)


@given(st.text(alphabet="ab c\n", max_size=300), st.integers(1, 40))
def test_a_long_text_read_in_pieces_gives_the_same_words_and_runs(text: str, size: int):
    whole, counted = runs_of(text), count_words(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shingles, "PIECE", size)
        # Pieces end at white space; the longest word here is shorter than two pieces or cut like any over-long word.
        if max(map(len, text.split()), default=0) <= size:
            assert np.array_equal(runs_of(text), whole)
            assert count_words(text) == counted


@given(st.lists(st.integers(0, 500).map(str), min_size=20, max_size=200), st.sampled_from([2, 4, 8]))
def test_a_sample_of_runs_is_a_part_of_all_and_coarser_ones_lie_within_finer_ones(words: list[str], step: int):
    text = " ".join(words)
    every, finer, coarser = (set(runs_of(text, one).tolist()) for one in (1, step, 2 * step))
    assert coarser <= finer <= every
    assert finer == {run for run in every if run % step == 0}


def test_only_long_texts_are_sampled():
    assert [step_of("x" * length) for length in (0, 299_999, 300_000, 599_999, 600_000, 1_200_000)] == [
        1,
        1,
        2,
        2,
        4,
        8,
    ]
