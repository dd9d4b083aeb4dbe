"""What a person said about the columns, units and time zones of a log, as `log_mapping.json` beside `case.toml` keeps it.

It reads and checks that file; it is written in `workbench.ingest.logs.corrections`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.errors import InputError
from workbench.ingest.logs.aliases import LISTS
from workbench.ingest.logs.feedback import SCALES
from workbench.records import Interaction

FILE_NAME = "log_mapping.json"
MAX_BYTES = 4 * 2**20
FIELDS = (
    *(name for name in Interaction.__dataclass_fields__ if name not in ("source", "retrieved")),
    *LISTS,
    "clock",
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
DATE_ORDERS = ("day first", "month first")
UNITS: Mapping[str, Mapping[str, str]] = {
    "at": {**{order: order for order in DATE_ORDERS}, "dmy": "day first", "mdy": "month first"},
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
        return checked(found)
    except InputError as error:
        faults.append(f"'{name}': {error}")
        return FileCorrections()


def checked(found: FileCorrections) -> FileCorrections:
    """Corrections with units as they are kept.

    Raises:
        InputError: a field, unit, zone or currency is not known.
    """
    for name in found.columns:
        if name not in FIELDS:
            raise InputError(f"no field '{name}'; fields are {', '.join(FIELDS)}")
    units = {name: unit_as_kept(name, unit) for name, unit in found.units.items()}
    if found.time_zone is not None:
        check_zone(found.time_zone)
    if found.currency is not None and not re.fullmatch(r"[A-Z]{3}", found.currency):
        raise InputError(f"'{found.currency}' is no currency code; write it as in EUR, GBP or USD")
    return replace(found, units=units)


def unit_as_kept(name: str, unit: str) -> str:
    """A unit of a field as it is kept.

    Raises:
        InputError: the field has none, or not this one.
    """
    if name not in UNITS:
        raise InputError(f"'{name}' has no unit to state; units can be stated for {', '.join(UNITS)}")
    if unit not in UNITS[name]:
        raise InputError(
            f"'{unit}' is no unit of {name}; write one of {', '.join(dict.fromkeys(UNITS[name].values()))}"
        )
    return UNITS[name][unit]


def check_zone(zone: str) -> None:
    """Let a time zone pass that there is.

    Raises:
        InputError: there is none of that name.
    """
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise InputError(
            f"'{zone}' is no time zone; write its name as in Europe/Berlin, America/New_York or UTC"
        ) from error
