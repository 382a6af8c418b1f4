"""Reports of the last 24 hours by channel."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import plotly.graph_objects as go

from dashboard.figures.theme import CHANNELS, dressed

SHOWN_CHANNELS = 5


def hours_figure(counts: Mapping[str, Mapping[datetime, int]], last_hour: datetime, other: str) -> go.Figure:
    """Stacked bars, one an hour.

    Parameters
    ----------
    counts : mapping of channel name to (mapping of full hour to reports)
        Hours by the city's clock.
    last_hour : datetime
        The hour that runs now; the axis ends there.
    other : str
        What the channels beyond the largest five are called together.
    """
    hours = [last_hour - timedelta(hours=back) for back in range(23, -1, -1)]
    figure = go.Figure()
    for (name, by_hour), colour in zip(gathered(counts, other).items(), CHANNELS, strict=False):
        figure.add_bar(
            x=hours,
            y=[by_hour.get(hour, 0) for hour in hours],
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{y}",
        )
    return dressed(
        figure,
        188,
        barmode="stack",
        bargap=0.28,
        hovermode="x unified",
        legend={"orientation": "h", "y": -0.14, "x": 0, "font": {"size": 11}, "itemsizing": "constant"},
        xaxis={
            "tickformat": "%H",
            "dtick": 4 * 3_600_000,
            "showgrid": False,
            "fixedrange": True,
            "hoverformat": "%H:00",
        },
        yaxis={
            "gridcolor": "rgba(130,165,210,0.14)",
            "nticks": 4,
            "zeroline": False,
            "fixedrange": True,
            "rangemode": "tozero",
        },
    )


def gathered(counts: Mapping[str, Mapping[datetime, int]], other: str) -> dict[str, dict[datetime, int]]:
    """The largest channels by themselves, the rest as one."""
    by_size = sorted(counts, key=lambda name: -sum(counts[name].values()))
    shown = {name: dict(counts[name]) for name in by_size[:SHOWN_CHANNELS]}
    rest: dict[datetime, int] = {}
    for name in by_size[SHOWN_CHANNELS:]:
        for hour, cases in counts[name].items():
            rest[hour] = rest.get(hour, 0) + cases
    return shown | {other: rest} if rest else shown
