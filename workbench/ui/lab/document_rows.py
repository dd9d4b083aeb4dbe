"""The lines of the tree of documents as the page gets them: names, counts and cells with their bars.

Plain values only; the tree in the page makes text nodes of them, and numbers are written by `workbench.numbers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.evaluation.corpus_tree import Node
from workbench.evaluation.findability_tree import AskedProbe, FindabilityTree
from workbench.numbers import count, interval, number
from workbench.records import Estimate
from workbench.retrieval.recipes import arm_name
from workbench.ui.tokens import ARM_COLOURS, css_name

LONGEST_NAME = 160
"""Characters of a name sent to the page; the whole name stands in the reading below the tree."""
Cell = dict[str, object]
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Questions:
    """An arm and what it found: query_id -> whether a right document is in its top k."""

    arm: str
    found: Mapping[str, bool]


def columns(tree: FindabilityTree, arms: Sequence[str], asked: Sequence[Questions], chosen: str, k: int) -> list[Row]:
    """What stands above the cells of a line: the group a column belongs to, title, meaning, class of its colour, kind."""
    if arms:
        heads = [_head("", "Probed of all", "documents searched for by their own words, of all documents", size="wide")]
    else:
        heads = [_head("", "Documents", "documents of the corpus", size="wide")]
    if chosen in arms:
        missed = f"probed documents that none of their probes finds with {arm_name(chosen)}"
        heads.append(_head("", "Missed", missed, size="narrow"))
    found = f"Found by their own words, first {tree.k}"
    share = "share of the probed documents, each counting by the share of its probes that find it"
    heads += [_head(found, arm_name(arm), share, arm) for arm in arms]
    missed = f"Judged questions missed, first {k}"
    if asked:
        heads.append(_head(missed, "Questions", "judged questions with a right document here"))
    misses = "share of these questions without a right document among the first"
    return heads + [_head(missed, arm_name(each.arm), f"{misses} {k}", each.arm) for each in asked]


def row(tree: FindabilityTree, node: Node, arms: Sequence[str], asked: Sequence[Questions], chosen: str) -> Row:
    """One line: its key, what it is, its names, and a cell a column."""
    one = node.kind == "document"
    standing = tree.standing(node)
    cells: list[Cell] = [_counted(tree, node) if arms else _text("" if one else count(standing.documents))]
    if chosen in arms:
        cells.append(_text("" if one or not standing.probed else count(standing.missed[chosen])))
    cells += [_found(tree, node, arm) for arm in arms]
    questions = tree.questions(node) if asked else []
    if asked:
        cells.append(_text(count(len(questions)) if questions else "", muted=not questions))
    for each in asked:
        cells.append(_share(tree.questions_missed(node, each.found)) if questions else _text(""))
    return {
        "key": node.key,
        "kind": node.kind,
        "name": _shortened(_ends(node.name) if node.kind == "folder" else node.name or node.place),
        "note": _note(tree, node) if one else "",
        "opens": node.opens or (one and tree.state(node.place) == "probed"),
        "chooses": node.kind not in ("drawer", "corpus"),
        "cells": cells,
    }


def probe_rows(
    tree: FindabilityTree, node: Node, arms: Sequence[str], depths: Mapping[str, int], chosen: str
) -> list[Row]:
    """A line for each probe of a document: what was asked for, and at which rank each arm has the document."""
    before = [_text("")] * (2 if chosen in arms else 1)
    return [
        {
            "key": f"{node.key}/p{place}",
            "kind": "probe",
            "name": _shortened(f"{probe.kind.capitalize()}: {probe.text}"),
            "note": "",
            "opens": False,
            "chooses": False,
            "cells": before
            + [_text(rank_words(probe, arm, depths.get(arm, 0)), strong=_missed(tree, probe, arm)) for arm in arms],
        }
        for place, probe in enumerate(tree.probes(node.place))
    ]


def rank_words(probe: AskedProbe, arm: str, depth: int) -> str:
    """Where an arm ranks the document of a probe: "rank 3", "not among 100"."""
    if arm not in probe.ranks:
        return "not asked"
    rank = probe.ranks[arm]
    return f"rank {count(rank)}" if rank else f"not among {count(depth)}" if depth else "not found"


def document_words(tree: FindabilityTree, doc_id: str, arm: str) -> str:
    """Whether an arm finds a document: "found", "1 of 2 probes", "not found"; "" where it was not probed."""
    hits, asked = tree.hits(doc_id, arm)
    if not asked:
        return ""
    return "found" if hits == asked else f"{hits} of {asked} probes" if hits else "not found"


def _counted(tree: FindabilityTree, node: Node) -> Cell:
    if node.kind == "document":
        state = tree.state(node.place)
        return _text("" if state == "probed" else state, muted=True)
    standing = tree.standing(node)
    return _text(f"{count(standing.probed)} of {count(standing.documents)}")


def _missed(tree: FindabilityTree, probe: AskedProbe, arm: str) -> bool:
    return not 1 <= probe.ranks.get(arm, 0) <= tree.k


def _found(tree: FindabilityTree, node: Node, arm: str) -> Cell:
    if node.kind == "document":
        words = document_words(tree, node.place, arm)
        return _text(words, strong=words == "not found")
    standing = tree.standing(node)
    return _share(standing.found[arm]) if standing.probed else _text("")


def _share(estimate: Estimate) -> Cell:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return _text("not measured", muted=True)
    bar = [round(100 * bound, 1) for bound in (estimate.low, estimate.value, estimate.high)]
    return {"text": number(estimate, share=True), "bounds": interval(estimate, share=True), "n": estimate.n, "bar": bar}


def _text(text: str, *, strong: bool = False, muted: bool = False) -> Cell:
    cell: Cell = {"text": text}
    return cell | ({"strong": True} if strong else {}) | ({"muted": True} if muted else {})


def _head(group: str, title: str, meaning: str, arm: str = "", size: str = "count") -> Row:
    hue = f"wb-arm-{css_name(arm)}" if arm in ARM_COLOURS else ""
    return {"group": group, "title": title, "meaning": meaning, "size": "share" if arm else size, "hue": hue}


def _note(tree: FindabilityTree, node: Node) -> str:
    document = tree.corpus.documents[node.start]
    name = document.locator or document.path.rpartition("/")[2]
    return _shortened(name) if name != document.title else ""


def _ends(folders: str) -> str:
    """First and last of several folders shown as one: "2019/…/final/"."""
    parts = folders.split("/")
    return folders if len(parts) < 4 else f"{parts[0]}/…/{parts[-2]}/"


def _shortened(name: str) -> str:
    line = " ".join(name[: 4 * LONGEST_NAME].split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"
