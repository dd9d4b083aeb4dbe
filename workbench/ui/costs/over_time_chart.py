"""Mean cost of a question, period by period, as a chart: a pure function from a value to a figure.

Whether it drifts is said by the value itself.
"""

from __future__ import annotations

import plotly.graph_objects as go

from workbench.numbers import count
from workbench.records import CostOverTime
from workbench.ui.charts import chart_text, empty_chart
from workbench.ui.tokens import ARM_COLOURS, CHART_TEXT, plotly_template

HEIGHT = 230


def over_time_figure(over_time: CostOverTime, currency: str) -> go.Figure:
    """Points with thin bars over their 95 % intervals; one trace whatever it shows."""
    periods = [(day, mean) for day, mean in over_time.periods if mean.value is not None]
    if not periods:
        return empty_chart("not measured: the log tells no cost by day").add_trace(go.Scatter(x=[], y=[]))
    values = [mean.value or 0.0 for _, mean in periods]
    lows = [mean.low if mean.low is not None else value for (_, mean), value in zip(periods, values, strict=True)]
    highs = [mean.high if mean.high is not None else value for (_, mean), value in zip(periods, values, strict=True)]
    colour = ARM_COLOURS["hybrid+rerank"]
    figure = go.Figure(
        go.Scatter(
            x=[day for day, _ in periods],
            y=values,
            mode="lines+markers",
            line={"color": colour, "width": 1},
            marker={"size": 7, "color": colour},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [max(high - value, 0.0) for high, value in zip(highs, values, strict=True)],
                "arrayminus": [max(value - low, 0.0) for low, value in zip(lows, values, strict=True)],
                "thickness": 1.5,
                "width": 0,
                "color": CHART_TEXT,
            },
            customdata=[count(mean.n) for _, mean in periods],
            hovertemplate=f"%{{x|%Y-%m-%d}}: %{{y:.3g}} {chart_text(currency)}, n = %{{customdata}}<extra></extra>",
        ),
        layout={"template": plotly_template(), "height": HEIGHT, "margin": {"l": 76, "r": 16, "t": 12, "b": 48}},
    )
    figure.update_yaxes(
        exponentformat="none",
        title_text=f"{chart_text(currency or 'cost')} a question",
        range=[0, 1.08 * max(*highs, *values, 1e-12)],
    )
    questions = sum(mean.n for _, mean in periods)
    figure.update_xaxes(title_text=f"{over_time.unit}, n = {count(questions)} questions; thin bars: 95 % intervals")
    return figure
