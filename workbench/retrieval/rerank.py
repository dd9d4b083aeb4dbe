"""The cross-encoder: a question and a passage read together by a model, where its weights can be had.

There is no stand-in: without weights it cannot be loaded and says so. What is reranked with it is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import MissingPartError
from workbench.records import Passage, Query
from workbench.retrieval.encoder import Backend
from workbench.retrieval.kept_scores import KeptScores
from workbench.retrieval.model_files import ModelFiles, find_model
from workbench.retrieval.openvino_model.export import Source, cross_encoder_source
from workbench.retrieval.openvino_model.load import Tolerance, open_model
from workbench.retrieval.openvino_model.run import OpenVinoModel, Outputs
from workbench.retrieval.openvino_model.tokens import readable
from workbench.retrieval.protocols import Progress

USUAL_MODEL = "cross-encoder/ms-marco-MiniLM-L6-v2"

BATCH_SIZE = 32

BLOCK = 512
"""Pairs scored between two commits and reports of progress: seconds of work, the most a cancel has to wait."""

MAX_DIFFERENCE = 0.02
"""Between a probability of ours and torch's, on the built-in pairs."""

SCORING = ("ForSequenceClassification", "ForCausalLM")
"""Architectures whose weights end in a score."""

Pair = tuple[str, str]


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder on the processor.

    Attributes:
        name: model name as people know it.
        backend: what runs it; "sentence-transformers" where OpenVINO is not installed or does not agree with torch.
        fingerprint: digest of the weights and of what runs them, the key under which scores are kept.
    """

    def __init__(self, model: str, *, store: Path | None = None, ask_hub: bool = True) -> None:
        """Load the model.

        Args:
            model: folder or hub name.
            store: SQLite file of kept scores; None keeps none.
            ask_hub: whether a model that is not on this machine is fetched from the hub.

        Raises:
            MissingPartError: the model is not there or is not a cross-encoder.
        """
        self._files = find_model(model, "reranker", ask_hub=ask_hub)
        _check_kind(self._files)
        self.name = self._files.name
        self._store = KeptScores(store) if store else None
        self._fast = self._through_openvino()
        self.backend: Backend = "openvino" if self._fast else "sentence-transformers"
        self.fingerprint = f"{self._files.digest}-{self.backend}"
        if self._fast:
            self.fingerprint += f"-{self._fast.spec.precision}"
            # What an export left of torch's copy of the model is not needed again.
            self.__dict__.pop("_torch", None)
        else:
            _ = self._torch

    def score(self, query: Query, passages: Sequence[Passage]) -> Sequence[float]:
        """One relevance score a passage; see `workbench.retrieval.protocols.Reranker`."""
        return self.score_many([(query.text, passage.text) for passage in passages])

    def score_many(self, pairs: Sequence[Pair], *, progress: Progress | None = None) -> Sequence[float]:
        """One relevance score a pair of question and passage, in order; many questions at once make even batches.

        Args:
            pairs: repeats allowed; each is scored once, and not at all when its score is kept.
            progress: called after each block with the share scored; may raise, what was scored before is kept.
        """
        keys = [self._key(pair) for pair in pairs]
        known = self._store.known(keys) if self._store else {}
        missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
        order = sorted(missing, key=lambda key: -sum(map(len, missing[key])))
        for start in range(0, len(order), BLOCK):
            block = order[start : start + BLOCK]
            scores = dict(zip(block, self._scores([missing[key] for key in block]), strict=True))
            known |= scores
            if self._store:
                self._store.keep(scores)
            if progress:
                done = start + len(block)
                progress(done / len(order), f"reading pairs ({done:,} of {len(order):,})")
        return [known[key] for key in keys]

    def _scores(self, pairs: Sequence[Pair]) -> list[float]:
        if self._fast:
            logits = self._fast.outputs(pairs)[:, 0].astype(np.float64)
            scores: npt.NDArray[Any] = probability(logits) if self._fast.spec.sigmoid else logits
        else:
            clean = [(readable(query), readable(passage)) for query, passage in pairs]
            scores = self._torch.predict(clean, batch_size=BATCH_SIZE, show_progress_bar=False)
        # No order can be made of such scores, and every measure would look as if one had been.
        if odd := int((~np.isfinite(scores)).sum()):
            raise MissingPartError(
                f"reranker '{self.name}' gave {odd} of {len(pairs)} pairs no number as a score; give another one"
            )
        return [float(score) for score in scores]

    def _key(self, pair: Pair) -> bytes:
        # Each text's own digest: a passage's start must not read as its question's end.
        parts = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in pair]
        return hashlib.sha256(self.fingerprint.encode() + b"".join(parts)).digest()

    def _through_openvino(self) -> OpenVinoModel | None:
        return open_model("reranker", self._files, self._source, Tolerance(_largest_difference, MAX_DIFFERENCE))

    def _source(self) -> Source:
        return cross_encoder_source(self._torch)

    @cached_property
    def _torch(self) -> Any:  # noqa: ANN401 - the library ships no types
        model = _load(self._files)
        if model.num_labels != 1:
            raise MissingPartError(f"reranker '{self.name}' gives {model.num_labels} scores a pair, expected one")
        return model


def load_cross_encoder(model: str | None = None, store: Path | None = None) -> CrossEncoderReranker:
    """The cross-encoder of a comparison.

    Args:
        model: folder or hub name; None is the usual one, where it is on this machine: nobody asked for it by name.
        store: SQLite file of kept scores.

    Raises:
        MissingPartError: no model, or not a cross-encoder.
    """
    if model is not None:
        return CrossEncoderReranker(model, store=store)
    try:
        return CrossEncoderReranker(USUAL_MODEL, store=store, ask_hub=False)
    except MissingPartError as error:
        raise MissingPartError("not available: no model, set --reranker PATH") from error


def probability(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Sigmoid in double precision, so that high scores do not run together.

    >>> probability(np.array([0.0])).tolist()
    [0.5]
    """
    from scipy.special import expit

    return np.asarray(expit(np.asarray(logits, dtype=np.float64)), dtype=np.float64)


def _largest_difference(ours: Outputs, theirs: Outputs) -> float:
    return float(np.abs(probability(ours) - probability(theirs)).max())


def _check_kind(files: ModelFiles) -> None:
    """Refuse weights without a scoring head: the library would give them one of random numbers.

    Raises:
        MissingPartError: it is another kind of model.
    """
    said = _json_of(files.folder / "config_sentence_transformers.json").get("model_type")
    architectures = _json_of(files.folder / "config.json").get("architectures") or []
    if said != "CrossEncoder" and not any(str(name).endswith(SCORING) for name in architectures):
        found = said or ", ".join(map(str, architectures)) or "no description"
        raise MissingPartError(
            f"reranker '{files.name}' could not be loaded: it is no cross-encoder (its files say {found}); "
            "give the folder of one"
        )


def _json_of(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _load(files: ModelFiles) -> Any:  # noqa: ANN401 - the library ships no types
    try:
        from sentence_transformers import CrossEncoder
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingPartError("sentence-transformers is not installed; run `make setup`") from error
    # Loading bars would break the one line of progress the command line shows.
    disable_progress_bar()
    try:
        return CrossEncoder(str(files.folder), device="cpu", local_files_only=True)
    # A folder someone gave: its files may be anything, and each of their readers has its own exceptions.
    except Exception as error:
        raise MissingPartError(
            f"reranker '{files.name}' could not be loaded; give a folder that holds the model"
        ) from error
