import math
import time
from dataclasses import replace

import numpy as np
import pytest
from fabricated_case import EMPTY, check, evals, item, line, log
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation import coverage_map, eval_set
from workbench.evaluation.coverage import coverage_of_traffic, coverage_report, topics_of
from workbench.evaluation.population_stability import chance_limit, population_stability, stability_estimate
from workbench.evaluation.telling_words import WordTable, log_likelihood, signs_of, topic_names

TOPICS = (
    "water leak escape pipe burst kitchen",
    "stolen vehicle theft keys tracker",
    "hail roof tiles storm gale",
    "travel cancellation flight illness",
)
COUNTS = st.lists(st.integers(0, 500), min_size=4, max_size=4).map(np.array)


def questions(*counts: int) -> list[str]:
    """Questions per topic; each ends in its own number so that all differ."""
    return [f"{TOPICS[topic]} {100 + n}" for topic, count in enumerate(counts) for n in range(count)]


def case(queries, asked=()):
    return replace(
        EMPTY,
        log=log(*(line(number, query) for number, query in enumerate(queries))),
        evals=evals(*(item(number, question) for number, question in enumerate(asked))),
    )


def test_the_stability_index_is_the_sum_worked_out_by_hand():
    # Half a count added: p = 80.5 / 101, 20.5 / 101 and q = 20.5 / 41, 20.5 / 41.
    p, q = (80.5 / 101, 20.5 / 101), (0.5, 0.5)
    by_hand = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert float(population_stability(np.array([80, 20]), np.array([20, 20]))) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.4063, abs=1e-4)


def test_an_empty_group_gives_a_number():
    assert math.isfinite(float(population_stability(np.array([10, 0]), np.array([0, 10]))))


@given(COUNTS, COUNTS)
def test_the_stability_index_is_never_negative_and_0_for_equal_shares(one, other):
    assert float(population_stability(one, other)) >= 0
    assert float(population_stability(one, one)) == 0


@given(COUNTS, COUNTS)
def test_the_stability_index_does_not_care_which_set_is_which(one, other):
    # (q - p) ln(q / p) = (p - q) ln(p / q).
    assert float(population_stability(one, other)) == pytest.approx(float(population_stability(other, one)))


def test_by_chance_the_index_passes_its_limit_one_time_in_twenty():
    rng, shares, over = np.random.default_rng(3), np.full(10, 0.1), 0
    for _ in range(400):
        traffic, found = rng.multinomial(1_000, shares), rng.multinomial(60, shares)
        over += float(population_stability(traffic, found)) > chance_limit(traffic, found, rng)
    # 5 % of 400 are 20; three standard errors are 13.
    assert 7 <= over <= 33


def test_with_thirty_items_over_twenty_groups_chance_alone_passes_a_quarter():
    # The index of two samples is about (groups - 1) (1 / n + 1 / m) = 19 (1 / 30 + 1 / 2000) = 0.64 where nothing differs.
    assert chance_limit(np.full(20, 100), np.array([2] * 10 + [1] * 10), np.random.default_rng(0)) > 0.5


def test_the_interval_of_the_index_holds_what_is_true_of_all_questions():
    shares, other = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
    truth = float(((other - shares) * np.log(other / shares)).sum())
    rng, inside = np.random.default_rng(5), 0
    for _ in range(200):
        found = stability_estimate(rng.multinomial(1_000, shares), rng.multinomial(150, other), rng)
        inside += found.low <= truth <= found.high
    # 95 % of 200 are 190; three standard errors are 9.
    assert inside >= 178


def test_the_index_of_an_empty_set_is_not_measured():
    found = stability_estimate(np.array([3, 4]), np.array([0, 0]), np.random.default_rng(0))
    assert found.value is None


def test_a_word_held_by_eight_of_ten_here_and_two_of_ten_there_weighs_what_the_formula_says():
    # 2 (8 ln(8/5) + 2 ln(2/5) + 2 ln(2/5) + 8 ln(8/5)) = 7.71
    by_hand = 2 * (16 * math.log(8 / 5) + 4 * math.log(2 / 5))
    weights = log_likelihood(np.array([8.0, 2.0]), 10, np.array([2.0, 8.0]), 10)
    assert weights == pytest.approx([by_hand, -by_hand])


def test_a_repeated_question_makes_no_word_telling():
    texts = ["hail roof"] * 50 + ["storm roof", "leak pipe", "burst pipe"]
    table = WordTable(texts)
    assert len(table.rows) == 4


def test_scripts_without_spaces_are_cut_into_pairs_of_signs():
    assert signs_of("理赔流程?") == ["理赔", "赔流", "流程", "?"]


def test_a_word_names_one_topic_only():
    names = topic_names(questions(20, 20, 20, 20), np.repeat(np.arange(4), 20), 4)
    told = [word for name in names for word in name.split(", ")]
    assert len(told) == len(set(told))
    assert all(set(name.split(", ")) <= set(TOPICS[topic].split()) for topic, name in enumerate(names))


def test_a_topic_without_words_is_named_by_its_number():
    assert topic_names(["?", "!", "1"], np.array([0, 1, 1]), 2) == ["topic 1", "topic 2"]


def test_the_report_names_the_topic_the_set_leaves_out_first():
    found = coverage_report(case(questions(30, 20, 20, 30), questions(20, 20, 20, 0)))
    bare = [topic for topic in found.topics if not topic.touched]
    assert found.reason is None
    assert found.topics[: len(bare)] == tuple(bare)
    assert sum(topic.queries for topic in bare) == 30
    assert found.uncovered.value == pytest.approx(0.3)
    assert all(set(topic.name.split(", ")) <= {*TOPICS[3].split(), *map(str, range(100, 130))} for topic in bare)
    assert sum(topic.queries for topic in found.topics) == 100


def test_a_topic_has_items_just_where_it_is_touched():
    found = coverage_report(case(questions(30, 20, 20, 30), questions(3, 1, 0, 1)))
    assert all((topic.items > 0) == topic.touched for topic in found.topics)
    assert all(topic.example in questions(30, 20, 20, 30) for topic in found.topics)


def test_every_question_of_a_small_case_is_on_the_picture_with_its_topic():
    inputs = case(questions(30, 20, 20, 30), questions(2, 2, 2, 2))
    found = coverage_report(inputs)
    kinds = [point.kind for point in found.points]
    assert (kinds.count("query"), kinds.count("item")) == (100, 8)
    assert {point.topic for point in found.points} <= {topic.topic for topic in found.topics}
    assert {point.item_id for point in found.points if point.kind == "item"} == {f"q{n}" for n in range(8)}
    assert found == coverage_report(inputs)


def test_few_questions_are_placed_by_principal_components():
    line_of_points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert coverage_map.places(line_of_points)[:, 0].tolist() == pytest.approx([-1.0, 0.0, 1.0])
    assert coverage_map.places(np.empty((0, 3))).shape == (0, 2)
    assert coverage_map.places(np.ones((40, 3))).tolist() == [[0.0, 0.0]] * 40


def test_equal_questions_lie_on_one_place():
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(40, 8)), 2, axis=0)
    placed = coverage_map.places(vectors)
    assert (placed[::2] == placed[1::2]).all()
    assert len(np.unique(placed, axis=0)) == 40


def test_at_most_two_thousand_points_are_drawn():
    queries, items = coverage_map.chosen(50_000, 3_000, np.random.default_rng(0))
    assert (len(queries), len(items)) == (1_400, 600)
    assert len(np.unique(queries)) == 1_400


@pytest.mark.parametrize("queries", [[], ["one question"], ["the same question"] * 500, ["???"] * 50])
def test_without_thirty_different_questions_the_report_says_why(queries):
    found = coverage_report(case(queries, questions(5, 5, 5, 5)))
    assert found.reason
    assert found.uncovered.value is None
    assert found.psi.value is None
    assert (found.topics, found.points) == ((), ())


def test_without_a_set_every_topic_is_untouched_and_the_index_not_measured():
    found = coverage_report(case(questions(30, 20, 20, 30)))
    assert found.uncovered.value == 1
    assert (found.psi.value, found.psi_limit) == (None, None)
    assert {point.kind for point in found.points} == {"query"}


def test_questions_of_the_same_words_in_another_order_are_grouped_all_the_same():
    rng = np.random.default_rng(0)
    queries = [" ".join(rng.permutation(["alpha", "beta", "gamma", "delta", "omega"])) for _ in range(60)]
    assert coverage_of_traffic(queries, queries[:2]).queries == 60


@settings(deadline=None, max_examples=15)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=35, max_size=60, unique=True))
def test_any_texts_end_in_a_report(texts):
    found = coverage_report(case(texts, texts[:3]))
    assert found.reason or sum(topic.queries for topic in found.topics) == len([text for text in texts if text.strip()])


def test_a_hundred_thousand_questions_and_pasted_documents_are_bounded():
    rng = np.random.default_rng(1)
    words = [f"word{number}" for number in range(400)]
    queries = [" ".join(rng.choice(words, 7)) for _ in range(5_000)] * 20
    queries[7] = "pasted " * 100_000
    started = time.monotonic()
    found = coverage_report(case(queries, questions(5, 5, 5, 5)))
    assert len(found.points) <= 2_000
    assert found.uncovered.n <= 4_000
    # Ten seconds on an idle machine; what is asserted is that it does not grow with the log.
    assert time.monotonic() - started < 60


def test_e05_is_seen_where_the_set_weighs_topics_unlike_the_traffic():
    # All topics are touched, but 60 of 66 items are about hail, a twentieth of the traffic.
    traffic, asked = questions(90, 90, 10, 10), questions(2, 2, 60, 2)
    found = check(eval_set.coverage, case(traffic, asked), "seen", "0 of 200", "weighs topics unlike the traffic")
    assert found.value.value > 0.25


def test_e05_is_clean_where_the_set_is_drawn_from_the_traffic():
    traffic = questions(90, 60, 50, 40)
    check(eval_set.coverage, case(traffic, traffic[::3]), "clean", "Stability index")


def test_e05_says_nothing_of_weights_with_a_handful_of_items():
    found = eval_set.coverage(case(questions(90, 90, 10, 10), questions(0, 0, 8, 0)))
    assert "tability index" not in found.finding


def test_topics_are_the_same_at_each_call():
    one, other = (topics_of(questions(30, 20, 20, 30), questions(2, 2, 2, 2)) for _ in range(2))
    assert (one.labels == other.labels).all()
    assert (one.traffic == other.traffic).all()
