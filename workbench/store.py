"""Writes results as JSON, Parquet and TREC files, and reads them back as records.

Every file appears whole or not at all: it is written beside its place and then moved there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import numpy as np

from workbench.comparison.corpus_map import MAP_COLUMNS, MAP_VERSION, StoredMap
from workbench.comparison.tables import COLUMNS, StoredComparison
from workbench.errors import InputError
from workbench.records import Comparison, CorpusMap, MapMethod
from workbench.settings_file import write_whole

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
T = TypeVar("T")

PICTURES: tuple[MapMethod, ...] = ("t-sne", "pca")
"""Pictures of a map, the better one first."""


def to_json(record: Any, schema: str) -> str:  # noqa: ANN401 - any dataclass of `workbench.records`
    """JSON text of a record with its schema name, e.g. "comparison" gives `"schema": "workbench.comparison/1"`.

    Raises:
        ValueError: a number in it is not finite.
    """
    content = {"schema": f"workbench.{schema}/1"} | dataclasses.asdict(record)
    return json.dumps(content, default=_plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def from_json(text: str, record: type[T]) -> T:
    """The record a JSON text stands for.

    Raises:
        InputError: the text is not such a record.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(record).validate_json(text)
    except ValidationError as error:
        raise InputError(
            f"stored {record.__name__.lower()} cannot be read ({error.error_count()} faults); run it again"
        ) from error


def kept(path: Path, record: type[T]) -> T | None:
    """The record kept in a file; None when there is none, or it is damaged or of an older form, which is logged."""
    try:
        return from_json(path.read_text(encoding="utf-8"), record) if path.is_file() else None
    except (InputError, OSError, UnicodeDecodeError) as error:
        log.warning("%s: %s", path.name, error)
        return None


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step: readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A scratch folder whose files move to `folder` when the block ends well, and vanish when it does not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield scratch
        scratch.chmod(0o755)
        for path in sorted(scratch.rglob("*")):
            if path.is_file():
                target = folder / path.relative_to(scratch)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_comparison(stored: StoredComparison, folder: Path) -> None:
    """Write `comparison.json` and `runs/<arm>.trec` into the folder: what `workbench compare` leaves."""
    stale = _runs_written(folder) - {f"{name}.trec" for name in stored.rankings["run"].unique()}
    with whole_folder(folder) as scratch:
        (scratch / "comparison.json").write_text(to_json(stored.comparison, "comparison"), encoding="utf-8")
        (scratch / "runs").mkdir()
        for name, ranking in stored.rankings.groupby("run", sort=True):
            (scratch / "runs" / f"{name}.trec").write_text(_trec(str(name), ranking), encoding="utf-8")
    for name in stale:
        (folder / "runs" / name).unlink(missing_ok=True)


def _runs_written(folder: Path) -> set[str]:
    """Names of the TREC files an earlier comparison left in a folder, by its own account: others there are not ours."""
    try:
        arms = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))["arms"]
        return {f"{name}.trec" for name in arms if Path(name).name == name}
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def save_comparison(stored: StoredComparison, folder: Path) -> None:
    """Keep a comparison with its tables for the pages."""
    with whole_folder(folder) as scratch:
        for name in COLUMNS:
            getattr(stored, name).to_parquet(scratch / f"{name}.parquet", index=False)
        (scratch / "comparison.json").write_text(to_json(stored.comparison, "comparison"), encoding="utf-8")


def load_comparison(folder: Path) -> StoredComparison | None:
    """The comparison kept in a folder; None when none is.

    Raises:
        InputError: the folder holds something else.
    """
    import pandas as pd

    path = folder / "comparison.json"
    if not path.is_file():
        return None
    comparison = from_json(path.read_text(encoding="utf-8"), Comparison)
    try:
        frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in COLUMNS}
    except (OSError, ValueError) as error:
        raise InputError(f"the tables of the comparison cannot be read ({error}); run it again") from error
    return StoredComparison(comparison, **frames)


def map_key(comparison: Path) -> str | None:
    """Key of the map of a comparison kept in a folder: its encoder and everything it retrieved; None when none is kept."""
    try:
        settings = json.loads((comparison / "comparison.json").read_text(encoding="utf-8"))["settings"]
        rankings = (comparison / "rankings.parquet").read_bytes()
        failures = (comparison / "failures.parquet").read_bytes()
    except (OSError, ValueError, LookupError, TypeError):
        return None
    digest = hashlib.sha256(f"{MAP_VERSION}\0{json.dumps(settings, sort_keys=True)}".encode())
    for table in (rankings, failures):
        digest.update(hashlib.sha256(table).digest())
    return digest.hexdigest()[:20]


def save_map(stored: StoredMap, folder: Path) -> None:
    """Keep a picture of a map; a reader sees all of it or none, for its tables belong together. Older maps go."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder, prefix=".map."))
    try:
        for name in MAP_COLUMNS:
            getattr(stored, name).to_parquet(scratch / f"{name}.parquet", index=False)
        (scratch / "map.json").write_text(to_json(stored.map, "map"), encoding="utf-8")
        scratch.chmod(0o755)
        place = _picture(folder, stored.map.key, stored.map.method)
        shutil.rmtree(place, ignore_errors=True)
        scratch.replace(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    current = {_picture(folder, stored.map.key, method) for method in PICTURES}
    for path in folder.iterdir():
        if path not in current and not path.name.startswith("."):
            shutil.rmtree(path, ignore_errors=True)


def load_map(folder: Path, key: str) -> StoredMap | None:
    """The best picture kept of the map with this key; None when none is.

    Raises:
        InputError: the folder holds something else.
    """
    import pandas as pd

    for method in PICTURES:
        place = _picture(folder, key, method)
        if place.is_dir():
            try:
                text = (place / "map.json").read_text(encoding="utf-8")
                frames = {name: pd.read_parquet(place / f"{name}.parquet") for name in MAP_COLUMNS}
            except (OSError, ValueError) as error:
                raise InputError(f"the stored map cannot be read ({error}); draw it again") from error
            return StoredMap(from_json(text, CorpusMap), **frames)
    return None


def _picture(folder: Path, key: str, method: str) -> Path:
    return folder / f"{key}-{method}"


def _trec(run: str, ranking: pd.DataFrame) -> str:
    """TREC run lines. Scores fall strictly in single precision: the scorer's own tie rule must not reorder them."""
    lines: list[str] = []
    for query_id, rows in ranking.groupby("query_id", sort=False):
        last = np.float32(np.inf)
        for rank, doc_id, score in zip(rows["rank"], rows["doc_id"], rows["score"], strict=True):
            last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
            lines.append(f"{_trec_id(query_id)} Q0 {_trec_id(doc_id)} {rank} {float(last):.9g} {run}")
    return "\n".join([*lines, ""])


def _trec_id(identifier: object) -> str:
    """The id as given, unless it holds white space of any script, which separates columns: then percent-encoded."""
    text = str(identifier)
    if not any(map(str.isspace, text)):
        return text
    return "".join(quote(character) if character.isspace() or character == "%" else character for character in text)


def _plain(value: object) -> object:
    converters: dict[type, Callable[[Any], object]] = {
        date: lambda day: day.isoformat(),
        datetime: lambda moment: moment.isoformat(),
        np.float64: float,
        np.int64: int,
    }
    if type(value) in converters:
        return converters[type(value)](value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
