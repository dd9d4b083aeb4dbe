"""What the colours of a map mean: share missed, topic or source of its passages.

Pure functions from a stored map to codes and colours; the picture is `map_charts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.records import CorpusMap, Estimate

if TYPE_CHECKING:
    from workbench.comparison.corpus_map.tables import StoredMap

SHARE_COLOURS = ("#6f93b3", "#a8784a", "#a8500f")
"""Few missed to many: slate to rust, darker as it rises, told apart by colour-blind people, 3:1 on light and on dark."""
GROUP_COLOURS = ("#4477aa", "#a98a1f", "#228833", "#b05a86", "#2f8f9d", "#8a6fd1")
"""For groups without a fixed meaning; none is the colour of an arm, and groups are named beside their colour."""
QUIET = "#8d959d"
OTHERS = "all others"
ENOUGH_QUESTIONS = 5
"""Labelled questions of a region below which its share has no colour: one question more would change it by 20 points."""


@dataclass(frozen=True, slots=True)
class Colouring:
    """Colours of the passages.

    Attributes:
        codes: float32 of shape (passages,), an index into `colours` each.
        colours: one a group, the last for passages without one.
        key: names of groups and their colours, for those that have one of their own.
        highest: share at the upper end of the scale; None where colours are no scale.
    """

    codes: np.ndarray
    colours: tuple[str, ...]
    key: tuple[tuple[str, str], ...] = ()
    highest: float | None = None


def by_share(stored: StoredMap, arm: str) -> Colouring:
    """Passages by the share of questions an arm misses in their region, grey where too few were asked to tell.

    The scale is the same for every arm.
    """
    regions = stored.map.regions
    shares = [told_share(region.missed.get(arm)) for region in regions]
    top = highest_share(stored.map)
    colours = [QUIET if share is None else share_colour(share / top) for share in shares]
    return Colouring(_region_codes(stored), (*colours, QUIET), highest=None if set(shares) == {None} else top)


def by_topic(stored: StoredMap) -> Colouring:
    """Passages by region: the largest in colours of their own, the others grey."""
    regions = stored.map.regions
    own = dict(zip(_largest({r.region: r.passages for r in regions}), GROUP_COLOURS, strict=False))
    colours = [own.get(region.region, QUIET) for region in regions]
    names = {region.region: region.name for region in regions}
    rest = ((OTHERS, QUIET),) if len(regions) > len(own) else ()
    return Colouring(_region_codes(stored), (*colours, QUIET), (*((names[r], c) for r, c in own.items()), *rest))


def by_source(stored: StoredMap, paths: Mapping[str, str]) -> Colouring:
    """Passages by the top folder of their document, by its kind of file where all lie in one folder.

    Args:
        stored: the map.
        paths: doc_id -> path of the document; an id without one is taken for its path.
    """
    documents = [paths.get(str(doc_id)) or str(doc_id) for doc_id in stored.passages["doc_id"]]
    names = {path: _folder(path) for path in set(documents)}
    if len(set(names.values())) == 1:
        names = {path: PurePosixPath(path).suffix.lower() or "no ending" for path in names}
    sources = [names[path] for path in documents]
    tally: dict[str, int] = {}
    for source in sources:
        tally[source] = tally.get(source, 0) + 1
    own = dict(zip(_largest(tally), GROUP_COLOURS, strict=False))
    place = {source: i for i, source in enumerate(own)}
    codes = np.array([place.get(source, len(own)) for source in sources], dtype=np.float32)
    rest = ((OTHERS, QUIET),) if len(tally) > len(own) else ()
    return Colouring(codes, (*own.values(), QUIET), (*own.items(), *rest))


def quiet(stored: StoredMap) -> Colouring:
    """All passages grey, for when the questions have the colours."""
    return Colouring(_region_codes(stored), (QUIET,) * (len(stored.map.regions) + 1))


def highest_share(found: CorpusMap) -> float:
    """Upper end of the colour scale: the highest share that has a colour, of any region and arm, up to the next tenth."""
    shares = [told_share(estimate) for region in found.regions for estimate in region.missed.values()]
    return max(0.1, math.ceil(10 * max((share for share in shares if share is not None), default=0) - 1e-9) / 10)


def share_colour(along: float) -> str:
    """Colour at a place of the scale, 0 to 1."""
    place = min(max(along, 0.0), 1.0) * (len(SHARE_COLOURS) - 1)
    left = min(int(place), len(SHARE_COLOURS) - 2)
    pairs = zip(channels(SHARE_COLOURS[left]), channels(SHARE_COLOURS[left + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - left)):02x}" for a, b in pairs)


def _region_codes(stored: StoredMap) -> np.ndarray:
    regions = {region.region: place for place, region in enumerate(stored.map.regions)}
    none = len(regions)
    return stored.passages["region"].map(lambda region: regions.get(region, none)).to_numpy(dtype=np.float32)


def _largest(sizes: Mapping[Any, int]) -> list[Any]:
    return sorted(sizes, key=lambda name: (-sizes[name], name))[: len(GROUP_COLOURS)]


def _folder(path: str) -> str:
    parts = [part for part in PurePosixPath(path.partition("#")[0]).parts if part != "corpus"]
    return f"{parts[0]}/" if len(parts) > 1 else "top folder"


def told_share(missed: Estimate | None) -> float | None:
    """The share, None where it was not measured or rests on too few questions to be told by a colour."""
    return missed.value if missed is not None and missed.n >= ENOUGH_QUESTIONS else None


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of `#rrggbb`, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
