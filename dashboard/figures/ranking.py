"""Open cases by area, the fullest first, the overdue part set off."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.theme import OPEN, OVERDUE, dressed

ROW_PIXELS = 25


def ranking_figure(rows: Sequence[tuple[str, int, int]], in_time: str, overdue: str) -> go.Figure:
    """Horizontal bars of (area name, open cases, overdue of them); ``in_time`` and ``overdue`` name the two parts."""
    names = [name for name, _, _ in rows]
    figure = go.Figure()
    for label, colour, values in (
        (overdue, OVERDUE, [late for _, _, late in rows]),
        (in_time, OPEN, [total - late for _, total, late in rows]),
    ):
        figure.add_bar(y=names, x=values, name=label, orientation="h", marker={"color": colour}, hovertemplate="%{x}")
    totals = [total for _, total, _ in rows]
    figure.add_scatter(
        y=names,
        x=totals,
        mode="text",
        text=[f"  {total}" for total in totals],
        textposition="middle right",
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )
    return dressed(
        figure,
        ROW_PIXELS * max(1, len(rows)) + 28,
        barmode="stack",
        bargap=0.42,
        hovermode="y unified",
        legend={
            "orientation": "h",
            "y": 1.0,
            "yanchor": "bottom",
            "x": 0,
            "font": {"size": 11},
            "traceorder": "normal",
        },
        xaxis={"visible": False, "range": [0, max([1, *totals]) * 1.12], "fixedrange": True},
        yaxis={"autorange": "reversed", "fixedrange": True, "automargin": True, "ticksuffix": " "},
        margin={"l": 8, "r": 18, "t": 22, "b": 2},
    )
