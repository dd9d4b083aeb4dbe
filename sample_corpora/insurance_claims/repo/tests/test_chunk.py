import pytest

from claimsdesk.chunk import chunk_text


def test_chunks_cover_the_text_with_the_stated_overlap() -> None:
    text = "".join(chr(97 + i % 26) for i in range(2500))
    chunks = list(chunk_text("doc", text))
    assert [chunk.start for chunk in chunks] == [0, 900, 1800]
    assert chunks[0].text[-100:] == chunks[1].text[:100]


def test_a_short_document_is_one_chunk() -> None:
    assert [chunk.chunk_id for chunk in chunk_text("doc", "Call the helpdesk.")] == ["doc#000"]


def test_an_empty_document_has_no_chunk() -> None:
    assert list(chunk_text("doc", "  \n ")) == []


def test_overlap_must_be_smaller_than_size() -> None:
    with pytest.raises(ValueError, match="smaller than size"):
        list(chunk_text("doc", "text", size=10, overlap=10))
