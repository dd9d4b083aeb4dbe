import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.readers import read_file
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.markup import html_content
from workbench.records import DocumentDate, Section

PAGE = """<!DOCTYPE html><html lang="en-GB"><head><title>Excess | Acme</title>
<meta name="author" content="R. Hale"><meta name="description" content="What you pay">
<script type="application/ld+json">{"@graph": [{"datePublished": "2024-01-02", "dateModified": "2025-03-31T10:00:00Z"}]}</script>
</head><body>
<a class="skip-link" href="#main">Skip to content</a>
<header><ul><li><a href="/">Home</a></li><li><a href="/b">Claims</a></li><li><a href="/c">News</a></li>
<li><a href="/d">Us</a></li></ul></header>
<nav><a href="/x">Menu entry</a></nav>
<div class="cookie-banner">We use cookies <button>Accept</button></div>
<div role="navigation">Further entries</div><p hidden>hidden words</p><p style="display: none">unseen words</p>
<main><h1>Excess</h1><p>You pay <b>350</b> euros<br>per claim.</p>
<h2>Table</h2><table><caption>By tariff</caption><tr><th>Tariff</th><th>Excess</th></tr>
<tr><td>Home</td><td>350</td></tr><tr><td></td><td>500</td></tr></table>
<ul><li>first<li>second</ul><img src="a.png" alt="A burst pipe"><img src="b.png">
<aside>Note: from May on.</aside><pre>code  line 1
line 2</pre></main>
<footer>Imprint</footer></body></html>"""


def read(folder: Path, content: str | bytes, name: str = "a.html") -> Extracted:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path)


def test_a_page_keeps_its_text_tables_and_lists_and_loses_what_stands_around_them() -> None:
    assert html_content(PAGE).text.split("\n") == [
        "Excess",
        "You pay 350 euros",
        "per claim.",
        "Table",
        "By tariff",
        "Tariff | Excess",
        "Home | 350",
        " | 500",
        "first",
        "second",
        "A burst pipe",
        "Note: from May on.",
        "code  line 1",
        "line 2",
    ]


def test_a_page_states_title_author_dates_and_language() -> None:
    found = html_content(PAGE)
    assert found.title == "Excess | Acme"
    assert found.metadata == {"author": "R. Hale", "description": "What you pay", "language": "en"}
    assert found.dates == (
        DocumentDate(date(2024, 1, 2), "embedded", "created"),
        DocumentDate(date(2025, 3, 31), "embedded", "modified"),
    )
    assert found.warnings == ("1 of 2 images have no text that describes them and were not read",)


def test_headings_of_a_page_are_sections() -> None:
    found = html_content(PAGE)
    assert found.sections == (
        Section(0, ("Excess",)),
        Section(found.text.index("Table\n"), ("Excess", "Table")),
    )


@pytest.mark.parametrize(
    ("meta", "event"),
    [
        ('<meta property="article:modified_time" content="2025-03-31T10:00">', "modified"),
        ('<meta name="date" content="2025-03-31">', "modified"),
        ('<meta name="dcterms.created" content="2025-03-31">', "created"),
        ('<time itemprop="dateModified" datetime="2025-03-31">', "modified"),
        ('<time pubdate datetime="2025-03-31">', "created"),
    ],
)
def test_dates_are_taken_from_where_pages_state_them(meta: str, event: str) -> None:
    assert html_content(f"{meta}<p>text</p>").dates == (DocumentDate(date(2025, 3, 31), "embedded", event),)


def test_a_page_that_is_all_links_is_kept() -> None:
    links = "".join(f'<li><a href="{n}">Form {n}</a></li>' for n in range(9))
    assert html_content(f"<h1>Forms</h1><ul>{links}</ul>").text.count("Form ") == 9


def test_links_of_a_documentation_generator_keep_their_words() -> None:
    page = '<p>See <a class="reference external" href="x">the manual</a>.</p>'
    assert html_content(page).text == "See the manual."


def test_text_that_calls_itself_a_sidebar_and_is_most_of_the_page_is_kept() -> None:
    assert html_content('<div class="sidebar"><p>All there is to say about the excess.</p></div>').text.startswith(
        "All"
    )


def test_much_hidden_text_is_said_to_be_left_out() -> None:
    page = f"<p>{'Seen words. ' * 100}</p><div hidden>{'Hidden words. ' * 20}</div>"
    found = html_content(page)
    assert "Hidden" not in found.text
    assert found.warnings == ("240 characters that the page hides until something is clicked were left out",)


def test_a_layout_table_with_headings_is_read_as_blocks() -> None:
    page = "<table><tr><td><h1>Title</h1><p>One.</p></td><td><p>Two.</p></td></tr></table>"
    assert html_content(page).text.split("\n") == ["Title", "One.", "Two."]


def test_declared_and_undeclared_legacy_encodings_lose_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "<p>Gebäude – “ja”</p>".encode("cp1252")).text == "Gebäude – “ja”"
    polish = '<meta charset="iso-8859-2"><p>zażółć gęślą jaźń</p>'
    assert read(tmp_path, polish.encode("iso-8859-2")).text == "zażółć gęślą jaźń"


@pytest.mark.parametrize("opening", ["<div>", "<table><tr><td>", "<ul><li>", "<b>", "<span><a href=x>"])
def test_a_page_that_nests_without_end_is_read_in_no_time(opening: str) -> None:
    start = time.perf_counter()
    found = html_content(opening * 30_000 + "the words<p>at the end")
    assert found.text.split("\n") == ["the words", "at the end"]
    assert "nest too deep" in found.warnings[0]
    assert time.perf_counter() - start < 5  # a tree took minutes


@pytest.mark.parametrize("page", ["", "<", "<!--", "<table>", "<img>", "<p", "a.html", "<h1></h1>", "<a" * 500])
def test_fragments_are_read_without_complaint(page: str) -> None:
    assert isinstance(html_content(page).text, str)


PIECES = [
    "<p>",
    "</p>",
    "<table>",
    "<tr><td>",
    "</td>",
    "<!--",
    "-->",
    "<h2>",
    "</h2>",
    "<li>",
    "&#xD800;",
    "&#0;",
    "&amp",
    "word ",
]
PIECES += [
    "<nav>",
    "</nav>",
    "<![CDATA[",
    "]]>",
    "<?x",
    "<a href=x>",
    "</a>",
    "<script>",
    "</script>",
    "<div hidden>",
    "\xe4",
    "<br/>",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_tags_give_text_that_can_be_stored(pieces: list[str]) -> None:
    found = html_content("".join(pieces))
    assert found.text.encode("utf-8") is not None
    assert all(found.text.startswith(section.headings[-1], section.start) for section in found.sections)


@given(st.lists(st.sampled_from([*PIECES, "<sec>", "</sec>", "<title>", "</title>", "<x/>"]), max_size=40))
def test_any_xml_gives_text_or_a_typed_error(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    try:
        found = read(tmp_path_factory.getbasetemp(), f"<?xml version='1.0'?><a>{''.join(pieces)}</a>", "any.xml")
    except InputError as error:
        assert str(error).startswith("any.xml: ")
    else:
        assert all(section.start < len(found.text) for section in found.sections)


JATS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "JATS.dtd">
<article xml:lang="en"><front><journal-meta><journal-id>X</journal-id></journal-meta><article-meta>
<title-group><article-title>Burst <italic>pipes</italic></article-title></title-group>
<contrib-group><contrib contrib-type="author">
<name><surname>Hale</surname><given-names>Rose</given-names></name></contrib></contrib-group>
<pub-date><day>1</day><month>6</month><year>2020</year></pub-date></article-meta></front>
<body><sec><title>Causes</title><p>Frost (<xref>Roe, 2001</xref>) &amp; age&nbsp;matter.</p>
<sec><title>Frost</title><p>It freezes.</p>
<table><tr><th>Year</th><th>n</th></tr><tr><td>2019</td><td>7</td></tr></table></sec></sec></body>
</article>"""


def test_an_article_keeps_its_sections_and_tables(tmp_path: Path) -> None:
    found = read(tmp_path, JATS, "a.xml")
    assert found.title == "Burst pipes"
    assert found.metadata == {"author": "Rose Hale", "language": "en"}
    assert found.dates == (DocumentDate(date(2020, 6, 1), "embedded", "created"),)
    assert found.text.split("\n")[-6:] == [
        "Causes",
        "Frost (Roe, 2001) & age matter.",
        "Frost",
        "It freezes.",
        "Year | n",
        "2019 | 7",
    ]
    assert [section.headings for section in found.sections][-2:] == [("Causes",), ("Causes", "Frost")]


def test_a_manual_in_docbook_has_its_chapters_as_headings(tmp_path: Path) -> None:
    book = (
        '<book xmlns="http://docbook.org/ns/docbook"><info><title>Manual</title><pubdate>2025-03-31</pubdate></info>'
        "<chapter><title>Claims</title><para>Report it.</para>"
        "<section><title>Late</title><para>No.</para></section></chapter></book>"
    )
    found = read(tmp_path, book, "a.xml")
    assert (found.title, found.date_of("created")) == ("Manual", date(2025, 3, 31))
    assert [section.headings[-2:] for section in found.sections][-2:] == [("Manual", "Claims"), ("Claims", "Late")]


def test_values_of_xml_records_keep_their_names(tmp_path: Path) -> None:
    data = "<list><entry><name>Canada</name><capital>Ottawa</capital></entry><!-- x --></list>"
    assert read(tmp_path, data, "a.xml").text == "name: Canada\ncapital: Ottawa"
    rows = "<data><row><land>Canada</land><pop>38</pop></row><row><land>France</land><pop/></row></data>"
    assert read(tmp_path, rows, "a.xml").text == "land: Canada\npop: 38\nland: France"


def test_attributes_of_xml_records_are_values_or_name_them(tmp_path: Path) -> None:
    data = '<c><claim number="C-1"><loss on="2025-01-01" amount="5"/></claim><p name="state">open</p></c>'
    expected = "number: C-1\nloss: on 2025-01-01, amount 5\nstate: open"
    assert read(tmp_path, data.replace("<p ", "<f ").replace("</p>", "</f>"), "a.xml").text == expected


def test_a_feed_has_a_heading_an_item_and_no_markup_in_its_text(tmp_path: Path) -> None:
    text = "&lt;p&gt;It is &lt;b&gt;500&lt;/b&gt; now.&lt;/p&gt;"
    items = f"<item><title>New excess</title><description>{text}</description></item>"
    found = read(
        tmp_path, f"<rss><channel><title>News</title>{items}<item><title>B</title></item></channel></rss>", "a.xml"
    )
    assert found.title == "News"
    assert found.text == "News\nNew excess\ndescription: It is 500 now.\nB"
    assert [section.headings for section in found.sections] == [("News",), ("News", "New excess"), ("News", "B")]


def test_long_values_of_xml_records_stand_by_themselves(tmp_path: Path) -> None:
    found = read(tmp_path, f"<a><id>7</id><body>{'word ' * 100}</body></a>", "a.xml")
    assert found.text == "id: 7\n" + ("word " * 100).strip()


def test_text_between_elements_makes_xml_running_text(tmp_path: Path) -> None:
    assert read(tmp_path, "<a><b>One <i>two</i> three</b><c>four</c></a>", "a.xml").text == "One two three\nfour"


def test_a_drawing_gives_its_labels(tmp_path: Path) -> None:
    labels = "<title>Flow</title><g><text>Register <tspan>claim</tspan></text><path d='M0'/></g>"
    found = read(tmp_path, f'<svg xmlns="http://www.w3.org/2000/svg">{labels}</svg>', "a.svg")
    assert (found.title, found.text) == ("Flow", "Flow\nRegister claim")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "iso-8859-2"])
def test_xml_is_read_in_the_encoding_it_has_whatever_it_declares(tmp_path: Path, encoding: str) -> None:
    declared = encoding if encoding.startswith("iso") else "UTF-8"
    data = f'<?xml version="1.0" encoding="{declared}"?><note>zażółć</note>'
    assert read(tmp_path, data.encode(encoding), "a.xml").text == "zażółć"


@pytest.mark.parametrize(
    "definition",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY b SYSTEM "file:///etc/passwd">',
        '<!ENTITY % b SYSTEM "http://example.com/x.dtd"> %b;',
    ],
)
def test_entities_of_a_file_are_refused_by_name(tmp_path: Path, definition: str) -> None:
    with pytest.raises(InputError, match=r"a\.xml: defines entities of its own"):
        read(tmp_path, f"<?xml version='1.0'?><!DOCTYPE x [{definition}]><x>&b;</x>", "a.xml")


def test_broken_xml_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.xml: damaged XML .* export it again"):
        read(tmp_path, "<?xml version='1.0'?><a><b></a>", "a.xml")


def test_xml_that_nests_without_end_is_read(tmp_path: Path) -> None:
    deep = "<?xml version='1.0'?>" + "<a>" * 50_000 + "deep" + "</a>" * 50_000
    assert read(tmp_path, deep, "a.xml").text == "deep"
