"""XML: its text, a line a block, with titles of articles and manuals (JATS, DocBook, DITA) as headings; labels of drawings.

No entity of a file is expanded and nothing outside it is opened; the meaning of other vocabularies is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html.entities import html5
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded
from workbench.ingest.readers.text import bounded_bytes, declared_charset, decode_text, parse_date
from workbench.ingest.readers.xml_records import holds_records, local_name, record_lines, record_title

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_XML_BYTES = 24 * 2**20
"""A file above this is refused: as a tree it takes some ten times its size in memory."""
PARTS = frozenset({
    "article", "book", "part", "chapter", "appendix", "app", "preface", "section", "sec", "sect1", "sect2", "sect3",
    "sect4", "sect5", "refsect1", "refsect2", "topic", "concept", "task", "reference", "abstract", "ack", "glossary",
    "bibliography", "ref-list", "sub-article", "response", "boxed-text", "div",
})  # fmt: skip
"""Elements whose title is a heading."""
TITLES = frozenset({"title", "article-title", "head"})
TITLE_HOLDERS = frozenset(
    {"info", "articleinfo", "bookinfo", "title-group", "titlestmt", "metadata", "channel", "prolog"}
)
"""Elements around the title of the element above them."""
ONE_LINE = frozenset({
    "name", "contrib", "aff", "person-group", "element-citation", "mixed-citation", "citation", "ref", "pub-date",
    "kwd", "author", "personname", "address", "td", "th", "entry", "date",
})  # fmt: skip
"""Elements whose parts belong into one line."""
ROWS = frozenset({"tr", "row"})
BLOCKS = PARTS | frozenset({
    "p", "para", "simpara", "list", "itemizedlist", "orderedlist", "variablelist", "list-item", "listitem", "ul", "ol",
    "li", "dl", "table", "table-wrap", "tgroup", "thead", "tbody", "fig", "figure", "disp-quote", "blockquote",
    "def-list", "supplementary-material", "boxed-text", "note", "warning", "example", "programlisting",
})  # fmt: skip
"""Elements that begin a new line even within running text."""
DESCRIPTIVE = frozenset(
    {"front", "article-meta", "front-stub", "teiheader", "filedesc", "head", "book", "article", "topic"}
)
"""Elements on the way from the root to the title of the whole."""
LEFT_OUT = frozenset({"journal-meta", "graphic", "tex-math", "object-id", "indexterm", "processing-meta"})
MOST_AUTHORS = 20
LABELS = frozenset({"title", "desc", "text", "foreignobject"})
"""Elements of a drawing that hold words."""


def read_xml(path: Path) -> Extracted:
    """XML: text in document order, a table row a line with cells separated by ` | `.

    Raises:
        InputError: too large, not well-formed, or defining entities of its own.
    """
    data = bounded_bytes(path, MAX_XML_BYTES)
    decoded = decode_text(data, path.name, declared_charset(data))
    root = _parsed(decoded.text, path.name)
    records = holds_records(root)
    builder = TextBuilder()
    for line, level in record_lines(root) if records else _lines(root):
        if level:
            builder.heading(line, level)
        else:
            builder.add(line)
    dates = embedded(
        _dated(root, ("pub-date", "pubdate", "created", "issued")), _dated(root, ("modified", "revdate", "updated"))
    )
    title = record_title(root) if records else _title(root)
    return Extracted(title, builder.text(), _facts(root), dates, builder.sections(), decoded.warnings)


def read_svg(path: Path) -> Extracted:
    """A drawing: its labels in the order they are drawn.

    Raises:
        InputError: too large, not well-formed, or defining entities of its own.
    """
    data = bounded_bytes(path, MAX_XML_BYTES)
    decoded = decode_text(data, path.name, declared_charset(data))
    root = _parsed(decoded.text, path.name)
    labels = (" ".join("".join(part.itertext()).split()) for part in root.iter() if local_name(part) in LABELS)
    title = next((part for part in root if local_name(part) == "title"), None)
    named = "" if title is None else "".join(title.itertext()).strip()
    return Extracted(named, "\n".join(filter(None, labels)), warnings=decoded.warnings)


def _parsed(text: str, name: str) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    text = re.sub(
        r"\A\s*<\?xml[^>]{0,200}\?>", "", text
    )  # its encoding is that of the bytes, which are decoded already
    try:
        root: Element = fromstring(_NAMED.sub(_character, text))
    except DefusedXmlException as error:
        raise InputError(
            f"{name}: defines entities of its own or points to other files, and was not opened; "
            "save it with its entities resolved"
        ) from error
    except (ParseError, ValueError, RecursionError) as error:
        raise InputError(f"{name}: damaged XML ({error}); export it again and replace the file") from error
    return root


_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30};)")


def _character(entity: re.Match[str]) -> str:
    """The character behind a name that (X)HTML and JATS define in a file elsewhere; the five of XML stay."""
    name = entity.group(1)
    return entity.group() if name in {"amp;", "lt;", "gt;", "quot;", "apos;"} else html5.get(name, entity.group())


@dataclass(frozen=True, slots=True)
class _Open:
    """An element still to be read.

    Attributes:
        depth: parts above it.
        titled: whether a title in it is that of the part above.
        inline: whether it stands within running text.
    """

    element: Element
    depth: int
    titled: bool = True
    inline: bool = False


_BREAK = None
"""Between the lines, where elements wait to be read."""


def _lines(root: Element) -> Iterator[tuple[str, int]]:
    """Lines with their heading level, 0 for text. Walks without recursion: files nest as deep as they like."""
    line: list[str] = []
    waiting: list[_Open | str | None] = [_Open(root, 0)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            line.append(part)
        elif part is _BREAK:
            yield from _filled("".join(line), 0)
            line = []
        elif part.inline:
            line.append(_silent(part.element) or "".join(part.element.itertext()))
        elif _whole(part.element):
            name = local_name(part.element)
            yield from _filled("".join(line), 0)
            line = []
            yield from _filled(_joined(part.element), max(part.depth, 1) if name in TITLES and part.titled else 0)
        elif not _silent(part.element):
            waiting += reversed(_opened(part))
    yield from _filled("".join(line), 0)


def _filled(text: str, level: int) -> Iterator[tuple[str, int]]:
    text = " ".join(text.split())
    if text:
        yield text, level


def _silent(element: Element) -> str:
    """A blank for an element that is no text: a comment, a picture, data about the journal; "" for others."""
    name = local_name(element)
    return " " if not name or name in LEFT_OUT else ""


def _whole(element: Element) -> bool:
    """Whether an element is one line: a title, a row, a paragraph without blocks in it, an element without parts."""
    name = local_name(element)
    if not name or name in LEFT_OUT:
        return False
    if name in TITLES | ROWS | ONE_LINE or not len(element):
        return True
    return _running_text(element) and not any(local_name(child) in BLOCKS for child in element)


def _running_text(element: Element) -> bool:
    """Whether text stands between the parts of an element, so that those are words of a sentence."""
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _joined(element: Element) -> str:
    name = local_name(element)
    if name in ROWS:
        return " | ".join(" ".join("".join(cell.itertext()).split()) for cell in element)
    apart = name in ONE_LINE and not _running_text(element)
    return (" " if apart else "").join(element.itertext())


def _opened(part: _Open) -> list[_Open | str | None]:
    element, name = part.element, local_name(part.element)
    depth = part.depth + (name in PARTS)
    titled = name in PARTS or (name in TITLE_HOLDERS and part.titled)
    running = _running_text(element)
    parts: list[_Open | str | None] = [_BREAK, element.text or ""]
    for child in element:
        inline = running and local_name(child) not in BLOCKS
        parts += [_Open(child, depth, titled, inline), child.tail or ""]
    return [*parts, _BREAK]


def _title(root: Element) -> str:
    """Title of the whole: the first title of the root, or of what describes it."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop(0)
        for child in element:
            name = local_name(child)
            if name in TITLES:
                return " ".join("".join(child.itertext()).split())
            if depth < 4 and name in TITLE_HOLDERS | DESCRIPTIVE:
                waiting.append((child, depth + 1))
    return ""


def _facts(root: Element) -> dict[str, str]:
    language = next((value for key, value in root.attrib.items() if key.rpartition("}")[2] == "lang"), "")
    people = islice((person for person in root.iter() if _is_author(person)), MOST_AUTHORS)
    author = "; ".join(dict.fromkeys(filter(None, map(_person, people))))
    code = re.match(r"[A-Za-z]{2}(?![A-Za-z])", language)
    found = {"author": author, "language": code.group().lower() if code else ""}
    return {key: value for key, value in found.items() if value}


def _is_author(element: Element) -> bool:
    name = local_name(element)
    return name in {"author", "creator"} or (name == "contrib" and element.get("contrib-type", "author") == "author")


def _person(element: Element) -> str:
    named = next((part for part in element.iter() if local_name(part) in {"name", "personname"}), element)
    parts = {local_name(part): (part.text or "").strip() for part in named.iter()}
    first, last = parts.get("given-names") or parts.get("firstname", ""), parts.get("surname", "")
    return f"{first} {last}".strip() or " ".join(" ".join(named.itertext()).split())[:100]


def _dated(root: Element, names: tuple[str, ...]) -> date | None:
    """The first full date in an element of these names, stated in its text, an attribute, or as day, month and year."""
    for element in root.iter():
        if local_name(element) in names:
            parts = {local_name(part): (part.text or "").strip() for part in element}
            stated = element.get("iso-8601-date") or "".join(element.itertext())
            if all(parts.get(unit, "").isdigit() for unit in ("year", "month", "day")):
                stated = f"{parts['year']}-{parts['month']:0>2}-{parts['day']:0>2}"
            day = parse_date(stated)
            if day:
                return day
    return None
