"""What stands around the text of a web page: menus, footers, cookie banners, hidden parts; taken out of the tree.

It errs on the side of keeping: a part that holds the main text is never taken out, nor is a table of data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

SILENT = frozenset({
    "script", "style", "template", "noscript", "head", "iframe", "object", "embed", "svg", "canvas", "audio", "video",
    "map", "button", "select", "datalist", "textarea", "input", "dialog", "rp",
})  # fmt: skip
"""Elements whose content is no text of the page."""
AROUND = frozenset({"nav", "footer", "aside", "menu"})
AROUND_ROLES = frozenset(
    {"navigation", "contentinfo", "complementary", "search", "menu", "menubar", "dialog", "alertdialog", "toolbar"}
)
MAIN = ("main", "article", "h1")
"""An element that holds one of these holds the text of the page."""
WITHIN_TEXT = ("article", "main", "blockquote")
AROUND_CLASSES = re.compile(
    r"(?:\A|\s)(?:[\w-]*(?:cookie|consent|gdpr)[_-]?(?:banner|bar|notice|popup|modal|overlay|dialog|message)[\w-]*|"
    r"breadcrumbs?|skip-?(?:link|nav|to-content)s?|sr-only|visually-hidden|pagination|pager|social-?(?:share|links|media)|"
    r"share-?(?:buttons?|links?)|site-(?:header|footer|nav(?:igation)?)|main-?(?:nav|menu)|navbar|sidebar|"
    r"mw-editsection|mw-jump-link|mw-portlet[\w-]*|mw-indicators|vector-dropdown|vector-page-toolbar|vector-column-start|"
    r"navbox[\w-]*|catlinks|printfooter|noprint|sistersitebox|toc)(?=\s|\Z)",
    re.IGNORECASE,
)
"""Class names and ids of parts around the text; those of MediaWiki among them, whose pages are often exported as they are."""
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
LINK_DENSE, FEWEST_LINKS, SHORT_LINK = 0.8, 4, 30
"""A list is a menu where this share of its text is links, so many at least, each of so few characters on average."""
MOST_OF_THE_TEXT = 0.6
"""A part with more than this share of the page's text is its text, whatever it is called."""
WORTH_SAYING = 200
"""Characters of hidden text from which on it is said that they were left out."""


def without_clutter(soup: BeautifulSoup) -> tuple[str, ...]:
    """Take out of the tree what is not text of the page.

    Returns:
        A warning where much hidden text was left out.
    """
    from bs4 import Comment

    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(list(SILENT)):
        tag.decompose()
    for tag in [tag for tag in soup.find_all(True) if _hidden(tag) and tag.name in {"br", "hr", "img"}]:
        tag.decompose()
    hidden = 0
    sizes = _Sizes(soup)
    for tag in soup.find_all(True):
        if tag.decomposed or tag.name in {"html", "body", "main", "article"}:
            continue
        if _hidden(tag):
            hidden += sizes.text(tag)
            tag.decompose()
        elif sizes.text(tag) <= MOST_OF_THE_TEXT * sizes.text(soup) and _around(tag, sizes):
            tag.decompose()
    if hidden < WORTH_SAYING:
        return ()
    return (f"{hidden:,} characters that the page hides until something is clicked were left out",)


class _Sizes:
    """Characters of text, and of text in links, below each element; counted once for the whole tree."""

    def __init__(self, soup: BeautifulSoup) -> None:
        from bs4 import Tag

        self._text: dict[int, int] = {}
        self._linked: dict[int, int] = {}
        self._links: dict[int, int] = {}
        # Backwards, so that an element is met after everything within it.
        for node in reversed(list(soup.descendants)):
            own = id(node)
            if not isinstance(node, Tag):
                self._text[own] = len("".join(str(node).split()))
            elif node.name == "a":
                self._linked[own], self._links[own] = self._text.get(own, 0), 1
            above = id(node.parent)
            for counted in (self._text, self._linked, self._links):
                counted[above] = counted.get(above, 0) + counted.get(own, 0)

    def text(self, tag: Tag) -> int:
        return self._text.get(id(tag), 0)

    def link_dense(self, tag: Tag) -> bool:
        text, linked, links = self.text(tag), self._linked.get(id(tag), 0), self._links.get(id(tag), 0)
        return links >= FEWEST_LINKS and linked >= LINK_DENSE * text and linked <= SHORT_LINK * links


def _hidden(tag: Tag) -> bool:
    attributes = tag.attrs
    if not attributes:
        return False
    unseen = "hidden" in attributes or attributes.get("aria-hidden") == "true"
    return unseen or HIDDEN_STYLE.search(str(attributes.get("style", ""))) is not None


def _around(tag: Tag, sizes: _Sizes) -> bool:
    """Whether an element belongs to what surrounds the text."""
    role = str(tag.get("role", ""))
    if tag.name == "table":
        return role == "navigation" or (_named_around(tag) and sizes.link_dense(tag))
    if tag.name == "nav" or role in AROUND_ROLES - {"complementary"}:
        return not tag.find(MAIN[:2])
    if tag.name in AROUND or role == "complementary":
        return not tag.find(MAIN) and (sizes.link_dense(tag) or not tag.find_parent(WITHIN_TEXT))
    if tag.name == "header" or role == "banner":
        return not tag.find(["h1", "h2"]) and sizes.link_dense(tag)
    if tag.name == "sup" and "reference" in (tag.get("class") or ()):
        return True
    if _named_around(tag):
        return not tag.find(MAIN)
    return tag.name in {"ul", "ol", "div"} and sizes.link_dense(tag) and not tag.find_parent(WITHIN_TEXT)


def _named_around(tag: Tag) -> bool:
    named = tag.get("class")
    names = f"{' '.join(named) if isinstance(named, list) else named or ''} {tag.get('id') or ''}".strip()
    return bool(names) and AROUND_CLASSES.search(names) is not None
