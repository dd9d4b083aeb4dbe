"""Reading order of a page set in columns, told from where its pieces of text stand.

Most files keep their text in reading order already; only where lines of neighbouring columns alternate is another order
proposed. It knows rectangles alone: whether they hold prose is for the caller to check, because a table stands like columns.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from statistics import median
from typing import NamedTuple

MIN_LINES = 4
"""Lines each column of a band must have."""
MIN_COLUMN_SHARE = 0.2
"""Share of the text width a column must have."""
MIN_COLUMN_HEIGHTS = 12
"""Width of a column in line heights; a narrower one holds labels or numbers."""
MIN_FILL = 0.55
"""Share of its column that the middle line must fill: prose does, entries of a table seldom."""
MAX_CROSSING = 0.6
"""Share of the lines that may run across a gutter: titles, figures, a page that is set in columns only in part."""
WIDE, MAX_WIDE = 0.6, 0.7
"""A page of which this second share of the lines is wider than the first share of the text is in one column: no need to look."""
MIN_GUTTER = 5.0
"""Width of a gutter in points."""
FEWEST_SWITCHES, SWITCH_SHARE = 3, 0.5
"""A band is not in reading order where the column changes so often, and after this share of the lines; the cells of a table
that is kept cell by cell change less often than that."""
MOST_PIECES = 5000


class Box(NamedTuple):
    """A rectangle of a page in points, the origin at the bottom left."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Band:
    """A strip of a page, and the columns to read it by, left to right; none when it is read as it stands."""

    box: Box
    columns: tuple[Box, ...] = ()


def bands_to_reorder(pieces: Sequence[Box]) -> tuple[Band, ...]:
    """Strips of the page from the top, where some hold columns whose lines alternate; () when the order is fine as it is.

    Args:
        pieces: the pieces of text of a page, in the order the file has them.
    """
    if not 2 * MIN_LINES <= len(pieces) <= MOST_PIECES:
        return ()
    lines = _joined(pieces)
    gutters = _gutters(lines)
    if not gutters:
        return ()
    lines = _joined(lines, gutters)
    columns = [_column_of(line, gutters) for line in lines]
    # A line across a gutter ends the band above it: what stands below is read later.
    across = sorted((-_middle(line) for line, column in zip(lines, columns, strict=True) if column < 0))
    strips = [
        2 * bisect_left(across, -_middle(line)) + (column < 0) for line, column in zip(lines, columns, strict=True)
    ]
    order = sorted(range(len(lines)), key=lambda place: (strips[place], place))
    bands: list[Band] = []
    for _, group in groupby(order, key=strips.__getitem__):
        places = list(group)
        in_column = [columns[place] for place in places]
        bands.append(_band([lines[place] for place in places], in_column, len(gutters) + 1, lines))
    return _merged(bands) if any(band.columns for band in bands) else ()


def _joined(pieces: Sequence[Box], gutters: Sequence[float] = ()) -> list[Box]:
    """Pieces that follow each other on one line, made one, for the file may break lines into words.

    Without gutters, those that follow closely; with them, those that no gutter parts: justified words stand far apart.
    """
    lines: list[Box] = []
    for piece in pieces:
        if lines and _follows(lines[-1], piece, gutters):
            last = lines[-1]
            lines[-1] = Box(
                last.left, min(last.bottom, piece.bottom), max(last.right, piece.right), max(last.top, piece.top)
            )
        else:
            lines.append(piece)
    return lines


def _follows(last: Box, piece: Box, gutters: Sequence[float]) -> bool:
    height = max(last.top - last.bottom, piece.top - piece.bottom)
    level = min(last.top, piece.top) - max(last.bottom, piece.bottom) > 0.3 * height
    gap = piece.left - last.right
    if not level or gap <= -height:
        return False
    return gap < 0.7 * height or (
        bool(gutters) and bisect_left(gutters, last.right - 0.5) == bisect_left(gutters, piece.left + 0.5)
    )


def _around(boxes: Sequence[Box]) -> Box:
    return Box(
        min(box.left for box in boxes), min(box.bottom for box in boxes),
        max(box.right for box in boxes), max(box.top for box in boxes),
    )  # fmt: skip


def _middle(box: Box) -> float:
    return (box.bottom + box.top) / 2


def _gutters(lines: Sequence[Box]) -> list[float]:
    """Where columns are parted, left to right: strips that few lines cross, with enough lines on either side."""
    extent = _around(lines)
    width = int(extent.right - extent.left) + 1
    wide = sum(line.right - line.left > WIDE * width for line in lines)
    if not 100 < width < 20_000 or wide > MAX_WIDE * len(lines):
        return []
    changes = [0] * (width + 2)
    for line in lines:
        changes[int(line.left - extent.left)] += 1
        changes[int(line.right - extent.left) + 1] -= 1
    covered = list(accumulate(changes))[:width]
    limit = MAX_CROSSING * max(covered)
    found: list[float] = []
    place = 0
    for low, run in groupby(covered, key=lambda count: count <= limit):
        length = sum(1 for _ in run)
        if low and 0 < place < width - length:
            deepest = min(covered[place : place + length])
            narrow = [at for at in range(place, place + length) if covered[at] == deepest]
            if len(narrow) >= MIN_GUTTER:
                found.append(extent.left + (narrow[0] + narrow[-1] + 1) / 2)
        place += length
    return _apart(lines, found)


def _apart(lines: Sequence[Box], gutters: list[float]) -> list[float]:
    """The gutters that part columns of enough lines; one beside a column of fewer is none."""
    while gutters:
        counts = [0] * (len(gutters) + 1)
        for line in lines:
            column = _column_of(line, gutters)
            if column >= 0:
                counts[column] += 1
        poor = next((column for column, count in enumerate(counts) if count < MIN_LINES), None)
        if poor is None:
            return gutters
        gutters = [gutter for place, gutter in enumerate(gutters) if place != min(poor, len(gutters) - 1)]
    return []


def _column_of(line: Box, gutters: Sequence[float]) -> int:
    """Column a line stands in, from 0; -1 when it runs across a gutter."""
    left, right = bisect_left(gutters, line.left + 0.5), bisect_left(gutters, line.right - 0.5)
    return left if left == right else -1


def _band(lines: Sequence[Box], in_column: Sequence[int], count: int, page: Sequence[Box]) -> Band:
    box = _around(lines)
    groups = [
        [line for line, column in zip(lines, in_column, strict=True) if column == wanted] for wanted in range(count)
    ]
    filled = [group for group in groups if group]
    text = _around(page)
    prose = len(filled) > 1 and all(_like_prose(group, text.right - text.left) for group in filled)
    switches = sum(one != other for one, other in pairwise(in_column))
    backwards = prose and any(
        _place(in_column, one) > _place(in_column, other) for one, other in pairwise(_present(in_column))
    )
    alternating = switches >= max(FEWEST_SWITCHES, SWITCH_SHARE * (len(in_column) - 1))
    if prose and (alternating or backwards):
        return Band(box, tuple(_around(group) for group in filled))
    return Band(box)


def _present(in_column: Sequence[int]) -> list[int]:
    return sorted(set(in_column))


def _place(in_column: Sequence[int], column: int) -> float:
    """Where the lines of a column stand in the file, on average."""
    return median(place for place, found in enumerate(in_column) if found == column)


def _like_prose(lines: Sequence[Box], text_width: float) -> bool:
    box = _around(lines)
    width = box.right - box.left
    height = median(line.top - line.bottom for line in lines)
    wide = width >= MIN_COLUMN_SHARE * text_width and width >= MIN_COLUMN_HEIGHTS * height
    return len(lines) >= MIN_LINES and wide and median(line.right - line.left for line in lines) >= MIN_FILL * width


def _merged(bands: Sequence[Band]) -> tuple[Band, ...]:
    """Neighbouring bands that are read as they stand, made one."""
    merged: list[Band] = []
    for band in bands:
        if merged and not band.columns and not merged[-1].columns:
            merged[-1] = Band(_around([merged[-1].box, band.box]))
        else:
            merged.append(band)
    return tuple(merged)
