"""The compressed rich text in which Outlook keeps bodies (MS-OXRTFCP): unpacked to the rich text it stands for."""

from __future__ import annotations

import struct

COMPRESSED, PLAIN = b"LZFu", b"MELA"
HEADER = 16
WINDOW = 4096
BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans Serif"
    b"SymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds before the first byte: 207 bytes, fixed by the standard."""


def unpacked_rtf(data: bytes) -> bytes:
    """Rich text out of its compressed form; of a damaged one what stands before the damage.

    Nine bytes hold eight references of up to 17 bytes, so that nothing can grow to more than some fifteen times its size.

    Raises:
        ValueError: not this form.
    """
    if len(data) < HEADER or data[8:12] not in (COMPRESSED, PLAIN):
        raise ValueError("not compressed rich text")
    size = struct.unpack("<L", data[4:8])[0]
    if data[8:12] == PLAIN:
        return data[HEADER : HEADER + size]
    return _unpacked(data)[:size]


def _unpacked(data: bytes) -> bytes:
    window = bytearray(BEGINNING.ljust(WINDOW, b"\0"))
    write, read = len(BEGINNING), HEADER
    found = bytearray()
    while read < len(data):
        control, read = data[read], read + 1
        for bit in range(8):
            if control >> bit & 1:
                if read + 2 > len(data):
                    return bytes(found)
                reference, read = data[read] << 8 | data[read + 1], read + 2
                offset, length = reference >> 4, (reference & 0xF) + 2
                if offset == write:
                    return bytes(found)
            elif read < len(data):
                window[write] = data[read]
                found.append(data[read])
                write, read = (write + 1) % WINDOW, read + 1
                continue
            else:
                return bytes(found)
            for step in range(length):
                byte = window[(offset + step) % WINDOW]
                window[write] = byte
                found.append(byte)
                write = (write + 1) % WINDOW
    return bytes(found)
