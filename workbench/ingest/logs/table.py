"""The interaction table: parts of all files sorted by time, with later feedback and reviews joined, as one Parquet file.

It is written whole by DuckDB within a bound of memory, and read in batches or by column. How files become parts is told in
`workbench.ingest.logs.parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.ingest.logs.interactions import interaction_batches, interactions_in, read_interactions
from workbench.ingest.logs.repeats import find_repeated, one
from workbench.ingest.logs.schema import interaction_schema
from workbench.ingest.tables.text_files import short

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "KEPT_INTERACTIONS",
    "Built",
    "Scale",
    "build_table",
    "interaction_batches",
    "interactions_in",
    "read_interactions",
    "write_sample",
]

KEPT_INTERACTIONS = 100_000
"""Interactions of a log that analyses hold in memory; of a larger one a sample of about so many."""
MEMORY_LIMIT = "512MB"
ROW_GROUP_ROWS = 50_000
ROW_GROUP_BYTES = 32 * 2**20
"""A row group is held in memory while it is written, one a thread."""
SAMPLE_SEED = "workbench"
HASHES = 2**32

_FEEDBACK = """CASE
    WHEN feedback_word IS NOT NULL THEN feedback_word
    WHEN feedback_mark IS NULL THEN NULL
    WHEN highest > 1 THEN CASE WHEN feedback_mark >= 0.8 * top THEN 1 WHEN feedback_mark <= 0.4 * top THEN -1 END
    WHEN feedback_mark > 0 THEN 1
    WHEN feedback_mark < 0 OR lowest >= 0 THEN -1
END::TINYINT"""
_AT = """CASE
    WHEN dates = 'day first' THEN coalesce("at", at_day_first)
    WHEN dates = 'month first' THEN coalesce("at", at_month_first)
    WHEN at_day_first IS NULL OR at_month_first IS NULL THEN coalesce("at", at_day_first, at_month_first)
    ELSE "at"
END"""
ADDED = ("feedback", "review", "review_seconds", "policy_decision", "policy_version")
"""Fields a later line can add to a question of the same id."""
_ORDER = ('"at" NULLS LAST', "source_path", "number", "turn")


@dataclass(frozen=True, slots=True)
class Scale:
    """What all of one file tells about its values.

    Attributes:
        lowest, highest: marks given as feedback. top: the highest there is, None when that cannot be told.
        dates: "day first" or "month first", None when that cannot be told: then only dates with one reading count.
    """

    path: str
    lowest: float | None
    highest: float | None
    top: float | None
    dates: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """What building the table told.

    Attributes:
        total: interactions. repeated: lines that repeat one, left out.
        lost: lines that add to a question no line asks. first_lost: (file, place, id) of the first of them.
    """

    total: int
    repeated: int = 0
    lost: int = 0
    first_lost: tuple[str, str, str] | None = None


def build_table(parts: Sequence[Path], scales: Sequence[Scale], target: Path, scratch: Path) -> Built:
    """Write the table of all parts.

    Args:
        parts: Parquet files of `logs.parts`.
        scales: of the files they come from.
        target: the table, a new file.
        scratch: a folder for what does not fit into memory.

    Raises:
        InputError: the parts cannot be read, or the disk is full.
    """
    if not parts:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_batches([], interaction_schema()), target)
        return Built(0)
    with _database(scratch, target.parent, *{part.parent for part in parts}) as database:
        database.execute("CREATE TABLE scales (path VARCHAR, lowest DOUBLE, highest DOUBLE, top DOUBLE, dates VARCHAR)")
        database.executemany(
            "INSERT INTO scales VALUES (?, ?, ?, ?, ?)",
            [astuple(scale) for scale in scales] or [("", None, None, None, None)],
        )
        files = ", ".join(map(_quoted, parts))
        database.execute(
            f'CREATE VIEW parts AS SELECT p.* REPLACE ({_AT} AS "at"), {_FEEDBACK} AS feedback FROM read_parquet([{files}]) p '
            "LEFT JOIN scales s ON s.path = p.source_path"
        )
        database.execute(
            f"CREATE TABLE additions AS SELECT interaction_id, {', '.join(ADDED)}, source_path, source_locator, "
            "row_number() OVER (ORDER BY source_path, number, turn) AS place FROM parts WHERE addition"
        )
        additions = one(database, "SELECT count(*) FROM additions")[0]
        repeated, asked = find_repeated(database)
        select = _joined(asked) if additions else _plain(asked)
        database.execute(
            f"COPY ({select}) TO {_quoted(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_group_rows(parts)})"
        )
        total = one(database, f"SELECT count(*) FROM read_parquet({_quoted(target)})")[0]
        return _with_lost(database, total, repeated) if additions else Built(total, repeated)


def _group_rows(parts: Sequence[Path]) -> int:
    """Rows a row group may have, so that none is too large for memory."""
    import pyarrow.parquet as pq

    rows = size = 0
    for part in parts:
        facts = pq.read_metadata(part)
        rows += facts.num_rows
        size += sum(facts.row_group(number).total_byte_size for number in range(facts.num_row_groups))
    return max(2048, min(ROW_GROUP_ROWS, ROW_GROUP_BYTES * rows // max(1, size)))


def _plain(asked: str) -> str:
    return f"SELECT {_columns()} FROM {asked} ORDER BY {', '.join(_ORDER)}"


def _columns() -> str:
    return ", ".join(f'"{name}"' for name in interaction_schema().names)


def _joined(asked: str) -> str:
    """Questions with what later lines add to those of the same id; of several the last that says something counts."""
    last = ", ".join(f"arg_max({name}, place) FILTER ({name} IS NOT NULL) AS {name}" for name in ADDED)
    columns = ", ".join(
        f"coalesce(l.{name}, p.{name}) AS {name}" if name in ADDED else f'p."{name}" AS "{name}"'
        for name in interaction_schema().names
    )
    order = ", ".join(f"p.{name}" for name in _ORDER)
    return (
        f"WITH later AS (SELECT interaction_id, {last} FROM additions GROUP BY interaction_id) "
        f"SELECT {columns} FROM {asked} p LEFT JOIN later l ON l.interaction_id = p.interaction_id ORDER BY {order}"
    )


def _with_lost(database: duckdb.DuckDBPyConnection, total: int, repeated: int) -> Built:
    database.execute(
        "CREATE TABLE asked AS SELECT DISTINCT a.interaction_id FROM "
        "(SELECT DISTINCT interaction_id FROM additions) a JOIN parts p ON p.interaction_id = a.interaction_id AND NOT p.addition"
    )
    lost = "FROM additions WHERE interaction_id NOT IN (SELECT interaction_id FROM asked)"
    count = one(database, f"SELECT count(*) {lost}")[0]
    if not count:
        return Built(total, repeated)
    path, place, name = one(
        database, f"SELECT source_path, source_locator, interaction_id {lost} ORDER BY place LIMIT 1"
    )
    return Built(total, repeated, count, (path, place, name))


def write_sample(table: Path, total: int, target: Path, scratch: Path) -> int:
    """Write a random sample of whole sessions, about `KEPT_INTERACTIONS` lines, and say how many; always the same lines.

    A session is what has one session id, else one user and day, else the line itself. Where that gives far too many or too few,
    because one id covers much of the log, lines are drawn one by one.

    Raises:
        InputError: the table cannot be read, or the disk is full.
    """
    with _database(scratch, target.parent, table.parent) as database:
        source = f"read_parquet({_quoted(table)}, file_row_number = true)"
        threshold = int(HASHES * KEPT_INTERACTIONS / total)
        session = (
            "coalesce('s ' || session_id, 'u ' || user_id || ' ' || coalesce(epoch(\"at\")::BIGINT // 86400, 0)::VARCHAR, "
            "'i ' || interaction_id)"
        )
        count = 0
        for unit in (session, "file_row_number::VARCHAR"):
            drawn = f"('0x' || md5('{SAMPLE_SEED} ' || {unit})[1:8])::UBIGINT < {threshold}"
            count = one(database, f"SELECT count(*) FROM {source} WHERE {drawn}")[0]
            if KEPT_INTERACTIONS / 2 <= count <= KEPT_INTERACTIONS * 1.5:
                break
        database.execute(
            f"COPY (SELECT {_columns()} FROM {source} WHERE {drawn} ORDER BY file_row_number) "
            f"TO {_quoted(target)} (FORMAT parquet, COMPRESSION zstd)"
        )
        return int(count)


@contextmanager
def _database(scratch: Path, *folders: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that sees the given folders and nothing else: no network, no extension is looked for."""
    import duckdb

    scratch.mkdir(parents=True, exist_ok=True)
    try:
        with duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": 2,
                "temp_directory": str(scratch),
                "autoload_known_extensions": False,
                "autoinstall_known_extensions": False,
                "allow_community_extensions": False,
            }
        ) as database:
            database.execute(f"SET allowed_directories = [{', '.join(map(_quoted, sorted({scratch, *folders})))}]")
            database.execute("SET enable_progress_bar = false")  # it would be written between what a command says
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            yield database
    except duckdb.Error as error:
        raise InputError(
            f"the query log could not be sorted ({short(error)}); free some disk space and try again"
        ) from error


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
