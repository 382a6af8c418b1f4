"""How every chart looks: the wall's colours and type, nothing that is not data."""

from typing import Any, Final

import plotly.graph_objects as go

FONT: Final = "Inter, 'Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
INK, MUTED, GRID = "#dbe7f5", "#7f95b2", "rgba(130,165,210,0.14)"
OPEN, OVERDUE = "#4c8fd6", "#e8743b"
CHANNELS: Final = ("#56b4e9", "#3f74c4", "#2bb39a", "#e6b450", "#a98fd8", "#d98fb0", "#8aa0b8")
"""Colours of the channels, in the order of their counts: distinguishable with any colour vision on the dark ground."""

CONFIG: Final[dict[str, Any]] = {"displayModeBar": False, "responsive": True, "scrollZoom": False}


def dressed(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """The figure in the wall's dress."""
    axis = {"gridcolor": GRID, "zeroline": False, "tickfont": {"size": 11, "color": MUTED}, "fixedrange": True}
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 4, "b": 4},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 12, "color": INK},
        hoverlabel={"bgcolor": "#0d1a2d", "bordercolor": "#2c4a72", "font": {"family": FONT, "size": 12}},
        xaxis=axis,
        yaxis=axis,
        uirevision="keep",
    )
    figure.update_layout(**layout)
    return figure
