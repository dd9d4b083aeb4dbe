"""Corrections of how a log is read: as the command line and the page state them, kept in `log_mapping.json` beside `case.toml`.

What follows from a correction is told where logs are read; what the file may say, in `workbench.ingest.logs.stated`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.logs.blocks import open_log
from workbench.ingest.logs.parts import replace_text
from workbench.ingest.logs.records import tables_of, unpacked
from workbench.ingest.logs.stated import (
    DATE_ORDERS,
    FIELDS,
    FILE_NAME,
    UNITS,
    FileCorrections,
    check_zone,
    checked,
    read_corrections,
    unit_as_kept,
)

__all__ = [
    "DATE_ORDERS",
    "FIELDS",
    "FILE_NAME",
    "UNITS",
    "Correction",
    "FileCorrections",
    "apply_correction",
    "columns_of",
    "parse_correction",
    "read_corrections",
    "save_column",
    "save_currency",
    "save_time_zone",
    "save_unit",
]


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction as the command line states it.

    Attributes:
        what: "column", "unit", "zone" or "currency".
        value: the column (None: no column holds the field), unit, zone or currency.
    """

    path: str
    field: str
    what: str
    value: str | None


def save_column(root: Path, path: str, field: str, column: str | None) -> None:
    """State which column of a log file holds a field; None: none does.

    Raises:
        InputError: no such file, field or column, or the corrections kept so far cannot be read.
    """
    before = read_corrections(root)
    if field not in FIELDS:
        raise InputError(f"{path}: no field '{field}'; fields are {', '.join(FIELDS)}")
    known = columns_of(root, path)
    if column is not None and known is not None and column not in known:
        raise InputError(f"{path}: no column '{column}'; it holds {', '.join(sorted(known)[:20]) or 'none'}")
    entry = before.get(path, FileCorrections())
    _keep(root, {**before, path: replace(entry, columns={**entry.columns, field: column})})


def save_unit(root: Path, path: str, field: str, unit: str) -> None:
    """State the unit a field of a log file is in.

    Raises:
        InputError: no such file or unit, or the corrections kept so far cannot be read.
    """
    before = read_corrections(root)
    columns_of(root, path)
    entry = before.get(path, FileCorrections())
    _keep(root, {**before, path: replace(entry, units={**entry.units, field: unit_as_kept(field, unit)})})


def save_time_zone(root: Path, path: str, zone: str) -> None:
    """State the time zone of times in a log file that name none.

    Raises:
        InputError: no such file or zone, or the corrections kept so far cannot be read.
    """
    before = read_corrections(root)
    columns_of(root, path)
    check_zone(zone)
    _keep(root, {**before, path: replace(before.get(path, FileCorrections()), time_zone=zone)})


def save_currency(root: Path, path: str, currency: str) -> None:
    """State the currency of the costs in a log file.

    Raises:
        InputError: no such file or currency, or the corrections kept so far cannot be read.
    """
    before = read_corrections(root)
    columns_of(root, path)
    entry = checked(replace(before.get(path, FileCorrections()), currency=currency))
    _keep(root, {**before, path: entry})


def parse_correction(text: str) -> Correction:
    """A correction as written on the command line.

    >>> parse_correction("logs/a.csv:query=Frage")
    Correction(path='logs/a.csv', field='query', what='column', value='Frage')
    >>> parse_correction("logs/a.csv:latency_ms.unit=s").what
    'unit'
    >>> parse_correction("logs/a.csv:at.zone=Europe/Berlin").value
    'Europe/Berlin'

    Raises:
        InputError: it is not written like that.
    """
    place, mark, value = text.partition("=")
    path, colon, name = place.rpartition(":")
    if not (mark and colon and path and name):
        raise InputError(
            f"'{text}' is no correction of a log; write FILE:FIELD=COLUMN, FILE:latency_ms.unit=s, FILE:at.zone=Europe/Berlin or "
            "FILE:cost.currency=EUR"
        )
    for ending, what in ((".unit", "unit"), (".zone", "zone"), (".currency", "currency")):
        if name.endswith(ending):
            return Correction(path, name.removesuffix(ending), what, value)
    return Correction(path, name, "column", value or None)


def apply_correction(root: Path, text: str) -> None:
    """Keep a correction as `parse_correction` reads it.

    Raises:
        InputError: it is not written like that, or cannot be; see the function for its kind.
    """
    correction = parse_correction(text)
    path, name, value = correction.path, correction.field, correction.value
    if correction.what == "column":
        save_column(root, path, name, value)
    elif correction.what == "unit":
        save_unit(root, path, name, value or "")
    elif correction.what == "zone":
        save_time_zone(root, path, value or "")
    else:
        save_currency(root, path, value or "")


def columns_of(root: Path, path: str) -> frozenset[str] | None:
    """Columns and key paths of the first records of a log file; None for a file inside an archive, which is not looked into.

    Raises:
        InputError: no such file, or it cannot be read.
    """
    logs = (root / "logs").resolve()
    try:
        file = (root / path).resolve()
        inside = file.is_relative_to(logs)
        if inside and any(
            part.is_file() and part.suffix == ".zip" for part in file.parents if part.is_relative_to(logs)
        ):
            return None
        there = inside and file.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise InputError(f"'{path}' is no log of this case; name a file below logs/, such as logs/export.csv")
    log = open_log(file)
    found = set(log.header)
    for block in log.blocks():
        records = unpacked(block, log.header, log.dialect, log.encoding)
        for table in tables_of(records):
            found.update(table.columns)
        break
    return frozenset(found)


def _keep(root: Path, corrections: Mapping[str, FileCorrections]) -> None:
    kept = {
        path: {name: value for name, value in asdict(entry).items() if value} for path, entry in corrections.items()
    }
    try:
        replace_text(root / FILE_NAME, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    except (OSError, UnicodeEncodeError) as error:
        raise InputError(f"{FILE_NAME}: could not be written ({error}); check the case folder's permissions") from error
