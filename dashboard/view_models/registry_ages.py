"""The pyramid of ages as a figure: men to the left, women to the right, the youngest below."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from dashboard.i18n import Words

#: Ink, faint ink, lines, men, women: the tones of css/tokens.css, which differ in lightness too.
DARK: Final = ("#dbe6f3", "#8fa5bf", "#22344a", "#4f97e0", "#f7cf46")
LIGHT: Final = ("#16222f", "#55677a", "#d9dee3", "#074e93", "#b77b00")


def ages_figure(bands: Sequence[Mapping[str, Any]], say: Words, *, light: bool) -> go.Figure:
    """The figure of bands as ``registry_view.bands`` makes them; what is of too few is left out."""
    ink, faint, line, men, women = LIGHT if light else DARK
    ages = [band["ages"] for band in bands]
    most = max((band[sex] or 0 for band in bands for sex in ("male", "female")), default=0) or 1
    step = rounded(most)
    figure = go.Figure()
    for sex, sign, colour in (("male", -1, men), ("female", 1, women)):
        counts = [band[sex] for band in bands]
        figure.add_bar(
            y=ages,
            x=[None if count is None else sign * count for count in counts],
            name=say(f"registry.sex.{sex}"),
            orientation="h",
            marker={"color": colour, "line": {"width": 0}},
            customdata=counts,
            hovertemplate=say("registry.ages.hover"),
        )
    marks = [step * k for k in range(-2, 3)]
    figure.update_layout(
        barmode="relative",
        bargap=0.18,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Inter, 'Noto Sans CJK SC', sans-serif", "size": 12, "color": ink},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0.5, "xanchor": "center"},
        margin={"l": 8, "r": 12, "t": 34, "b": 30},
        hoverlabel={"font": {"family": "Inter, sans-serif"}},
        dragmode=False,
    )
    figure.update_xaxes(
        tickvals=marks,
        ticktext=[f"{abs(mark):,}" for mark in marks],
        range=[-most * 1.08, most * 1.08],
        gridcolor=line,
        zerolinecolor=faint,
        tickfont={"color": faint},
        fixedrange=True,
    )
    figure.update_yaxes(type="category", tickfont={"color": faint}, fixedrange=True, automargin=True)
    return figure


def rounded(most: int) -> int:
    """A step of which two reach nearly as far as the most: 1, 2 or 5 times a power of ten."""
    wanted, size = max(most / 2, 1), 1
    while size * 10 <= wanted:
        size *= 10
    return max(size * factor for factor in (1, 2, 5) if size * factor <= wanted)
