"""Small settings files that people keep with a case: read within bounds, written in one step, every fault one sentence.

What the fields mean, and which values can be used, is decided by whoever keeps them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

MOST_BYTES = 10_000


def read_settings(
    path: Path,
    record: type[T],
    usable: Callable[[dict[str, Any]], T],
    *,
    again: str,
    days: Collection[str] = ("as_of",),
) -> T | None:
    """The settings a person kept in a file; None where there is none.

    Args:
        path: the file; its name begins every sentence about it.
        record: the dataclass whose fields the file may hold.
        usable: makes the record of the fields that are there, days as dates; a ValueError or TypeError says what is wrong.
        again: what is to be entered again when the file is deleted, like "the prices".
        days: fields that hold a day; one that is absent or empty is None.

    Raises:
        InputError: the file is damaged, or `usable` refuses what it says.
    """
    if not path.is_file():
        return None
    try:
        content = _object_of(path, {field.name for field in fields(record)})
        return usable({**content, **{name: _day(content.get(name)) for name in days}})
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path.name}: cannot be read ({error}); correct it or delete it and enter {again} again"
        ) from error


def write_settings(path: Path, settings: DataclassInstance) -> None:
    """Keep settings in a file, in one step; days are written like 2026-11-01.

    Raises:
        InputError: the case cannot be written to.
    """
    text = json.dumps(asdict(settings), default=date.isoformat, ensure_ascii=False, indent=2)
    try:
        write_whole(path, text)
    except OSError as error:
        raise InputError(f"{path.name}: cannot be written ({error.strerror}); the case may be read-only") from error


def write_whole(path: Path, text: str) -> None:
    """Write a text file into a folder that is there: readers see the old content or the new, never a part."""
    # Not `mkstemp`: whoever may read it is for the user's own mask to say.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _object_of(path: Path, known: Collection[str]) -> dict[str, Any]:
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("it is too large")
    found = json.loads(content.decode("utf-8"))
    if not isinstance(found, dict) or not set(found) <= set(known):
        raise ValueError(f"expected an object with {', '.join(sorted(known))}")
    return found


def _day(text: Any) -> date | None:  # noqa: ANN401 - whatever stands in the file
    return date.fromisoformat(text) if text else None
