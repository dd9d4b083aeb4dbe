"""Fewer passages for the model after reranking: what is saved in tokens and what is lost in success.

It shows what the study holds; where the trade-off could not be worked out it says what to do.
"""

from __future__ import annotations

import ipywidgets as widgets

from workbench.numbers import count, difference, measured, percent
from workbench.records import ContextPoint, ContextTradeOff
from workbench.report.costs_text import share
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import arm_label, badge, details, empty_state, escape, figure_card, paragraph, row, table
from workbench.ui.costs.context_chart import context_figure
from workbench.ui.costs.state import Costs
from workbench.ui.page import column, html

LABEL = "Context tokens of a question against success@k, a line for every search and a point for every k, with 95 % intervals."


def build_context_view(state: Costs) -> widgets.Widget:
    """The view; the trade-off belongs to the study and does not change while the page is open."""
    trade_off = state.study.context
    if not trade_off.points:
        view = column(html(_missing(trade_off)))
    else:
        frame = ChartFrame(
            context_figure(trade_off), name="context", label=LABEL, table="The table below holds the numbers."
        )
        view = column(html(_head(trade_off)), frame, html(points_markup(trade_off)))
    view.add_class("wb-bill-context")
    return view


def points_markup(trade_off: ContextTradeOff) -> str:
    """Every search and k as a table; the longest part of it is behind a line."""
    rows = [_row(point, trade_off) for point in trade_off.points]
    listed = table(
        ["Search", "k", "Context tokens", "success@k", "recall@k", "Against the present system", ""],
        rows,
        caption=f"Means over judged questions, 95 % intervals; a loss of up to {percent(trade_off.margin, 100)} is accepted.",
        numeric=(1, 2, 3, 4, 5),
    )
    return details(f"All {count(len(rows))} points as a table", listed)


def _head(trade_off: ContextTradeOff) -> str:
    cards = row(
        figure_card(
            "prompt tokens saved",
            trade_off.saved_tokens,
            share=True,
            meaning="of a question's prompt, by the chosen point",
        ),
        figure_card(
            "one passage", trade_off.tokens_per_passage, unit="tokens", meaning="from the log's own token counts"
        ),
        figure_card(
            "besides passages", trade_off.overhead, unit="tokens", meaning="of a prompt: instructions and question"
        ),
    )
    why = paragraph(trade_off.reason) if trade_off.reason and trade_off.reason not in trade_off.said else ""
    return f'<div class="wb-bill-said">{paragraph(trade_off.said)}{why}</div>{cards}'


def _missing(trade_off: ContextTradeOff) -> str:
    return empty_state(
        f"Shorter contexts could not be looked at: {trade_off.reason or trade_off.said}".rstrip(".") + ".",
        "It would say how many passages the model needs after reranking, and how many prompt tokens fewer of them save.",
        "Run the retrieval lab with labelled questions, hand over a log with prompt token counts, then replay the log again.",
    )


def _row(point: ContextPoint, trade_off: ContextTradeOff) -> list[str]:
    same = (point.arm, point.k)
    marks = [
        badge(words, "accent" if words == "chosen" else "muted")
        for words, place in (("present", trade_off.baseline), ("chosen", trade_off.chosen))
        if place is not None and (place.arm, place.k) == same
    ]
    return [
        arm_label(point.arm),
        count(point.k),
        escape(measured(point.tokens)),
        escape(share(point.success)),
        escape(share(point.recall)),
        escape(difference(point.against, share=True)),
        "".join(marks),
    ]
