"""What a Word paragraph is by its style and its list: a heading and of which level, and the number Word prints before it.

Nothing of how it looks is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from workbench.ingest.readers.packages import attribute, child, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

BODY_TEXT = 9
"""The outline level Word gives to text that is no heading."""
MAX_LEVELS = 9


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style with what it inherits.

    Attributes:
        level: heading level from 1; 0 is no heading.
        title: the style of the document's title.
        number_id: the list it belongs to, "" for none.
        number_level: its level in that list, None when the list says so.
    """

    level: int = 0
    title: bool = False
    number_id: str = ""
    number_level: int | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class _List:
    abstract: str
    levels: Mapping[int, _Level]
    restarts: Mapping[int, int] = field(default_factory=dict)


def read_styles(root: Element | None) -> dict[str, Style]:
    """Style id -> style; the built-in name decides, which stays English in every language of Word."""
    elements = {attribute(style, "styleId") or "": style for style in root or () if local(style) == "style"}
    return {name: _style(name, elements) for name in elements}


def _style(name: str, elements: Mapping[str, Element]) -> Style:
    style = Style()
    for element in reversed(list(_ancestry(name, elements))):
        style = _told(element, style)
    return style


def _ancestry(name: str | None, elements: Mapping[str, Element]) -> Iterator[Element]:
    seen: set[str] = set()
    while name and name in elements and name not in seen:
        seen.add(name)
        yield elements[name]
        name = attribute(child(elements[name], "basedOn"), "val")


def _told(element: Element, inherited: Style) -> Style:
    """A style after what one element of its ancestry says."""
    name = (attribute(child(element, "name"), "val") or "").casefold()
    style = replace(inherited, title=inherited.title or name == "title")
    heading = re.fullmatch(r"heading ([1-9])", name)
    outline = _number(child(element, "pPr", "outlineLvl"))
    if heading:
        style = replace(style, level=int(heading[1]))
    elif outline is not None:
        style = replace(style, level=outline + 1 if 0 <= outline < BODY_TEXT else 0)
    listed = child(element, "pPr", "numPr")
    if listed is None:
        return style
    number_id = attribute(child(listed, "numId"), "val") or style.number_id
    level = _number(child(listed, "ilvl"))
    return replace(style, number_id=number_id, number_level=style.number_level if level is None else level)


def _number(element: Element | None) -> int | None:
    value = attribute(element, "val") or ""
    return int(value) if re.fullmatch(r"\d{1,6}", value) else None


class Paragraphs:
    """Tells heading level and list number of paragraphs, which must be asked in reading order: lists count."""

    def __init__(self, styles: Mapping[str, Style], numbering: Element | None) -> None:
        self._styles = styles
        self._lists = _read_lists(numbering)
        self._counts: dict[str, dict[int, int]] = {}
        self._started: set[str] = set()

    def style(self, paragraph: Element) -> Style:
        """The style of a paragraph, its own outline level first."""
        properties = child(paragraph, "pPr")
        style = self._styles.get(attribute(child(properties, "pStyle"), "val") or "", Style())
        outline = _number(child(properties, "outlineLvl"))
        if outline is None:
            return style
        return replace(style, level=outline + 1 if 0 <= outline < BODY_TEXT else 0)

    def label(self, paragraph: Element) -> str:
        """What Word prints before a paragraph: "5.3", "(a)", "-" for a bullet; "" outside lists."""
        properties = child(paragraph, "pPr")
        style_id = attribute(child(properties, "pStyle"), "val") or ""
        style = self._styles.get(style_id, Style())
        number_id = attribute(child(properties, "numPr", "numId"), "val") or style.number_id
        known = self._lists.get(number_id)
        if known is None:
            return ""
        level = _number(child(properties, "numPr", "ilvl"))
        if level is None:
            level = style.number_level
        if level is None:
            level = next((depth for depth, told in known.levels.items() if told.style == style_id and style_id), 0)
        return self._next(number_id, known, level)

    def _next(self, number_id: str, known: _List, level: int) -> str:
        counts = self._counts.setdefault(known.abstract, {})
        if number_id not in self._started:
            self._started.add(number_id)
            for depth, start in known.restarts.items():
                counts[depth] = start - 1
        told = known.levels.get(level)
        if told is None:
            return ""
        for depth in [depth for depth in counts if depth > level]:
            del counts[depth]
        for depth in range(level):
            counts.setdefault(depth, known.levels.get(depth, _Level()).start)
        counts[level] = counts.get(level, told.start - 1) + 1
        if told.form == "bullet":
            return "-"
        if told.form == "none":
            return ""
        shown = re.sub(r"%([1-9])", lambda found: _shown(known, counts, int(found[1]) - 1), told.text)
        return shown.strip()


def _shown(known: _List, counts: Mapping[int, int], depth: int) -> str:
    return _FORMS.get(known.levels.get(depth, _Level()).form, str)(counts.get(depth, 1))


def _read_lists(root: Element | None) -> dict[str, _List]:
    abstract = {attribute(each, "abstractNumId") or "": each for each in root or () if local(each) == "abstractNum"}
    lists = {}
    for number in (each for each in root or () if local(each) == "num"):
        key = attribute(child(number, "abstractNumId"), "val") or ""
        levels = dict(_levels(abstract.get(key)))
        restarts = {}
        for override in (each for each in number if local(each) == "lvlOverride"):
            depth, start = attribute(override, "ilvl") or "", _number(child(override, "startOverride"))
            if depth.isdecimal() and start is not None:
                restarts[int(depth)] = start
            levels |= dict(_levels(override))
        lists[attribute(number, "numId") or ""] = _List(key, levels, restarts)
    return lists


def _levels(parent: Element | None) -> Iterator[tuple[int, _Level]]:
    for level in (each for each in parent or () if local(each) == "lvl"):
        depth = attribute(level, "ilvl") or ""
        if depth.isdecimal() and int(depth) < MAX_LEVELS:
            start = _number(child(level, "start"))
            yield (
                int(depth),
                _Level(
                    1 if start is None else start,
                    attribute(child(level, "numFmt"), "val") or "decimal",
                    attribute(child(level, "lvlText"), "val") or "",
                    attribute(child(level, "pStyle"), "val") or "",
                ),
            )


def _letters(number: int) -> str:
    # Word goes on after z with aa, bb, cc.
    return chr(ord("a") + (number - 1) % 26) * min(20, (number - 1) // 26 + 1) if number > 0 else ""


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    digits = (("m", 1000), ("cm", 900), ("d", 500), ("cd", 400), ("c", 100), ("xc", 90), ("l", 50), ("xl", 40))
    text = ""
    for letters, value in (*digits, ("x", 10), ("ix", 9), ("v", 5), ("iv", 4), ("i", 1)):
        text += letters * (number // value)
        number %= value
    return text


_FORMS: Mapping[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
}
