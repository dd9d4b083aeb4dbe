"""Interactions that stand in a log more than once under one id: an export of traces and one of their steps, lines sent twice.

Ids alone are not believed: files of different months may both count from 1. How the table is made of what is left is told in
`workbench.ingest.logs.table`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.ingest.logs.schema import interaction_schema

if TYPE_CHECKING:
    import duckdb

FILES_OF_ONE = 4
"""Files that fill the fields of one interaction; of more files the first ones do."""
SECONDS_APART = 86_400
"""Two lines further apart than this are two questions, whatever their ids."""
UNMISTAKABLE = "[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9A-HJKMNP-TV-Z]{26}"
"""Ids no two exports share by chance (trace ids, UUIDs, ULIDs): lines of two files belong together though they ask otherwise."""
_PLACE = ("source_path", "number", "turn")
_KEPT = ("source_path", "source_locator", "interaction_id", "query")

# Lines of one id are one interaction when they ask the same within a day. Of one file they also have one time and one answer:
# otherwise somebody asked again, and the first of a file goes with the first of another, the second with the second.
_MEMBERS = f"""
CREATE TABLE told AS
    SELECT source_path, number, turn, interaction_id, epoch("at") AS seconds, length(query) AS characters,
        md5(regexp_replace(lower(trim(query)), '\\s+', ' ', 'g')) AS asked, md5(coalesce(answer, '')) AS answered
    FROM parts WHERE NOT addition AND hash(interaction_id) IN (SELECT id FROM ids);
CREATE TABLE alone AS
    SELECT interaction_id
    FROM (SELECT interaction_id, count(*) AS lines FROM told GROUP BY interaction_id, source_path)
    GROUP BY interaction_id HAVING max(lines) = 1 AND regexp_full_match(interaction_id, '{UNMISTAKABLE}');
CREATE TABLE members AS
    WITH named AS (
        SELECT told.*, CASE WHEN alone.interaction_id IS NULL THEN asked ELSE '' END AS about
        FROM told LEFT JOIN alone USING (interaction_id)
    ), apart AS (
        SELECT *, coalesce(seconds - lag(seconds) OVER by_time > {SECONDS_APART}, false)::INT AS later FROM named
        WINDOW by_time AS (PARTITION BY interaction_id, about ORDER BY seconds NULLS FIRST)
    ), days AS (
        SELECT *, sum(later) OVER so_far AS day FROM apart
        WINDOW so_far AS (PARTITION BY interaction_id, about ORDER BY seconds NULLS FIRST ROWS UNBOUNDED PRECEDING)
    ), asks AS (
        SELECT *, dense_rank() OVER in_file AS ask FROM days
        WINDOW in_file AS (PARTITION BY interaction_id, about, day, source_path ORDER BY seconds, answered)
    ), copies AS (
        SELECT *, row_number() OVER alike AS copy FROM asks
        WINDOW alike AS (PARTITION BY interaction_id, about, day, source_path, ask ORDER BY number, turn)
    )
    SELECT source_path, number, turn, copy, row_number() OVER one_question AS rank,
        first_value(source_path) OVER one_question AS lead_source_path,
        first_value(number) OVER one_question AS lead_number,
        first_value(turn) OVER one_question AS lead_turn
    FROM copies
    WINDOW one_question AS (
        PARTITION BY interaction_id, about, day, ask ORDER BY copy, characters, source_path, number, turn
    )
"""


def find_repeated(database: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """(lines that repeat an interaction, what to select the interactions from: each once, with what all its lines say).

    Args:
        database: with a view `parts`; tables are added.
    """
    database.execute(
        "CREATE TABLE ids AS SELECT hash(interaction_id) AS id FROM parts WHERE NOT addition GROUP BY id HAVING count(*) > 1"
    )
    as_they_are = "(SELECT * FROM parts WHERE NOT addition)"
    if not one(database, "SELECT count(*) FROM ids")[0]:
        return 0, as_they_are
    database.execute(_MEMBERS)
    repeated, last = one(
        database,
        f"SELECT count(*) FILTER (rank > 1), max(rank) FILTER (copy = 1 AND rank <= {FILES_OF_ONE}) FROM members",
    )
    return (repeated, _once(last)) if repeated else (0, as_they_are)


def _once(last: int) -> str:
    """Interactions without those that repeat one, fields filled from the lines of rank 2 to `last`."""
    further = range(2, last + 1)
    named = [f'"{name}"' for name in interaction_schema().names if name not in _KEPT]
    filled = [
        f"coalesce({', '.join(f'{source}.{name}' for source in ('p', *(f'r{rank}' for rank in further)))}) AS {name}"
        for name in named
    ]
    kept = [f"p.{name}" for name in (*_KEPT, "number", "turn")]
    place = ", ".join(_PLACE)
    return (
        f"(SELECT {', '.join([*kept, *filled])} FROM parts p "
        f"ANTI JOIN (SELECT {place} FROM members WHERE rank > 1) USING ({place}) "
        f"{' '.join(map(_joined_line, further))} WHERE NOT p.addition)"
    )


def _joined_line(rank: int) -> str:
    """The join of the line of one rank to the first of its interaction."""
    lead = ", ".join(f"lead_{name}" for name in _PLACE)
    same = " AND ".join(f"r{rank}.lead_{name} = p.{name}" for name in _PLACE)
    return (
        f"LEFT JOIN (SELECT q.*, {lead} FROM parts q JOIN members USING ({', '.join(_PLACE)}) "
        f"WHERE rank = {rank} AND copy = 1) r{rank} ON {same}"
    )


def one(database: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The single row a query gives."""
    row = database.execute(query).fetchone()
    assert row is not None
    return row
