"""Names inside archives and mails made safe to write: relative, printable, no two alike on any file system.

A name that points outside, or that some system reserves, is refused with the reason; nothing is touched on disk here.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

MAX_PART_BYTES, MAX_NAME_BYTES, MAX_DEPTH = 200, 1000, 40
"""Bytes of one folder or file name, of the whole path, and folders above a file: below the limits of every file system."""
JUNK_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".spotlight-v100", ".trashes", ".fseventsd"}
JUNK_FOLDERS = {"__macosx"}
JUNK = "a file of the operating system, not a document"

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_FORBIDDEN = '<>:"|?*'


# Of those above ASCII, letters of Western Windows and of old DOS stand at places of their own.
_WINDOWS_LETTERS = re.compile(rb"[\x00-\x7f\xc0-\xd6\xd8-\xf6\xf8-\xff]*")


def decoded_name(raw: bytes) -> str:
    r"""A name whose encoding its archive does not state: UTF-8 where it can be, else Windows-1252 or the code page of DOS.

    >>> decoded_name("Schäden".encode("cp1252")), decoded_name("Schäden".encode("cp437")), decoded_name("Schäden".encode())
    ('Schäden', 'Schäden', 'Schäden')
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252" if _WINDOWS_LETTERS.fullmatch(raw) else "cp437")


class UnsafeName(ValueError):
    """A member's name that must not be written; says why."""


def safe_parts(name: str) -> tuple[str, ...]:
    r"""Folder and file names of a member as they may be written.

    Backslashes separate too, as old Windows tools write them. What cannot be printed becomes "_".

    Raises:
        UnsafeName: points outside, is reserved, too long, or empty.

    >>> safe_parts("Claims\\2024/notes?.txt")
    ('Claims', '2024', 'notes_.txt')
    """
    if "\x00" in name:
        raise UnsafeName("its name holds a NUL character")
    name = name.replace("\\", "/")
    if name.startswith("/"):
        raise UnsafeName("its name is an absolute path")
    if re.match(r"[A-Za-z]:", name):
        raise UnsafeName("its name begins with a drive letter")
    parts = tuple(_safe_part(part) for part in name.split("/") if part not in ("", "."))
    if not parts:
        raise UnsafeName("it has no name")
    if len(parts) > MAX_DEPTH or len("/".join(parts).encode()) > MAX_NAME_BYTES:
        raise UnsafeName(f"its name is too long ({len(name)} characters, {len(parts) - 1} folders deep)")
    return parts


def _safe_part(part: str) -> str:
    if part == "..":
        raise UnsafeName("its name points outside the archive ('..')")
    printed = "".join("_" if char in _FORBIDDEN or not char.isprintable() else char for char in part)
    # Windows drops dots and spaces at the end: "..  " would come back as "..".
    cleaned = unicodedata.normalize("NFC", printed).rstrip(". ").lstrip(" ")
    if not cleaned:
        raise UnsafeName("a part of its name holds nothing but dots and spaces")
    if _RESERVED.fullmatch(cleaned):
        raise UnsafeName(f"'{cleaned}' is a name that Windows reserves for devices")
    if len(cleaned.encode()) > MAX_PART_BYTES:
        raise UnsafeName(f"its name is too long ({len(cleaned)} characters)")
    return cleaned


def is_junk(parts: tuple[str, ...]) -> bool:
    """Whether a member is what an operating system leaves in folders: `.DS_Store`, `__MACOSX/`, `Thumbs.db`."""
    folders = {part.casefold() for part in parts[:-1]}
    return parts[-1].casefold() in JUNK_NAMES or bool(folders & JUNK_FOLDERS)


def printable(name: str) -> str:
    r"""A name as it may be shown and stored, however hostile: at most 200 characters, nothing that cannot be printed.

    >>> printable("a\x00b")
    'a_b'
    """
    shown = "".join(char if char.isprintable() else "_" for char in name)
    return shown if len(shown) <= 200 else f"{shown[:199]}…"


def numbered(name: str, number: int) -> str:
    """A name with a number before its suffix.

    >>> numbered("notes.txt", 2), numbered(".env", 2)
    ('notes (2).txt', '.env (2)')
    """
    path = PurePosixPath(name)
    return f"{path.stem} ({number}){path.suffix}"


class UniqueNames:
    """Hands out paths so that no two are alike whatever their case, and none is both a file and a folder."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._next: dict[str, int] = {}
        self._renamed: dict[str, str] = {}

    def take(self, parts: tuple[str, ...]) -> str:
        """A posix path for the parts, numbered where it is taken: "a/b.txt", then "a/b (2).txt"."""
        path = ""
        for part in parts[:-1]:
            path = self._folder(path, part)
            self._folders.add(path.casefold())
        path = self._free(path, parts[-1], (self._files, self._folders))
        self._files.add(path.casefold())
        return path

    def _folder(self, above: str, name: str) -> str:
        wanted = f"{above}/{name}" if above else name
        if wanted.casefold() not in self._files:
            return wanted
        # A file has that name: all that was in the folder stays together under another.
        if wanted not in self._renamed:
            self._renamed[wanted] = self._free(above, name, (self._files, self._folders))
        return self._renamed[wanted]

    def _free(self, folder: str, name: str, taken: tuple[set[str], ...]) -> str:
        wanted = f"{folder}/{name}" if folder else name
        path, key = wanted, wanted.casefold()
        while any(path.casefold() in names for names in taken):
            # Counting on from the last number: thousands of members of one name are numbered in one pass.
            self._next[key] = self._next.get(key, 1) + 1
            renamed = numbered(name, self._next[key])
            path = f"{folder}/{renamed}" if folder else renamed
        return path
