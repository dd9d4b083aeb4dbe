"""The part of a client's file that a place names: a page, sheet or slide of it, or a file inside an archive or a mail.

It finds the text; how it is shown is the business of `workbench.ui.source_view`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.archives.containers import CONTAINERS
from workbench.ingest.corpus.entries import MAX_DEPTH
from workbench.ingest.readers import kind_of, read_file


def part_of(file: Path, kind: str, value: str) -> str:
    """Text of a page, sheet or slide, its headings and all; "" when the file has none of that name."""
    read = read_file(file)
    ends = [*(section.start for section in read.sections), len(read.text)]
    wanted = (kind, value)
    found = (
        read.text[start:end]
        for section, (start, end) in zip(read.sections, pairwise(ends), strict=True)
        if (section.locator.partition(" ")[0], section.locator.partition(" ")[2].strip("'\" ")) == wanted
    )
    return "".join(found).strip("\n\f")


@contextmanager
def unpacked_member(file: Path, name: str) -> Iterator[Path]:
    """A file inside an archive or a mail, unpacked for as long as the context lasts.

    Args:
        file: the archive or mail.
        name: path inside it, through further archives where they are.

    Raises:
        InputError: no such file in it, or it cannot be unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="source-view-") as folder:
        yield _member(file, name, Path(folder), MAX_DEPTH)


def _member(file: Path, name: str, folder: Path, depth: int) -> Path:
    unpack = CONTAINERS.get(content_kind(file)) if depth else None
    members = unpack(file, folder / str(depth)).members if unpack else ()
    for member in members:
        if member.name == name:
            return member.path
        if name.startswith(f"{member.name}/"):
            return _member(member.path, name.removeprefix(f"{member.name}/"), folder, depth - 1)
    raise InputError(
        f"{file.name} has no file '{name}' in it; it may have changed since the analysis, so run it again."
    )


def content_kind(file: Path) -> str:
    """What a file is by its content.

    Raises:
        InputError: it cannot be opened.
    """
    try:
        return kind_of(file)
    except OSError as error:
        raise InputError(f"{file.name}: could not be opened ({error.strerror}); check its permissions") from error
