"""The regions of a map as a table to choose from, and the sentences that say what a map can bear.

Rows and words from a stored map; the numbers were computed with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import anywidget
import traitlets

from workbench import numbers
from workbench.numbers import count
from workbench.records import CorpusMap, Estimate, Region
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import escape, join
from workbench.ui.lab.map_charts import LOOKS, SIGNS, ranked
from workbench.ui.lab.map_colours import ENOUGH_QUESTIONS, SHARE_COLOURS, Colouring

METHODS = {"pca": "First picture (PCA)", "t-sne": "t-SNE"}
STANDS_OUT = "stands out"


class RegionTable(anywidget.AnyWidget):
    """Regions as rows with a button each; `chosen` is the region pressed, -1 for none."""

    _esm = Path(__file__).parent / "map_regions.js"
    headings: traitlets.List[str] = traitlets.List().tag(sync=True)
    rows: traitlets.List[object] = traitlets.List().tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)


def region_rows(
    regions: Sequence[Region], arms: Sequence[str], sorted_by: str, colours: Mapping[int, str]
) -> list[object]:
    """Rows of the table: region, name, size in words, colour, and for each arm share, interval, n and whether it stands out."""
    return [
        {
            "region": region.region,
            "name": region.name,
            "size": f"{_many(region.passages, 'passage')}, {_many(region.queries, 'question')}",
            "colour": colours.get(region.region, ""),
            "cells": [_cell(region.missed.get(arm), arm in region.stands_out) for arm in arms],
        }
        for region in ranked(regions, sorted_by)
    ]


def region_headings(arms: Sequence[str], k: int) -> list[str]:
    """Headings of the table."""
    return [f"Region, and what is missed in the top {k} by", *(arm_name(arm) for arm in arms)]


def region_caption(found: CorpusMap, arm: str) -> str:
    """What the table counts and in which order, in one line."""
    stands = sum(bool(region.stands_out) for region in found.regions)
    told = f"{_one(stands, 'region stands out', 'regions stand out')} from the rest, corrected for looking at all"
    return (
        f"{_many(len(found.regions), 'region')}, sorted by what {arm_name(arm)} misses at least, the lower end of its "
        f"95 % interval; {told}."
    )


def trust_line(found: CorpusMap) -> str:
    """How far distances on the map can be trusted, in one sentence."""
    kept = found.neighbours_kept
    if kept.value is None:
        return f"How far distances can be trusted is {numbers.not_measured(kept.reason)}; read regions, not distances."
    bounds = "" if kept.method == "exact" else f" {numbers.interval(kept, share=True)}"
    share = numbers.number(kept, share=True) + bounds
    return f"{share} of a passage’s ten nearest neighbours are near it on the map; read regions, not distances."


def shown_line(found: CorpusMap) -> str:
    """How many passages of how many are shown, how they were chosen, and what the axes mean."""
    size = f"{count(found.passages)} of {count(found.corpus_passages)} passages"
    if found.passages < found.corpus_passages:
        size += f": {count(found.retrieved)} that some arm retrieved in its top {found.k_retrieved}, and a sample"
    method = "PCA" if found.method == "pca" and found.final else METHODS[found.method]
    return f"{method}: {size}, and {_many(found.queries, 'question')}. The axes have no unit and no common scale."


def key_markup(states: Sequence[str], colouring: Colouring) -> str:
    """The key: what each shape among the questions means and, where colours are groups, whose they are."""
    shapes = [
        f'<span class="wb-map-sign" style="--fill:{LOOKS[state][0]};--edge:{LOOKS[state][1]}">'
        f'<i aria-hidden="true">{SIGNS[LOOKS[state][2]]}</i>{escape(state)}</span>'
        for state in LOOKS
        if state in set(states)
    ]
    groups = [
        f'<span class="wb-map-group"><i style="background:{colour}" aria-hidden="true"></i>{escape(name)}</span>'
        for name, colour in colouring.key
    ]
    passages = f"<span>Passages: {join(groups)}</span>" if groups else _scale(colouring)
    return f"<span>Questions: {join(shapes)}</span>{passages}"


def _scale(colouring: Colouring) -> str:
    if colouring.highest is None:
        return ""
    return (
        f'<span>Passages: share missed in their region, 0 % <i class="wb-map-scale" aria-hidden="true" '
        f'style="background:linear-gradient(90deg,{",".join(SHARE_COLOURS)})"></i> '
        f"{numbers.percent(colouring.highest, 1)}; grey: fewer than {ENOUGH_QUESTIONS} questions</span>"
    )


def lines_markup(arms: Sequence[str]) -> str:
    """The key of the lines: solid and dashed in the colours of the arms, and the ring."""
    kinds = zip(dict.fromkeys(arms), ("solid", "dashed"), strict=False)
    lines = [
        f'<span class="wb-map-line wb-arm-{escape(arm.replace("+", "-"))}"><i data-line="{kind}" aria-hidden="true"></i>'
        f"{escape(arm_name(arm))} ({kind})</span>"
        for arm, kind in kinds
    ]
    return join([*lines, '<span class="wb-map-line"><i data-line="ring" aria-hidden="true"></i>right document</span>'])


def _cell(missed: Estimate | None, stands_out: bool) -> dict[str, object]:
    if missed is None or missed.value is None:
        return {"value": "not measured", "interval": "", "n": (missed.reason if missed else None) or "", "mark": ""}
    return {
        "value": numbers.number(missed, share=True),
        "interval": numbers.interval(missed, share=True),
        "n": f"n = {count(missed.n)}",
        "mark": STANDS_OUT if stands_out else "",
    }


def _many(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def _one(number: int, singular: str, plural: str) -> str:
    return f"{count(number) if number else 'no'} {singular if number in (0, 1) else plural}"
