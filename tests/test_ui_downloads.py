import asyncio
from datetime import date

import plotly.graph_objects as go
import pytest
from example_results import HOSTILE

from workbench.ui import assets
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.chart_page import chart_page
from workbench.ui.downloads import FAILED, LONGEST_NAME, Download, file_name
from workbench.ui.figure import Fig

BREAKING = "</script><script>alert(1)</script>"


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(Download, "send", lambda self, content, buffers=None: messages.append((content, buffers)))
    return messages


def click(button, ask="1"):
    async def press():
        button._asked(button, {"ask": ask}, [])
        await asyncio.gather(*button._making)

    asyncio.run(press())


def test_a_click_brings_name_and_bytes_to_the_view_that_asked(sent):
    click(Download("Save", lambda: ("a b.csv", b"x,y\r\n")), ask="view-7")
    ((content, buffers),) = sent
    assert content == {"ask": "view-7", "name": "a-b.csv", "type": "text/csv;charset=utf-8"}
    assert buffers == [b"x,y\r\n"]


def test_what_the_file_is_made_of_is_taken_at_the_click(sent):
    state = {"value": "then"}

    def work():
        taken = state["value"]
        state["value"] = "now"
        return lambda: ("a.json", taken.encode())

    click(Download("Save", work=work))
    assert sent[0][1] == [b"then"]


def test_a_file_that_cannot_be_made_says_so_and_nothing_of_why(sent):
    def broken():
        raise ValueError("/secret/path")

    click(Download("Save", broken))
    assert sent == [({"ask": "1", "fault": FAILED}, None)]


@pytest.mark.parametrize("message", [None, {}, [], {"ask": ""}])
def test_another_message_is_passed_over(sent, message):
    Download("Save", lambda: ("a", b""))._asked(None, message, [])
    assert sent == []


def test_a_download_has_one_maker():
    with pytest.raises(TypeError, match="either"):
        Download("Save")


def test_a_file_name_is_bounded_and_keeps_its_ending():
    name = file_name("x" * 500 + "/../..\\evil\n.html")
    assert name.endswith(".html")
    assert len(name) == LONGEST_NAME + len(".html")
    assert not set(name) & set("/\\\n")
    assert file_name("") == file_name("///") == "download"


def drawn(text=HOSTILE):
    return go.Figure(go.Scatter(x=[1], y=[2], text=[text]), layout={"title": text}).to_dict()


def test_a_chart_page_has_its_label_its_date_and_plotly_inside():
    page = chart_page(drawn(), "Every measure", date(2026, 3, 9))
    assert "<title>Every measure</title>" in page
    assert 'aria-label="Every measure"' in page
    assert '<time datetime="2026-03-09">' in page
    assert "plotly.js v" in page


def test_text_in_a_chart_cannot_leave_the_script_it_stands_in():
    with_text, without = (chart_page(drawn(text), "Label", date(2026, 3, 9)) for text in (BREAKING, "harmless"))
    assert with_text.count("</script>") == without.count("</script>")
    assert "alert(1)</script>" not in with_text
    assert "\\u003c\\u002fscript\\u003e" in with_text


def test_a_label_cannot_leave_the_page_it_heads():
    page = chart_page(drawn(), f"</title>{BREAKING}", date(2026, 3, 9))
    assert "alert(1)</script>" not in page
    assert "&lt;/title&gt;&lt;/script&gt;" in page


def test_a_chart_page_asks_nobody_for_anything():
    page = chart_page(drawn(), "Label", date(2026, 3, 9))
    assert "default-src &#x27;none&#x27;" in page
    assert " src=" not in page.replace("img-src", "").split("<script", 1)[0]
    assert '<script src="' not in page and "<link" not in page.split("<script", 1)[0]


def test_no_chart_offers_to_upload_itself_shown_or_saved():
    assert Fig(go.Figure())._config["showSendToCloud"] is False
    assert '"showSendToCloud": false' in chart_page(drawn(), "Label", date(2026, 3, 9))


def test_the_page_of_a_frame_holds_the_chart_as_it_is_now(sent):
    frame = ChartFrame(go.Figure(go.Bar(y=[1, 2])), name="bars / of it", label="Bars")
    with frame.chart.batch_update():
        frame.chart.layout.title = "changed after it was shown"
    frame.label = "Bars, changed"
    click(frame.children[1].children[1])
    ((content, buffers),) = sent
    assert content["name"] == "bars-of-it.html"
    assert b"changed after it was shown" in buffers[0]
    assert b"<title>Bars, changed</title>" in buffers[0]


def test_where_the_table_of_a_chart_stands_is_said_on_the_page_and_not_in_the_file(sent):
    frame = ChartFrame(go.Figure(), name="x", label="Differences.", table="The table below has them.")
    tools = frame.children[1].children
    assert tools[0].label == "Differences. The table below has them."
    frame.label = "Other differences."
    assert tools[0].label == "Other differences. The table below has them."
    assert frame.label == "Other differences."
    assert b"table below" not in frame._work()()[1]


def test_both_buttons_of_a_frame_say_what_they_save():
    frame = ChartFrame(go.Figure(), name="drift-by-week", label="What it shows")
    picture, page = frame.children[1].children
    assert picture.label == frame.label == "What it shows"
    # Its name and not all it shows: the chart itself says that already.
    assert (picture.name, page.hint.rpartition(": ")[2]) == ("drift-by-week", "drift-by-week")
    frame.name = "drift"
    assert (picture.name, page.hint.rpartition(": ")[2]) == ("drift", "drift")


def test_every_asset_is_there_and_belongs_to_the_installed_package():
    for file in assets.assets().values():
        assert file.stat().st_size > 50_000


def test_the_code_of_itables_is_named_by_address_or_carried_along():
    assert len(assets.itables_loader(by_address=True)) < 2_000
    assert len(assets.itables_loader(by_address=False)) > 500_000
