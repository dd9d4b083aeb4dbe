"""Looks at what lies in the drop folder: what is whole, what is left there and why, what is an archive; nothing is moved here."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from workbench.case import files_below, shown
from workbench.ingest.archives.containers import is_archive
from workbench.ingest.archives.names import JUNK_NAMES, UnsafeName, safe_parts
from workbench.ingest.readers import kind_of

SETTLED = 2.0
"""Seconds a file must be unchanged before it is taken for whole."""
UNFINISHED = (".part", ".partial", ".crdownload", ".download", ".filepart")


def writing(inbox: Path, now: Callable[[], float], pause: Callable[[float], None]) -> set[Path]:
    """Files that are being written right now: young ones that change while one looks."""
    seen = {path: state for path in files_below(inbox) if (state := _state_of(path))}
    young = {path: state for path, state in seen.items() if abs(now() - state[1] / 1e9) < SETTLED}
    if young:
        pause(SETTLED / 2)
    return {path for path, before in young.items() if _state_of(path) != before}


def _state_of(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.lstat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns


def left_reason(entry: Path, growing: set[Path]) -> str | None:
    """Why an entry of the drop folder is left there; "" where nobody needs to know, None where it is taken in."""
    if entry.is_symlink():
        return "a link; put the file itself here"
    if shown(entry) != str(entry):
        return "its name is not UTF-8 text; rename it"
    if entry.name.lower() in JUNK_NAMES:
        return ""
    unfinished = entry.name.lower().endswith(UNFINISHED) or entry.name.startswith("~$")
    if unfinished or any(path == entry or path.is_relative_to(entry) for path in growing):
        return "is still being written; it is taken in the next time"
    if not entry.is_dir() and not is_regular(entry):
        return "neither a file nor a folder"
    return None


def is_regular(path: Path) -> bool:
    """Whether a path is a file and no link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def archive_kind(path: Path) -> str:
    """Kind of a file that is an archive and no document; "" for any other."""
    try:
        kind = kind_of(path)
        return kind if is_archive(path, kind) else ""
    except OSError:
        return ""


def safe_stem(path: Path) -> str:
    """Name for the folder of an archive: "...zip" would name the folder above."""
    try:
        return "_".join(safe_parts(path.stem.removesuffix(".tar")))
    except UnsafeName:
        return "archive"


def remove_empty(folder: Path) -> None:
    """Remove a folder and those in it as far as they are empty."""
    for parent, _, _ in os.walk(folder, topdown=False, followlinks=False):
        try:
            Path(parent).rmdir()
        except OSError:
            continue
