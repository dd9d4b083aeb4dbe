"""Encoders and cross-encoders of random weights, small enough to be made in a test."""

from __future__ import annotations

from pathlib import Path

WORDS = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *("storm", "flood", "theft", "damage", "keys", "glass", "claim", "##s", "the", "of", "a"),
]


def save_tiny_encoder(folder: Path, *, pooling: str = "mean", max_tokens: int = 24) -> Path:
    """A sentence encoder in the folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertModel

    BertModel(_config()).save_pretrained(folder / "bert")
    _save_tokenizer(folder / "bert", max_tokens)
    transformer = Transformer(str(folder / "bert"))
    modules = [transformer, Pooling(transformer.get_embedding_dimension(), pooling_mode=pooling)]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder / "encoder"), create_model_card=False)
    return folder / "encoder"


def save_tiny_cross_encoder(folder: Path, *, labels: int = 1, activation: str | None = None) -> Path:
    """A cross-encoder in the folder, its scores far enough apart to be ranked; the activation by its full name."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(0)
    config = _config(num_labels=labels)
    if activation:
        config.sentence_transformers = {"activation_fn": activation, "version": "5"}
    model = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    _save_tokenizer(folder, 32)
    return folder


def _config(**options: int):
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        initializer_range=0.5,
        **options,
    )


def _save_tokenizer(folder: Path, max_tokens: int) -> None:
    from transformers import BertTokenizerFast

    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=max_tokens).save_pretrained(folder)
