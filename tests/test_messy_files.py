"""38 awkward public files: what a careful reader gets out of each, and what must never be in its text.

The files lie beside the checkout during development; each test is skipped with a reason where they do not. What a good loader
should do with each is stated in the manifest that comes with them.
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from workbench.ingest.corpus.documents import read_corpus
from workbench.records import Document, FileStatus, IntakeFile

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "messy_files"
ABSENT = "the development data 'messy_files' is not beside this checkout"

pytestmark = pytest.mark.shared_data


@dataclass(frozen=True)
class Expected:
    """What a file must give.

    Attributes:
        has: every one of these is in the text of its documents, white space normalised. lacks: none of these.
        said: words in the reason or the warnings.
        title, updated, author: of its first document, None where the test does not care.
        places: text -> where it stands: locator of the section, or of the document, or its last heading.
        members: files inside -> their status.
    """

    status: FileStatus = "loaded"
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    documents: int = 1
    title: str | None = None
    updated: date | None = None
    author: str | None = None
    places: tuple[tuple[str, str], ...] = ()
    members: tuple[tuple[str, FileStatus], ...] = ()


CUPS = Expected(
    has=("Team: Blues", "Location: STL", "Team: Maple Leafs", "Stanley Cups: 13"), lacks=("\ufeff",), documents=3
)
NOTHING = Expected(status="empty", documents=0, said=("nothing in it",))
SCAN = Expected(status="empty", documents=0, said=("OCR", "no text layer"))
PLAIN = ("This is a test document to use for unit tests.", "Doylestown, PA 18901", "I love fuzzy blankets")
MAIL = ("This is a test email to use for unit tests.", "Roses are red", "Violets are blue")
LOREM = "Lorem ipsum dolor sit amet"

EXPECTED = {
    "docx-tables.docx": Expected(
        has=("Simple uniform table Header Col 1 | Header Col 2 Lorem ipsum | A link example Nested Table", "with merged cells"),
    ),
    "handbook-1p.docx": Expected(
        has=("The United States Trustee appoints",),
        places=(
            ("The United States Trustee appoints", "A. PURPOSE"),
            ("STATUTORY DUTIES", "C. STATUTORY DUTIES OF A STANDING TRUSTEE"),
        ),
    ),
    "docx_comments.docx": Expected(
        title="Document with Comments",
        has=("the first paragraph that has a comment attached to it. This second paragraph also", "sample reviewer comment"),
        places=(("This is a sample reviewer comment", "Comments"),),
    ),
    "fake.doc": Expected(has=(LOREM,), lacks=("\x00", "Microsoft Word", "bjbj"), updated=date(2013, 12, 24)),
    "fake-doc.rtf": Expected(
        has=("My First Heading", "My first paragraph.", "Column 1 | Column 2", "Row 2, Cell 1"),
        lacks=("\\rtf", "\\par", "{", "fs36"),
        title="My First Heading",
    ),
    "fake-power-point-table.pptx": Expected(
        has=("Column 1 | Column 2 | Column 3", "Tangerine | Pink | Aqua"), places=(("Tangerine", "slide 1"),)
    ),
    "picture.pptx": Expected(status="empty", documents=0, said=("no text", "picture")),
    "stanley-cups.xlsx": Expected(
        has=("Team: Blues", "Stanley Cups Since 67"),
        places=(("Team: Blues", "sheet 'Stanley Cups'"), ("Stanley Cups Since 67", "sheet 'Stanley Cups Since 67'")),
    ),
    "vodafone.xlsx": Expected(
        has=("Topic: Mobile churn", "Period: Nine quarters to 30 June 2023", "Page: 12"),
        places=(("Mobile churn", "sheet 'Index'"),),
    ),
    "password_protected.xlsx": Expected(status="unreadable", documents=0, said=("password",)),
    "example-10k-1p.html": Expected(
        has=("Galaxy Gaming, Inc.", "Nevada | 20-8143439", "Common stock | GLXZ"), lacks=("<td", "</", "font-size", "&nbsp;")
    ),
    "fake-html-cp1252.html": Expected(
        has=("Die schöne Frau", "15,50 €", "L'été était très chaud", "El niño comió paella", "köttbullar"),
        lacks=("\ufffd", "<pre>"),
    ),
    "test_wikipedia.html": Expected(
        has=("Microsoft Corporation is an American multinational",),
        lacks=("Jump to content", "Toggle the table of contents", "Main menu", "<div", "mw-parser-output", "[edit]"),
        title="Microsoft - Wikipedia",
    ),
    "fake-email.eml": Expected(
        has=MAIL, lacks=("<div", "00000000000095c9"), title="Test Email", updated=date(2022, 12, 16),
        author="Matthew Robinson <mrobinson@unstructured.io>",
    ),
    "fake-email-attachment.eml": Expected(
        has=("Here's the attachments!", "Hey this is a fake attachment!"), lacks=("SGV5IHRoaXM",), documents=2,
        title="Fake email with attachment", updated=date(2022, 12, 23), said=("fake-attachment.txt",),
        places=(("Hey this is a fake attachment!", "member 'fake-attachment.txt'"),),
        members=(("fake-attachment.txt", "loaded"),),
    ),
    "empty.eml": NOTHING,
    "fake-email-attachment.msg": Expected(
        has=("Here's the attachments!", "Hey this is a fake attachment!"), lacks=("\x00",), documents=2,
        title="Fake email with attachment", updated=date(2023, 4, 20), said=("fake-attachment.txt",),
        places=(("Hey this is a fake attachment!", "member 'fake-attachment.txt'"),),
        members=(("fake-attachment.txt", "loaded"),),
    ),
    "stanley-cups.csv": CUPS,
    "semicolon-delimited.csv": Expected(
        has=("Lorem, ipsum: sed, do", "dolor sit: eiusmod", "amet: tempor incididunt"), lacks=(";",), documents=4
    ),
    "csv-too-many-columns.csv": Expected(has=("4: d,e",), documents=4, said=("rows with more cells than the header: 1",)),
    "minimal-document.pdf": Expected(has=(LOREM,), updated=date(2022, 4, 3), places=((LOREM, "page 1"),)),
    "habibi.pdf": Expected(has=("حَبيبي", "habibi"), lacks=("يبيبَح",)),
    "password.pdf": Expected(status="unreadable", documents=0, said=("password.pdf", "password", "ask for a copy")),
    "imagemagick-CCITTFaxDecode.pdf": SCAN,
    "loremipsum-flat.pdf": SCAN,
    "layout-parser-paper-with-empty-pages.pdf": Expected(
        has=("LayoutParser: A Unified Toolkit",), said=("2 of 4 pages",),
        places=(("LayoutParser: A Unified Toolkit", "page 1"), ("A generalized learning-based framework", "page 4")),
    ),
    "empty.txt": NOTHING,
    "fake-text-utf-16-le.txt": Expected(has=PLAIN, lacks=("\x00", "\ufffd")),
    "fake-text-utf-32.txt": Expected(has=PLAIN, lacks=("\x00", "\ufffd")),
    "hebrew-text-base64-iso88598i.txt": Expected(has=("8uPr5e8gVGVzbGEgLSDw4",)),
    "spring-weather.html.ndjson": Expected(
        documents=35, has=("Are You Weather-Ready for the Spring?",), lacks=("element_id", "abfs://"), said=("not searched",),
        places=(("Are You Weather-Ready", "line 3"),),
    ),
    "factbook-utf-16.xml": Expected(has=("Trinidad & Tobado", "Emmanuel Macron"), lacks=("<", "\ufffd", "\x00")),
    "simple.zip": Expected(
        documents=4, has=("How to Get New Ideas", "Team: Blues"), lacks=("PK",),
        members=(("ideas-page.html", "loaded"), ("stanley-cups.csv", "loaded")),
        places=(("How to Get New Ideas", "member 'ideas-page.html'"), ("Team: Blues", "member 'stanley-cups.csv', row 2")),
    ),
    "elife-56337.xml": Expected(
        has=("KRAB-zinc finger protein", "retrotransposons"), lacks=("<xref", "</p>", "xmlns"),
        title="KRAB-zinc finger protein gene expansion in response to active retrotransposons in the murine lineage",
        places=(("Mouse KRAB-ZFPs target retrotransposons", "Mouse KRAB-ZFPs target retrotransposons"),),
    ),
    "corrupt.docx": Expected(status="unreadable", documents=0, said=("corrupt.docx", "damaged")),
    "wrong_extension_pdf_named.txt": Expected(has=(LOREM,), lacks=("%PDF", "endobj"), places=((LOREM, "page 1"),)),
    "crlf_bom_utf8.csv": CUPS,
    "fake-email-malformed-encoding.eml": Expected(
        has=MAIL, lacks=("\ufffd",), said=("encoding",), title="Test Email", updated=date(2022, 12, 16)
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Document], dict[str, IntakeFile]]:
    """All files read as one corpus: none may keep another from being read."""
    if not FOLDER.is_dir():
        pytest.skip(ABSENT)
    root = tmp_path_factory.mktemp("messy")
    shutil.copytree(FOLDER / "files", root / "corpus")
    documents, intake = read_corpus(root)
    return documents, {entry.path.removeprefix("corpus/"): entry for entry in intake}


def test_every_file_of_the_manifest_has_an_expectation(read: tuple[list[Document], dict[str, IntakeFile]]) -> None:
    with (FOLDER / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        named = [row["file"] for row in csv.DictReader(lines, delimiter="\t")]
    assert len(named) == 38
    assert set(named) == set(EXPECTED)
    assert set(EXPECTED) <= set(read[1])


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_awkward_file_gives_what_it_holds(name: str, read: tuple[list[Document], dict[str, IntakeFile]]) -> None:
    expected, entry = EXPECTED[name], read[1][name]
    documents = [document for document in read[0] if document.source.path == f"corpus/{name}"]
    text = " ".join(" ".join(document.text.split()) for document in documents)
    told = " ".join((entry.reason or "", *entry.warnings))
    assert (entry.status, len(documents)) == (expected.status, expected.documents)
    assert [part for part in expected.has if part not in text] == []
    assert [part for part in expected.lacks if part in "".join(document.text for document in documents)] == []
    assert [part for part in expected.said if part not in told] == []
    assert [(path, read[1][f"{name}/{path}"].status) for path, _ in expected.members] == list(expected.members)
    for attribute in ("title", "updated", "author"):
        wanted = getattr(expected, attribute)
        assert wanted is None or wanted == told_by(documents[0], attribute)
    for passage, place in expected.places:
        assert place in places_of(documents, passage)


def told_by(document: Document, attribute: str) -> object:
    facts = {"title": document.title, "updated": document.updated_on, "author": document.metadata.get("author")}
    return facts[attribute]


def places_of(documents: list[Document], passage: str) -> set[str]:
    """Locator of the document a passage stands in, and locator and innermost heading of the section it stands in."""
    found: set[str] = set()
    for document in documents:
        words = document.text.replace("\n", " ")
        at = words.find(passage)
        while at >= 0:
            above = [section for section in document.sections if section.start <= at]
            found |= {
                document.source.locator,
                *(above[-1].headings[-1:] if above else ()),
                above[-1].locator if above else "",
            }
            at = words.find(passage, at + 1)
    return found


def test_pages_behind_blank_pages_keep_their_number(read: tuple[list[Document], dict[str, IntakeFile]]) -> None:
    name = "layout-parser-paper-with-empty-pages.pdf"
    (document,) = (document for document in read[0] if document.doc_id == name)
    # Pages 2 and 3 are blank.
    assert [section.locator for section in document.sections if section.start > 0][-1] == "page 4"
    assert "page 2" not in {section.locator for section in document.sections}
