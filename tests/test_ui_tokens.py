import re
from importlib.resources import files

import pytest

from workbench.ui import tokens

TEXT = ("text", "text-muted", "accent", "danger")
GROUNDS = ("page", "surface", "sunken")
STYLE = files("workbench.ui") / "share/jupyter/voila/templates/workbench/static/workbench.css"


def test_contrast_of_black_and_white_is_twenty_one():
    assert tokens.contrast("#000000", "#ffffff") == pytest.approx(21.0)


def test_contrast_of_a_mid_grey_on_white_follows_the_formula():
    # #777777: channel (119/255 + 0.055) / 1.055 to the power 2.4 = 0.18448, so (1 + 0.05) / (0.18448 + 0.05)
    assert tokens.contrast("#777777", "#ffffff") == pytest.approx(1.05 / 0.23448, abs=1e-3)


@pytest.mark.parametrize("theme", tokens.THEMES)
@pytest.mark.parametrize("text", TEXT)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_legible_on_every_ground(theme, text, ground):
    colours = tokens.THEMES[theme]
    assert tokens.contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", tokens.THEMES)
@pytest.mark.parametrize(
    ("text", "ground"), [("text", "mark"), ("on-accent", "accent"), ("text", "accent-soft"), ("text", "danger-soft")]
)
def test_text_on_coloured_grounds_is_legible(theme, text, ground):
    colours = tokens.THEMES[theme]
    assert tokens.contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", tokens.THEMES)
def test_the_edge_of_a_control_stands_out(theme):
    colours = tokens.THEMES[theme]
    assert tokens.contrast(colours["line-strong"], colours["surface"]) >= 3.0


@pytest.mark.parametrize("cause", ["evaluation", "governance", "retrieval"])
@pytest.mark.parametrize("theme", tokens.THEMES)
def test_a_cause_stands_out_in_both_themes(cause, theme):
    assert tokens.contrast(tokens.cause_colour(cause), tokens.THEMES[theme]["surface"]) >= 3.0


def test_arms_and_causes_share_no_colour():
    main = {tokens.cause_colour(cause) for cause in ("evaluation", "governance", "retrieval")}
    assert len(main) == 3
    assert not main & set(tokens.ARM_COLOURS.values())


def test_both_themes_name_the_same_colours():
    assert set(tokens.LIGHT) == set(tokens.DARK)


def test_an_unknown_arm_is_neutral():
    assert tokens.arm_colour("something else") == tokens.OTHER_COLOUR


def test_the_style_sheet_begins_with_what_the_tokens_generate():
    assert tokens.generated_css() in STYLE.read_text(encoding="utf-8")


def test_the_style_sheet_asks_no_other_host():
    text = STYLE.read_text(encoding="utf-8")
    assert "://" not in text
    assert "@import" not in text


def test_the_style_sheet_uses_only_properties_that_exist():
    text = STYLE.read_text(encoding="utf-8")
    used = set(re.findall(r"var\((--wb-[\w-]+)\)", text))
    defined = set(re.findall(r"(--wb-[\w-]+):", text))
    assert used <= defined


def test_the_chart_template_has_no_legend_and_a_grid_on_the_value_axis_only():
    layout = tokens.plotly_template().layout
    assert layout.showlegend is False
    assert (layout.xaxis.showgrid, layout.yaxis.showgrid) == (False, True)
