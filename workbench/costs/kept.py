"""A cost study on disk: arrays as they are, records as JSON; texts stay in the table of the log.

Nothing is pickled, and a folder that does not hold together is no study.
"""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from workbench.costs.arrays import Neighbours, Traffic
from workbench.errors import InputError
from workbench.ingest.logs.interactions import read_interactions

STUDY_VERSION = "1"
"""Part of a study's key: raise it when the same log would give another study."""
ARRAYS = "arrays.npz"
REST = "traffic.json"
_TRAFFIC = [field.name for field in dataclasses.fields(Traffic)]
_NEIGHBOURS = [field.name for field in dataclasses.fields(Neighbours)]


def save_arrays(traffic: Traffic, neighbours: Neighbours, folder: Path) -> None:
    """Write both into a folder that is there."""
    values = {f"traffic.{name}": getattr(traffic, name) for name in _TRAFFIC if name != "texts"}
    values |= {f"neighbours.{name}": getattr(neighbours, name) for name in _NEIGHBOURS}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    rest = {name: value for name, value in values.items() if name not in arrays}
    np.savez(folder / ARRAYS, allow_pickle=False, **arrays)
    (folder / REST).write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")


def load_arrays(folder: Path, table: str) -> tuple[Traffic, Neighbours]:
    """Both as they were written, with the texts of the log's table.

    Raises:
        InputError: the folder or the table is gone or damaged, or they do not belong together.
    """
    try:
        rest = json.loads((folder / REST).read_text(encoding="utf-8"))
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with (folder / ARRAYS).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            values = {**rest, **{name: arrays[name] for name in arrays.files}}
        texts = tuple(read_interactions(table, ["query"]).column("query").to_pylist())
        traffic = Traffic(texts=texts, **_fields("traffic", values, _TRAFFIC, but="texts"))
        neighbours = Neighbours(**_fields("neighbours", values, _NEIGHBOURS))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"the stored cost study cannot be read ({type(error).__name__}); run it again") from error
    if len(traffic.texts) != len(traffic.at):
        raise InputError("the stored cost study belongs to another log; run it again")
    return traffic, neighbours


def _fields(part: str, values: dict[str, Any], names: list[str], but: str = "") -> dict[str, Any]:
    read = {name: values[f"{part}.{name}"] for name in names if name != but}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in read.items()}
