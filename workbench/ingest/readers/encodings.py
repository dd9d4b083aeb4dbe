"""Bytes to text, whatever the encoding: marks, UTF-16 and UTF-32 by their NUL bytes, UTF-8, declarations, detection.

It reads no files and takes nothing out of a text but its byte order mark; what the text means is the business of the reader.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from workbench.errors import InputError
from workbench.ingest.readers.western import western

SAMPLE_BYTES = 1 << 18
"""Bytes looked at to tell an encoding."""
HEAD_BYTES = 2048
"""Bytes at the beginning in which a markup file may declare its encoding."""

_MARKS = (  # the longer mark first: that of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ESCAPED = frozenset({"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr", "hz"})
"""Encodings whose bytes are all ASCII, so that they pass for UTF-8 unless their declaration is heeded first."""
_NOT_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"})
"""Codecs of the language that no file is written in, or that can be made slow."""
_WINDOWS = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874"}
"""What these declarations mean in practice, as browsers read them (WHATWG Encoding Standard)."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file.

    Attributes:
        text: the text, newline separated, without a byte order mark.
        encoding: name of the encoding it was read in.
        warnings: what could not be read as it stands, one sentence each.
    """

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, name: str, declared: str = "") -> str:
    """Text of a file in whatever encoding it has; see `decode_text`, which also tells what was lost."""
    return decode_text(data, name, declared).text


def decode_text(data: bytes, name: str, declared: str = "") -> Decoded:
    """Text of a file: byte order mark, then UTF-16 and UTF-32 by their NUL bytes, UTF-8, the declared encoding, detection.

    Args:
        data: the whole file.
        name: for the error.
        declared: the encoding the file or its envelope states; one that does not fit the bytes is passed over.

    Raises:
        InputError: the bytes are not text in any encoding that can be told.
    """
    mark, marked = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
    if marked:
        return _checked(_lenient(data[len(mark) :], marked), name)
    wide = _wide_encoding(data)
    if wide:
        return _checked(_lenient(data, wide), name)
    stated = _charset(declared)
    order = (stated, "utf-8") if stated in _ESCAPED else ("utf-8", stated)
    for encoding in filter(None, order):
        text = _strict(data, encoding)
        if text is not None:
            return _checked(Decoded(text, encoding), name)
    return _checked(_detected(data, name), name)


def declared_charset(data: bytes) -> str:
    r"""The encoding an XML declaration or an HTML `meta` states; "" when there is none.

    >>> declared_charset(b'<meta charset="iso-8859-2">'), declared_charset(b"<?xml version='1.0' encoding='cp1251'?>")
    ('iso-8859-2', 'cp1251')
    """
    head = data[:HEAD_BYTES].decode("latin-1")
    found = re.search(r"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", head) or re.search(
        r"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", head, re.IGNORECASE
    )
    return found.group(1) if found else ""


def head_text(head: bytes) -> str:
    """The beginning of a text file, as far as it can be told from that beginning; "" for binary data."""
    for cut in range(4):  # a character of up to four bytes may be cut at the end
        piece = head[: len(head) - cut]
        if _strict(piece, "utf-8") is not None:
            break
    else:
        piece = head[: len(head) // 4 * 4]
    try:
        return decode(piece, "head")
    except InputError:
        return ""


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _charset(declared: str) -> str:
    """The codec for a declared name; "" when there is none. A wide one is none either: its bytes would have shown it."""
    try:
        codec = codecs.lookup(declared.strip().lower().removesuffix("-i"))
    except (LookupError, ValueError):
        return ""
    if codec.name in _NOT_CHARSETS or codec.name.startswith(("utf-16", "utf-32")):
        return ""
    return _WINDOWS.get(codec.name, codec.name)


def _wide_encoding(data: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: NUL bytes stand at the same place of every unit. "" for anything else."""
    head = data[:SAMPLE_BYTES]
    if head.count(0) * 25 < len(head) or len(head) < 4:  # one in 25: blanks and digits of a text in another alphabet
        return ""
    nuls = [head[place::4].count(0) for place in range(4)]
    units = len(head) // 4
    if len(data) % 4 == 0 and min(nuls[2:]) >= units * 0.95 and nuls[0] < units / 2:
        return "utf-32-le"
    if len(data) % 4 == 0 and min(nuls[:2]) >= units * 0.95 and nuls[3] < units / 2:
        return "utf-32-be"
    if len(data) % 2 or _few_blocks(head, 1) == _few_blocks(head, 0):
        return ""
    return "utf-16-le" if _few_blocks(head, 1) else "utf-16-be"


def _few_blocks(head: bytes, high: int) -> bool:
    """Whether the bytes at odd (1) or even (0) places are the high ones: few values, NUL among them, no NUL beside them."""
    highs, lows = head[high::2], head[1 - high :: 2]
    commonest = sorted((highs.count(value) for value in set(highs)), reverse=True)[:3]
    return lows.count(0) * 50 < len(lows) and highs.count(0) > 0 and sum(commonest) >= 0.9 * len(highs)


def _lenient(data: bytes, encoding: str) -> Decoded:
    text = _strict(data, encoding)
    if text is not None:
        return Decoded(text, encoding)
    text = data.decode(encoding, errors="replace")
    return Decoded(
        text, encoding, (f"some bytes are not {encoding.upper()} and were replaced; the file may be damaged",)
    )


def _detected(data: bytes, name: str) -> Decoded:
    mended = _mended_utf8(data)
    if mended is not None:
        return mended
    if western(data):
        text = _strict(data, "cp1252")
        if text is not None:
            return Decoded(text, "cp1252")
    if _binary(data):
        raise InputError(f"{name}: holds binary data where text was expected; check the file's suffix")
    return _guessed(data, name)


def _guessed(data: bytes, name: str) -> Decoded:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE_BYTES]).best()
    if best is None or best.encoding.startswith(("utf_16", "utf_32")):
        text = data.decode("cp1252", errors="replace")
        lost = text.count("\ufffd")
        if lost * 50 > len(text):
            raise InputError(f"{name}: not text in any known encoding; save it as UTF-8 and add it again")
        fate = f"{lost} bytes could not be read and were replaced" if lost else "check names with accents"
        return Decoded(text, "cp1252", (f"the encoding could not be told; read as Windows-1252: {fate}",))
    return _lenient(data, best.encoding)


def _mended_utf8(data: bytes) -> Decoded | None:
    """UTF-8 with single bytes of Windows-1252 among it, as editors leave it behind; None when it is not mostly UTF-8."""
    text = data.decode("utf-8", errors="surrogateescape")
    strays = sum(map(len, _STRAY.findall(text)))
    good = sum(map(len, _BEYOND_ASCII.findall(text)))
    if good < strays:
        return None
    text = _STRAY.sub(lambda run: bytes(ord(sign) - 0xDC00 for sign in run.group()).decode("cp1252", "replace"), text)
    return Decoded(text, "utf-8", (f"{strays} bytes are not UTF-8 and were read as Windows-1252",))


_STRAY = re.compile("[\udc80-\udcff]+")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]+")


def _binary(data: bytes) -> bool:
    """Control characters that no text holds are there, more than a stray one."""
    head = data[:SAMPLE_BYTES]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls * 200 > len(head)


_CONTROLS = bytes(code for code in range(32) if chr(code) not in "\a\b\t\n\v\f\r\x1a\x1b")


def _checked(decoded: Decoded, name: str) -> Decoded:
    """Newlines made alike; what lost characters remain is said.

    Raises:
        InputError: NUL or many control characters in it.
    """
    text = decoded.text
    if "\x00" in text or _binary(text[:SAMPLE_BYTES].encode("utf-8", "replace")):
        raise InputError(f"{name}: holds binary data where text was expected; check the file's suffix")
    lost = text.count("\ufffd")
    warnings = decoded.warnings
    if lost and not warnings:
        warnings = (f"{lost} characters were lost before: the file holds replacement characters in their place",)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Decoded(text, decoded.encoding, warnings)
