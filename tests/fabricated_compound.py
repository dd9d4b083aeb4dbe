"""OLE containers, old Word, PowerPoint and Excel files written byte by byte: no library writes them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write_compound(path: Path, streams: Mapping[str, bytes]) -> Path:
    """An OLE container with these streams; each is padded to 4096 bytes, so that no mini stream is needed."""
    padded = {name: data.ljust(max(4096, -(-len(data) // SECTOR) * SECTOR), b"\x00") for name, data in streams.items()}
    entries = len(streams) + 1
    directory_sectors = -(-entries * 128 // SECTOR)
    chains: list[int] = [FAT]
    chains += [n + 2 for n in range(directory_sectors - 1)] + [END]
    starts = []
    for data in padded.values():
        count = len(data) // SECTOR
        starts.append(len(chains))
        chains += [len(chains) + n + 1 for n in range(count - 1)] + [END]
    assert len(chains) <= SECTOR // 4
    fat = struct.pack(f"<{SECTOR // 4}I", *chains, *[FREE] * (SECTOR // 4 - len(chains)))
    directory = _entry("Root Entry", 5, FREE, 1, END, 0)
    for number, (name, data) in enumerate(padded.items(), start=1):
        right = number + 1 if number < len(padded) else FREE
        directory += _entry(name, 2, right, FREE, starts[number - 1], len(data))
    directory = directory.ljust(directory_sectors * SECTOR, b"\x00")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0) + struct.pack("<109I", 0, *[FREE] * 108)
    path.write_bytes(header + fat + directory + b"".join(padded.values()))
    return path


def _entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
    coded = name.encode("utf-16-le") + b"\x00\x00"
    head = coded.ljust(64, b"\x00") + struct.pack("<HBBIII", len(coded), kind, 1, FREE, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def word_streams(
    pieces: Sequence[tuple[str, bool]],
    *,
    lengths: Mapping[str, int] | None = None,
    styles: Sequence[tuple[int, int, bool]] = (),
    flags: int = 0x0200,
    version: int = 0x00C1,
) -> dict[str, bytes]:
    """Streams of an old Word file.

    Args:
        pieces: text and whether it takes two bytes a character.
        lengths: characters of the parts behind the main text: footnotes, headers, comments, endnotes, boxes.
        styles: character offset, style number and whether it ends a table row, for each paragraph of a narrow first piece.
        flags: of the file information block; 0x0100 is encrypted.
        version: of the format.
    """
    page, text_at = 1024, 1536
    body, codes, bounds, offset = b"", [], [0], text_at
    for text, wide in pieces:
        data = text.encode("utf-16-le" if wide else "cp1252")
        codes.append(offset if wide else (offset * 2) | 0x40000000)
        bounds.append(bounds[-1] + len(text))
        body += data
        offset += len(data)
    apart = dict(lengths or {})
    counts = {name: apart.get(name, 0) for name in ("footnotes", "headers", "comments", "endnotes", "boxes")}
    main = bytearray(text_at)
    struct.pack_into("<HH", main, 0, 0xA5EC, version)
    struct.pack_into("<H", main, 10, flags)
    struct.pack_into("<3i", main, 76, bounds[-1] - sum(counts.values()), counts["footnotes"], counts["headers"])
    struct.pack_into("<5i", main, 88, 0, counts["comments"], counts["endnotes"], counts["boxes"], 0)
    table = struct.pack(f"<{len(bounds)}I", *bounds) + b"".join(struct.pack("<HIH", 0, code, 0) for code in codes)
    clx = b"\x01\x02\x00\xff\xff" + b"\x02" + struct.pack("<I", len(table)) + table
    struct.pack_into("<II", main, 0x01A2, 0, len(clx))
    if styles:
        struct.pack_into("<II", main, 0x0102, len(clx), 12)
        clx += struct.pack("<III", text_at, offset, page // SECTOR)
        _write_styles(main, page, [(text_at + at, style, ends) for at, style, ends in styles], offset)
    return {"WordDocument": bytes(main) + body, "1Table": clx}


def _write_styles(main: bytearray, page: int, styles: Sequence[tuple[int, int, bool]], end: int) -> None:
    struct.pack_into(f"<{len(styles) + 1}I", main, page, *(at for at, _, _ in styles), end)
    main[page + SECTOR - 1] = len(styles)
    place = SECTOR - 2
    for number, (_, style, ends_row) in enumerate(styles):
        data = struct.pack("<H", style) + (b"\x17\x24\x01" if ends_row else b"")
        data += b"\x00" * (len(data) % 2 == 0)
        coded = bytes([(len(data) + 1) // 2]) + data
        place -= len(coded)
        main[page + place : page + place + len(coded)] = coded
        main[page + 4 * (len(styles) + 1) + 13 * number] = place // 2


def record(kind: int, data: bytes, *, instance: int = 0, container: bool = False) -> bytes:
    """A record of a PowerPoint stream."""
    return struct.pack("<HHI", instance << 4 | (0xF if container else 0), kind, len(data)) + data


def slide_streams(slides: Sequence[tuple[str, str, str]]) -> dict[str, bytes]:
    """Streams of an old PowerPoint file: title, text box and notes of each slide."""
    data, places = b"", {}
    for number, (_, box, notes) in enumerate(slides):
        places[10 + number] = len(data)
        text = record(4008, box.encode("latin-1"))
        data += record(1006, record(1036, record(0xF00D, text, container=True), container=True), container=True)
        places[50 + number] = len(data)
        head = record(1009, struct.pack("<II", 256 + number, 0))
        data += record(1008, head + record(4000, notes.encode("utf-16-le")), container=True)
    listed = b"".join(
        record(1011, struct.pack("<IIIII", 10 + number, 0, 1, 256 + number, 0))
        + record(3999, struct.pack("<I", 0))
        + record(4000, title.encode("utf-16-le"))
        for number, (title, _, _) in enumerate(slides)
    )
    noted = b"".join(record(1011, struct.pack("<IIIII", 50 + n, 0, 0, 256 + n, 0)) for n in range(len(slides)))
    places[1] = len(data)
    lists = record(4080, listed, container=True) + record(4080, noted, instance=2, container=True)
    data += record(1000, lists, container=True)
    directory = len(data)
    entries = b"".join(struct.pack("<II", 1 << 20 | key, offset) for key, offset in places.items())
    data += record(6002, entries)
    edit = len(data)
    data += record(4085, struct.pack("<IIIII", 0, 0, 0, directory, 1) + bytes(8))
    user = record(4086, struct.pack("<III", 20, 0xE391C05F, edit) + bytes(12))
    return {"PowerPoint Document": data, "Current User": user}


def workbook_stream(
    rows: Sequence[Sequence[str | float]], *, at: tuple[int, int] = (0, 0), encrypted: bool = False, claims: bytes = b""
) -> bytes:
    """The stream of an old Excel file with one sheet named Claims, its cells from a place on, behind the records `claims`."""

    def biff(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    start = biff(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    if encrypted:
        start += biff(0x002F, struct.pack("<HHH", 1, 1, 1) + bytes(48))
    if claims[:2] == b"\xfc\x00":
        start, claims = start + claims, b""
    name = b"Claims"
    sheet = biff(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)) + claims
    for row, values in enumerate(rows, start=at[0]):
        for column, value in enumerate(values, start=at[1]):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(value, str):
                sheet += biff(0x0204, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
            else:
                sheet += biff(0x0203, place + struct.pack("<d", value))
    sheet += biff(0x000A, b"")
    offset = len(start) + 4 + 8 + len(name) + 4
    return start + biff(0x0085, struct.pack("<IHBB", offset, 0, len(name), 0) + name) + biff(0x000A, b"") + sheet


def summary_stream(facts: Mapping[int, tuple[int, bytes]], *, count: int | None = None) -> bytes:
    """The stream of a file's own properties: number -> type and value; `count` is what it claims to hold."""
    place, table, values = 8 + 8 * len(facts), b"", b""
    for key, (kind, value) in facts.items():
        table += struct.pack("<II", key, place + len(values))
        values += struct.pack("<I", kind) + value.ljust(-(-len(value) // 4) * 4, b"\x00")
    body = struct.pack("<II", place + len(values), len(facts) if count is None else count) + table + values
    return (
        struct.pack("<HHI", 0xFFFE, 0, 2) + bytes(16) + struct.pack("<I", 1) + bytes(16) + struct.pack("<I", 48) + body
    )
