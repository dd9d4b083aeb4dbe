"""HTML without a tree: how deep it nests, and its bare text, both in one pass over the tags.

It is for pages that a tree would take minutes to build; it knows no headings, tables or menus.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_NOT_NESTING = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p",
    "li", "td", "th", "tr", "dt", "dd", "option", "thead", "tbody", "tfoot",
})  # fmt: skip
"""Elements without content, or closed by the next of their kind."""
_SILENT = frozenset({"script", "style", "template", "head"})
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup", "u", "var",
})  # fmt: skip


def nesting(html: str) -> int:
    """The most elements that are open at once, roughly.

    >>> nesting("<div><p>a<p>b<ul><li>c</ul></div>")
    2
    """
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _NOT_NESTING:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def flat_text(html: str) -> str:
    """The text between the tags, one line a block."""
    parser = _Flat()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Flat(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _SILENT
        self._between(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        self._between(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _between(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append("\n")
