"""Features of the learned reranker: values worked out by hand, and what must not change them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.ingest.corpus.chunking import with_context
from workbench.records import Passage
from workbench.retrieval.learned import FEATURES, Candidate, FeatureExtractor
from workbench.retrieval.learned.matching import CandidateTexts, Matches, best_window, longest_run
from workbench.retrieval.learned.neighbours import similarities, smoothed
from workbench.retrieval.tokens import TokenizedCorpus

COLUMN = {feature.name: number for number, feature in enumerate(FEATURES)}
TEXTS = ("storm damage roof", "roof storm repair damage", "garden fence")


def passages(texts: Sequence[str], title: str = "", headings: tuple[str, ...] = ()) -> list[Passage]:
    return [Passage(f"d{i}::0", f"d{i}", text, 0, len(text), title, headings) for i, text in enumerate(texts)]


def candidates(
    found: Sequence[Passage], dense: Sequence[int | None] = (), sparse: Sequence[int | None] = ()
) -> list[Candidate]:
    dense, sparse = dense or range(1, len(found) + 1), sparse or range(1, len(found) + 1)
    return [
        Candidate(passage, row + 1, by_meaning, by_words, row)
        for row, (passage, by_meaning, by_words) in enumerate(zip(found, dense, sparse, strict=True))
    ]


def features(
    question: str,
    found: Sequence[Passage],
    *,
    vectors: np.ndarray | None = None,
    question_vector: np.ndarray | None = None,
    **ranks: Sequence[int | None],
) -> dict[str, list[float]]:
    tokens = TokenizedCorpus.of([passage.text for passage in found])
    matrix = FeatureExtractor(found, tokens, vectors).matrix(question, question_vector, candidates(found, **ranks))
    return {name: [round(float(value), 6) for value in matrix[:, column]] for name, column in COLUMN.items()}


def test_words_of_the_question_are_counted_by_their_rarity() -> None:
    # storm, damage, roof: each in two of three texts, so each weighs ln(1 + 1.5 / 2.5) and a third of the question.
    found = features("storm damage roof", passages(TEXTS))
    assert found["coverage"] == [1, 1, 0]
    assert found["heaviest_missed"] == [0, 0, pytest.approx(1 / 3, abs=1e-6)]
    # tf / (tf + 0.5) = 2/3 for each of three words: 2, 2 and 0 times the weight; mean 4/3, deviation sqrt(8/9).
    assert found["words_z"] == [pytest.approx(math.sqrt(0.5), abs=1e-6)] * 2 + [pytest.approx(-math.sqrt(2), abs=1e-6)]


def test_the_rarest_word_counts_by_itself() -> None:
    # "hail" is in one of three texts: ln(1 + 2.5 / 1.5); "roof" in two: ln(1 + 1.5 / 2.5).
    found = features("hail roof", passages(("hail", "roof", "roof tile")))
    hail, roof = math.log(1 + 2.5 / 1.5), math.log(1 + 1.5 / 2.5)
    assert found["rarest_found"] == [1, 0, 0]
    assert found["coverage"] == [
        pytest.approx(hail / (hail + roof), abs=1e-6),
        *[pytest.approx(roof / (hail + roof), abs=1e-6)] * 2,
    ]
    assert found["heaviest_missed"][1] == pytest.approx(hail / (hail + roof), abs=1e-6)


def test_side_by_side_close_together_and_word_for_word_are_told_apart() -> None:
    found = features("storm damage roof", passages(TEXTS))
    assert found["pairs"] == [1, 0, 0]
    assert found["near_pairs"] == [1, 1, 0]
    assert found["run"] == [1, pytest.approx(1 / 3, abs=1e-6), 0]


def test_a_word_said_twice_does_not_make_a_run_longer_than_the_question() -> None:
    found = features("storm storm", passages(("storm storm storm", "fence")))
    assert found["run"] == [1, 0]
    assert found["pairs"] == [0, 0]


def test_a_window_ends_where_it_ends_and_never_reaches_into_the_next_candidate() -> None:
    tokens = TokenizedCorpus.of(["alpha " + "other " * 14 + "beta", "alpha " + "other " * 13 + "beta", "alpha", "beta"])
    empty = np.empty(0, dtype=np.int32)
    texts = CandidateTexts.of([(empty, tokens.tokens(row)) for row in range(4)])
    matches = Matches.of(tokens.ids("alpha beta"), texts, np.ones(len(tokens.vocabulary)))
    # alpha at 0 and beta at 15 are 16 tokens together, alpha at 0 and beta at 14 are 15.
    assert best_window(matches, matches.distances(), 15).tolist() == [0.5, 1.0, 0.5, 0.5]
    assert longest_run(matches).tolist() == [0.5] * 4


def test_numbers_and_identifiers_of_the_question_are_looked_for_as_such() -> None:
    found = features("limit under END-H-114 in 2023", passages(("END H 114 limit", "limit 2023", "limit")))
    # 114 and 2023 are each in one of three texts and weigh alike.
    assert found["numbers"] == [0.5, 0.5, 0]
    assert found["identifiers"] == [1, 0, 0]
    assert found["asked_number"] == [0, 0, 0]


def test_numbers_in_a_passage_count_where_the_question_asks_for_one() -> None:
    found = features("How many claims", passages(("claims 12 and 30", "claims")))
    assert found["asked_number"] == [pytest.approx(math.log(3), abs=1e-6), 0]


def test_a_title_counts_once_whether_or_not_the_text_begins_with_it() -> None:
    begins_with_it = features("roof", passages(("Roof repair tiles", "fence"), title="Roof repair"))
    before_it = features("roof", passages(("tiles", "roof repair"), title="Roof repair"))
    assert begins_with_it["title"] == [1, 1]
    assert begins_with_it["coverage"] == before_it["coverage"] == [1, 1]
    # Three tokens with the title, however it is written, against a mean text of two and of one and a half.
    assert begins_with_it["length"][0] == pytest.approx(math.log(3 / 2), abs=1e-6)
    assert before_it["length"][0] == pytest.approx(math.log(3 / 1.5), abs=1e-6)


def test_a_heading_that_repeats_the_title_counts_once_as_in_the_text_of_the_view_with_titles() -> None:
    (plain,) = passages(["Report it at once."], title="Roof repair", headings=("Roof repair", "Storm"))
    (other,) = passages(["roof repair storm"])
    # Five tokens, roof repair storm report once, whether the text holds the first three or not; the other text has three.
    for passage, mean in ((plain, (2 + 3) / 2), (replace(plain, text=with_context(plain)), (5 + 3) / 2)):
        found = features("storm", [passage, other])
        assert found["length"][0] == pytest.approx(math.log(5 / mean), abs=1e-6)


def test_the_beginning_of_a_passage_is_its_first_sixteen_tokens() -> None:
    found = features("roof", passages(("other " * 15 + "roof", "other " * 16 + "roof")))
    assert found["lead"] == [1, 0]


def test_ranks_say_where_a_leg_found_a_passage_and_where_it_did_not() -> None:
    found = features("storm", passages(TEXTS), dense=[3, None, None], sparse=[1, 7, None])
    assert found["fused_rank"] == [1, pytest.approx(61 / 62, abs=1e-6), pytest.approx(61 / 63, abs=1e-6)]
    # The third is in neither leg: its place in the ranking, 3, stands in.
    assert found["best_rank"] == [1, 3, 2]
    assert found["both_top"] == [1, 0, 0]


def test_cosines_are_taken_from_the_vectors() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    found = features("storm", passages(TEXTS), vectors=vectors, question_vector=np.array([1.0, 0.0]))
    assert found["cosine"] == pytest.approx([1, 0.6, 0], abs=1e-6)
    assert found["cosine_gap"] == pytest.approx([0, -0.4, -1], abs=1e-6)
    # To the other two of the first three: (0.6 + 0) / 2, (0.6 + 0.8) / 2, (0 + 0.8) / 2.
    assert found["like_top3"] == pytest.approx([0.3, 0.7, 0.4], abs=1e-6)


def test_neighbours_speak_for_a_passage_and_it_does_not_speak_for_itself() -> None:
    similar = similarities(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert smoothed(similar, np.array([3.0, 1.0, 5.0])).tolist() == [1, 3, 0]


def test_without_vectors_everything_that_needs_them_is_nothing() -> None:
    found = features("storm damage", passages(TEXTS))
    absent = [f.name for f in FEATURES if f.needs_vectors and f.name != "both_top"]
    assert {name: found[name] for name in absent} == {name: [0, 0, 0] for name in absent}
    assert any(found["neighbours"])


@pytest.mark.parametrize(
    "question", ["", "what is it", "zebra", "?!", "2023", "\ud800", "😀😀", "цена договора", "保険の請求"]
)
def test_a_question_without_a_known_word_gives_finite_features(question: str) -> None:
    vectors = np.eye(3, dtype=np.float32)
    found = features(question, passages(TEXTS), vectors=vectors, question_vector=np.array([1.0, 0, 0]))
    assert all(np.isfinite(values).all() for values in found.values())
    words = ("coverage", "rarest_found", "heaviest_missed", "window", "pairs", "run", "title", "lead", "bm25_z")
    assert {name: found[name] for name in words} == {name: [0, 0, 0] for name in words}


@pytest.mark.parametrize("text", ["storm", "", "the of"])
def test_a_lone_candidate_has_nothing_to_be_compared_with(text: str) -> None:
    found = features("storm", passages((text,)), vectors=np.ones((1, 1)), question_vector=np.ones(1))
    compared = [name for name in COLUMN if name.endswith("_z")] + ["neighbours", "like_top3"]
    assert {name: found[name] for name in compared} == {name: [0] for name in compared}


def test_a_question_of_five_thousand_words_is_still_a_question() -> None:
    words = [f"word{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}" for i in range(5_000)]
    found = features(" ".join(words), passages((" ".join(words[:200]), words[300], "fence")))
    assert all(np.isfinite(values).all() for values in found.values())
    assert found["coverage"][0] > found["coverage"][1] > found["coverage"][2] == 0


def test_no_candidates_give_no_rows() -> None:
    tokens = TokenizedCorpus.of([])
    assert FeatureExtractor([], tokens, None).matrix("storm", None, []).shape == (0, len(FEATURES))


def test_tokens_and_vectors_must_be_those_of_the_passages() -> None:
    found = passages(TEXTS)
    with pytest.raises(ValueError, match="2 tokenized texts and no vectors for 3 passages"):
        FeatureExtractor(found, TokenizedCorpus.of(TEXTS[:2]), None)
    with pytest.raises(ValueError, match="3 tokenized texts and 2 vectors for 3 passages"):
        FeatureExtractor(found, TokenizedCorpus.of(TEXTS), np.eye(3)[:2])


words = st.sampled_from(["storm", "damage", "roof", "hail", "2023", "fence", "garden", "END-H-114", "the", "claim"])
texts = st.lists(words, max_size=30).map(" ".join)


@given(
    bodies=st.lists(texts, min_size=1, max_size=8),
    question=texts,
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_the_candidates_changes_no_feature(bodies: list[str], question: str, order) -> None:
    found = passages(bodies, title="roof claim")
    rng = np.random.default_rng(len(bodies))
    vectors = rng.normal(size=(len(bodies), 4))
    extractor = FeatureExtractor(found, TokenizedCorpus.of(bodies), vectors)
    first = candidates(found)
    shuffled = list(range(len(first)))
    order.shuffle(shuffled)
    second = [first[i] for i in shuffled]
    before = extractor.matrix(question, vectors[0], first)
    after = extractor.matrix(question, vectors[0], second)
    assert np.isfinite(before).all()
    np.testing.assert_allclose(after, before[shuffled], atol=1e-9)
    shares = [COLUMN[name] for name in ("coverage", "window", "pairs", "near_pairs", "run", "title", "lead", "numbers")]
    assert (before[:, shares] >= 0).all()
    assert (before[:, shares] <= 1 + 1e-12).all()
    assert (before[:, COLUMN["window"]] <= before[:, COLUMN["coverage"]] + 1e-12).all()
    assert (before[:, COLUMN["pairs"]] <= before[:, COLUMN["near_pairs"]] + 1e-12).all()
