"""Which field the name of a column or key suggests: the aliases of `log_formats.yaml`, in English and the languages listed there.

A name alone convinces nobody; whether the values agree is told in `workbench.ingest.logs.confirming`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from workbench.ingest.logs.formats import log_formats

LISTS = ("retrieved.items", "retrieved.ids", "retrieved.texts", "retrieved.scores")
"""Fields that hold what was retrieved, as parallel lists."""
STRIPPED = 1000
"""Added to the rank of a name that is known only once something was taken off it."""
_UNSPLIT = str.maketrans(
    {"ł": "l", "Ł": "L", "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)
_UNIT = re.compile(
    r"[ _.\[(-](?:in[ _])?[\[(]?(?:ms|milli\w*|s|secs?|sek|seconds?|sekunden|eur|euros?|gbp|usd|chf|pln)\.?[\])]?$",
    re.IGNORECASE,
)


def without_accents(text: str) -> str:
    """The text in plain Latin letters where it has them: "Réponse" gives "Reponse", "źródła" gives "zrodla"."""
    if text.isascii():
        return text
    split = unicodedata.normalize("NFKD", text.translate(_UNSPLIT))
    return "".join(character for character in split if not unicodedata.combining(character))


def normalised(name: str) -> str:
    """A column name as it is compared: lower case, without accents, letters and digits only."""
    return re.sub(r"[^0-9a-z]", "", without_accents(name).lower())


@lru_cache(maxsize=4096)
def names_of(path: str) -> tuple[str, ...]:
    """Names a path may be known by, the most specific first: then without prefixes, a unit and a "_utc" ending."""
    wrappers = set(log_formats()["wrappers"])
    parts = path.split(".")
    found = [normalised(path)]
    while len(parts) > 1 and normalised(parts[0]) in wrappers:
        parts = parts[1:]
        found.append(normalised("".join(parts)))
    if (bare := _UNIT.sub("", path)) != path:
        found.append(normalised(bare))
    return tuple(found + [re.sub(r"(utc|gmt)$", "", name) for name in found if name.endswith(("utc", "gmt"))])


@dataclass(frozen=True, slots=True)
class _Alias:
    """What an alias stands for; `place` is its place among those of its field and language, 0 first to 1 last."""

    field: str
    rank: int
    place: float


@lru_cache(maxsize=1)
def _fields_by_alias() -> Mapping[str, _Alias]:
    """Alias -> what it stands for; `retrieved.ids` and the like stand for the lists of retrieved things."""
    table = log_formats()
    english = {**table["fields"], **{f"retrieved.{name}": aliases for name, aliases in table["retrieved"].items()}}
    english["timezone"] = table["timezone"]
    found: dict[str, _Alias] = {}
    for groups in (english, *table["languages"].values()):
        for name, aliases in groups.items():
            for rank, alias in enumerate(aliases):
                found.setdefault(alias, _Alias(name, rank, rank / max(1, len(aliases) - 1)))
    return found


def _alias_of(path: str) -> tuple[_Alias, int] | None:
    """(alias, how much was taken off the path to find it); None when there is none."""
    aliases = _fields_by_alias()
    return next(((aliases[name], off) for off, name in enumerate(names_of(path)) if name in aliases), None)


@lru_cache(maxsize=4096)
def field_of(path: str) -> tuple[str, int] | None:
    """(field, rank of the match: lower is better) that a path's name suggests; None when it suggests nothing."""
    found = _alias_of(path)
    return None if found is None else (found[0].field, found[0].rank + STRIPPED * found[1])


@lru_cache(maxsize=4096)
def alias_rank(path: str) -> tuple[float, bool]:
    """(place of a path's alias among those of its field, 0 first to 1 last; whether a prefix or unit was taken off)."""
    found = _alias_of(path)
    return (1.0, True) if found is None else (found[0].place, found[1] > 0)


@lru_cache(maxsize=1)
def clock_names() -> frozenset[str]:
    """Names of columns that hold the time of day beside a date."""
    return frozenset(log_formats()["clock"])


@lru_cache(maxsize=4096)
def holds_retries(path: str) -> bool:
    """Whether a column of model calls counts those after the first alone."""
    return any(name in log_formats()["retries"] for name in names_of(path))


@lru_cache(maxsize=4096)
def numbered(path: str) -> tuple[str, int] | None:
    """(list, number) for one of several numbered columns such as "doc_1" or "score2"; None for any other column."""
    match = re.fullmatch(r"(.*?\D)[ ._-]?(\d{1,2})", path)
    suggestion = field_of(match.group(1)) if match and field_of(path) is None else None
    if match is None or suggestion is None or suggestion[0] not in LISTS:
        return None
    return suggestion[0], int(match.group(2))
