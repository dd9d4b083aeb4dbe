"""The map of a corpus: which passages are on it, where they lie, and where questions go wrong on it.

It computes and says what it computed; storing is the business of `workbench.store`, showing that of `workbench.ui`.
"""

from workbench.comparison.corpus_map.making import Draft, draft_of, first_picture, second_picture
from workbench.comparison.corpus_map.tables import MAP_COLUMNS, MAP_VERSION, StoredMap, map_frame

__all__ = [
    "MAP_COLUMNS",
    "MAP_VERSION",
    "Draft",
    "StoredMap",
    "draft_of",
    "first_picture",
    "map_frame",
    "second_picture",
]
