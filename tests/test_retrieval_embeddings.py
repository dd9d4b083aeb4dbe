import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fabricated_retrieval import HashingEncoder

from workbench.errors import CancelledError, MissingPartError
from workbench.retrieval import encoder as encoding
from workbench.retrieval.embeddings import BLOCK, encode_cached
from workbench.retrieval.encoder import EMBEDDED_SHA256, SentenceEncoder, load_encoder

TEXTS = [f"passage number {i}" for i in range(3 * BLOCK)]


def test_vectors_come_back_in_the_order_of_the_texts(tmp_path: Path, hashing_encoder: HashingEncoder) -> None:
    texts = ["long text with many words", "short", "long text with many words", "middle one"]
    assert np.array_equal(encode_cached(texts, hashing_encoder, tmp_path / "v.sqlite"), HashingEncoder().encode(texts))


def test_a_second_run_encodes_nothing(tmp_path: Path, hashing_encoder: HashingEncoder) -> None:
    first = encode_cached(TEXTS, hashing_encoder, tmp_path / "v.sqlite")
    assert hashing_encoder.encoded == len(TEXTS)
    again = encode_cached(TEXTS, hashing_encoder, tmp_path / "v.sqlite")
    assert hashing_encoder.encoded == len(TEXTS)
    assert np.array_equal(first, again)


def test_an_interrupted_run_keeps_what_it_finished(tmp_path: Path, hashing_encoder: HashingEncoder) -> None:
    def stop_after_first_block(share: float, message: str) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        encode_cached(TEXTS, hashing_encoder, tmp_path / "v.sqlite", progress=stop_after_first_block)
    assert hashing_encoder.encoded == BLOCK
    encode_cached(TEXTS, hashing_encoder, tmp_path / "v.sqlite")
    assert hashing_encoder.encoded == len(TEXTS)


def test_another_model_does_not_get_the_first_ones_vectors(tmp_path: Path, hashing_encoder: HashingEncoder) -> None:
    encode_cached(TEXTS[:3], hashing_encoder, tmp_path / "v.sqlite")
    other = HashingEncoder()
    other.fingerprint = "another"
    encode_cached(TEXTS[:3], other, tmp_path / "v.sqlite")
    assert other.encoded == 3


def test_a_damaged_store_is_replaced_and_a_damaged_vector_encoded_again(
    tmp_path: Path, hashing_encoder: HashingEncoder
) -> None:
    store = tmp_path / "v.sqlite"
    store.write_bytes(b"this is no database " * 200)
    first = encode_cached(TEXTS[:3], hashing_encoder, store)
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE vectors SET vector = x'00'")
    assert np.array_equal(encode_cached(TEXTS[:3], hashing_encoder, store), first)
    assert hashing_encoder.encoded == 6


def test_no_texts_give_an_empty_matrix(tmp_path: Path, hashing_encoder: HashingEncoder) -> None:
    assert encode_cached([], hashing_encoder, tmp_path / "v.sqlite").shape == (0, hashing_encoder.dimension)


def test_the_embedded_encoder_is_verified_and_puts_like_texts_together() -> None:
    encoder = load_encoder(None)
    assert encoder.fingerprint == EMBEDDED_SHA256
    water, leak, car = encoder.encode(
        ["escape of water from a pipe", "a leaking pipe soaked the floor", "car insurance renewal"]
    )
    assert np.linalg.norm(water) == pytest.approx(1.0, abs=1e-5)
    assert water @ leak > water @ car + 0.2


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "EMBEDDED_SHA256", "0" * 64)
    with pytest.raises(MissingPartError, match="expected 000000000000"):
        SentenceEncoder()


def test_a_folder_without_a_model_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match=r"no \.safetensors weights"):
        SentenceEncoder(str(tmp_path))
