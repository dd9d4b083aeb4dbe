import json
from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.ingest.readers import Extracted, kind_of, read_file

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
DTSTART;TZID=Europe/Zurich:20250301T100000
SUMMARY:Steering committee
ORGANIZER;CN="Muster, Anna":mailto:anna@example.com
DESCRIPTION:Decide on the
  pilot\\, budget\\nand staff
ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJDQUJD
END:VEVENT
BEGIN:VEVENT
SUMMARY:Review
DTSTART;VALUE=DATE:20250401
END:VEVENT
END:VCALENDAR
"""
CARD = """BEGIN:VCARD
VERSION:3.0
N:Muster;Anna;;;
FN:Anna Muster
item1.TEL;TYPE=WORK:+41 44 555 66 77
ADR:;;Main Street 1;Bern;;3000;
PHOTO;ENCODING=b;TYPE=JPEG:QUJDQUJDQUJD
 QUJDQUJD
END:VCARD
"""


def read(folder: Path, text: str, name: str) -> Extracted:
    (folder / name).write_text(text)
    return read_file(folder / name)


def test_a_calendar_is_read_entry_by_entry(tmp_path: Path) -> None:
    found = read(tmp_path, CALENDAR, "a.ics")
    assert found.title == "Steering committee"
    assert found.text.split("\n") == [
        "Steering committee",
        "Start: 2025-03-01 10:00",
        "Organiser: Muster, Anna <anna@example.com>",
        "Description: Decide on the pilot, budget and staff",
        "Review",
        "Start: 2025-04-01",
    ]
    assert [section.headings for section in found.sections] == [("Steering committee",), ("Review",)]


def test_an_address_card_is_read_without_its_picture(tmp_path: Path) -> None:
    found = read(tmp_path, CARD, "a.vcf")
    assert found.text == "Anna Muster\nTelephone: +41 44 555 66 77\nAddress: Main Street 1, Bern, 3000"


def test_calendars_and_cards_are_told_by_their_first_line(tmp_path: Path) -> None:
    for name, text in (("a.txt", CALENDAR), ("b", CARD)):
        (tmp_path / name).write_text(text)
    assert (kind_of(tmp_path / "a.txt"), kind_of(tmp_path / "b")) == ("ics", "vcf")


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})


def test_a_notebook_is_its_words_and_its_code(tmp_path: Path) -> None:
    words = {"cell_type": "markdown", "source": ["# Claims\n", "What they cost."]}
    code = {"cell_type": "code", "source": "print(1)", "outputs": [{"output_type": "stream", "text": ["1"]}]}
    found = read(tmp_path, notebook(words, code, {"cell_type": "code", "source": []}), "a.ipynb")
    assert found.title == "Claims"
    assert found.text == "# Claims\nWhat they cost.\n\n```\nprint(1)\n```"
    assert found.warnings == ("results of cells that are not part of this text: 1",)


@pytest.mark.parametrize("text", ["{}", '{"cells": 3}', '{"cells": [3]}', '{"cells": [', '{"cells": {"a": 1}}'])
def test_a_damaged_notebook_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"a\.ipynb: damaged notebook"):
        read(tmp_path, text, "a.ipynb")
