"""The learned reranker's order, its reasons, and the file its weights stand in."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fabricated_retrieval import HashingEncoder, passages_of, query

from workbench import session
from workbench.errors import InputError
from workbench.retrieval.learned import FEATURES, Candidate, LearnedReranker, Reranked
from workbench.retrieval.learned.weights import SHIPPED, checksum, load_weights, weights_document
from workbench.retrieval.learned.wording import in_words
from workbench.retrieval.tokens import TokenizedCorpus
from workbench.retrieval.views import EncoderInUse, PassageView

TEXTS = {
    "a": "The garden fence is painted green every spring.",
    "b": "Storm damage to a roof is paid after a visit.",
    "c": "A roof was repaired; nobody spoke of any storm.",
}
QUESTION = query("q", "Is storm damage to a roof paid?")


def reranker(weights: Path | None = None, *, vectors: bool = True) -> tuple[LearnedReranker, list[Candidate]]:
    found = passages_of(TEXTS)
    tokens = TokenizedCorpus.of([passage.text for passage in found])
    matrix = np.array([[0, 1], [1, 0], [0.8, 0.6]], dtype=np.float32) if vectors else None
    ranked = [Candidate(passage, row + 1, row + 1, row + 1, row) for row, passage in enumerate(found)]
    return LearnedReranker(found, tokens, matrix, weights), ranked


VECTOR = np.array([1.0, 0.0], dtype=np.float32)


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], object], *, sign: bool = True) -> Path:
    """The shipped weights with a change, under a checksum that fits it unless told otherwise."""
    content = json.loads(SHIPPED.read_text(encoding="utf-8"))
    change(content)
    if sign:
        content["sha256"] = checksum(content)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("vectors", [True, False])
def test_the_passage_that_answers_comes_first(vectors: bool) -> None:
    model, found = reranker(vectors=vectors)
    ranked = model.rerank(QUESTION, VECTOR if vectors else None, found)
    assert [passage.passage_id for passage in ranked] == ["b::0", "c::0", "a::0"]
    assert ranked[0].score > ranked[1].score > ranked[2].score


def test_the_order_the_candidates_are_given_in_does_not_matter() -> None:
    model, found = reranker()
    once, again = model.rerank(QUESTION, VECTOR, found), model.rerank(QUESTION, VECTOR, found[::-1])
    assert [passage.passage_id for passage in once] == [passage.passage_id for passage in again]
    assert [passage.score for passage in once] == pytest.approx([passage.score for passage in again])


def test_the_same_question_gives_the_same_scores_to_the_last_bit() -> None:
    model, found = reranker()
    assert model.rerank(QUESTION, VECTOR, found) == reranker()[0].rerank(QUESTION, VECTOR, found)


def test_no_candidates_stay_none_and_a_lone_one_stays_alone() -> None:
    model, found = reranker()
    assert model.rerank(QUESTION, VECTOR, []) == []
    assert [passage.passage_id for passage in model.rerank(QUESTION, VECTOR, found[:1])] == ["a::0"]


def test_an_arm_without_vectors_that_runs_first_takes_none_from_the_next(tmp_path: Path) -> None:
    encoder = EncoderInUse(HashingEncoder(), tmp_path)
    vector = HashingEncoder().encode([QUESTION.text])[0]

    def scores(view: PassageView, *, vectors: bool) -> list[Reranked]:
        found = [Candidate(passage, row + 1, row + 1, row + 1, row) for row, passage in enumerate(view.passages)]
        model = view.learned(encoder if vectors else None)
        return model.rerank(QUESTION, vector if vectors else None, found)

    view = PassageView(passages_of(TEXTS))
    words_alone = scores(view, vectors=False)
    assert scores(view, vectors=True) == scores(PassageView(passages_of(TEXTS)), vectors=True) != words_alone
    assert scores(view, vectors=False) == words_alone


def test_passages_alike_in_every_way_keep_the_order_they_had() -> None:
    found = passages_of({"x": "storm", "y": "storm"})
    weights = reranker()[0]
    model = LearnedReranker(found, TokenizedCorpus.of(["storm", "storm"]), None)
    assert weights.name == model.name == "learned"
    ranked = [Candidate(passage, 1, None, None, row) for row, passage in enumerate(found)]
    assert [passage.passage_id for passage in model.rerank(query("q", "storm"), None, ranked)] == ["x::0", "y::0"]


@pytest.mark.parametrize("vectors", [True, False])
def test_fifty_copies_of_one_passage_keep_the_order_they_had(vectors: bool) -> None:
    found = passages_of({f"d{number:02}": "storm damage to a roof" for number in range(50)})
    tokens = TokenizedCorpus.of([passage.text for passage in found])
    model = LearnedReranker(found, tokens, np.ones((50, 1), dtype=np.float32) if vectors else None)
    ranked = [Candidate(passage, row + 1, row + 1, row + 1, row) for row, passage in enumerate(found)]
    reordered = model.rerank(QUESTION, np.ones(1, dtype=np.float32) if vectors else None, ranked[::-1])
    assert [passage.passage_id for passage in reordered] == [passage.passage_id for passage in found]


@pytest.mark.parametrize("vectors", [True, False])
def test_the_reasons_of_a_passage_sum_to_its_score(vectors: bool) -> None:
    model, found = reranker(vectors=vectors)
    asked = VECTOR if vectors else None
    explained = model.explain(QUESTION, asked, found)
    assert explained.keys() == {"a::0", "b::0", "c::0"}
    for passage in model.rerank(QUESTION, asked, found):
        reasons = explained[passage.passage_id]
        assert sum(reason.contribution for reason in reasons) == pytest.approx(passage.score)
        sizes = [abs(reason.contribution) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)


def test_a_reason_reads_as_a_sentence_with_its_value() -> None:
    model, found = reranker()
    reasons = {reason.feature: reason for reason in model.explain(QUESTION, VECTOR, found)["b::0"]}
    assert reasons["cosine"].text == "close in meaning to the question: 1.00 (cosine)"
    assert reasons["cosine"].value == 1
    # The second in both rankings, with every word of the question.
    assert reasons["best_rank"].text == "better of its places by meaning and by words: 2"
    assert reasons["coverage"].text == "words of the question found, rare words counting more: 100 %"
    assert model.explain(QUESTION, VECTOR, []) == {}


@pytest.mark.parametrize(
    ("feature", "value", "text"),
    [
        ("fused_rank", 61 / (60 + 50), "place before reranking: 50"),
        ("best_rank", math.log2(1 + 300), "better of its places by meaning and by words: 300"),
        ("both_top", 0.0, "in the first ten both by meaning and by words: no"),
        ("rarest_found", 1.0, "rarest word of the question found: yes"),
        ("cosine_gap", -0.12, "close in meaning, beside the closest passage: \u22120.120 (cosine)"),
        ("run", 1 - 1e-16, "longest part of the question found word for word: 100 %"),
        ("run", 0.004, "longest part of the question found word for word: under 1 %"),
        ("asked_number", math.log1p(2), "numbers in it where the question asks for one: 2"),
        ("length", math.log(0.5), "length: 0.500 times the average"),
        ("neighbours", 1.5, "match of the five passages most like it: 1.50 standard deviations above average"),
        ("neighbours", -1.5, "match of the five passages most like it: 1.50 standard deviations below average"),
        ("neighbours", 0.0, "match of the five passages most like it: average"),
    ],
)
def test_values_read_in_units_people_know(feature: str, value: float, text: str) -> None:
    assert in_words(feature, value) == text


def test_every_feature_can_be_said() -> None:
    said = [in_words(feature.name, 0.5).partition(":")[0] for feature in FEATURES]
    assert len(set(said)) == len(FEATURES)


def test_more_of_what_can_only_help_never_lowers_a_score() -> None:
    weights = load_weights()
    for model in (weights.with_vectors, weights.words_alone):
        for feature, weight in zip(FEATURES, model.weight, strict=True):
            assert weight * feature.sign >= 0, feature.name
    unused = [
        f.name for f, weight in zip(FEATURES, weights.words_alone.weight, strict=True) if f.needs_vectors and weight
    ]
    assert unused == []


def test_the_shipped_weights_say_what_they_were_learned_from() -> None:
    about = load_weights().about
    assert {row["set"] for row in about["training_data"]}.isdisjoint({"scifact", "cranfield"})
    assert all(row["licence"] and row["questions"] > 100 for row in about["training_data"])


def test_the_weights_file_and_the_model_card_say_what_the_code_does() -> None:
    content = json.loads(SHIPPED.read_text(encoding="utf-8"))
    card = (Path(__file__).parents[1] / "docs" / "reranker.md").read_text(encoding="utf-8")
    for feature, with_vectors, words_alone in zip(
        FEATURES, content["with_vectors"], content["words_alone"], strict=True
    ):
        assert feature.label == with_vectors["label"] == words_alone["label"]
        shown = [f"{row['weight']:+.3f}" if row["weight"] else "0" for row in (with_vectors, words_alone)]
        assert f"| {feature.label} | {shown[0]} | {shown[1]} |" in card
    for row in content["training_data"]:
        assert f"| {row['set']} | {row['passages']:,} | {row['questions']} | {row['licence']} |" in card


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    weights = load_weights()
    document = weights_document(
        {"date": "2026-01-02"}, {"with_vectors": weights.with_vectors, "words_alone": weights.words_alone}
    )
    path = tmp_path / "weights.json"
    path.write_text(json.dumps(document, indent=3), encoding="utf-8")
    again = load_weights(path)
    assert again.about["date"] == "2026-01-02"
    assert again.with_vectors.weight.tolist() == weights.with_vectors.weight.tolist()
    assert reranker(path)[0].rerank(QUESTION, VECTOR, reranker()[1]) == reranker()[0].rerank(
        QUESTION, VECTOR, reranker()[1]
    )


def _set(part: str, row: int, key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda content: content[part][row].__setitem__(key, value)


DAMAGE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another version of the features": (
        lambda c: c.update(features_version=0),
        "made for features version 0, expected",
    ),
    "a feature less": (lambda c: c["words_alone"].pop(), "'words_alone' has other features .*neighbours"),
    "another order": (lambda c: c["with_vectors"].reverse(), "has other features than this version .order"),
    "a model missing": (lambda c: c.pop("words_alone"), "'words_alone' has other features"),
    "a row that is no object": (lambda c: c["with_vectors"].__setitem__(0, 3), "has other features"),
    "a weight that is text": (_set("with_vectors", 2, "weight", "1"), "feature 'both_top': weight is no finite number"),
    "a weight that is true": (_set("with_vectors", 2, "weight", True), "weight is no finite number"),
    "a centre that is not finite": (_set("with_vectors", 0, "centre", float("nan")), "centre is no finite number"),
    "a scale of 0": (_set("words_alone", 0, "scale", 0.0), "a scale that is not above 0"),
    "a feature that meant something else": (
        lambda c: c["with_vectors"][8]["example"].__setitem__(0, 0.123),
        "feature 'coverage' was .0.123, .* on the built-in example when the weights were learned, now .1.0, ",
    ),
    "no example": (lambda c: c["with_vectors"][8].pop("example"), "feature 'coverage' was None"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_weights_that_do_not_fit_the_code_are_refused(name: str, tmp_path: Path) -> None:
    change, message = DAMAGE[name]
    with pytest.raises(InputError, match=message) as refused:
        load_weights(changed(tmp_path, change))
    assert str(refused.value).startswith("changed.json: ")


def test_a_weight_changed_by_hand_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the checksum does not match the content"):
        load_weights(changed(tmp_path, _set("with_vectors", 0, "weight", 9.0), sign=False))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "are not JSON"),
        ("[]", "expected an object"),
        ("[" * 100_000, "are not JSON"),
        (" " * 1_000_001, "larger than 1,000,000"),
    ],
)
def test_a_file_that_is_no_weights_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_weights(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent.json: the reranker's weights cannot be read"):
        load_weights(tmp_path / "absent.json")


@pytest.mark.shared_data
def test_a_corpus_the_weights_were_not_learned_from_is_ranked_better_than_by_the_fusion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).resolve().parents[2] / "shared" / "data" / "cranfield"
    if not root.is_dir():
        pytest.skip("the development data 'cranfield' is not beside this checkout")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    arms = session.compare(root, arms=("hybrid", "hybrid+rerank"), out=tmp_path / "out").comparison.arms
    score = {arm: report.measures["nDCG@10"].value for arm, report in arms.items()}
    assert score["hybrid+rerank"] > score["hybrid"] + 0.015
