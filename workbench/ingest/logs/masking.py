"""Redaction of logs and eval files: texts are masked as they stand, names so that two different ones stay different.

What is found, and how, is the business of `workbench.ingest.redaction`.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.logs.values import name_of
from workbench.ingest.redaction import mask

CACHED_TEXTS = 20_000
"""Masked texts remembered while reading: the same passages and names come back for many questions."""
CACHED_LENGTH = 2_000
"""Characters of the longest text remembered, so that the memory has a bound."""
NAME_DIGITS = 8
"""Hexadecimal digits behind a masked name: two of 10,000 names share theirs with a probability of 1 %."""
KEY_NAME = "redaction.key"
KEY_BYTES = 32

_remembered = lru_cache(maxsize=CACHED_TEXTS)(mask)


@dataclass(slots=True)
class LogRedaction:
    """Masks what the lines of a log hold, and counts what it masked.

    A masked name carries digits computed from the name and the key alone, so files can be read in any order and by several
    processes, and one person has one name in all of them. Who has no key cannot try names out to find whose digits they are.

    Attributes:
        key: the case's key (`case_key`); one made for this value alone where none is given.
        counts: kind -> how often it was masked, every occurrence.
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)
    counts: dict[str, int] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Running text with findings masked."""
        return self._masked(text)

    def name(self, value: object) -> str | None:
        """An identifier or label; one with findings is masked and told apart by digits: "[email] 3f2a9c1b".

        Without the digits, users known by their mail addresses would become one. None for missing values, lists and objects.
        """
        name = name_of(value)
        if name is None or (masked := self._masked(name)) == name:
            return name
        return f"{masked} {hmac.digest(self.key, name.encode(), 'sha256').hex()[:NAME_DIGITS]}"

    def merge(self, counts: Mapping[str, int]) -> None:
        """Add what another value, perhaps of another process, has counted."""
        for kind, count in counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count

    def _masked(self, text: str) -> str:
        masked, counts = _remembered(text) if len(text) <= CACHED_LENGTH else mask(text)
        if counts:
            self.merge(counts)
        return masked


def case_key(derived: Path) -> bytes:
    """The key of a case's masked names: read from its folder of derived results, made there the first time.

    It is random and stays on this machine, readable by its owner alone: whoever has it could compute the digits of a mail
    address and look for them in a report. Deleting the folder deletes it, together with everything that was named with it.

    Args:
        derived: the folder for derived results; made where it is not there.

    Raises:
        InputError: the folder can neither be read nor written.
    """
    path = derived / KEY_NAME
    try:
        derived.mkdir(parents=True, exist_ok=True)
        return _kept_key(path) or _new_key(path)
    except OSError as error:
        raise InputError(
            f"{KEY_NAME}: the key for masked names could not be kept ({error.strerror}); check the permissions of the case folder"
        ) from error


def _new_key(path: Path) -> bytes:
    fresh = secrets.token_bytes(KEY_BYTES)
    beside = path.with_name(f"{KEY_NAME}.{os.getpid()}-{secrets.token_hex(4)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(fresh)
        stream.flush()
        os.fsync(stream.fileno())
    kept = None
    try:
        os.link(beside, path)  # of two processes that make a key at once, the second finds the first one's and takes it
    except FileExistsError:
        kept = _kept_key(path)
        if kept is None:  # a file that is no key: of the wrong length, cut off by a full disk
            beside.replace(path)
    except OSError:  # a file system without links
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return kept or fresh


def _kept_key(path: Path) -> bytes | None:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):  # a link the client's folder came with
            return None
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == KEY_BYTES else None
