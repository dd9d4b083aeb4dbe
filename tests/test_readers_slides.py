"""PowerPoint files: slide by slide, in the order a person reads."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches
from test_readers_word import PIXEL

from workbench.errors import InputError
from workbench.ingest.readers.slides import read_pptx

TITLE_ONLY, BLANK = 5, 6


def saved(deck, path: Path) -> Path:
    deck.save(str(path / "a.pptx"))
    return path / "a.pptx"


def put(shapes, text: str, top: float, left: float) -> None:
    shapes.add_textbox(Inches(left), Inches(top), Inches(1), Inches(0.3)).text_frame.text = text


def test_each_slide_has_its_title_its_text_in_reading_order_and_its_notes(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    put(slide.shapes, "below", 5, 0)
    put(slide.shapes, "right", 3.1, 5)
    put(slide.shapes, "left", 3.2, 1)
    slide.shapes.title.text = "Claims"
    slide.notes_slide.notes_text_frame.text = "Say it slowly"
    deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY]).shapes.title.text = "Thanks"
    read = read_pptx(saved(deck, tmp_path))
    assert read.text == "Claims\nleft\nright\nbelow\nNotes\nSay it slowly\nThanks"
    assert [(section.headings, section.locator) for section in read.sections] == [
        (("Claims",), "slide 1"),
        (("Claims", "Notes"), "slide 1"),
        (("Thanks",), "slide 2"),
    ]
    assert read.title == "Claims"
    assert read.metadata["slides"] == "2"


def test_tables_groups_and_charts_are_read(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    table = slide.shapes.add_table(2, 2, Inches(0), Inches(0), Inches(4), Inches(1)).table
    for row in range(2):
        for column in range(2):
            table.cell(row, column).text = f"{row}{column}"
    table.cell(0, 0).merge(table.cell(0, 1))
    group = slide.shapes.add_group_shape()
    put(group.shapes, "in a group", 2, 0)
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Claims", (10, 12.5))
    place = (Inches(0), Inches(4), Inches(3), Inches(2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "By quarter"
    read = read_pptx(saved(deck, tmp_path))
    assert read.text == "00 01\n10 | 11\nin a group\nBy quarter\nClaims: Q1 10, Q2 12.5"


def test_a_deck_of_pictures_is_empty_and_says_so(tmp_path: Path) -> None:
    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[BLANK]).shapes.add_picture(BytesIO(PIXEL), 0, 0)
    read = read_pptx(saved(deck, tmp_path))
    assert read.text == ""
    assert read.sections == ()
    assert read.warnings == ("no text on any slide (1 in all): they are pictures, or empty", "1 picture was not read")


def test_hidden_slides_are_read_and_named(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    slide.shapes.title.text = "Draft"
    slide.element.set("show", "0")
    assert read_pptx(saved(deck, tmp_path)).warnings == ("hidden slides were read: 1",)


def test_a_show_is_read_like_a_presentation(tmp_path: Path) -> None:
    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY]).shapes.title.text = "Claims"
    path = tmp_path / "a.ppsx"
    with zipfile.ZipFile(saved(deck, tmp_path)) as source, zipfile.ZipFile(path, "w") as show:
        for name in source.namelist():
            data = source.read(name)
            show.writestr(name, data.replace(b"presentation.main+xml", b"slideshow.main+xml"))
    assert read_pptx(path).text == "Claims"


def test_half_a_deck_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = saved(Presentation(), tmp_path)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(InputError, match=r"a\.pptx: damaged PowerPoint file; open it in PowerPoint, save it again"):
        read_pptx(path)
