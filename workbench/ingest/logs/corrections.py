"""What a person says about the columns, units and time zones of a log: `log_mapping.json` beside `case.toml`.

It reads and writes that file; what follows from a correction is told where logs are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.errors import InputError
from workbench.ingest.logs.blocks import open_log
from workbench.ingest.logs.columns import LISTS
from workbench.ingest.logs.feedback import SCALES
from workbench.ingest.logs.parts import replace_text
from workbench.ingest.logs.records import tables_of, unpacked
from workbench.records import Interaction

FILE_NAME = "log_mapping.json"
MAX_BYTES = 4 * 2**20
FIELDS = (
    *(name for name in Interaction.__dataclass_fields__ if name not in ("source", "retrieved")),
    *LISTS,
    "timezone",
)
"""What a column can hold."""
TIME_UNITS = {
    "ms": "milliseconds",
    "milliseconds": "milliseconds",
    "s": "seconds",
    "sec": "seconds",
    "seconds": "seconds",
}
UNITS: Mapping[str, Mapping[str, str]] = {
    "latency_ms": TIME_UNITS,
    "review_seconds": TIME_UNITS,
    "feedback": {**{name: name for name in SCALES}, "5": "1 to 5", "10": "1 to 10", "100": "0 to 100"},
}
"""Field -> units a person can state for it, as written -> as kept."""


@dataclass(frozen=True, slots=True)
class FileCorrections:
    """What a person says about one log file.

    Attributes:
        columns: field -> the column that holds it, None where no column does.
        units: field -> unit of its values.
    """

    columns: Mapping[str, str | None] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    currency: str | None = None


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


def read_corrections(root: Path) -> dict[str, FileCorrections]:
    """Corrections of a case by log file; none where the file is not there.

    Raises:
        InputError: the file cannot be read, or says something that cannot be; every fault is named.
    """
    path = root / FILE_NAME
    try:
        if path.is_symlink() or not path.is_file():
            return {}
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"{FILE_NAME}: more than {MAX_BYTES // 2**20} MiB; delete it and state the corrections again"
            )
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{FILE_NAME}: could not be read as JSON ({said}); correct or delete it") from error
    if not isinstance(kept, dict):
        raise InputError(
            f"{FILE_NAME}: expected an object of log files, found {type(kept).__name__}; correct or delete it"
        )
    faults: list[str] = []
    found = {str(name): _file_corrections(str(name), entry, faults) for name, entry in kept.items()}
    if faults:
        raise InputError(f"{FILE_NAME}: {'; '.join(faults[:5])}; correct or delete it")
    return found


def _file_corrections(name: str, entry: object, faults: list[str]) -> FileCorrections:
    if not isinstance(entry, dict):
        faults.append(f"'{name}' must be an object with columns, units, time_zone or currency")
        return FileCorrections()
    unknown = sorted(set(map(str, entry)) - {"columns", "units", "time_zone", "currency"})
    if unknown:
        faults.append(f"'{name}' holds '{unknown[0]}', expected columns, units, time_zone or currency")
    columns, units = entry.get("columns", {}), entry.get("units", {})
    zone, currency = entry.get("time_zone"), entry.get("currency")
    if not isinstance(columns, dict) or not all(value is None or isinstance(value, str) for value in columns.values()):
        faults.append(f"'{name}': columns must map fields to column names or null")
        columns = {}
    if not isinstance(units, dict) or not all(isinstance(value, str) for value in units.values()):
        faults.append(f"'{name}': units must map fields to units")
        units = {}
    for wrong in (part for part in (zone, currency) if not isinstance(part, str | None)):
        faults.append(f"'{name}': time_zone and currency must be text, found {type(wrong).__name__}")
    zone, currency = (part if isinstance(part, str) else None for part in (zone, currency))
    found = FileCorrections(columns, units, zone, currency)
    try:
        return _checked(found)
    except InputError as error:
        faults.append(f"'{name}': {error}")
        return FileCorrections()


def _checked(found: FileCorrections) -> FileCorrections:
    """Corrections with units as they are kept.

    Raises:
        InputError: a field, unit, zone or currency is not known.
    """
    for name in found.columns:
        if name not in FIELDS:
            raise InputError(f"no field '{name}'; fields are {', '.join(FIELDS)}")
    units = {name: _unit(name, unit) for name, unit in found.units.items()}
    if found.time_zone is not None:
        _check_zone(found.time_zone)
    if found.currency is not None and not re.fullmatch(r"[A-Z]{3}", found.currency):
        raise InputError(f"'{found.currency}' is no currency code; write it as in EUR, GBP or USD")
    return replace(found, units=units)


def _unit(name: str, unit: str) -> str:
    if name not in UNITS:
        raise InputError(f"'{name}' has no unit to state; units can be stated for {', '.join(UNITS)}")
    if unit not in UNITS[name]:
        raise InputError(
            f"'{unit}' is no unit of {name}; write one of {', '.join(dict.fromkeys(UNITS[name].values()))}"
        )
    return UNITS[name][unit]


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise InputError(
            f"'{zone}' is no time zone; write its name as in Europe/Berlin, America/New_York or UTC"
        ) from error


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
    _keep(root, {**before, path: replace(entry, units={**entry.units, field: _unit(field, unit)})})


def save_time_zone(root: Path, path: str, zone: str) -> None:
    """State the time zone of times in a log file that name none.

    Raises:
        InputError: no such file or zone, or the corrections kept so far cannot be read.
    """
    before = read_corrections(root)
    columns_of(root, path)
    _check_zone(zone)
    _keep(root, {**before, path: replace(before.get(path, FileCorrections()), time_zone=zone)})


def save_currency(root: Path, path: str, currency: str) -> None:
    """State the currency of the costs in a log file.

    Raises:
        InputError: no such file or currency, or the corrections kept so far cannot be read.
    """
    before = read_corrections(root)
    columns_of(root, path)
    entry = _checked(replace(before.get(path, FileCorrections()), currency=currency))
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
