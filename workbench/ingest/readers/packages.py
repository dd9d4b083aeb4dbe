"""Office files that are zip archives of XML: opened within bounds, their parts parsed, their own properties read.

It refuses what was made to fill memory or to expand entities; what the parts mean is the business of each reader.
"""

from __future__ import annotations

import errno
import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError, WorkbenchError
from workbench.ingest.readers.text import parse_date

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_PACKAGE_BYTES = 200 * 2**20
"""Unpacked size above which an office file is refused: it is a zip archive, and one of kilobytes can unpack to gigabytes."""
MAX_PARTS = 20_000
"""An office file of more parts is refused; one with a picture on every page has some thousands."""
MAX_XML_BYTES = 64 * 2**20
"""One XML part above this is refused: as a tree it would take some ten times its size in memory."""
SUSPECT_BYTES, SUSPECT_RATIO = 20 * 2**20, 100
"""A package that unpacks to more than this, and to more than this many times its own size, was made to fill memory."""
PASSWORD = "password-protected; ask for a copy without a password"
GENERIC_TITLES = {"word document", "powerpoint presentation", "slide 1", "untitled", "presentation", "document"}
"""Titles a program writes when nobody gave one; they say nothing about the file."""


@dataclass(frozen=True, slots=True)
class Properties:
    """What an office file says about itself; "" and None where it says nothing."""

    title: str = ""
    author: str = ""
    created: date | None = None
    modified: date | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A link from one part to another: the last word of its type ("header", "styles") and the part's name."""

    relation_id: str
    kind: str
    target: str


@contextmanager
def damage_named(path: Path, noun: str, program: str) -> Iterator[None]:
    """Turn whatever a parser raises on a damaged file into one sentence.

    Args:
        path: the file.
        noun: what it should have been: "Word file".
        program: what opens such a file, for the advice.

    Raises:
        InputError: in place of any other exception, except those that are typed already and errors of the file system.
    """
    try:
        yield
    except (WorkbenchError, ImportError, MemoryError):  # none of them says anything about the file
        raise
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # a seek to a place before the file is the file's fault
            raise
        raise _damaged(path, noun, program) from error
    except Exception as error:  # parsers let KeyError, BadZipFile, struct, XML and recursion errors through
        raise _damaged(path, noun, program) from error
    except BaseException as error:
        # A panic of a Rust extension is no Exception, but it means the same: a file it did not expect.
        if type(error).__name__ == "PanicException":
            raise _damaged(path, noun, program) from error
        raise


def _damaged(path: Path, noun: str, program: str) -> InputError:
    return InputError(f"{path.name}: damaged {noun}; open it in {program}, save it again and replace it")


@contextmanager
def open_package(path: Path, *, max_bytes: int = MAX_PACKAGE_BYTES) -> Iterator[zipfile.ZipFile]:
    """Open an office file after looking at what it claims to hold.

    Raises:
        InputError: too many parts, an absurd unpacked size, parts with a password, or a part that declares entities.
    """
    _refuse_encrypted(path)
    with zipfile.ZipFile(path) as package:
        parts = package.infolist()
        _check_size(path, parts, max_bytes)
        if any(part.flag_bits & 1 for part in parts):
            raise InputError(f"{path.name}: {PASSWORD}")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                _refuse_doctype(path, package, part)
        yield package


def _refuse_encrypted(path: Path) -> None:
    """An encrypted office file keeps its name and suffix, but is an OLE container around the encrypted archive."""
    import olefile

    with path.open("rb") as stream:
        if stream.read(len(olefile.MAGIC)) != olefile.MAGIC:
            return
    with olefile.OleFileIO(str(path)) as container:
        if container.exists("EncryptedPackage"):
            raise InputError(f"{path.name}: {PASSWORD}")


def _check_size(path: Path, parts: list[zipfile.ZipInfo], max_bytes: int) -> None:
    if len(parts) > MAX_PARTS:
        raise InputError(
            f"{path.name}: holds {len(parts):,} parts, more than the {MAX_PARTS:,} an office file may have; "
            "save its text as a smaller file"
        )
    unpacked = sum(part.file_size for part in parts)
    ratio = unpacked / max(1, path.stat().st_size)
    if unpacked > max_bytes or (unpacked > SUSPECT_BYTES and ratio > SUSPECT_RATIO):
        raise InputError(
            f"{path.name}: unpacks to {unpacked // 2**20} MiB, {ratio:,.0f} times its size, and was not opened; "
            "save its text as a smaller file"
        )


def _refuse_doctype(path: Path, package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with package.open(part) as stream:
        head = stream.read(4096).replace(b"\x00", b"")  # without the zeros, UTF-16 reads like ASCII
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", head, re.IGNORECASE):
        raise InputError(
            f"{path.name}: its part {part.filename[:80]!r} declares a document type, which office programs never write; "
            "it was not opened; save the file again from the program that made it"
        )


def parse_part(package: zipfile.ZipFile, name: str) -> Element:
    """The root of an XML part; entities are never expanded.

    Raises:
        InputError: the part is too large for a tree.
        KeyError: no such part.
        ParseError: not well-formed, or with a document type.
    """
    from defusedxml.ElementTree import fromstring

    size = package.getinfo(name).file_size
    if size > MAX_XML_BYTES:
        raise InputError(
            f"{Path(package.filename or '').name}: {size // 2**20} MiB of text and markup in one part, more than the "
            f"{MAX_XML_BYTES // 2**20} MiB that are read; split the file"
        )
    root: Element = fromstring(package.read(name), forbid_dtd=True)
    return root


def local(element: Element) -> str:
    """Name of an element without its namespace, so that the strict and the usual flavour of a format read alike."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element | None, name: str) -> str | None:
    """Value of an attribute by its name without namespace; None when the element or the attribute is not there."""
    if element is None:
        return None
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), None)


def child(element: Element | None, *path: str) -> Element | None:
    """The first element at a path of local names."""
    for name in path:
        if element is None:
            return None
        element = next((inner for inner in element if local(inner) == name), None)
    return element


def relations(package: zipfile.ZipFile, part: str) -> tuple[Relation, ...]:
    """Links from a part ("" for the package) to parts that are there; links to the outside and dangling ones are left out."""
    folder, name = posixpath.split(part)
    index = posixpath.join(folder, "_rels", f"{name}.rels")
    names = set(package.namelist())
    if index not in names:
        return ()
    found = []
    for element in parse_part(package, index):
        target = attribute(element, "Target") or ""
        full = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        if full in names and attribute(element, "TargetMode") != "External":
            kind = (attribute(element, "Type") or "").rpartition("/")[2]
            found.append(Relation(attribute(element, "Id") or "", kind, full))
    return tuple(found)


def properties(package: zipfile.ZipFile) -> Properties:
    """Title, author and dates of an Office Open XML file; nothing where that part is missing or broken."""
    from xml.etree.ElementTree import ParseError

    try:
        name = next(
            (link.target for link in relations(package, "") if link.kind == "core-properties"), "docProps/core.xml"
        )
        if name not in package.namelist():
            return Properties()
        facts = {local(element): (element.text or "").strip() for element in parse_part(package, name)}
    except (ParseError, ValueError):
        return Properties()
    created, modified = (parse_date(facts.get(key, "")) for key in ("created", "modified"))
    return Properties(telling_title(facts.get("title", "")), facts.get("creator", ""), created, modified)


def telling_title(title: str) -> str:
    """The title a file states; "" for one that a program put there by itself.

    >>> telling_title("PowerPoint Presentation"), telling_title("Claims  manual")
    ('', 'Claims manual')
    """
    title = " ".join(title.split())
    return "" if title.casefold() in GENERIC_TITLES else title


def pictures(number: int) -> tuple[str, ...]:
    """The warning about pictures, none when there are none.

    >>> pictures(1), pictures(0)
    (('1 picture was not read',), ())
    """
    return (f"{number:,} pictures were not read" if number > 1 else "1 picture was not read",) if number else ()


def counted(number: int, one: str, many: str, what: str) -> tuple[str, ...]:
    """A warning about a number of things, none when there are none.

    >>> counted(1, "picture", "pictures", "not read")
    ('1 picture: not read',)
    """
    return (f"{number:,} {one if number == 1 else many}: {what}",) if number else ()
