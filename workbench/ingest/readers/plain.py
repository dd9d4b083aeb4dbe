"""Plain text and Markdown: the text exactly as it stands in the file, with its headings found by scanning.

Nothing is rendered: markup characters stay in the text, so that an offset into it is an offset into the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.text import parse_date, read_text
from workbench.records import DocumentDate, Section

LONGEST_TITLE = 100
"""Characters of a first line that may be a title."""
LONGEST_FRONT_MATTER = 1 << 16

EVENTS = {
    "created": ("created", "published"),
    "modified": (
        "updated",
        "modified",
        "last_updated",
        "last_modified",
        "lastmod",
        "last_reviewed",
        "reviewed",
        "date",
    ),
    "effective": ("effective", "effective_date", "valid_from"),
}
"""Event -> keys of front matter that may date it, the best first; a bare `date` is taken for the last change."""
AUTHORS = ("author", "authors", "owner", "by")
KEPT = ("author", "description", "language", "lang", "version", "status", "tags", "category")


def read_empty(path: Path) -> Extracted:
    """A file with nothing but white space: no text, and no error."""
    return Extracted("", "")


def read_plain(path: Path) -> Extracted:
    """Plain text: the text as it stands, and its first line as title where that stands alone like one."""
    decoded = read_text(path)
    return Extracted(_first_line_title(decoded.text), decoded.text, warnings=decoded.warnings)


def read_markdown(path: Path) -> Extracted:
    """Markdown: front matter gives title, dates and author where there is one, else the first heading gives the title."""
    decoded = read_text(path)
    front, body = _front_matter(decoded.text)
    headings = list(_headings(decoded.text, body))
    title = front.get("title", "") or next((name for _, _, name in headings), "")
    author = next((front[key] for key in AUTHORS if front.get(key)), "")
    facts = {key: front[key] for key in KEPT if front.get(key)} | ({"author": author} if author else {})
    return Extracted(title, decoded.text, facts, _claimed(front), _sections(headings), decoded.warnings)


def _first_line_title(text: str) -> str:
    """The first line where a blank line follows it, or a line that underlines it, and it is no sentence; else ""."""
    lines = text[: 4 * LONGEST_TITLE].lstrip().split("\n")
    title = lines[0].strip()
    if len(lines) < 2 or not 3 <= len(title) <= LONGEST_TITLE or not any(map(str.isalpha, title)):
        return ""
    alone = not lines[1].strip() or _UNDERLINE.fullmatch(lines[1].strip()) is not None
    more = any(line.strip() for line in lines[2:])
    return title if alone and more and not title.endswith((".", ",", ";", ":", "!", "?")) else ""


_UNDERLINE = re.compile(r"=+|-+|~+|\*+")


def _front_matter(text: str) -> tuple[Mapping[str, str], int]:
    """What stands between the first `---` and the next, by key, and where the text behind it begins."""
    match = re.match(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", text[:LONGEST_FRONT_MATTER], flags=re.DOTALL)
    if not match:
        return {}, 0
    pairs = (line.partition(":") for line in match.group(1).split("\n") if not line.startswith((" ", "\t", "#")))
    front = {
        key.strip().lower().replace("-", "_"): _value(value) for key, colon, value in pairs if colon and key.strip()
    }
    return front, match.end()


def _value(text: str) -> str:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return ", ".join(part.strip().strip("\"'") for part in text[1:-1].split(","))
    return text.strip("\"'")


def _claimed(front: Mapping[str, str]) -> tuple[DocumentDate, ...]:
    days = ((event, [parse_date(front.get(key, "")) for key in keys]) for event, keys in EVENTS.items())
    first = ((event, next((day for day in found if day is not None), None)) for event, found in days)
    return tuple(DocumentDate(on, "claimed", event) for event, on in first if on is not None)


def _headings(text: str, body: int) -> Iterator[tuple[int, int, str]]:
    r"""Offset, level and words of each heading; those in code fences and indented code are none.

    >>> list(_headings("# A\n```\n# not one\n```\nB\n---\n", 0))
    [(0, 1, 'A'), (22, 2, 'B')]
    """
    fence = ""
    above, above_at = "", 0
    for match in re.compile(r"[^\n]*\n?").finditer(text, body):
        line, at = match.group().rstrip("\n"), match.start()
        mark = _FENCE.match(line)
        if mark and (not fence or (line.strip() == mark.group(1) and mark.group(1).startswith(fence))):
            fence, above = ("" if fence else mark.group(1)), ""
            continue
        if fence:
            continue
        hashes = _HASHES.match(line)
        if hashes:
            words = hashes.group(2).strip().rstrip("#").rstrip() if hashes.group(2) else ""
            if words:
                yield at, len(hashes.group(1)), words
            above = ""
        elif above and _SETEXT.match(line):
            yield above_at, 1 if line.lstrip().startswith("=") else 2, above
            above = ""
        else:
            above = "" if above or not _PARAGRAPH.match(line) else line.strip()
            above_at = at


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HASHES = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(\S.*))?$")
_SETEXT = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
_PARAGRAPH = re.compile(r" {0,3}[^\s>|*+-][^|]{0,200}$")


def markdown_sections(text: str) -> tuple[Section, ...]:
    """Where the headings of a Markdown text begin."""
    return _sections(list(_headings(text, 0)))


def _sections(headings: list[tuple[int, int, str]]) -> tuple[Section, ...]:
    above: list[tuple[int, str]] = []
    found: list[Section] = []
    for at, level, words in headings:
        above = [*((depth, name) for depth, name in above if depth < level), (level, words)]
        found.append(Section(at, tuple(name for _, name in above)))
    return tuple(found)
