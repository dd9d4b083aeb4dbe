"""The cross-encoder path, on cross-encoders small enough to be made here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fabricated_retrieval import HashingEncoder, passages_of, query
from tiny_models import save_tiny_cross_encoder, save_tiny_encoder

from workbench.errors import CancelledError, MissingPartError
from workbench.retrieval import rerank
from workbench.retrieval.arms import ArmSettings, Corpus, Search
from workbench.retrieval.openvino_model import runtime
from workbench.retrieval.rerank import (
    BLOCK,
    MAX_DIFFERENCE,
    USUAL_MODEL,
    CrossEncoderReranker,
    Pair,
    load_cross_encoder,
)

PASSAGES = passages_of({"a": "storm damage", "b": "flood damage", "c": "theft of keys", "d": "glass"})
IDENTITY = "torch.nn.modules.linear.Identity"
PAIRS: list[Pair] = [
    (question, text)
    for question in ("storm damage", "theft", "")
    for text in ("storm damage", "the flood damage claims", "keys " * 60, "", "glass")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


@pytest.fixture(autouse=True)
def _cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for the module, so that a model is exported once; none of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "rerank-models"))


def predicted(folder: Path, pairs: Sequence[Pair]) -> list[float]:
    from sentence_transformers import CrossEncoder

    return CrossEncoder(str(folder), device="cpu", local_files_only=True).predict(list(pairs)).tolist()


def without_scoring(self: CrossEncoderReranker, pairs: Sequence[Pair]) -> list[float]:
    raise AssertionError(f"{len(pairs)} pairs are scored again")


@pytest.mark.parametrize("activation", [None, IDENTITY])
def test_scores_are_those_of_sentence_transformers(tmp_path: Path, activation: str | None) -> None:
    folder = save_tiny_cross_encoder(tmp_path, activation=activation)
    reranker = CrossEncoderReranker(str(folder))
    scores, expected = reranker.score_many(PAIRS), predicted(folder, PAIRS)
    assert reranker.backend == "openvino"
    assert np.ptp(expected) > 5 * MAX_DIFFERENCE, "scores this close could not tell a wrong pair from a right one"
    if activation:  # the promise is kept in probabilities
        assert min(scores) < 0
        scores, expected = rerank.probability(np.array(scores)), rerank.probability(np.array(expected))
    assert list(scores) == pytest.approx(list(expected), abs=MAX_DIFFERENCE)


def test_a_score_is_the_same_for_one_question_and_for_many(folder: Path) -> None:
    reranker = CrossEncoderReranker(str(folder))
    together = reranker.score_many(PAIRS)
    assert [reranker.score_many([pair])[0] for pair in PAIRS] == together
    assert reranker.score_many(PAIRS[::-1]) == together[::-1]
    passages = passages_of({f"p{i}": text for i, (_, text) in enumerate(PAIRS[:5])})
    assert list(reranker.score(query("q", "storm damage"), passages)) == together[:5]
    assert reranker.score(query("q", "storm"), []) == []


def test_a_question_and_a_passage_are_not_interchangeable(folder: Path) -> None:
    flood, storm = CrossEncoderReranker(str(folder)).score_many([("storm keys", "flood"), ("flood", "storm keys")])
    assert flood != storm


def test_kept_scores_are_not_computed_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "kept" / "scores.sqlite"
    first = CrossEncoderReranker(str(folder), store=store).score_many(PAIRS)
    again = CrossEncoderReranker(str(folder), store=store)
    monkeypatch.setattr(CrossEncoderReranker, "_scores", without_scoring)
    assert again.score_many(PAIRS) == first
    with pytest.raises(AssertionError, match="1 pairs are scored again"):
        again.score_many([*PAIRS, ("storm d", "amage")])


def test_another_model_does_not_get_the_first_ones_scores(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "scores.sqlite"
    CrossEncoderReranker(str(folder), store=store).score_many(PAIRS)
    other = save_tiny_cross_encoder(tmp_path, activation=IDENTITY)
    expected = CrossEncoderReranker(str(other)).score_many(PAIRS)
    assert CrossEncoderReranker(str(other), store=store).score_many(PAIRS) == expected


def test_a_store_that_is_no_database_is_replaced_and_one_that_cannot_be_made_is_one_sentence(
    folder: Path, tmp_path: Path
) -> None:
    store = tmp_path / "scores.sqlite"
    store.write_bytes(b"this is no database " * 200)
    assert len(CrossEncoderReranker(str(folder), store=store).score_many(PAIRS)) == len(PAIRS)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MissingPartError, match="kept scores cannot be used"):
        CrossEncoderReranker(str(folder), store=tmp_path / "file" / "scores.sqlite").score_many(PAIRS)


def test_a_cancelled_run_keeps_the_blocks_it_finished(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [("storm", f"damage {'keys ' * (i % 7)}{i}") for i in range(BLOCK + 10)]
    said: list[tuple[float, str]] = []

    def cancel(share: float, what: str) -> None:
        said.append((share, what))
        raise CancelledError("stopped")

    reranker = CrossEncoderReranker(str(folder), store=tmp_path / "scores.sqlite")
    with pytest.raises(CancelledError):
        reranker.score_many(pairs, progress=cancel)
    assert said == [(BLOCK / (BLOCK + 10), "reading pairs (512 of 522)")]
    scored: list[int] = []
    original = CrossEncoderReranker._scores
    monkeypatch.setattr(
        CrossEncoderReranker, "_scores", lambda self, part: (scored.append(len(part)), original(self, part))[1]
    )
    assert len(reranker.score_many(pairs)) == len(pairs)
    assert scored == [10]


def test_awkward_pairs_get_scores_too(folder: Path) -> None:
    reranker = CrossEncoderReranker(str(folder))
    scores = reranker.score_many([("storm \ud800", "keys \x00"), ("", ""), ("storm " * 90_000, "flood " * 90_000)])
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("kept", [True, False])
def test_a_model_that_gives_no_number_is_one_sentence_and_nothing_of_it_is_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    reranker = CrossEncoderReranker(str(folder), store=tmp_path / "scores.sqlite" if kept else None)
    monkeypatch.setattr(type(reranker._fast), "outputs", lambda self, pairs: np.full((len(pairs), 1), np.nan))
    with pytest.raises(MissingPartError, match="gave 15 of 15 pairs no number as a score"):
        reranker.score_many(PAIRS)


def test_without_openvino_torch_scores_and_the_scores_are_kept_apart(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_openvino() -> None:
        raise ImportError("no openvino")

    fast = CrossEncoderReranker(str(folder))
    monkeypatch.setattr(runtime, "openvino", without_openvino)
    slow = CrossEncoderReranker(str(folder))
    assert (fast.backend, slow.backend) == ("openvino", "sentence-transformers")
    assert fast.fingerprint != slow.fingerprint
    assert slow.score_many(PAIRS) == pytest.approx(predicted(folder, PAIRS), abs=1e-5)


def test_a_folder_that_holds_no_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="could not be loaded"):
        CrossEncoderReranker(str(tmp_path))


def test_a_model_of_three_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="gives 3 scores a pair, expected one"):
        CrossEncoderReranker(str(save_tiny_cross_encoder(tmp_path, labels=3)))


def test_a_configuration_that_names_what_is_not_there_is_not_called_a_missing_package(tmp_path: Path) -> None:
    folder = save_tiny_cross_encoder(tmp_path, activation="torch.nn.modules.no_such_module.Thing")
    with pytest.raises(MissingPartError, match="could not be loaded"):
        CrossEncoderReranker(str(folder))


def test_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    save_tiny_cross_encoder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(MissingPartError, match="could not be loaded"):
        CrossEncoderReranker(str(tmp_path))


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.mark.parametrize("ask_hub", [True, False])
def test_a_hub_name_that_cannot_be_had_is_one_sentence_and_quick(hub_cache: Path, ask_hub: bool) -> None:
    started = time.perf_counter()
    with pytest.raises(MissingPartError, match="is not in the local hub cache") as told:
        CrossEncoderReranker(USUAL_MODEL, ask_hub=ask_hub)
    assert str(told.value).count("\n") == 0
    # Importing the hub's client on a busy machine is part of it.
    assert time.perf_counter() - started < 5


def test_a_name_that_may_not_be_asked_for_is_not_asked_for(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda self, name, **options: asked.append(name))
    with pytest.raises(MissingPartError):
        CrossEncoderReranker(USUAL_MODEL, ask_hub=False)
    assert asked == []


def test_the_usual_model_is_found_in_the_hub_cache(hub_cache: Path) -> None:
    repository = hub_cache / f"models--{USUAL_MODEL.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("c0ffee")
    snapshot = repository / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    save_tiny_cross_encoder(snapshot)
    reranker = CrossEncoderReranker(USUAL_MODEL, ask_hub=False)
    assert reranker.name == USUAL_MODEL
    assert reranker.score_many(PAIRS) == pytest.approx(predicted(snapshot, PAIRS), abs=MAX_DIFFERENCE)


def test_without_a_name_only_this_machine_is_looked_at(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda self, name, **options: asked.append(name))
    with pytest.raises(MissingPartError, match=r"^not available: no model, set --reranker PATH$"):
        load_cross_encoder()
    assert asked == []


def test_the_reranked_arm_runs_with_a_model(folder: Path, tmp_path: Path) -> None:
    corpus = Corpus(
        [],
        PASSAGES,
        tmp_path / "embeddings",
        ArmSettings(reranker=str(folder)),
        load_encoder=lambda model: HashingEncoder(),
    )
    (ranking,) = Search(corpus, [query("q", "storm damage")]).run("hybrid+rerank").rankings.values()
    scores = load_cross_encoder(str(folder)).score(query("q", "storm damage"), PASSAGES)
    best_first = [
        passage.doc_id for _, passage in sorted(zip(scores, PASSAGES, strict=True), key=lambda pair: -pair[0])
    ]
    assert [document.doc_id for document in ranking] == best_first


def test_an_encoder_is_no_cross_encoder(tmp_path: Path) -> None:
    """Its head would be random weights: a score of nothing."""
    with pytest.raises(MissingPartError, match="it is no cross-encoder"):
        CrossEncoderReranker(str(save_tiny_encoder(tmp_path)))


def test_probabilities_of_high_scores_stay_apart() -> None:
    high, higher = rerank.probability(np.array([20.0, 25.0]))
    assert 0.99 < high < higher < 1
