"""Find the chunks nearest to a question: cosine similarity, top k."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from claimsdesk.chunk import Chunk
from claimsdesk.index import Encoder, Index, SourceFile, unit_rows

TOP_K = 5


@dataclass(frozen=True)
class Hit:
    """A chunk with its place in the ranking, from 1, and its cosine similarity."""

    rank: int
    score: float
    chunk: Chunk
    source: SourceFile


def retrieve(question: str, index: Index, encode: Encoder, groups: Collection[str], k: int = TOP_K) -> list[Hit]:
    """The k nearest chunks of documents that one of the asker's groups may read."""
    vector = unit_rows(encode([question]))[0]
    scores = index.vectors @ vector
    hits: list[Hit] = []
    for row in np.argsort(-scores, kind="stable"):
        chunk = index.chunks[row]
        source = index.sources[chunk.doc_id]
        if source.acl not in groups:
            continue
        hits.append(Hit(len(hits) + 1, float(scores[row]), chunk, source))
        if len(hits) == k:
            break
    return hits
