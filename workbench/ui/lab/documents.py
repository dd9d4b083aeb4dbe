"""The documents of the lab: a tree of the corpus with what is found where, and beside it the judged questions.

Widgets and callbacks only; counts come from `workbench.evaluation.findability_tree`, lines from `document_rows`, and
what is said about them from `document_words`.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from workbench.evaluation.corpus_tree import WHOLE, Node, PlacedDocument
from workbench.evaluation.findability import ProbeRank
from workbench.evaluation.findability_tree import FindabilityTree, Shown, findability_table
from workbench.numbers import count
from workbench.records import Source
from workbench.report.exports import csv_text
from workbench.report.outcomes import found
from workbench.retrieval.recipes import arm_name
from workbench.session import stored_intake
from workbench.ui.components import empty_state
from workbench.ui.downloads import Download, File, Work
from workbench.ui.lab.arms import main_arms
from workbench.ui.lab.document_rows import Questions, Row, columns, probe_rows, row
from workbench.ui.lab.document_words import (
    features,
    findability_section,
    place_markup,
    unjudged_words,
    unmeasured,
)
from workbench.ui.lab.state import Lab
from workbench.ui.page import column, html, safe_callback

OPENED_BY_ITSELF = 60
"""Lines a search or filter opens at once; more are left to whoever looks."""
MOST_OPEN = 400
"""Parts that can be open at a time."""


SAVED_AS = "documents.csv"


class DocumentTree(anywidget.AnyWidget):
    """The tree in the page.

    Attributes:
        columns: what stands above the cells.
        branches: key of a part -> its lines, of the parts that are open at first; others are asked for. "" is the top.
        edition: counts up when everything is to be drawn anew.
        opened: keys of the open parts. chosen: key of the part chosen, "" for none.
        words: what is searched for. status: what is shown, in words.
        orders: arms whose misses can decide the order, with their names. order: the one that does, "" for none.
        only_missed: whether documents this arm finds, and those not probed, are left out.
    """

    _esm = Path(__file__).parent / "tree.js"
    label = traitlets.Unicode().tag(sync=True)
    columns: traitlets.List[Row] = traitlets.List().tag(sync=True)
    branches = traitlets.Dict().tag(sync=True)
    edition = traitlets.Int(0).tag(sync=True)
    opened: traitlets.List[str] = traitlets.List(traitlets.Unicode(), maxlen=MOST_OPEN).tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    words = traitlets.Unicode("").tag(sync=True)
    orders: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    order = traitlets.Unicode("").tag(sync=True)
    only_missed = traitlets.Bool(False).tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)


class DocumentsView(widgets.VBox):  # type: ignore[misc]
    """The tree with its controls, and under it the part that is chosen.

    Attributes:
        index: what is known of each part.
        tree: the tree with its controls. reading: the part chosen, in words. back: takes the choice back.
        save: saves what is counted of every part.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.index = tree_of(lab)
        self._arms, self._folded = main_arms(lab, self.index.arms)
        self._depths = {arm: report.depth for arm, report in lab.comparison.arms.items()}
        first = lab.baseline if lab.baseline in self._arms else next(iter(self._arms), "")
        self.tree = DocumentTree(
            label="Folders and documents; Enter chooses, arrows move, open and close",
            orders=[[arm, arm_name(arm)] for arm in self._arms],
            order=first,
        )
        self.reading = html("")
        self.back = widgets.Button(description="Look at every document", tooltip="Take the choice of documents back")
        self._showing = False
        self._left_open: list[str] = []
        self.save = Download("Save as CSV", work=self._save, hint="Save every folder, file and document as CSV")
        super().__init__([self.tree, self.save, self.reading, self.back])
        self.add_class("wb-documents")
        self._left_open = self._first_open()
        self._draw()
        self._watch()

    def _watch(self) -> None:
        self.tree.on_msg(safe_callback(self._answer))
        self.tree.observe(safe_callback(self._redraw), ["words", "order", "only_missed"])
        self.tree.observe(safe_callback(self._choose), "chosen")
        self.back.on_click(safe_callback(lambda _button: self._lab.narrow(place="")))
        self._lab.observe(safe_callback(self._redraw), ["baseline", "candidate"])
        self._lab.observe(safe_callback(self._follow), "selection")

    # ------------------------------------------------------------ what is shown

    @property
    def shown(self) -> Shown:
        """What is looked at."""
        arm = self.tree.order if self.tree.order in self._arms else ""
        return Shown(arm, self.tree.only_missed and bool(arm), self.tree.words)

    def _save(self) -> Work:
        # Folders, files and documents as they are counted now; writing them takes seconds for a large corpus.
        index, asked = self.index, {each.arm: each.found for each in self._asked}

        def written() -> File:
            table = findability_table(index, asked)
            return SAVED_AS, csv_text(list(map(str, table.columns)), table.itertuples(index=False, name=None)).encode(
                "utf-8-sig"
            )

        return written

    @property
    def _asked(self) -> list[Questions]:
        pair = dict.fromkeys([self._lab.baseline, self._lab.candidate])
        return [Questions(arm, self._found_by(arm)) for arm in pair if self._found_by(arm)]

    def _found_by(self, arm: str) -> dict[str, bool]:
        if arm not in self._known_found:
            hits = found(self._lab.stored.per_query, arm, self._lab.k)
            self._known_found[arm] = {str(query_id): bool(hit) for query_id, hit in hits.items()}
        return self._known_found[arm]

    @cached_property
    def _known_found(self) -> dict[str, dict[str, bool]]:
        return {}

    @property
    def _filtered(self) -> bool:
        return self.shown.only_missed or bool(self.shown.words.strip())

    def _draw(self) -> None:
        """Everything anew; the choice stays in sight."""
        asked = self._asked
        chosen = self._chosen_node()
        opened = self._opened_by_filter() if self._filtered else self._left_open
        if chosen and not self._filtered:
            opened = list(dict.fromkeys([*opened, *self.index.trail(chosen.key, self.shown)]))
        top = self.index.corpus.node(WHOLE)
        self._showing = True
        try:
            with self.tree.hold_sync():
                self.tree.columns = columns(self.index, self._arms, asked, self.shown.arm, self._lab.k)
                lines = {"": [row(self.index, top, self._arms, asked, self.shown.arm)]}
                self.tree.branches = lines | {key: self._lines(key, asked) for key in opened}
                self.tree.opened = opened[:MOST_OPEN]
                self.tree.chosen = chosen.key if chosen else ""
                self.tree.status = self._status()
                self.tree.edition += 1
        finally:
            self._showing = False
        self._read()

    def _redraw(self, _change: object) -> None:
        self._draw()

    def _lines(self, key: str, asked: list[Questions]) -> list[Row]:
        if key.startswith("d"):
            node = self.index.corpus.node(key)
            return [*probe_rows(self.index, node, self._arms, self._depths, self.shown.arm)]
        return [
            row(self.index, node, self._arms, asked, self.shown.arm) for node in self.index.children(key, self.shown)
        ]

    def _first_open(self) -> list[str]:
        """The corpus, and what lies in it as long as that is one part."""
        opened = [WHOLE]
        while len(below := self.index.children(opened[-1], self.shown)) == 1 and below[0].opens:
            opened.append(below[0].key)
        return opened

    def _opened_by_filter(self) -> list[str]:
        """Parts opened from the top as long as few lines are shown."""
        waiting, lines = [WHOLE], 0
        opened: list[str] = []
        while waiting and len(opened) < OPENED_BY_ITSELF:
            key = waiting.pop(0)
            below = self.index.children(key, self.shown)
            if opened and lines + len(below) > OPENED_BY_ITSELF:
                break
            lines += len(below)
            opened.append(key)
            waiting += [node.key for node in below if node.opens and node.kind != "document"]
        return opened

    def _status(self) -> str:
        whole = count(len(self.index.corpus.documents))
        return (
            f"{count(self.index.matching(self.shown))} of {whole} documents" if self._filtered else f"{whole} documents"
        )

    # ------------------------------------------------------------ what the page asks for

    def _answer(self, _tree: DocumentTree, content: dict[str, Any], _buffers: object) -> None:
        key, edition = content.get("ask"), content.get("edition")
        if not isinstance(key, str) or edition != self.tree.edition:
            return
        try:
            lines = self._lines(key, self._asked)
        except KeyError:
            return  # it was asked for before the tree changed
        self.tree.send({"branch": key, "edition": edition, "rows": lines})

    def _choose(self, _change: object) -> None:
        if self._showing:
            return
        if not self._filtered:
            self._left_open = list(self.tree.opened)
        try:
            place = self.index.corpus.node(self.tree.chosen).place if self.tree.chosen else ""
        except KeyError:
            place = ""
        self._lab.narrow(place=place)

    def _follow(self, _change: object) -> None:
        """Mark what the lab looks at now, whoever chose it."""
        chosen = self._chosen_node()
        key = chosen.key if chosen else ""
        if key == self.tree.chosen:
            self._read()
            return
        if not self._filtered:
            self._left_open = list(self.tree.opened)
        self._draw()

    def _chosen_node(self) -> Node | None:
        place = self._lab.selection.place
        return self.index.corpus.find(place) if place else None

    def _read(self) -> None:
        place = self._lab.selection.place
        self.back.layout.display = None if place else "none"
        self.reading.value = (
            place_markup(
                self.index,
                self._chosen_node(),
                place,
                arms=[*self._arms, *self._folded],
                asked=self._asked,
                depths=self._depths,
                dates=self._dates,
                case_slug=self._lab.case_slug,
                k=self._lab.k,
                unjudged=unjudged_words(len(self._lab.about(place)[1]), self._lab.candidate),
            )
            if place
            else ""
        )

    @cached_property
    def _dates(self) -> dict[str, str]:
        documents = self._lab.stored.documents
        return {str(d): str(on) for d, on in zip(documents["doc_id"], documents["updated_on"], strict=True) if on}


def build_documents_view(lab: Lab) -> widgets.Widget:
    """The documents of a comparison: what no search finds, and the tree; what to do where nothing was probed."""
    comparison = lab.comparison
    measured = comparison.findability
    parts: list[widgets.Widget] = []
    if measured is None or not len(lab.stored.probes):
        parts.append(
            html(
                empty_state(
                    "No document was searched for by its own words.",
                    "It would show which documents no search finds, folder by folder, without any labelled question.",
                    "Run the analysis again; from the command line, without --probed 0. Documents that have a title, a heading "
                    "or a full sentence of their own can be searched for.",
                )
            )
        )
    if measured is not None:
        stored = lab.stored.documents
        sources = {
            str(d): Source(str(path), str(locator))
            for d, path, locator in zip(stored["doc_id"], stored["path"], stored["locator"], strict=True)
        }
        markup = findability_section(
            measured,
            lab.rankings.titles,
            sources=sources,
            probes=lab.stored.probes,
            features=features(stored, stored_intake(lab.case) if lab.case else None),
            case_slug=lab.case_slug,
        )
        parts.append(html(markup + unmeasured(measured)))
    return column(*parts, DocumentsView(lab))


def tree_of(lab: Lab) -> FindabilityTree:
    """The tree of a comparison's documents with its probes and judged questions."""
    stored, measured = lab.stored, lab.comparison.findability
    columns_of = ("doc_id", "title", "path", "locator")
    documents = [
        PlacedDocument(*map(str, each)) for each in zip(*(stored.documents[c] for c in columns_of), strict=True)
    ]
    probes = [
        ProbeRank(str(doc_id), kind, str(text), str(run), int(rank))
        for doc_id, kind, text, run, rank in stored.probes.itertuples(index=False)
    ]
    right: dict[str, list[str]] = {}
    grades = stored.qrels.loc[stored.qrels["grade"] > 0]
    for query_id, doc_id in zip(grades["query_id"], grades["doc_id"], strict=True):
        right.setdefault(str(query_id), []).append(str(doc_id))
    shares = {} if measured is None else {arm: s for arm, s in measured.arms.items() if s.value is not None}
    ran = {probe.run for probe in probes}
    k = measured.k if measured else lab.k
    return FindabilityTree(
        documents,
        probes,
        [arm for arm in shares if arm in ran],
        k,
        without_probe=measured.without_probe if measured else {},
        right=right,
        whole=shares,
    )
