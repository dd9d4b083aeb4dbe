"""Id metrics of what was retrieved, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.answers.labels import ID_METRICS, average_precision, depths, id_scores
from workbench.records import AnswerRow


def row(ids, references, row_id="1"):
    return AnswerRow(row_id, "q", "a", context_ids=tuple(ids), reference_doc_ids=tuple(references))


def values(ids, references):
    return {each.metric: each.value for each in id_scores([row(ids, references)])}


def test_two_of_three_references_at_ranks_1_and_3():
    found = values(["a", "x", "b"], ["a", "b", "c"])
    assert found == {
        "id_recall": pytest.approx(2 / 3),
        "id_average_precision": pytest.approx((1 / 1 + 2 / 3) / 3),
        "id_success": 1.0,
    }


def test_nothing_found_is_0_and_not_missing():
    assert set(values(["x", "y"], ["a"]).values()) == {0.0}


def test_several_passages_of_a_document_count_once_at_the_first_rank():
    # Ranking of documents: a, x, b.
    assert values(["a#000", "a#003", "x", "b"], ["a", "b"])["id_average_precision"] == pytest.approx((1 + 2 / 3) / 2)


def test_a_record_of_a_file_is_not_another_record():
    assert values(["faq.csv#7"], ["faq.csv#6"])["id_recall"] == 0.0


def test_an_id_that_was_not_logged_keeps_its_rank():
    assert values(["", "a"], ["a"])["id_average_precision"] == 0.5


def test_rows_without_ids_or_references_are_skipped_with_the_reason():
    found = id_scores([row([], ["a"]), row(["a"], [], "2"), row(["", ""], [""], "3")], ["id_recall"])
    assert [(each.status, each.value, each.reason) for each in found] == [
        ("skipped", None, "no ids of the retrieved documents"),
        ("skipped", None, "no reference documents"),
        ("skipped", None, "no ids of the retrieved documents, no reference documents"),
    ]


def test_depths_tell_the_fewest_and_most_contexts_of_rows_that_count():
    assert depths([row("abc", "a"), row("abcde", "a"), row("ab", "")]) == (3, 5)
    assert depths([]) is None


def test_an_unknown_metric_is_refused_by_name():
    with pytest.raises(ValueError, match="unknown metric 'mrr'"):
        id_scores([], ["mrr"])


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8), st.sets(st.sampled_from("abcdef"), min_size=1))
def test_every_value_lies_between_0_and_1_and_average_precision_is_at_most_recall(ids, references):
    found = values(ids, sorted(references))
    assert set(found) == set(ID_METRICS)
    assert all(0 <= value <= 1 for value in found.values())
    assert found["id_average_precision"] <= found["id_recall"] + 1e-12
    assert found["id_success"] == (found["id_recall"] > 0)


@given(st.permutations("abcd"))
def test_average_precision_is_1_when_the_relevant_stand_first(ranking):
    assert average_precision(ranking, frozenset(ranking[:2])) == 1.0
