"""The sentence encoder beside sentence-transformers, through OpenVINO and without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_models import save_tiny_cross_encoder, save_tiny_encoder

from workbench.errors import MissingPartError
from workbench.retrieval.encoder import (
    EMBEDDED_SHA256,
    MIN_COSINE,
    SentenceEncoder,
    load_encoder,
    verified_embedded_folder,
)
from workbench.retrieval.model_files import find_model
from workbench.retrieval.openvino_model import runtime
from workbench.retrieval.rerank import CrossEncoderReranker

TEXTS = [
    "Does the policy cover escape of water?",
    "The excess is £250 for each claim, form CF-207b. " * 30,
    "",
    "Störung der Wasserleitung 保険",
    "eight weeks\x00after",
]


def reference(folder: Path, texts: list[str]) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return np.asarray(model.encode(texts, normalize_embeddings=True, show_progress_bar=False))


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def without_openvino() -> None:
    raise ImportError("no openvino")


def test_the_embedded_encoder_runs_through_openvino_and_agrees_with_sentence_transformers() -> None:
    encoder = load_encoder()
    assert (encoder.backend, encoder.dimension, encoder.max_tokens) == ("openvino", 384, 256)
    assert encoder.fingerprint.startswith(f"{EMBEDDED_SHA256}-openvino-")
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert ((vectors * reference(verified_embedded_folder(), TEXTS)).sum(axis=1) >= MIN_COSINE).all()


def test_awkward_texts_get_vectors_too() -> None:
    encoder = load_encoder()
    assert encoder.encode([]).shape == (0, 384)
    half, replaced = encoder.encode(["storm \ud800 damage", "storm \ufffd damage"])
    assert np.array_equal(half, replaced)
    long, cut = encoder.encode(["storm damage " * 40_000, "storm damage " * 200])
    assert np.array_equal(long, cut)
    assert np.isfinite(encoder.encode(["", "\x00", " " * 1_000])).all()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_folder_of_any_plain_model_runs_through_openvino(tmp_path: Path, cache_folder: None, pooling: str) -> None:
    folder = save_tiny_encoder(tmp_path, pooling=pooling)
    encoder = SentenceEncoder(str(folder))
    texts = ["storm damage", "theft of the keys", "", "the claims of flood damage " * 20]
    assert encoder.backend == "openvino"
    assert (encoder.name, encoder.dimension, encoder.max_tokens) == ("encoder", 16, 24)
    assert ((encoder.encode(texts) * reference(folder, texts)).sum(axis=1) >= MIN_COSINE).all()


def test_a_model_of_another_kind_runs_through_torch_and_says_so(
    tmp_path: Path, cache_folder: None, caplog: pytest.LogCaptureFixture
) -> None:
    folder = save_tiny_encoder(tmp_path, pooling="max")
    with caplog.at_level("INFO", logger="workbench"):
        encoder = SentenceEncoder(str(folder))
    assert encoder.backend == "sentence-transformers"
    assert [record.message for record in caplog.records] == [
        "encoder runs through torch, not OpenVINO: it pools by max"
    ]
    assert encoder.encode(["storm damage", "keys"]) == pytest.approx(reference(folder, ["storm damage", "keys"]))
    assert encoder.encode(["storm \ud800"]).shape == (1, 16)


def test_without_openvino_torch_runs_the_model_under_another_fingerprint(
    tmp_path: Path, cache_folder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_tiny_encoder(tmp_path)
    fast = SentenceEncoder(str(folder))
    monkeypatch.setattr(runtime, "openvino", without_openvino)
    slow = SentenceEncoder(str(folder))
    assert (fast.backend, slow.backend) == ("openvino", "sentence-transformers")
    assert fast.fingerprint != slow.fingerprint
    assert (slow.dimension, slow.max_tokens) == (fast.dimension, fast.max_tokens)


def test_a_changed_setting_is_another_model(tmp_path: Path, cache_folder: None) -> None:
    folder = save_tiny_encoder(tmp_path)
    before = SentenceEncoder(str(folder))
    config = folder / "1_Pooling" / "config.json"
    config.write_text(config.read_text().replace('"mean"', '"cls"'))
    after = SentenceEncoder(str(folder))
    assert before.fingerprint != after.fingerprint
    assert not np.allclose(before.encode(["storm damage"]), after.encode(["storm damage"]))


def test_a_folder_that_cannot_be_written_still_gives_an_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    encoder = SentenceEncoder(str(save_tiny_encoder(tmp_path)))
    assert encoder.backend == "openvino"
    assert encoder.encode(["storm"]).shape == (1, 16)


def test_a_model_in_a_folder_is_loaded_without_asking_anyone(
    tmp_path: Path, cache_folder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *arguments, **options: asked.append(arguments))
    SentenceEncoder(str(save_tiny_encoder(tmp_path)))
    (tmp_path / "cross").mkdir()
    CrossEncoderReranker(str(save_tiny_cross_encoder(tmp_path / "cross")))
    assert asked == []


def test_damaged_weights_are_one_sentence(tmp_path: Path, cache_folder: None) -> None:
    folder = save_tiny_encoder(tmp_path)
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(MissingPartError, match="encoder 'encoder' could not be loaded"):
        SentenceEncoder(str(folder))


@pytest.mark.parametrize("name", ["~nobody-of-that-name/model", "x" * 300, "model\x00", "", "\ud800"])
def test_a_name_no_folder_can_have_is_one_sentence(name: str) -> None:
    with pytest.raises(MissingPartError, match=r"^encoder '.*' could not be loaded"):
        find_model(name, "encoder")


def test_a_model_whose_files_cannot_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "model.safetensors").write_bytes(b"weights")
    monkeypatch.setattr("workbench.retrieval.model_files.sha256_of", closed)
    with pytest.raises(MissingPartError, match=r"could not be loaded: its files cannot be read \(Permission denied\)"):
        find_model(str(tmp_path), "encoder")


def test_a_hub_name_that_cannot_be_had_is_one_sentence_and_quick() -> None:
    with pytest.raises(MissingPartError, match="is not in the local hub cache"):
        SentenceEncoder("nobody/no-such-model")


def test_the_load_of_one_model_serves_every_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str | None] = []
    original: Callable[..., None] = SentenceEncoder.__init__
    monkeypatch.setattr(
        SentenceEncoder, "__init__", lambda self, model=None: (made.append(model), original(self, model))[1]
    )
    load_encoder.cache_clear()
    assert load_encoder() is load_encoder()
    assert made == [None]
