"""Why each file that came through the drop folder lies where it lies: one JSON line each, in the derived folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.case import derived_folder

JOURNAL = "placements.jsonl"


@dataclass(frozen=True, slots=True)
class Placing:
    """One line of the journal.

    Attributes:
        path: where the file lies, relative to the case folder; "" for one that was not unpacked.
        source: where it was handed over: "inbox/share.zip/a/b.pdf".
        part: part of the case. confidence: 0 to 1; 1 where a person said so. reason: one short phrase.
    """

    path: str
    source: str
    part: str
    confidence: float
    reason: str


def note(root: Path, placing: Placing) -> None:
    """Append a line."""
    path = derived_folder(root) / JOURNAL
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(placing), ensure_ascii=False) + "\n")


def placings(root: Path) -> dict[str, Placing]:
    """What is known of each file of a case that came through the drop folder, by its path; the last line of a path counts."""
    return {placing.path: placing for placing in _lines(root) if placing.path}


def not_unpacked(root: Path) -> tuple[Placing, ...]:
    """Members of archives that were not unpacked, with the reason."""
    return tuple(dict.fromkeys(placing for placing in _lines(root) if not placing.path))


def _lines(root: Path) -> list[Placing]:
    try:
        text = (derived_folder(root) / JOURNAL).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for line in text.split("\n"):
        try:
            found.append(Placing(**json.loads(line)))
        except (ValueError, TypeError):  # the last line of a run that was killed
            continue
    return found
