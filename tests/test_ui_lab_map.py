import asyncio
from dataclasses import replace

import example_case
import example_results
import numpy as np
import pytest
from fabricated_map import example_map

from workbench import session
from workbench.compute import JobState
from workbench.errors import CaseError
from workbench.intervals import wilson
from workbench.records import Estimate
from workbench.ui.lab import map_charts, map_colours, map_panel, map_regions, map_view
from workbench.ui.lab.map_links import Places, link_shapes, links_words
from workbench.ui.lab.map_panel import MapPanel, build_map_view
from workbench.ui.lab.map_view import MapView
from workbench.ui.lab.state import Lab
from workbench.ui.tokens import DARK, LIGHT, contrast


@pytest.fixture
def lab():
    return Lab(example_results.stored_comparison())


@pytest.fixture
def view(lab):
    return MapView(lab, example_map())


@pytest.fixture
def case(tmp_path):
    return example_case.write_example_case(tmp_path)


class Points:
    """What plotly tells of points that were clicked or drawn around."""

    def __init__(self, trace, places, spot=None):
        self.trace_index, self.point_inds = trace, places
        self.xs, self.ys = ([spot[0]], [spot[1]]) if spot else ([], [])


def lines(view):
    return [shape for shape in view.frame.chart.layout.shapes if shape.type == "line"]


def fill(view, query_id):
    place = list(view.stored.queries["query_id"]).index(query_id)
    return view.frame.chart.data[map_charts.QUESTIONS].marker.color[place]


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize("colour", [*map_colours.SHARE_COLOURS, map_colours.QUIET])
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_scale_stands_out_from_both_grounds(colour, theme):
    assert contrast(colour, theme["surface"]) >= 3


def test_a_region_is_coloured_by_the_share_missed_in_it():
    colouring = map_colours.by_share(example_map(), "dense")
    assert colouring.highest == 0.5  # the highest share of any arm, 10 of 20
    assert colouring.colours == (
        map_colours.SHARE_COLOURS[-1],
        map_colours.SHARE_COLOURS[0],
        map_colours.QUIET,
        map_colours.QUIET,
    )
    assert colouring.codes.dtype == np.float32
    assert np.bincount(colouring.codes.astype(int)).tolist() == [20, 20, 60]


def test_the_scale_is_the_same_for_every_arm():
    found = example_map()
    assert map_colours.by_share(found, "dense").highest == map_colours.by_share(found, "hybrid+rerank").highest


def test_colours_between_two_stops_are_mixed():
    assert map_colours.share_colour(0) == "#6f93b3"
    assert map_colours.share_colour(0.5) == "#a8784a"
    assert (
        map_colours.share_colour(0.25) == "#8c867e"
    )  # halfway: (6f + a8) / 2 = 8b.8, (93 + 78) / 2 = 85.8, (b3 + 4a) / 2 = 7e.8


def test_sources_are_top_folders_and_beyond_six_all_others():
    found = example_map()
    paths = {f"d{i}": f"corpus/folder {min(i, 108) % 100}/a.txt" for i in (*range(1, 41), *range(100, 160))}
    colouring = map_colours.by_source(found, paths)
    names = [name for name, _ in colouring.key]
    assert names[0] == "folder 8/"  # d8 and d108 to d159
    assert len(names) == 7
    assert names[-1] == map_colours.OTHERS


def test_one_folder_alone_is_told_apart_by_kinds_of_files():
    found = example_map()
    paths = {doc_id: f"corpus/a{'.pdf' if doc_id == 'd1' else '.TXT'}" for doc_id in found.passages["doc_id"]}
    assert [name for name, _ in map_colours.by_source(found, paths).key] == [".txt", ".pdf"]


# ---------------------------------------------------------------- the picture


def test_no_client_text_on_the_map_is_markup(view):
    chart = view.frame.chart
    said = [text for trace in chart.data[:2] for text in trace.hovertext]
    said += [annotation.text.replace("<b>", "").replace("</b>", "") for annotation in chart.layout.annotations]
    for text in said:
        assert "<" not in text.replace("<br>", "")
        assert "$" not in text


def test_points_fill_the_picture_and_axes_have_no_ticks(view):
    layout = view.frame.chart.layout
    assert layout.yaxis.scaleanchor is None
    xs = np.concatenate([view.stored.passages["x"], view.stored.queries["x"]])
    low, high = layout.xaxis.range
    assert low < xs.min()
    assert high > xs.max()
    assert high - low < 1.1 * (xs.max() - xs.min())
    assert not layout.xaxis.visible
    assert not layout.yaxis.visible


def test_names_of_regions_in_one_place_move_apart_and_the_one_that_misses_most_moves_least():
    found = example_map()
    same_place = found.passages.assign(x=np.float32(1), y=np.float32(1))
    found = type(found)(found.map, same_place, found.queries.assign(x=np.float32(1), y=np.float32(1)))
    labels = map_charts.region_labels(found, "dense")
    assert len(labels) == 3
    assert "50 % missed, n = 20" in labels[0]["text"]
    away = [np.hypot(label["ax"], label["ay"]) for label in labels]
    assert away[0] == min(away)
    assert len({(label["ax"], label["ay"]) for label in labels}) == 3
    assert all(label["showarrow"] for label in labels)  # every question lies in the middle, and none is hidden


def test_a_question_missed_is_filled_and_one_found_an_outline(view):
    assert fill(view, "q01") == map_charts.MISSED_COLOUR
    assert fill(view, "q11") == map_charts.CLEAR
    assert fill(view, "q44") == map_charts.OTHER_COLOUR  # nobody judged it


@pytest.mark.parametrize("state", map_charts.LOOKS)
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_question_is_seen_on_both_grounds(state, theme):
    fill, edge, _, _ = map_charts.LOOKS[state]
    assert contrast(edge if fill == map_charts.CLEAR else fill, theme["surface"]) >= 3


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_in_both_themes_a_missed_question_stands_out_more_than_a_found_one(theme):
    ours, others = map_charts.LOOKS["missed"], map_charts.LOOKS["found"]
    assert contrast(ours[0], theme["surface"]) > 3
    assert others[0] == map_charts.CLEAR
    assert ours[3] > others[3]


def test_outcomes_have_shapes_of_their_own(view):
    view.colour.value = map_view.OUTCOME
    symbols = view.frame.chart.data[map_charts.QUESTIONS].marker.symbol
    assert symbols[0] == "triangle-up"  # q01: dense misses it, the reranker finds it
    assert symbols[11] == "triangle-down"  # q12: the other way round
    assert "share missed" not in view._key.value  # passages have no colour, so no scale


def test_another_colouring_does_not_send_the_passages_again(view):
    sent = []
    view.frame.chart.observe(lambda change: sent.append(str(change["new"])), "_py2js_update")
    view.colour.value = map_view.TOPIC
    assert sent
    assert not any("hovertext" in message or "'x'" in message for message in sent)


# ---------------------------------------------------------------- lines of a question


def test_lines_lead_from_the_chosen_question_to_the_top_of_both_arms(view, lab):
    lab.question = "q11"  # position 10, right at rank 1 + 10 % 3 = 2 in both arms: five documents each
    shown = lines(view)
    assert len(shown) == 10
    assert {(line.x0, line.y0) for line in shown} == {(10.0, 0.0)}
    assert [line.line.dash for line in shown] == ["solid"] * 5 + ["dash"] * 5
    assert (10.0, 1.0) in {(line.x1, line.y1) for line in shown}  # its right document, d11
    assert [s for s in view.frame.chart.layout.shapes if s.xanchor == 10.0 and s.yanchor == 1.0]


def test_the_lines_are_told_in_words(view, lab):
    lab.question = "q01"
    assert "naive dense, top 5: 0 of 1 right documents." in view.reading.value
    assert "hybrid with reranker, top 5: 1 of 1 right documents." in view.reading.value
    lab.question = "q02"
    assert "<script>" not in view.reading.value


def test_a_new_question_sends_lines_and_no_points(view, lab):
    sent = []
    for name in ("_py2js_update", "_py2js_restyle"):
        view.frame.chart.observe(lambda change: change["new"] and sent.append(change["new"]), name)
    lab.question = "q05"
    assert sent
    assert not any(message.get("style_data") or message.get("restyle_data") for message in sent)
    assert len(lines(view)) == 10


def test_what_is_not_on_the_map_is_counted(lab):
    found = example_map()
    found = type(found)(found.map, found.passages.iloc[:0], found.queries)
    links = Places(found).links(lab.rankings, "q11", "dense", "hybrid", 5)
    assert links.before.absent == 5
    assert link_shapes(links, ("#000000", "#111111"))[0]["type"] == "circle"
    words = links_words(links, "a question", "", 5)
    assert "naive dense, top 5: 1 of 1 right documents, 5 of 5 not on the map." in words
    assert "1 of 1 right documents are not on the map." in words


def test_a_document_without_a_passage_lies_where_its_stand_in_does(lab):
    found = example_map()
    stand_ins = found.stand_ins
    stand_ins.loc[0] = ["another cut", "d7-p1"]
    places = Places(type(found)(found.map, found.passages, found.queries, stand_ins))
    assert places._passage("another cut") == (6.0, 2.0)


# ---------------------------------------------------------------- choosing


def test_a_click_on_a_question_chooses_it(view, lab):
    view._clicked(None, Points(map_charts.QUESTIONS, [4]), None)
    assert lab.question == "q05"


def test_a_click_on_a_passage_beside_a_question_means_the_question(view, lab):
    view._clicked(None, Points(map_charts.PASSAGES, [0], (7.01, 2.0)), None)
    assert lab.question == "q08"
    view._clicked(None, Points(map_charts.PASSAGES, [0], (150.0, 5.0)), None)  # no question for miles
    assert lab.question == "q08"


def test_questions_drawn_around_are_picked_and_the_others_fade(view, lab):
    view._picked(None, Points(map_charts.QUESTIONS, [0, 2]), object())
    assert lab.matching == ("q01", "q03")
    assert fill(view, "q01") == map_charts.MISSED_COLOUR
    assert fill(view, "q02") == "rgba(217,72,15,0.1)"
    lab.widen()
    assert fill(view, "q02") == map_charts.MISSED_COLOUR


def test_a_lasso_without_a_question_says_so_and_narrows_nothing(view, lab):
    view._picked(None, Points(map_charts.QUESTIONS, []), object())
    assert map_view.NO_QUESTION in view._said.value
    assert not lab.selection.narrows


def test_an_outline_taken_away_is_no_empty_lasso(view):
    view._picked(None, Points(map_charts.QUESTIONS, []), None)
    assert map_view.NO_QUESTION not in view._said.value


def test_a_region_of_the_table_narrows_and_pressed_again_widens(view, lab):
    view.table.chosen = 1
    assert lab.matching == tuple(f"q{i:02}" for i in range(21, 41))
    view.table.chosen = -1
    assert len(lab.matching) == 44


def test_a_region_chosen_elsewhere_is_marked_in_the_table(view, lab):
    lab.narrow(region=0)
    assert view.table.chosen == 0


def test_the_lab_learns_the_regions(view, lab):
    assert lab.regions["q21"] == 1
    assert lab.region_names[1] == "flood, excess"


def test_other_arms_change_lines_table_and_colours(view, lab):
    lab.candidate = "bm25"
    assert view.table.rows[0]["cells"][1]["value"] == "not measured"  # the map knows nothing of this arm
    assert [value for _, value in view.arm.options] == ["dense", "bm25"]


def test_a_view_that_is_hidden_catches_up_when_it_is_opened(view, lab):
    lab.view = "grading"
    before = view.reading.value
    lab.question = "q09"
    assert view.reading.value == before
    lab.view = "map"
    assert "claim CF-208b" in view.reading.value


def test_the_second_picture_takes_the_place_of_the_first_and_keeps_what_is_chosen(lab):
    first = example_map("pca")
    view = MapView(lab, replace(first, map=replace(first.map, final=False)))
    lab.question = "q11"
    lab.narrow(region=0)
    assert "First picture (PCA)" in view._said.value
    view.replace(example_map("t-sne", shift=100.0))
    assert "First picture" not in view._said.value
    assert lab.selection.region == 0
    assert {line.x0 for line in lines(view)} == {110.0}
    place = list(view.stored.queries["query_id"]).index("q40")
    assert view.frame.chart.data[map_charts.QUESTIONS].marker.line.color[place] == "rgba(119,128,138,0.1)"


# ---------------------------------------------------------------- table and words


def test_one_question_of_one_missed_comes_after_many_of_many():
    found = example_map().map
    sure = replace(found.regions[0], missed={"dense": wilson(40, 50)})
    unsure = replace(found.regions[1], missed={"dense": wilson(1, 1)})
    assert [region.region for region in map_charts.ranked([unsure, sure], "dense")] == [0, 1]


def test_a_share_of_a_handful_of_questions_has_no_colour():
    found = example_map()
    regions = (replace(found.map.regions[0], missed={"dense": wilson(4, 4)}), *found.map.regions[1:])
    found = replace(found, map=replace(found.map, regions=regions))
    colouring = map_colours.by_share(found, "dense")
    assert colouring.colours[0] == map_colours.QUIET
    assert colouring.highest < 1


def test_without_labels_there_is_no_scale():
    found = example_map()
    regions = tuple(
        replace(region, missed={"dense": Estimate.not_measured("nobody judged")}) for region in found.map.regions
    )
    found = replace(found, map=replace(found.map, regions=regions))
    assert map_colours.by_share(found, "dense").highest is None


def test_names_of_regions_keep_off_the_lines_of_the_chosen_question():
    found = example_map()
    free = map_charts.region_labels(found, "dense")[0]
    label = map_charts.region_labels(found, "dense", [(free["x"], free["y"])])[0]
    assert (label["ax"], label["ay"]) != (0, 0)


def test_progress_lies_in_a_corner_of_the_picture_and_moves_nothing(case, monkeypatch):
    monkeypatch.setattr(session, "stored_map", lambda _case: example_map())
    panel = build_map_view(Lab(example_results.stored_comparison(), case=case))
    assert panel.children == (panel.view,)
    assert panel.progress in panel.view.status.children


def test_regions_are_sorted_by_share_missed_and_unmeasured_ones_are_last(view):
    assert [row["region"] for row in view.table.rows] == [0, 1, 2]
    first, _, last = view.table.rows
    assert first["cells"][0] == {"value": "50 %", "interval": "[40, 60]", "n": "n = 20", "mark": "stands out"}
    assert first["cells"][1]["mark"] == ""
    assert last["cells"][0]["value"] == "not measured"


def test_the_trust_line_says_how_many_neighbours_are_kept():
    words = map_regions.trust_line(example_map().map)
    assert words.startswith("43 % [41, 45] of a passage’s ten nearest neighbours are near it on the map")
    assert "read regions, not distances" in words


def test_a_share_counted_over_everything_has_no_interval():
    found = replace(example_map().map, neighbours_kept=Estimate(0.45, 0.45, 0.45, 590, "exact"))
    assert map_regions.trust_line(found).startswith("45 % of a passage’s")


def test_passages_left_out_are_counted():
    assert "100 of 612 passages" in map_regions.shown_line(example_map().map)


def test_a_region_without_a_labelled_question_says_so():
    assert map_charts.region_words(Estimate.not_measured("none")) == "no labelled question"


# ---------------------------------------------------------------- where there is no map yet


def test_without_a_case_the_view_says_what_is_missing(lab):
    assert "There is no map here." in build_map_view(lab).value


def test_a_stored_map_is_shown_at_once(case, monkeypatch):
    monkeypatch.setattr(session, "stored_map", lambda _case: example_map())
    panel = build_map_view(Lab(example_results.stored_comparison(), case=case))
    assert isinstance(panel, MapPanel)
    assert panel.view in panel.children
    assert panel.again not in panel.children


def test_where_there_is_no_map_the_job_starts_by_itself_and_its_map_is_shown(case, monkeypatch):
    started, kept = [], []
    monkeypatch.setattr(session, "start_map", lambda _case: started.append(kept.append(example_map())))
    monkeypatch.setattr(session, "stored_map", lambda _case: kept[0] if kept else None)

    async def opened():
        panel = build_map_view(Lab(example_results.stored_comparison(), case=case))
        assert panel.view is None
        while panel.progress.under_way:
            await asyncio.sleep(0.01)
        panel._ended(JobState(session.MAP, "done"))
        return panel

    panel = asyncio.run(opened())
    assert len(started) == 1
    assert panel.view in panel.children


def test_a_job_that_cannot_start_says_why_and_can_be_started_again(case, monkeypatch):
    def refuse(_case):
        raise CaseError("calder-wharf: cannot be written to")

    monkeypatch.setattr(session, "start_map", refuse)
    monkeypatch.setattr(session, "stored_map", lambda _case: None)

    async def opened():
        panel = build_map_view(Lab(example_results.stored_comparison(), case=case))
        while panel.progress.under_way:
            await asyncio.sleep(0.01)
        await asyncio.sleep(map_panel.LOOK_AGAIN + 0.2)
        return panel

    panel = asyncio.run(opened())
    assert "cannot be written to" in panel.progress.children[0].value
    assert panel.again in panel.children
