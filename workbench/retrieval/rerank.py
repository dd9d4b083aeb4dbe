"""Reranking the top of the fusion with a cross-encoder, where its weights can be had.

There is no stand-in: without weights the arm is not available and says so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import MissingPartError
from workbench.records import Passage, Query, ScoredPassage
from workbench.retrieval.protocols import Reranker

RERANK_DEPTH = 50
"""Passages of the fusion that are scored anew: what a production reranker is usually given."""

BATCH_SIZE = 32


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder on the processor."""

    def __init__(self, model: str) -> None:
        """Load the model by folder or hub name.

        Raises:
            MissingPartError: the model is not there or is not a cross-encoder.
        """
        local = Path(model).expanduser().is_dir()
        self.name = Path(model).name if local else model
        if local:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            from sentence_transformers import CrossEncoder

            self._model = CrossEncoder(
                str(Path(model).expanduser()) if local else model, device="cpu", local_files_only=local
            )
        except ImportError as error:
            raise MissingPartError("sentence-transformers is not installed; run `make setup`") from error
        except (OSError, ValueError) as error:
            raise MissingPartError(
                f"reranker '{self.name}' could not be loaded; give a folder that holds the model"
            ) from error
        if self._model.num_labels != 1:
            raise MissingPartError(f"reranker '{self.name}' gives {self._model.num_labels} scores a pair, expected one")

    def score(self, query: Query, passages: Sequence[Passage]) -> Sequence[float]:
        """One relevance score a passage; see `workbench.retrieval.protocols.Reranker`."""
        if not passages:
            return []
        pairs = [(query.text, passage.text) for passage in passages]
        return [float(score) for score in self._model.predict(pairs, batch_size=BATCH_SIZE, show_progress_bar=False)]


def rerank(
    query: Query,
    ranking: Sequence[ScoredPassage],
    passages: dict[str, Passage],
    reranker: Reranker,
    *,
    depth: int = RERANK_DEPTH,
) -> list[ScoredPassage]:
    """The ranking with its first `depth` passages in the reranker's order; the rest follows as it was.

    The scores below `depth` are lowered beneath the reranked ones, so that scores still fall with rank.
    """
    head, tail = ranking[:depth], ranking[depth:]
    scores = reranker.score(query, [passages[passage.passage_id] for passage in head])
    order = sorted(range(len(head)), key=lambda i: (-scores[i], i))
    reranked = [ScoredPassage(head[i].passage_id, scores[i]) for i in order]
    floor = min(scores, default=0.0)
    return reranked + [ScoredPassage(passage.passage_id, floor - rank) for rank, passage in enumerate(tail, start=1)]
