"""The parts of a map of a corpus: which passages, where they lie, which regions, and what is missed in them."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
import pytest
from example_results import stored_comparison
from fabricated_retrieval import passages_of
from hypothesis import given
from hypothesis import strategies as st

from workbench.comparison.corpus_map.chosen import Chosen, choose
from workbench.comparison.corpus_map.names import region_names
from workbench.comparison.corpus_map.neighbours import Neighbourhoods, nearest, without_self
from workbench.comparison.corpus_map.regions import group, number_of_regions
from workbench.comparison.corpus_map.shares import NONE_AT_ALL, NONE_HERE, Misses, misses_of, region_misses
from workbench.comparison.corpus_map.tables import HOVER_CHARACTERS, beginning
from workbench.comparison.corpus_map.tsne import t_sne
from workbench.comparison.corpus_map.vectors import Projection, plane
from workbench.comparison.tables import StoredComparison, frame
from workbench.errors import CancelledError
from workbench.records import Passage


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clouds(number: int = 3, each: int = 20, dimension: int = 16, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = 4 * np.eye(number, dimension)
    return unit(np.repeat(centres, each, axis=0) + 0.3 * rng.standard_normal((number * each, dimension)))


# ---------------------------------------------------------------- which passages


def retrieved(*rows: tuple[str, str, int, str, str], passages: tuple[tuple[object, ...], ...] = ()) -> StoredComparison:
    """A comparison that retrieved this: run, query_id, rank, doc_id, passage_id."""
    stored = stored_comparison()
    tables = {name: getattr(stored, name) for name in StoredComparison.__dataclass_fields__}
    tables["rankings"] = frame("rankings", [(*row, 1.0) for row in rows])
    tables["passages"] = pd.DataFrame(list(passages), columns=["passage_id", "doc_id", "text", "start", "end"])
    return StoredComparison(**tables)


def never(query_id: str, rows: list[int]) -> int:
    raise AssertionError("no document was retrieved without a passage")


CORPUS = passages_of({f"d{i}": f"text {i}" for i in range(100)})


def chosen_of(stored: StoredComparison, *, most: int = 20, nearest_of=never, seed: int = 0) -> Chosen:
    return choose(stored, CORPUS, nearest_of, np.random.default_rng(seed), most=most)


def test_all_that_was_retrieved_comes_first_and_a_sample_of_the_rest_fills_the_map() -> None:
    stored = retrieved(
        ("dense", "q01", 1, "d7", "d7::0"), ("bm25", "q01", 10, "d3", "d3::0"), ("bm25", "q02", 11, "d4", "d4::0")
    )
    chosen = chosen_of(stored)
    assert chosen.rows[:2].tolist() == [3, 7]
    assert chosen.retrieved == 2
    assert len(chosen.rows) == 20
    assert (np.diff(chosen.rows[2:]) > 0).all()
    assert chosen.rows.tolist() == chosen_of(stored).rows.tolist()
    assert chosen.rows.tolist() != chosen_of(stored, seed=1).rows.tolist()
    assert chosen.notes == (
        "of the 98 passages that no arm has among its first 10, 18 are on the map, drawn at random",
    )


def test_a_small_corpus_is_on_the_map_whole() -> None:
    chosen = chosen_of(retrieved(("dense", "q01", 1, "d7", "d7::0")), most=100)
    assert sorted(chosen.rows.tolist()) == list(range(100))
    assert chosen.notes == ()


def test_more_retrieved_passages_than_a_map_holds_are_sampled_and_told() -> None:
    stored = retrieved(*(("dense", "q01", 1, f"d{i}", f"d{i}::0") for i in range(30)))
    chosen = chosen_of(stored)
    assert len(chosen.rows) == chosen.retrieved == 20
    assert set(chosen.rows.tolist()) <= set(range(30))
    assert (
        chosen.notes[0] == "of the 30 passages that some arm has among its first 10, 20 are on the map, drawn at random"
    )
    assert chosen.notes[1].startswith("of the 70 passages that no arm has among its first 10, none is on the map")


def test_nothing_retrieved_leaves_a_sample() -> None:
    chosen = chosen_of(retrieved())
    assert (chosen.retrieved, len(chosen.rows)) == (0, 20)


def test_a_smaller_passage_is_shown_by_the_usual_one_it_shares_most_with() -> None:
    corpus = [
        Passage("a::0", "a", "x" * 100, 0, 100),
        Passage("a::1", "a", "y" * 100, 100, 200),
        Passage("b::0", "b", "z", 0, 1),
    ]
    small = ("a::s1", "a", "…", 90, 130), ("a::s0", "a", "…", 50, 150), ("b::s9", "b", "…", 500, 600)
    stored = retrieved(
        *(("dense+small", "q01", rank, p[1], p[0]) for rank, p in enumerate(small, start=1)), passages=small
    )
    chosen = choose(stored, corpus, never, np.random.default_rng(0), most=2)
    assert chosen.stand_ins == {"a::s1": "a::1", "a::s0": "a::0"}
    assert (chosen.rows.tolist(), chosen.retrieved) == ([0, 1], 2)


def test_a_document_retrieved_without_a_passage_is_shown_by_the_one_nearest_to_the_question() -> None:
    corpus = [Passage("a::0", "a", "x", 0, 1), Passage("a::1", "a", "y", 1, 2), Passage("b::0", "b", "z", 0, 1)]
    stored = retrieved(
        ("ours", "q01", 1, "a", ""), ("ours", "q02", 1, "a", ""), ("ours", "q02", 2, "a document of nobody", "")
    )
    asked: list[tuple[str, list[int]]] = []

    def last(query_id: str, rows: list[int]) -> int:
        asked.append((query_id, rows))
        return rows[-1]

    chosen = choose(stored, corpus, last, np.random.default_rng(0), most=1)
    assert asked == [("q01", [0, 1]), ("q02", [0, 1])]
    assert (chosen.rows.tolist(), chosen.retrieved) == ([1], 1)


def test_the_beginning_of_a_passage_fits_a_hover() -> None:
    assert beginning("short\n text") == "short text"
    long = beginning("word " * 200)
    assert len(long) <= HOVER_CHARACTERS
    assert long.endswith("word …")
    assert len(beginning("x" * 1000)) <= HOVER_CHARACTERS
    assert len(beginning(" " * 5000 + "x")) <= HOVER_CHARACTERS


# ---------------------------------------------------------------- where they lie


def test_the_projection_is_that_of_a_singular_value_decomposition() -> None:
    vectors = clouds()
    ours = Projection.of(vectors, 2).apply(vectors)
    left, values, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    theirs = left[:, :2] * values[:2]
    assert np.abs(ours) == pytest.approx(np.abs(theirs), abs=1e-5)


def test_questions_are_projected_where_a_passage_with_their_vector_lies() -> None:
    vectors = clouds()
    projection = Projection.of(vectors)
    assert projection.apply(vectors[:5]) == pytest.approx(projection.apply(vectors)[:5], abs=1e-6)


def test_equal_vectors_vary_in_no_direction() -> None:
    same = np.tile(unit(np.ones((1, 8))), (5, 1))
    projection = Projection.of(same)
    assert projection.directions.shape == (8, 0)
    assert plane(projection.apply(same)).tolist() == [[0.0, 0.0]] * 5


def test_a_direction_does_not_depend_on_the_order_of_passages() -> None:
    vectors = clouds()
    assert Projection.of(vectors[::-1]).directions[:, :2] == pytest.approx(
        Projection.of(vectors).directions[:, :2], abs=1e-4
    )


def test_neighbours_are_the_nearest_without_the_passage_itself() -> None:
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    rows, distances = without_self(*nearest(line, line, 3), np.arange(4))
    assert rows.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert distances.tolist() == [[1, 3], [1, 2], [2, 3], [4, 6]]


def test_where_copies_hide_a_passage_the_farthest_neighbour_goes() -> None:
    rows, distances = without_self(np.array([[1, 2, 3]]), np.array([[0.0, 0.0, 0.0]]), np.array([0]))
    assert (rows.tolist(), distances.shape) == ([[1, 2]], (1, 2))


def test_a_map_that_is_the_embedding_itself_keeps_every_neighbour() -> None:
    points = np.random.default_rng(0).standard_normal((40, 2))
    kept = Neighbourhoods.of(points.astype(np.float32), np.random.default_rng(0)).kept(points, np.random.default_rng(0))
    assert (kept.value, kept.n, kept.method) == (1.0, 40, "exact")


def test_a_random_map_keeps_what_chance_keeps_and_says_how_sure_that_is() -> None:
    rng = np.random.default_rng(0)
    neighbourhoods = Neighbourhoods.of(unit(rng.standard_normal((2000, 16))), rng)
    kept = neighbourhoods.kept(rng.standard_normal((2000, 2)), rng)
    assert kept.n == 1000
    assert kept.low <= kept.value <= kept.high
    assert kept.value == pytest.approx(10 / 1999, abs=0.004)


def test_few_passages_say_nothing_about_neighbours() -> None:
    kept = Neighbourhoods.of(clouds(1, 29), np.random.default_rng(0)).kept(np.zeros((29, 2)), np.random.default_rng(0))
    assert kept.value is None
    assert kept.reason == "29 different passages are too few: ten neighbours would be a third of them or more"


def test_t_sne_gives_the_same_picture_twice_and_keeps_clouds_apart() -> None:
    vectors = clouds()
    start = plane(Projection.of(vectors).apply(vectors))
    one, asked = t_sne(vectors, vectors[:6:5], start)
    other, again = t_sne(vectors, vectors[:6:5], start)
    assert one.tolist() == other.tolist()
    assert asked.tolist() == again.tolist()
    rows, _ = without_self(*nearest(one, one, 2), np.arange(60))
    assert (rows[:, 0] // 20 == np.arange(60) // 20).all()
    near, _ = nearest(one, asked, 1)
    assert (near[:, 0] // 20 == 0).all()


def test_questions_have_no_say_in_where_passages_lie() -> None:
    vectors = clouds()
    start = plane(Projection.of(vectors).apply(vectors))
    alone, nothing = t_sne(vectors, vectors[:0], start)
    assert nothing.shape == (0, 2)
    assert alone == pytest.approx(t_sne(vectors, vectors[:7], start)[0], abs=1e-9)


def test_a_question_that_is_a_passage_lies_beside_it() -> None:
    vectors = clouds(each=40)
    passages, questions = t_sne(vectors, vectors, plane(Projection.of(vectors).apply(vectors)))
    apart = np.linalg.norm(passages - questions, axis=1)
    assert np.median(apart) < 0.05 * np.ptp(passages)


def test_t_sne_can_be_stopped_between_two_iterations() -> None:
    vectors = clouds()
    told: list[float] = []

    def stop(share: float, what: str) -> None:
        told.append(share)
        if what == "drawing the map":
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        t_sne(vectors, vectors[:2], plane(Projection.of(vectors).apply(vectors)), stop)
    assert told[-1] < 0.25


def test_the_progress_of_t_sne_only_rises_and_ends_at_one() -> None:
    vectors = clouds()
    told: list[float] = []
    t_sne(vectors, vectors[:2], plane(Projection.of(vectors).apply(vectors)), lambda share, what: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 90


# ---------------------------------------------------------------- regions and their names


@given(st.integers(0, 5_000), st.integers(1, 50_000))
def test_regions_are_one_to_twelve_and_have_ten_different_passages_each(questions: int, passages: int) -> None:
    regions = number_of_regions(questions, passages)
    assert 1 <= regions <= 12
    assert regions == 1 or regions * 10 <= passages
    assert regions <= max(3, questions / 20)


def test_regions_follow_the_clouds_the_largest_first_and_questions_go_to_the_nearest() -> None:
    vectors = np.concatenate([clouds()[:10], clouds()[20:60]])
    copies = np.concatenate([np.arange(50), np.full(20, 49)])
    projection = Projection.of(vectors)
    places = projection.apply(vectors)
    found = group(places, copies, places[[0, 15, 45]], 3, 0)
    assert np.bincount(found.passages).tolist() == [40, 20, 10]
    assert found.questions.tolist() == [2, 1, 0]
    assert (
        found.passages.tolist()
        == group(projection.apply(vectors), copies, projection.apply(vectors[:1]), 3, 0).passages.tolist()
    )


def test_a_region_is_named_by_words_that_tell_it_from_the_others() -> None:
    texts = [
        "The claims for hail damage",
        "Hail claims and damaged roofs",
        "Claims for stolen bicycles",
        "The bicycle claims: stolen",
    ]
    names = region_names(texts, np.array([0, 0, 1, 1]), 2)
    assert names[0].startswith("hail")
    assert set(names[1].split(", ")) == {"stolen", "bicycle"} or set(names[1].split(", ")) == {"stolen", "bicycles"}
    assert not any("claims" in name for name in names)


def test_what_holds_no_readable_word_is_named_by_its_number() -> None:
    assert region_names(["12 34", "<b>", "", "www http"], np.array([0, 0, 1, 1]), 2) == ["region 1", "region 2"]


def test_sentences_that_many_passages_repeat_name_no_region() -> None:
    boilerplate = "Distribution: team leaders. Bold words are defined on page {}. Issued in January. "
    texts = [boilerplate.format(i) + about for i, about in enumerate(("hail dents", "hail roofs", "hail cars"))]
    names = region_names([*texts, "stolen bicycles", "stolen keys"], np.array([0, 0, 0, 1, 1]), 2)
    assert set(names[0].split(", ")) <= {"hail", "dents", "roofs", "cars"}


def test_titles_and_questions_name_a_region_with_its_passages() -> None:
    texts, labels = ["as stated above", "see there", "as stated", "see below"], np.array([0, 0, 1, 1])
    titles = ["Escape of water", "Escape of water", "Theft of keys", "Theft of keys"]
    named = region_names(texts, labels, 2, titles=titles)
    assert {"escape", "water"} <= set(named[0].split(", "))
    asked = np.array([0, 1] * 20)
    named = region_names(texts, labels, 2, questions=["how long is drying", "who insures trailers"] * 20, asked=asked)
    assert "drying" in named[0]
    assert "trailers" in named[1]


def test_a_single_region_is_named_by_its_commonest_words() -> None:
    assert region_names(["storm storm storm", "flood hail", "flood"], np.array([0, 0, 0]), 1) == ["flood, storm, hail"]


@given(st.lists(st.tuples(st.text(max_size=60), st.integers(0, 3)), min_size=1, max_size=25))
def test_names_are_distinct_readable_and_hold_no_markup_whatever_the_texts(rows: list[tuple[str, int]]) -> None:
    names = region_names([text for text, _ in rows], np.array([label for _, label in rows]), 4)
    assert len(set(names)) == len(names) == 4
    words = [word for name in names if not name.startswith("region ") for word in name.split(", ")]
    assert len(set(words)) == len(words)
    assert all(word.isalpha() and 3 <= len(word) <= 24 for word in words)


# ---------------------------------------------------------------- what is missed


def misses(missed: int, found: int, prefix: str) -> dict[str, bool]:
    return {f"{prefix}{i}": i < missed for i in range(missed + found)}


def hypergeometric(missed_here: int, here: int, missed: int, total: int) -> float:
    return comb(missed, missed_here) * comb(total - missed, here - missed_here) / comb(total, here)


def test_a_region_that_misses_more_than_the_others_stands_out_with_the_p_value_of_the_exact_test() -> None:
    asked = misses(8, 2, "a") | misses(2, 18, "b")
    region_of = {query_id: 0 if query_id[0] == "a" else 1 for query_id in asked}
    first, second = region_misses({"dense": Misses(asked)}, region_of, 2)
    # 10 of 30 are missed; 10 questions lie here, and 8 of them or more are missed by chance this often:
    p_value = sum(hypergeometric(x, 10, 10, 30) for x in (8, 9, 10))
    assert p_value == pytest.approx((45 * 190 + 10 * 20 + 1) / 30045015)
    assert first.p_values["dense"] == pytest.approx(2 * p_value)  # two regions: Holm doubles
    assert first.stands_out == ("dense",)
    assert second.stands_out == ()  # significantly fewer is not more
    assert second.p_values["dense"] == pytest.approx(1.0, abs=0.01)
    assert (first.missed["dense"].value, first.missed["dense"].n, first.missed["dense"].method) == (0.8, 10, "wilson")
    assert (second.missed["dense"].value, second.missed["dense"].n) == (0.1, 20)
    assert first.missed["dense"].low == pytest.approx(0.490, abs=5e-4)  # Wilson by hand: 8 of 10
    assert first.missed["dense"].high == pytest.approx(0.943, abs=5e-4)


def test_every_further_arm_and_region_makes_the_correction_stricter() -> None:
    asked = misses(6, 4, "a") | misses(4, 16, "b") | misses(4, 16, "c")
    region_of = {query_id: "abc".index(query_id[0]) for query_id in asked}
    one = region_misses({"dense": Misses(asked)}, region_of, 3)[0].p_values["dense"]
    two = region_misses({"dense": Misses(asked), "bm25": Misses(asked)}, region_of, 3)[0].p_values["dense"]
    assert two == pytest.approx(2 * one)


def test_a_region_without_a_judged_question_is_not_measured_and_says_why() -> None:
    (_, empty) = region_misses({"dense": Misses({"q1": True})}, {"q1": 0}, 2)
    assert (empty.missed["dense"].value, empty.missed["dense"].reason) == (None, NONE_HERE)
    assert (empty.stands_out, empty.p_values) == ((), {})


def test_one_region_with_every_question_has_nothing_to_be_held_against() -> None:
    (only,) = region_misses({"dense": Misses(misses(5, 5, "a"))}, {f"a{i}": 0 for i in range(10)}, 1)
    assert only.missed["dense"].value == 0.5
    assert (only.stands_out, only.p_values) == ((), {})


def test_an_arm_that_cannot_be_said_to_miss_has_no_share() -> None:
    (only,) = region_misses({"deployed": Misses({}, "the log keeps 3 results a question")}, {}, 1)
    assert only.missed["deployed"].reason == "the log keeps 3 results a question"


def test_the_misses_are_those_of_the_failure_codes() -> None:
    found = misses_of(stored_comparison())
    assert {arm: sum(of_arm.missed.values()) for arm, of_arm in found.items()} == {
        "dense": 10, "bm25": 9, "hybrid": 4, "hybrid+rerank": 3,
    }  # fmt: skip
    assert {len(of_arm.missed) for of_arm in found.values()} == {40}


def test_without_labels_every_arm_says_so() -> None:
    from dataclasses import replace

    from example_results import unlabelled_comparison

    stored = replace(
        stored_comparison(),
        comparison=unlabelled_comparison(),
        per_query=frame("per_query", ()),
        failures=frame("failures", ()),
    )
    found = misses_of(stored)
    assert {of_arm.reason for of_arm in found.values()} == {NONE_AT_ALL}


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=60))
def test_shares_of_the_regions_add_up_to_what_was_missed(rows: list[tuple[bool, int]]) -> None:
    asked = {f"q{i}": missed for i, (missed, _) in enumerate(rows)}
    found = region_misses({"dense": Misses(asked)}, {f"q{i}": region for i, (_, region) in enumerate(rows)}, 5)
    shares = [told.missed["dense"] for told in found]
    assert sum(share.n for share in shares) == len(rows)
    assert sum(round((share.value or 0) * share.n) for share in shares) == sum(asked.values())
    assert all(0 <= p <= 1 for told in found for p in told.p_values.values())
