"""The tables behind a map of a corpus: where its passages and questions lie, as frames for pages and files.

They hold what was computed and nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.records import CorpusMap

if TYPE_CHECKING:
    import pandas as pd

MAP_COLUMNS: dict[str, tuple[str, ...]] = {
    "passages": ("passage_id", "doc_id", "title", "text", "x", "y", "region", "retrieved"),
    "queries": ("query_id", "x", "y", "region"),
    "stand_ins": ("retrieved", "passage_id"),
}
"""Columns of each table, in order."""

MAP_VERSION = "2"
"""Part of every key: raise it when maps of an older release must not be shown."""

HOVER_CHARACTERS = 160
"""Characters of a passage kept on the map: enough to know what it is about."""


@dataclass(frozen=True, slots=True)
class StoredMap:
    """A map with the tables behind it.

    Attributes:
        passages: passage_id, doc_id, title, text (its beginning), x, y, region (number of the region), retrieved (whether some
            arm had it among its first `map.k_retrieved`); those retrieved first, each part in corpus order.
        queries: query_id, x, y, region; every question of the comparison, in its order.
        stand_ins: retrieved, passage_id: which passage of the map shows a passage of another cut that was retrieved.
    """

    map: CorpusMap
    passages: pd.DataFrame
    queries: pd.DataFrame
    stand_ins: pd.DataFrame = field(default_factory=lambda: map_frame("stand_ins", ()))


def map_frame(name: str, rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    """A table of a map by its name; no rows give its columns alone."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(MAP_COLUMNS[name]))


def beginning(text: str) -> str:
    """The beginning of a passage on one line, cut between words.

    >>> beginning("Hail  and storm")
    'Hail and storm'
    """
    line = " ".join(text[: 2 * HOVER_CHARACTERS].split())
    if len(line) <= HOVER_CHARACTERS and len(text) <= 2 * HOVER_CHARACTERS:
        return line
    kept = line[: HOVER_CHARACTERS - 2]
    return f"{kept.rpartition(' ')[0] or kept} …"
