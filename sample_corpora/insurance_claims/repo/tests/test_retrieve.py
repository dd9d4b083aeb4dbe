from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from claimsdesk.index import Index, SourceFile, build_index
from claimsdesk.retrieve import retrieve

WORDS = ("flood", "theft", "glass")


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([[text.lower().count(word) + 0.01 for word in WORDS] for text in texts], dtype=np.float32)


def small_index() -> Index:
    files = [
        SourceFile("a", "a.txt", "Flood and flood water.", "2025", "claims-all"),
        SourceFile("b", "b.txt", "Theft from a van.", "2025", "claims-all"),
        SourceFile("c", "c.txt", "Flood reserve notes.", "2025", "claims-tech"),
    ]
    return build_index("idx-test", files, encode)


def test_nearest_chunk_comes_first() -> None:
    hits = retrieve("theft", small_index(), encode, ["claims-all"])
    assert [hit.chunk.doc_id for hit in hits] == ["b", "a"]
    assert [hit.rank for hit in hits] == [1, 2]


def test_documents_of_other_groups_are_never_returned() -> None:
    hits = retrieve("flood", small_index(), encode, ["claims-all"])
    assert "c" not in [hit.chunk.doc_id for hit in hits]


def test_k_limits_the_number_of_hits() -> None:
    assert len(retrieve("flood", small_index(), encode, ["claims-all", "claims-tech"], k=1)) == 1
