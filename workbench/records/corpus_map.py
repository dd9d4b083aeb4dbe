"""What a map of a corpus says: its regions with the share of questions missed in each, and how far distances can be trusted.

Where each point lies is a table (`workbench.comparison.corpus_map.tables`), not part of these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench.records.corpus import Estimate

MapMethod = Literal["pca", "t-sne"]


@dataclass(frozen=True, slots=True)
class Region:
    """A group of passages that lie near each other in the embedding space, and the questions nearest to it.

    Attributes:
        region: its number, from 0, the largest first.
        name: the words that tell it from the others, "hail, repairer, vehicle".
        passages: passages of the map in it. queries: questions in it.
        judged: those of the questions that have a relevant document.
        missed: arm -> share of its judged questions with no right document in the top k.
        stands_out: arms that miss significantly more here than elsewhere, corrected for looking at every region and arm.
        p_values: arm -> the corrected one-sided p-value behind that; arms that could not be tested are left out.
    """

    region: int
    name: str
    passages: int
    queries: int
    missed: Mapping[str, Estimate]
    stands_out: tuple[str, ...] = ()
    judged: int = 0
    p_values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CorpusMap:
    """Passages and questions of a comparison in two dimensions.

    Attributes:
        method: "pca" for the first picture, "t-sne" for the one that follows it.
        k: cut of the shares missed.
        corpus_passages: passages of the corpus. passages: those on the map, retrieved ones first of all.
        retrieved: passages on the map that some arm retrieved among its first `k_retrieved`.
        neighbours_kept: share of a passage's ten nearest neighbours in the embedding space that are among its ten nearest
            on the map: how far distances on the map mean anything.
        notes: what a reader has to know.
        final: whether no better picture will follow: a first picture is final where there are too few passages for more.
        key: what it was made of; a map with another key belongs to another comparison.
    """

    method: MapMethod
    k: int
    corpus_passages: int
    passages: int
    retrieved: int
    k_retrieved: int
    queries: int
    regions: tuple[Region, ...]
    neighbours_kept: Estimate
    notes: tuple[str, ...] = ()
    final: bool = True
    key: str = ""
