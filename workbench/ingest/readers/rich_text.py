"""Rich text (rtf): paragraphs, headings by outline level and table rows, without a control word.

Footnotes, headers and comments are taken out of the sentence they stand in and follow at the end; pictures and objects are
counted, deleted text is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded
from workbench.ingest.readers.packages import counted, damage_named, pictures, telling_title
from workbench.ingest.readers.word_text import is_page_number

MAX_RTF_BYTES = 128 * 2**20
"""A file above this is refused."""
MAX_MARKUP = 16 * 2**20
"""Text and control words that are read, pictures not counted; a book of a thousand pages has some four million."""
_APART = {
    "Footnotes": ("footnote",),
    "Header and footer": ("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"),
    "Comments": ("annotation",),
}
_DROPPED = (
    "pict",
    "object",
    "fldinst",
    "atnid",
    "atnref",
    "atndate",
    "atrfstart",
    "atrfend",
    "nonshppict",
    "datastore",
)
_DELETED = r"\{(?:\\(?!deleted\b)[a-z]+-?\d* ?){0,40}\\deleted\b(?!0)"
_HEX = re.compile(r"[0-9a-fA-F\s]{512,}")
_LEVEL = re.compile(r"\\outlinelevel(\d) ?")
_MARK = re.compile("\ue000(\\d)")
_BRACES = re.compile(r"\\[\\{}]|[{}]")


def read_rtf(path: Path) -> Extracted:
    """Rich text: headings by outline level, table cells separated by ` | `; title, author and dates of its info group.

    Raises:
        InputError: damaged, or too large.
    """
    size = path.stat().st_size
    if size > MAX_RTF_BYTES:
        raise InputError(
            f"{path.name}: {size // 2**20} MiB, more than the {MAX_RTF_BYTES // 2**20} MiB that are read; split it"
        )
    with damage_named(path, "rich text file", "Word"):
        markup = _without_binary(path.read_bytes()).decode("latin-1")
        if not markup.lstrip().startswith("{\\rtf"):
            raise ValueError("not rich text")
        markup = _HEX.sub("", markup)
        if len(markup) > MAX_MARKUP:
            raise InputError(
                f"{path.name}: more than {MAX_MARKUP // 2**20} MiB of text and control words; split the file"
            )
        return _read(markup)


def _without_binary(data: bytes) -> bytes:
    r"""The file without the raw bytes that follow `\bin`, which may look like anything."""
    kept, position = [], 0
    for found in re.finditer(rb"\\bin(\d{1,9}) ?", data):
        if found.start() >= position:
            kept.append(data[position : found.start()])
            position = found.end() + int(found[1])
    return b"".join((*kept, data[position:]))


def _read(markup: str) -> Extracted:
    start = _beginning(markup)
    markup, deleted = _taken(markup, _DELETED)
    drawn = len(re.findall(r"\{\\pict\b", _taken(markup, _group("nonshppict"))[0]))
    objects = len(re.findall(r"\{\\object\b", markup))
    info = next(iter(_taken(markup, _group("info"))[1]), "")
    apart: dict[str, list[str]] = {}
    for heading, words in _APART.items():
        markup, apart[heading] = _taken(markup, _group(*words))
    markup, _ = _taken(markup, _group(*_DROPPED))
    builder, title = TextBuilder(), ""
    for line, level in _lines(markup):
        if level:
            title = title or line
            builder.heading(line, level)
        else:
            builder.add(line)
    for heading, groups in apart.items():
        lines = dict.fromkeys(_flat(f"{start}{group}}}") for group in groups)
        shown = [line for line in lines if line and not (heading == "Header and footer" and is_page_number(line))]
        if shown:
            builder.heading(heading, 1)
            for line in shown:
                builder.add(line)
    author = _fact(info, start, "author")
    return Extracted(
        telling_title(_fact(info, start, "title")) or title,
        builder.text(),
        {"author": author} if author else {},
        embedded(_moment(info, "creatim"), _moment(info, "revtim")),
        builder.sections(),
        (
            *pictures(drawn),
            *counted(objects, "embedded object", "embedded objects", "not read"),
            *counted(len(deleted), "tracked deletion", "tracked deletions", "left out"),
        ),
    )


def _beginning(markup: str) -> str:
    """An opening that gives a group taken out of the file the same code page and fonts."""
    coding = re.search(r"\\ansicpg\d{1,5}", markup[:4096])
    fonts = next(iter(_taken(markup[: 2**20], _group("fonttbl"))[1]), "")
    return rf"{{\rtf1\ansi{coding.group() if coding else ''}{fonts}"


def _group(*words: str) -> str:
    return rf"\{{(?:\\\*)?\\(?:{'|'.join(words)})(?![a-z])"


def _taken(markup: str, opening: str) -> tuple[str, list[str]]:
    """The markup without the groups that begin so, and those groups."""
    kept: list[str] = []
    groups: list[str] = []
    position = 0
    for found in re.finditer(opening, markup):
        if found.start() < position:
            continue
        end = _closing(markup, found.start())
        kept.append(markup[position : found.start()])
        groups.append(markup[found.start() : end])
        position = end
    return "".join((*kept, markup[position:])), groups


def _closing(markup: str, start: int) -> int:
    """Where the group that opens at `start` ends; the end of the file when it never does."""
    depth = 0
    for brace in _BRACES.finditer(markup, start):
        if brace.group() == "{":
            depth += 1
        elif brace.group() == "}":
            depth -= 1
            if not depth:
                return brace.end()
    return len(markup)


def _lines(markup: str) -> Iterator[tuple[str, int]]:
    """Lines of the text with their heading level, 0 for none."""
    # The level is carried through the conversion by a private character, which no font shows.
    for line in _plain(_LEVEL.sub(lambda found: f"\ue000{found[1]}", markup)).split("\n"):
        levels = _MARK.findall(line)
        text = _cells(_MARK.sub("", line))
        if text:
            yield text, int(levels[-1]) + 1 if levels and levels[-1] != "9" else 0


def _cells(line: str) -> str:
    """A line; one that ends with a cell mark is a row of a table."""
    line = line.replace("\xad", "").strip()
    if not line.endswith("|"):
        return " ".join(line.split())
    cells = [" ".join(cell.split()) for cell in line[:-1].split("|")]
    return " | ".join(cells) if any(cells) else ""


def _plain(markup: str) -> str:
    from striprtf.striprtf import rtf_to_text

    text = str(rtf_to_text(markup, errors="replace"))  # type: ignore[no-untyped-call]
    # Characters beyond the first plane come as two halves.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\x00", "")


def _flat(markup: str) -> str:
    """Text of a group on one line, without the word that makes converters leave it out."""
    words = "|".join(word for words in _APART.values() for word in words)
    return " ".join(_plain(re.sub(rf"(?:\\\*)?\\(?:{words})(?![a-z])", "", markup)).split())


def _fact(info: str, start: str, name: str) -> str:
    found = re.search(rf"\{{\\{name} ((?:[^{{}}\\]|\\.){{0,1000}})\}}", info, re.DOTALL)
    return " ".join(_plain(f"{start}{{{found[1]}}}}}").split()) if found else ""


def _moment(info: str, name: str) -> date | None:
    found = re.search(rf"\{{\\{name}\\yr(\d{{4}})\\mo(\d{{1,2}})\\dy(\d{{1,2}})", info)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
