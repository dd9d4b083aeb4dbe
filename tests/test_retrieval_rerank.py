"""The cross-encoder path, on a cross-encoder small enough to be made here."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabricated_retrieval import HashingEncoder, passages_of, query

from workbench.errors import MissingPartError
from workbench.records import ScoredPassage
from workbench.retrieval.arms import ArmRunner, ArmSettings
from workbench.retrieval.rerank import CrossEncoderReranker, rerank

PASSAGES = passages_of({"a": "storm damage", "b": "flood damage", "c": "theft of keys", "d": "glass"})


@pytest.fixture(scope="module")
def tiny_cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("cross-encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "storm", "flood", "theft", "damage", "keys", "glass"]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


class LengthReranker:
    """Scores a passage by its length: an order anyone can check."""

    name = "length"

    def score(self, query, passages):
        return [float(len(p.text)) for p in passages]


def test_reranking_reorders_the_head_and_leaves_the_tail() -> None:
    ranking = [ScoredPassage(f"{name}::0", 1.0 / (rank + 1)) for rank, name in enumerate("dcab")]
    by_id = {p.passage_id: p for p in PASSAGES}
    reranked = rerank(query("q", "x"), ranking, by_id, LengthReranker(), depth=3)
    assert [p.passage_id for p in reranked] == ["c::0", "a::0", "d::0", "b::0"]
    scores = [p.score for p in reranked]
    assert scores == sorted(scores, reverse=True)


def test_a_cross_encoder_from_a_folder_scores_each_pair_and_is_repeatable(tiny_cross_encoder: str) -> None:
    reranker = CrossEncoderReranker(tiny_cross_encoder)
    scores = reranker.score(query("q", "storm"), PASSAGES)
    assert len(scores) == 4
    assert scores == pytest.approx(reranker.score(query("q", "storm"), PASSAGES))
    assert reranker.score(query("q", "storm"), []) == []


def test_the_reranked_arm_runs_with_a_model(tiny_cross_encoder: str, tmp_path: Path) -> None:
    runner = ArmRunner(
        PASSAGES,
        [query("q", "storm damage")],
        tmp_path / "v.sqlite",
        ArmSettings(reranker=tiny_cross_encoder),
        load_encoder=lambda model: HashingEncoder(),
    )
    run = runner.run("hybrid+rerank")
    assert sorted(d.doc_id for d in run.rankings["q"]) == ["a", "b", "c", "d"]


def test_a_folder_that_holds_no_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="could not be loaded"):
        CrossEncoderReranker(str(tmp_path))
