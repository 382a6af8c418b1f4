"""The strip above the wall: the city's name, its key figures, the clock, the state of the connection, the tour."""

from enum import StrEnum

from dash import html

from dashboard.components.icon import icon
from dashboard.i18n import Words


class Figure(StrEnum):
    """The key figures in their order; each opens the cases behind it (``/api/wall/behind/…``)."""

    TODAY = "today"
    OPEN = "open"
    OVERDUE = "overdue"
    UNDISPATCHED = "undispatched"
    TIGHTEST = "tightest"
    DISPATCHED = "dispatched"
    LATE = "late"


def topbar(words: Words) -> html.Header:
    """The strip; its numbers are filled in by the wall's script."""
    return html.Header(
        className="topbar",
        **{"data-covers": "top"},
        children=[
            html.Div(
                className="brand",
                children=[
                    html.Span(className="brand-mark"),
                    html.Div(
                        [
                            html.H1("", className="brand-city", **{"data-slot": "city"}),
                            html.P(words("wall.subtitle"), className="brand-subtitle"),
                        ]
                    ),
                ],
            ),
            html.Div(className="figures", role="group", children=[figure_button(figure, words) for figure in Figure]),
            html.Div(className="status", children=[clock(), link_state(words), tour_switch(words)]),
        ],
    )


def figure_button(figure: Figure, words: Words) -> html.Button:
    """One key figure: its name, its number, what to do with it on hover."""
    return html.Button(
        type="button",
        className=f"figure figure-{figure}",
        title=words(f"wall.figure.{figure}.hint"),
        **{"data-figure": figure.value, "aria-pressed": "false"},
        children=[
            html.Span(words(f"wall.figure.{figure}"), className="figure-name"),
            html.Span(
                className="figure-value",
                children=[html.B("", **{"data-slot": "value"}), html.I("", **{"data-slot": "unit"})],
            ),
        ],
    )


def clock() -> html.Div:
    """Time and date of the city."""
    return html.Div(
        className="clock",
        children=[
            html.Time("", className="clock-time", **{"data-slot": "time"}),
            html.Span("", className="clock-date", **{"data-slot": "date"}),
        ],
    )


def link_state(words: Words) -> html.Div:
    """Whether what is shown is live."""
    return html.Div(
        className="link-state",
        role="status",
        **{"data-slot": "link", "data-state": "connecting"},
        children=[
            html.Span(className="link-dot"),
            html.Span(words("wall.link.connecting"), **{"data-slot": "link-word"}),
        ],
    )


def tour_switch(words: Words) -> html.Button:
    """Starts and stops the automatic tour."""
    return html.Button(
        icon("route"),
        type="button",
        className="icon-button tour-toggle",
        title=words("wall.tour.toggle"),
        **{"data-slot": "tour-toggle", "aria-label": words("wall.tour.toggle"), "aria-pressed": "false"},
    )
