"""Unpacks mailboxes in mbox form, as Unix and Thunderbird keep them and Google exports them: one eml file a mail.

Nothing of a mail is read here but the line that begins it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from workbench.ingest.archives.faults import refusing, size_of
from workbench.ingest.archives.unpacking import BLOCK, LIMITS, Limits, Unpacked, Unpacking

BEGINS = re.compile(rb"From \S[^\r\n]{0,300}\d\d:\d\d[^\r\n]{0,40}\d{4}[^\r\n]{0,40}\r?\n")
"""The line before a mail: "From anna@example.com Mon Mar  3 10:00:00 2025"."""
_QUOTED = re.compile(rb">+From ")


def unpack_mbox(path: Path, into: Path, *, limits: Limits = LIMITS) -> Unpacked:
    """Write every mail of a mailbox as an eml file, numbered as they stand.

    Raises:
        InputError: it cannot be opened.
        DiskFullError: the disk has no room for them.
    """
    unpacking = Unpacking(into, path.name, size_of(path), limits)
    with path.open("rb") as stream:
        mails = _Mails(stream)
        number = 0
        while mails.more:
            number += 1
            name = f"mail {number}.eml"
            parts = unpacking.parts_of(name)
            if parts is None:
                break
            with refusing(unpacking, name):
                unpacking.write(parts, mails.next(), size_of(path))
    return unpacking.result()


class _Mails:
    """The mails of a mailbox, one after the other, a line at a time."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._within = False
        self.more = bool(stream.readline(BLOCK))

    def next(self) -> Iterator[bytes]:
        """The lines of the next mail; what was left of the one before is passed over."""
        for _ in self._rest():
            pass
        self._within = True
        yield from self._rest()

    def _rest(self) -> Iterator[bytes]:
        blank = False
        while self._within:
            line = self._stream.readline(BLOCK)
            self.more = bool(line)
            self._within = self.more and not (blank and BEGINS.fullmatch(line))
            blank = not line.strip()
            if self._within:
                yield line[1:] if _QUOTED.match(line) else line
