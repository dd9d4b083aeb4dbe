"""Where each of a group of files goes in a case: one archive, one folder, or the loose files of the drop folder.

It knows names and placements only; `workbench.ingest.handover.drop_folder` moves the files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.ingest.handover.sorting import (
    BEIR_FILES,
    LABELS,
    NAMED_FOLDERS,
    SETTINGS,
    is_below,
    part_of,
    repository_roots,
)
from workbench.ingest.handover.table_sorting import Placement

BESIDE = {*BEIR_FILES, *(f"{name}.gz" for name in BEIR_FILES), SETTINGS}
"""Files of the part "labels" that stand at the root of a case; all others of it stand in `qrels/`."""


NOWHERE, OUTSIDE = "none", "outside"
"""Part of a file that belongs to none, and the folder beside the parts that it goes to."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it was handed over: its posix path below the drop folder or in an archive, and where it lies now."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes: `target` is relative to the case folder."""

    file: Handed
    placement: Placement
    target: str


def places(files: Sequence[Handed], stem: str = "", *, told: Callable[[str], None] | None = None) -> tuple[Place, ...]:
    """The place of every file of a group.

    A folder around everything is taken off where part-named folders stand in it. A tree that is a repository stays together.
    Documents of an archive that holds nothing else go into a folder of its name.
    A file beside several folders of parts stays outside.

    Args:
        files: all files of the group.
        stem: name of the archive without its suffix; "" where the files come from no archive.
        told: called with the name of each file before it is looked into.
    """
    handed = [file.name for file in files]
    whole = {"", handed[0].partition("/")[0]} & set(repository_roots(handed)) if handed else set()
    taken_off = 0 if whole else _wrapper(handed, stem)
    names = [file.name[taken_off:] for file in files]
    # Loose files that happen to lie beside a Dockerfile are no repository; those of one archive are.
    roots = tuple(root for root in repository_roots(names) if root or stem)
    placements = []
    for file, name in zip(files, names, strict=True):
        if told:
            told(file.name)
        placements.append(_of_repository(name, roots) or part_of(file.path, name))
    if len({name.partition("/")[0].lower() for name in names if "/" in name} & set(NAMED_FOLDERS)) > 1:
        placements = [_beside(name, placement) for name, placement in zip(names, placements, strict=True)]
    documents_only = bool(stem) and all(
        placement.part == "corpus" and placement.confidence < 1 for placement in placements
    )
    folder = f"{stem}/" if documents_only else ""
    return tuple(
        Place(file, placement, _target(name, placement, roots, folder))
        for file, name, placement in zip(files, names, placements, strict=True)
    )


def _beside(name: str, placement: Placement) -> Placement:
    """What lies beside folders named as the parts of a case and shows no part of its own is about the case, not in it."""
    unclaimed = "/" not in name and placement.part == "corpus"
    return Placement(NOWHERE, 0.6, "lies beside the folders of a case, in none of them") if unclaimed else placement


def _wrapper(names: Sequence[str], stem: str) -> int:
    """Characters of a folder around all files that says nothing: it has the archive's name, or parts of a case stand in it."""
    first = names[0].partition("/")[0] if names else ""
    if first.lower() in NAMED_FOLDERS or not all(is_below(name, first) for name in names):
        return 0
    inner = [PurePosixPath(name[len(first) + 1 :]).parts for name in names]
    parts = any((len(found) > 1 and found[0].lower() in NAMED_FOLDERS) or found[0].lower() in BESIDE for found in inner)
    return len(first) + 1 if parts or first.casefold() == stem.casefold() else 0


def _of_repository(name: str, roots: Sequence[str]) -> Placement | None:
    root = next((root for root in roots if is_below(name, root)), None)
    if root is None:
        return None
    where = f"the folder {root}" if root else "the archive"
    return Placement("repo", 0.9, f"{where} is a repository")


def _target(name: str, placement: Placement, roots: Sequence[str], folder: str) -> str:
    first, _, below = name.partition("/")
    if placement.part == NOWHERE:
        return f"{OUTSIDE}/{name}"
    root = next((root for root in roots if is_below(name, root)), None)
    if root is not None:
        # `repo/.git` is where the history is looked for: the first repository is unwrapped, any other stays in its folder.
        return f"repo/{name[len(root) + 1 :] if root and root == roots[0] else name}"
    if placement.part == LABELS:
        base = PurePosixPath(name).name
        return base if base.lower() in BESIDE else f"qrels/{base}"
    if below and first.lower() == placement.part:
        return f"{placement.part}/{below}"
    return f"{placement.part}/{folder if placement.part == 'corpus' else ''}{name}"


def target_in(part: str, name: str) -> str:
    """Where a file of a case goes when a person moves it to another part.

    >>> target_in("logs", "corpus/share/chat.csv"), target_in("labels", "corpus/test.tsv")
    ('logs/share/chat.csv', 'qrels/test.tsv')
    """
    first, _, below = name.partition("/")
    known = first in NAMED_FOLDERS and below
    return _target(below if known else name, Placement(part, 1.0, ""), (), "")
