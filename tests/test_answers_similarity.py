"""Similarity to the reference: a cosine worked out by hand, and the rows that have none."""

import numpy as np
import pytest

from workbench.answers.similarity import semantic_similarity
from workbench.records import AnswerRow

VECTORS = {"Covered.": (1.0, 0.0), "It is covered.": (0.6, 0.8), "Not covered.": (-1.0, 0.0)}


def encode(texts):
    return np.array([VECTORS.get(text, (0.0, 1.0)) for text in texts], dtype=np.float32)


def scores(*pairs, encode=encode):
    rows = [AnswerRow(str(place), "q", answer, (), (), reference) for place, (answer, reference) in enumerate(pairs)]
    return semantic_similarity(rows, encode)


def test_similarity_is_the_cosine_and_keeps_its_sign():
    near, far = scores(("It is covered.", "Covered."), ("Covered.", "Not covered."))
    assert (near.status, near.value) == ("ok", pytest.approx(0.6))
    assert far.value == pytest.approx(-1.0)


def test_rows_without_answer_or_reference_are_skipped_with_the_reason():
    found = scores((None, "Covered."), ("Covered.", " "), (None, None))
    assert [(each.status, each.reason) for each in found] == [
        ("skipped", "no answer"), ("skipped", "no reference answer"), ("skipped", "no answer, no reference answer"),
    ]  # fmt: skip


def test_an_abstention_is_undefined_unless_the_reference_declines_too():
    torn, both = scores(("I don't know.", "Covered."), ("I don't know.", "There is no information on that."))
    assert (torn.status, torn.value) == ("undefined", None)
    assert (both.status, both.value) == ("ok", pytest.approx(1.0))


def test_without_an_encoder_every_row_is_skipped():
    (found,) = scores(("Covered.", "Covered."), encode=None)
    assert (found.status, found.reason) == ("skipped", "no encoder for the cosine")
    assert semantic_similarity([], encode) == ()
