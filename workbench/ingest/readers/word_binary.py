"""The binary layout of old Word files ([MS-DOC]): where the text lies, in which pieces, and which style each paragraph has.

It works on the bytes of the streams alone and knows nothing of files; what the text means is told in `legacy_word`.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

WORD_97 = 0x00C1
"""The first version whose layout is the one read here; Word 6 and 95 lay text out differently."""
MAX_CHARACTERS = 32 * 2**20
_TEXT_LENGTHS = ("text", "footnotes", "headers", "macros", "comments", "endnotes", "boxes", "header_boxes")
_PAGE = 512
_ROW_END = b"\x17\x24\x01"  # sprmPFTtp set: the paragraph is the mark that ends a table row


class LayoutError(ValueError):
    """The bytes are not laid out as [MS-DOC] says."""


@dataclass(frozen=True, slots=True)
class Header:
    """The beginning of the main stream: what is read of the file information block."""

    version: int
    encrypted: bool
    table: str
    lengths: dict[str, int]
    pieces_at: tuple[int, int]
    paragraphs_at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: characters [start, end) lie from byte `offset` on, one or two bytes each."""

    start: int
    end: int
    offset: int
    wide: bool

    def text(self, main: bytes) -> str:
        """The characters of the piece."""
        width = 2 if self.wide else 1
        data = main[self.offset : self.offset + (self.end - self.start) * width]
        return data.decode("utf-16-le" if self.wide else "cp1252", errors="replace")


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """Style number of the paragraph whose text begins at a byte, and whether it is the mark that ends a table row."""

    offset: int
    style: int
    ends_row: bool


def read_header(main: bytes) -> Header:
    """The file information block at the start of the stream "WordDocument".

    Raises:
        LayoutError: it is none, or cut off.
    """
    try:
        magic, version = struct.unpack_from("<HH", main, 0)
        (flags,) = struct.unpack_from("<H", main, 10)
        if magic != 0xA5EC or version < WORD_97:
            return Header(version if magic in {0xA5EC, 0xA5DC} else 0, bool(flags & 0x0100), "", {}, (0, 0), (0, 0))
        first = struct.unpack_from("<3i", main, 76)
        rest = struct.unpack_from("<5i", main, 88)
        lengths = dict(zip(_TEXT_LENGTHS, (*first, *rest), strict=True))
        paragraphs, pieces = struct.unpack_from("<II", main, 0x0102), struct.unpack_from("<II", main, 0x01A2)
    except struct.error as error:
        raise LayoutError("the file information block is cut off") from error
    if min(lengths.values()) < 0 or sum(lengths.values()) > MAX_CHARACTERS:
        raise LayoutError("the file information block counts an impossible number of characters")
    return Header(version, bool(flags & 0x0100), "1Table" if flags & 0x0200 else "0Table", lengths, pieces, paragraphs)


def read_pieces(table: bytes, at: tuple[int, int]) -> list[Piece]:
    """The piece table: formatting groups are stepped over, the table itself follows.

    Raises:
        LayoutError: there is none, or its positions do not rise.
    """
    offset, size = at
    data = table[offset : offset + size]
    position = 0
    try:
        while data[position] == 1:
            position += 3 + struct.unpack_from("<H", data, position + 1)[0]
        if data[position] != 2:
            raise LayoutError("the piece table is not where it should be")
        (length,) = struct.unpack_from("<I", data, position + 1)
        count = (length - 4) // 12
        if length > len(data) or count < 1:
            raise LayoutError("the piece table is cut off")
        bounds = struct.unpack_from(f"<{count + 1}I", data, position + 5)
        codes = [struct.unpack_from("<I", data, position + 5 + 4 * (count + 1) + 8 * n + 2)[0] for n in range(count)]
    except (struct.error, IndexError) as error:
        raise LayoutError("the piece table is cut off") from error
    if any(before >= after for before, after in pairwise(bounds)) or bounds[-1] > MAX_CHARACTERS:
        raise LayoutError("the pieces are out of order")
    return [_piece(bounds[n], bounds[n + 1], codes[n]) for n in range(count)]


def _piece(start: int, end: int, code: int) -> Piece:
    wide, offset = not code & 0x40000000, code & 0x3FFFFFFF
    return Piece(start, end, offset if wide else offset // 2, wide)


def whole_text(main: bytes, pieces: list[Piece]) -> str:
    """All characters in order.

    Raises:
        LayoutError: a piece reaches behind the end of the stream.
    """
    texts = [piece.text(main) for piece in pieces]
    if any(len(text) < piece.end - piece.start for text, piece in zip(texts, pieces, strict=True) if not piece.wide):
        raise LayoutError("the text is cut off")
    text = "".join(found.ljust(piece.end - piece.start, "\x00") for found, piece in zip(texts, pieces, strict=True))
    if text.count("\x00") > len(text) // 4:
        raise LayoutError("the text is cut off")
    return text


def read_paragraph_styles(main: bytes, table: bytes, at: tuple[int, int]) -> list[ParagraphStyle]:
    """Styles of all paragraphs by where their text lies; none where that part of the file is broken."""
    offset, size = at
    data = table[offset : offset + size]
    count = (len(data) - 4) // 8
    if count < 1:
        return []
    try:
        pages = struct.unpack_from(f"<{count}I", data, 4 * (count + 1))
        return sorted(
            (style for page in pages for style in _page_styles(main, page * _PAGE)), key=lambda style: style.offset
        )
    except (struct.error, IndexError):
        return []


def _page_styles(main: bytes, base: int) -> Iterator[ParagraphStyle]:
    count = main[base + _PAGE - 1]
    for number in range(count):
        (offset,) = struct.unpack_from("<I", main, base + 4 * number)
        at = main[base + 4 * (count + 1) + 13 * number] * 2
        if not at:
            yield ParagraphStyle(offset, 0, ends_row=False)
            continue
        words = main[base + at]
        start, size = (base + at + 1, 2 * words - 1) if words else (base + at + 2, 2 * main[base + at + 1])
        (style,) = struct.unpack_from("<H", main, start)
        yield ParagraphStyle(offset, style, ends_row=_ROW_END in main[start + 2 : start + size])


class StyleFinder:
    """Finds the style of the paragraph a character belongs to."""

    def __init__(self, pieces: list[Piece], styles: list[ParagraphStyle]) -> None:
        self._pieces, self._starts = pieces, [piece.start for piece in pieces]
        self._styles, self._offsets = styles, [style.offset for style in styles]

    def at(self, character: int) -> ParagraphStyle | None:
        """The style at a character position; None when it is not known."""
        piece = self._pieces[max(0, bisect_right(self._starts, character) - 1)]
        offset = piece.offset + (character - piece.start) * (2 if piece.wide else 1)
        found = bisect_right(self._offsets, offset) - 1
        return self._styles[found] if found >= 0 else None
