"""Books as epub: the chapters in reading order, each as the HTML reader reads it.

The book's own navigation is left out; pictures and fonts are not looked at.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from workbench.errors import InputError
from workbench.ingest.archives.zip_entries import directory_size
from workbench.ingest.readers.extracted import Extracted, embedded
from workbench.ingest.readers.inner_html import inner_html
from workbench.ingest.readers.text import decode, parse_date
from workbench.records import Section

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_PART_BYTES, MAX_BOOK_BYTES = 16 * 2**20, 128 * 2**20
"""Bytes of one chapter and of all chapters together: the longest novels have five."""
MAX_CHAPTERS = 5_000
MAX_DIRECTORY = 8 * 2**20
CONTAINER, ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
CHAPTER_TYPES = ("application/xhtml+xml", "text/html", "application/xml", "text/xml", "")


@dataclass(frozen=True, slots=True)
class _Item:
    path: str
    media_type: str
    properties: str


def read_epub(path: Path) -> Extracted:
    """A book: text of its chapters in reading order, with their headings.

    Raises:
        InputError: protected against copying, damaged, or larger than a book can be.
    """
    try:
        with path.open("rb") as stream:
            if directory_size(stream) > MAX_DIRECTORY:
                raise InputError(f"{path.name}: its table of contents is larger than any book's; check what it is")
        with zipfile.ZipFile(path) as archive:
            return _Book(archive, path.name).read()
    except (InputError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # zip and XML parsers raise whatever they meet first in a damaged file
        raise InputError(f"{path.name}: damaged epub ({type(error).__name__}); download or export it again") from error


class _Book:
    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive, self._name = archive, name
        self._left = MAX_BOOK_BYTES

    def read(self) -> Extracted:
        package_path = self._package_path()
        package = self._xml(package_path)
        chapters = self._chapters(package, posixpath.dirname(package_path))
        self._check_protection({item.path for item in chapters})
        title, author, stated = (_fact(package, name) for name in ("title", "creator", "date"))
        text, sections, warnings = self._text(chapters)
        modified = next(
            (meta.text or "" for meta in _all(package, "meta") if meta.get("property") == "dcterms:modified"), ""
        )
        facts = {"author": author, "language": _fact(package, "language"), "publisher": _fact(package, "publisher")}
        return Extracted(
            title,
            text,
            {name: value for name, value in facts.items() if value},
            embedded(parse_date(stated), parse_date(modified)),
            sections,
            warnings,
        )

    def _package_path(self) -> str:
        if CONTAINER not in self._archive.namelist():
            raise InputError(f"{self._name}: not an epub (no {CONTAINER} in it); check what it is")
        roots = [root.get("full-path") or "" for root in _all(self._xml(CONTAINER), "rootfile")]
        if not roots:
            raise InputError(f"{self._name}: damaged epub (it does not say where its contents are); export it again")
        return roots[0]

    def _chapters(self, package: Element, folder: str) -> list[_Item]:
        items = {item.get("id") or "": _item(item, folder) for item in _all(package, "item")}
        order = [reference.get("idref") or "" for reference in _all(package, "itemref")][:MAX_CHAPTERS]
        spine = [items[name] for name in order if name in items]
        return [item for item in spine if item.media_type in CHAPTER_TYPES and "nav" not in item.properties.split()]

    def _check_protection(self, chapters: set[str]) -> None:
        if ENCRYPTION not in self._archive.namelist():
            return
        hidden = {unquote(entry.get("URI") or "") for entry in _all(self._xml(ENCRYPTION), "CipherReference")}
        # Fonts are often scrambled for their licence; a book whose chapters are is bound to its buyer.
        if hidden & chapters:
            raise InputError(
                f"{self._name}: protected against copying (DRM), {len(hidden & chapters)} of {len(chapters)} chapters are "
                "encrypted; ask the publisher for a copy without"
            )

    def _text(self, chapters: list[_Item]) -> tuple[str, tuple[Section, ...], tuple[str, ...]]:
        blocks: list[str] = []
        sections: list[Section] = []
        warnings: list[str] = []
        length = 0
        for number, item in enumerate(chapters, start=1):
            try:
                read = inner_html(decode(self._bytes(item.path), item.path), self._name)
            except (KeyError, zipfile.BadZipFile):
                warnings.append(f"chapter {number} of {len(chapters)} is missing or damaged and was not read")
                continue
            warnings.extend(read.warnings)
            if read.text.strip():
                start = length + (1 if blocks else 0)
                sections.extend(_moved(read, start, f"chapter {number}"))
                blocks.append(read.text)
                length = start + len(read.text)
        return "\n".join(blocks), tuple(sections), tuple(dict.fromkeys(warnings))

    def _xml(self, name: str) -> Element:
        from defusedxml.ElementTree import fromstring

        root: Element = fromstring(self._bytes(name))
        return root

    def _bytes(self, name: str) -> bytes:
        entry = self._archive.getinfo(name)
        if entry.flag_bits & 0x1:
            raise InputError(f"{self._name}: password-protected; ask for a copy without a password")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile("packed by a method that epub does not know")
        with self._archive.open(entry) as stream:
            data = stream.read(min(MAX_PART_BYTES, self._left) + 1)
        self._left -= len(data)
        if len(data) > MAX_PART_BYTES or self._left < 0:
            raise InputError(
                f"{self._name}: '{name}' makes it larger than a book can be ({MAX_PART_BYTES // 2**20} MiB a chapter, "
                f"{MAX_BOOK_BYTES // 2**20} MiB in all); save its text as smaller files"
            )
        return data


def _moved(read: Extracted, start: int, locator: str) -> Iterator[Section]:
    if not read.sections or read.sections[0].start > 0:
        yield Section(start, (read.title,) if read.title else (), locator)
    for section in read.sections:
        yield replace(section, start=section.start + start, locator=locator)


def _item(item: Element, folder: str) -> _Item:
    path = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "").partition("#")[0]))
    return _Item(path, (item.get("media-type") or "").lower(), item.get("properties") or "")


def _all(root: Element, name: str) -> Iterator[Element]:
    """Elements of a local name, whatever their namespace."""
    return (element for element in root.iter() if str(element.tag).rpartition("}")[2] == name)


def _fact(package: Element, name: str) -> str:
    return " ".join(next(("".join(element.itertext()) for element in _all(package, name)), "").split())
