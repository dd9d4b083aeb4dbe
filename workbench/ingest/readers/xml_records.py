"""XML that holds records rather than running text: an export, a feed, a message; each value keeps its name.

What the names mean is not known here; a title in a record becomes the heading above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.ingest.readers.inner_html import inner_html

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

RUNNING = frozenset({
    "p", "para", "simpara", "sec", "section", "chapter", "sect1", "refsect1", "topic", "concept", "title-group", "titlestmt",
    "tgroup", "td", "th",
})  # fmt: skip
"""Elements of vocabularies for documents; a file with any of them is a document."""
TITLES = frozenset({"title", "headline", "subject"})
NAMING = ("name", "key")
"""Attributes that say what an element is: `<property name="title">`."""
LONGEST_NAMED = 300
"""Characters of a value that is given with its name; a longer one is a text of its own."""
DEEPEST_HEADING = 6
_MARKUP = re.compile(r"</?(?:p|div|br|h[1-6]|b|i|em|strong|ul|ol|li|table|tr|td|span|a)(?:\s[^<>]*)?/?>", re.IGNORECASE)


def local_name(element: Element) -> str:
    """Name without namespace, lower case; "" for comments and instructions."""
    return _bare(element).lower()


def holds_records(root: Element) -> bool:
    """Whether elements stand beside each other, none of a vocabulary for documents, and no text between them."""
    beside = False
    for element in root.iter():
        between = any((child.tail or "").strip() for child in element)
        if local_name(element) in RUNNING or between or (len(element) and (element.text or "").strip()):
            return False
        beside = beside or len(element) > 1 or any(_attributes(element))
    return beside


def record_lines(root: Element) -> Iterator[tuple[str, int]]:
    """Lines with their heading level, 0 for text; "capital: Ottawa" for a short value. Walks without recursion."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        parts = list(element)
        if not parts:
            yield from _value(element)
            continue
        title = next((part for part in parts if _called(part).lower() in TITLES and not len(part)), None)
        heading = "" if title is None else _text(title)
        if heading:
            depth = min(depth + 1, DEEPEST_HEADING)
            yield heading, depth
        yield from ((f"{name}: {value}", 0) for name, value in _attributes(element))
        waiting += [(part, depth) for part in reversed(parts) if not (heading and part is title)]


def record_title(root: Element) -> str:
    """The title of the whole: one that stands in the root, or in the only element in it."""
    holders = [root, *(root if len(root) == 1 else ())]
    titles = (part for holder in holders for part in holder if local_name(part) in TITLES and not len(part))
    return next(map(_text, titles), "")


def _value(element: Element) -> Iterator[tuple[str, int]]:
    text, name = _text(element), _called(element)
    facts = ", ".join(f"{key} {value}" for key, value in _attributes(element) if key not in NAMING)
    if not text:
        yield from ((f"{name}: {facts}", 0) for _ in [facts] if name and facts)
    elif len(text) > LONGEST_NAMED or "\n" in text:
        yield text, 0
    elif name:
        yield f"{name}: {text}{f' ({facts})' if facts else ''}", 0


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    return ((key, value) for key, value in element.attrib.items() if value.strip() and not key.startswith("{"))


def _called(element: Element) -> str:
    return next((element.attrib[key] for key in NAMING if element.get(key)), _bare(element))


def _bare(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: Element) -> str:
    text = (element.text or "").strip() if isinstance(element.tag, str) else ""
    if not _MARKUP.search(text):
        return " ".join(text.split())
    return inner_html(text, "a value").text.strip()
