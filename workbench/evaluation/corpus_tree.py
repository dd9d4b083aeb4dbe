"""The documents of a corpus as a tree of folders, files and documents; long lists of one part are put into drawers.

Every part is a stretch of one order of the documents, so that a part of any size is counted in one step. It knows names and
places alone; what is measured of a part is in `workbench.evaluation.findability_tree`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

MOST_CHILDREN = 100
"""Parts shown below one part; more are put into drawers, as evenly as they go."""
WHOLE = "b0"

NodeKind = Literal["corpus", "folder", "file", "drawer", "document"]


@dataclass(frozen=True, slots=True)
class PlacedDocument:
    """A document with where it stands: its file relative to the case folder and its place in that file."""

    doc_id: str
    title: str
    path: str
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the corpus: documents `start` up to `stop` of the tree's order.

    Attributes:
        key: names the part within its tree.
        place: folder ("policies/"), file or doc_id; "" for the corpus and for drawers, which are no place of the client's.
        opens: whether there are parts below it.
    """

    key: str
    kind: NodeKind
    name: str
    place: str
    start: int
    stop: int
    opens: bool = True


@dataclass(slots=True)
class _Branch:
    kind: NodeKind
    name: str
    place: str
    parent: int
    start: int
    stop: int
    entries: list[str]


class CorpusTree:
    """The parts of a corpus: folders, files that hold several documents, documents.

    Attributes:
        documents: in the order of the tree.
        position: doc_id -> its place in that order.
    """

    def __init__(self, documents: Sequence[PlacedDocument]) -> None:
        records = {path for path, number in Counter(d.path for d in documents).items() if path and number > 1}
        self.documents = sorted(documents, key=lambda document: _order(document, document.path in records))
        self.position = {document.doc_id: place for place, document in enumerate(self.documents)}
        self._branches = _branches(self.documents, records)
        self._nodes: dict[int, list[Node]] = {}

    def node(self, key: str) -> Node:
        """A part by its key; a drawer is known to the part above it alone.

        Raises:
            KeyError: there is no such part.
        """
        number = key[1:]
        if not (number.isascii() and number.isdigit() and len(number) < 12):
            raise KeyError(key)
        if key.startswith("b") and int(number) < len(self._branches):
            branch = self._branches[int(number)]
            return Node(key, branch.kind, branch.name, branch.place, branch.start, branch.stop, bool(branch.entries))
        if key.startswith("d") and int(number) < len(self.documents):
            at = int(number)
            document = self.documents[at]
            return Node(key, "document", document.title, document.doc_id, at, at + 1, False)
        raise KeyError(key)

    def find(self, place: str) -> Node | None:
        """The part a place names: a folder, also one that is shown together with the only folder in it, a file, a doc_id."""
        key = WHOLE if place == "" else self._places.get(place)
        return self.node(key) if key else None

    def above(self, key: str) -> list[str]:
        """Keys of the folders and files a folder, file or document lies in, outermost first."""
        keys: list[str] = []
        parent = self._parent(key)
        while parent is not None:
            keys.append(f"b{parent}")
            parent = self._parent(keys[-1])
        return keys[::-1]

    def children(self, key: str, kept: Callable[[Node], bool]) -> list[Node]:
        """The parts below a part for which `kept` holds, by name; drawers where they are many.

        Raises:
            KeyError: there is no such part.
        """
        name, _, span = key.partition("/")
        if self.node(name).kind == "document":
            return []
        number = int(name[1:])
        if number not in self._nodes:
            self._nodes[number] = [self.node(entry) for entry in self._branches[number].entries]
        entries = [node for node in self._nodes[number] if kept(node)]
        first, last = _span(span, len(entries), key)
        if last - first > MOST_CHILDREN:
            return list(_drawers(name, entries, first, last, self._label))
        return entries[first:last]

    def _label(self, node: Node) -> str:
        in_file = node.kind == "document" and self._branches[self._holders[node.start]].kind == "file"
        return node.name if in_file or node.kind != "document" else _name_in_folder(self.documents[node.start])

    def _parent(self, key: str) -> int | None:
        number = int(key[1:])
        if key.startswith("b"):
            return self._branches[number].parent if number else None
        return self._holders[number]

    @cached_property
    def _holders(self) -> dict[int, int]:
        """Document -> the branch it stands in."""
        return {
            int(entry[1:]): number
            for number, branch in enumerate(self._branches)
            for entry in branch.entries
            if entry.startswith("d")
        }

    @cached_property
    def _places(self) -> dict[str, str]:
        known: dict[str, str] = {}
        shared = _shared_folder(self.documents)
        while len(shared) > 1:
            known[shared] = WHOLE
            shared = shared[:-1].rpartition("/")[0] + "/"
        for number, branch in enumerate(self._branches):
            known.setdefault(branch.place, f"b{number}")
            above = self._branches[branch.parent].place if number else ""
            part = branch.place[:-1].rpartition("/")[0] + "/" if branch.kind == "folder" else ""
            while len(part) > max(1, len(above)):
                known.setdefault(part, f"b{number}")
                part = part[:-1].rpartition("/")[0] + "/"
        for at, document in enumerate(self.documents):
            known.setdefault(document.doc_id, f"d{at}")
            known.setdefault(document.path, f"d{at}")
        return known

    def every_node(self) -> Iterator[tuple[int, Node]]:
        """Every folder, file and document with its level from 0, each part before what lies in it."""
        stack = [(0, WHOLE)]
        while stack:
            level, key = stack.pop()
            node = self.node(key)
            yield level, node
            if node.kind != "document":
                stack += [(level + 1, entry) for entry in reversed(self._branches[int(key[1:])].entries)]


# ---------------------------------------------------------------- order and parts


def _order(document: PlacedDocument, one_of_many: bool) -> tuple[object, ...]:
    folders = tuple(map(_part_order, document.path.split("/")))
    if document.path and not one_of_many:
        return folders, (), (), document.doc_id  # no other document has this path
    own = natural(document.locator if document.locator.startswith("member") else document.title) if one_of_many else ()
    return folders, own, natural(document.doc_id), document.doc_id


@lru_cache(maxsize=4096)
def _part_order(part: str) -> tuple[object, ...]:
    """A folder holds many documents, and is put in order once."""
    return natural(part), part


def natural(text: str) -> tuple[tuple[str, int, str], ...]:
    """A key that orders names as people do: numbers by their size, case set aside.

    >>> sorted(["chapter 10", "Chapter 2"], key=natural)
    ['Chapter 2', 'chapter 10']
    """
    pieces = re.split("([0-9]+)", text[:300].casefold())
    # Digits are compared by length and then as text: a name may hold thousands of them.
    return tuple(
        (words, len(digits.lstrip("0")), digits.lstrip("0"))
        for words, digits in zip(pieces[::2], [*pieces[1::2], ""], strict=True)
    )


def _branches(documents: Sequence[PlacedDocument], records: Collection[str]) -> list[_Branch]:
    """Folders and files that hold several documents, each before what lies in it."""
    made = [_Branch("corpus", "Whole corpus", "", 0, 0, len(documents), [])]
    open_parts: list[tuple[str, int]] = []  # part of the path, branch
    for at, document in enumerate(documents):
        folders = document.path.split("/")[:-1]
        parts = [f"{folder}/" for folder in folders] + ([_name_in_folder(document)] if document.path in records else [])
        same = _common(parts, [part for part, _ in open_parts])
        del open_parts[same:]
        for depth in range(same, len(parts)):
            above = open_parts[-1][1] if open_parts else 0
            inner = depth < len(folders)
            place = "".join(parts[: depth + 1])
            made[above].entries.append(f"b{len(made)}")
            open_parts.append((parts[depth], len(made)))
            made.append(_Branch("folder" if inner else "file", parts[depth], place, above, at, at, []))
        for _, number in open_parts:
            made[number].stop = at + 1
        made[open_parts[-1][1] if open_parts else 0].entries.append(f"d{at}")
    return _without_chains(made)


def _without_chains(made: Sequence[_Branch]) -> list[_Branch]:
    """A folder that holds one folder and nothing else is shown together with it."""
    kept: list[_Branch] = []
    stack = [("b0", 0)]
    while stack:
        key, above = stack.pop()
        branch = made[int(key[1:])]
        name, place, entries = branch.name, branch.place, branch.entries
        while branch.kind != "file" and (inner := _only_folder(made, entries)) is not None:
            entries = inner.entries
            if branch.kind == "folder":
                name, place = name + inner.name, inner.place
        number = len(kept)
        kept.append(_Branch(branch.kind, name, place, above, branch.start, branch.stop, []))
        if number:
            kept[above].entries.append(f"b{number}")
        kept[number].entries += [entry for entry in entries if entry.startswith("d")]
        stack += [(entry, number) for entry in entries if entry.startswith("b")]
    starts = [branch.start for branch in kept]
    for branch in kept:
        branch.entries.sort(key=lambda entry: starts[int(entry[1:])] if entry.startswith("b") else int(entry[1:]))
    return kept


def _only_folder(made: Sequence[_Branch], entries: Sequence[str]) -> _Branch | None:
    inner = made[int(entries[0][1:])] if len(entries) == 1 and entries[0].startswith("b") else None
    return inner if inner is not None and inner.kind == "folder" else None


def _drawers(name: str, entries: Sequence[Node], first: int, last: int, label: Callable[[Node], str]) -> Iterator[Node]:
    number = last - first
    levels = math.ceil(math.log(number) / math.log(MOST_CHILDREN) - 1e-9)
    each = math.ceil(number / math.ceil(number ** (1 / levels)))
    for low in range(first, last, each):
        high = min(low + each, last)
        words = f"{_short(label(entries[low]))} – {_short(label(entries[high - 1]))}"
        yield Node(f"{name}/{low}-{high}", "drawer", words, "", entries[low].start, entries[high - 1].stop)


def _span(span: str, size: int, key: str) -> tuple[int, int]:
    if not span:
        return 0, size
    low, _, high = span.partition("-")
    if not all(bound.isascii() and bound.isdigit() and len(bound) < 12 for bound in (low, high)):
        raise KeyError(key)
    return min(int(low), size), min(int(high), size)


def _short(name: str) -> str:
    line = " ".join(name[:200].split())
    return line if len(line) <= 28 else f"{line[:27].rstrip()}…"


def _name_in_folder(document: PlacedDocument) -> str:
    return document.path.rpartition("/")[2]


def _shared_folder(documents: Sequence[PlacedDocument]) -> str:
    if not documents:
        return ""
    first, last = documents[0].path.split("/")[:-1], documents[-1].path.split("/")[:-1]
    return "".join(f"{part}/" for part in first[: _common(first, last)])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
