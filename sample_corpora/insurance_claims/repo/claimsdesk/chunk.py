"""Cut a document's text into pieces of fixed length for the index."""

from collections.abc import Iterator
from dataclasses import dataclass

CHUNK_CHARACTERS = 1000
OVERLAP = 100


@dataclass(frozen=True)
class Chunk:
    """A piece of a document; `start` counts characters from its beginning."""

    doc_id: str
    number: int
    start: int
    text: str

    @property
    def chunk_id(self) -> str:
        return f"{self.doc_id}#{self.number:03d}"


def chunk_text(doc_id: str, text: str, size: int = CHUNK_CHARACTERS, overlap: int = OVERLAP) -> Iterator[Chunk]:
    """Yield overlapping pieces of `size` characters; blank pieces are left out."""
    if overlap >= size:
        raise ValueError(f"overlap {overlap} must be smaller than size {size}")
    number = 0
    for start in range(0, max(len(text), 1), size - overlap):
        piece = text[start : start + size].strip()
        if piece:
            yield Chunk(doc_id, number, start, piece)
            number += 1
        if start + size >= len(text):
            return
