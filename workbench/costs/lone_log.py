"""One log file read without a case: for trying a cache on a log alone.

It lends the file a case folder that goes with the command; how logs are read is told in `workbench.ingest.logs`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from workbench.case import shown
from workbench.errors import InputError
from workbench.ingest.logs.corrections import save_column
from workbench.ingest.logs.reading import read_logs
from workbench.records import QueryLog


def read_lone_log(path: Path, *, group_column: str | None = None, scratch: Path) -> QueryLog:
    """The query log in one file: csv, JSON lines, JSON, Parquet, a spreadsheet, or a trace export; packed ones too.

    Args:
        path: the file; it is not changed.
        group_column: the column whose equal values want the same answer; None for the one its name tells.
        scratch: an empty folder, of which the caller disposes; the table of the log lies in it.

    Raises:
        InputError: no such file, a folder, no question in it, or no such column.
    """
    place = _lent(path, scratch)
    name = place.relative_to(scratch).as_posix()
    try:
        if group_column is not None:
            save_column(scratch, name, "answer_group", group_column)
        log = read_logs(scratch, derived=scratch / "derived")
    except InputError as error:
        raise InputError(str(error).replace(f"{name}:", f"{place.name}:")) from error
    if not log.total:
        said = log.faults[0].removeprefix(f"{name}: ") if log.faults else "no question in it; name a query log"
        raise InputError(f"{shown(Path(place.name))}: {said}")
    if group_column is not None and "answer_group" not in log.logged_fields:
        raise InputError(
            f"{shown(Path(place.name))}: its groups cannot be read from '{group_column}', for it is no table of one question a "
            "line; export it as one, with that column"
        )
    return log


def _lent(path: Path, scratch: Path) -> Path:
    """The file under `logs/` of the lent case: the same file by another name where that can be, else a copy; no symbolic link."""
    try:
        real = path.expanduser().resolve(strict=True)
        if real.is_dir():
            raise InputError(f"{shown(path)}: a folder; name one log file, or a case folder with a log in logs/")
        if not real.is_file():
            raise InputError(f"{shown(path)}: not an ordinary file; name one log file")
        place = scratch / "logs" / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(real, place)
        except OSError:  # another disk, or a file system without hard links
            shutil.copyfile(real, place)
    except (OSError, ValueError, RuntimeError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or "no such file"
        raise InputError(f"{shown(path)}: cannot be read ({said}); name a log file") from error
    return place
