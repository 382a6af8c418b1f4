"""What stands over the wall's map: the filters, and the notices of an alarm, of a lost connection and of the tour."""

from dash import html

from dashboard.components.icon import icon
from dashboard.i18n import Words


def filter_bar(words: Words) -> html.Div:
    """The button that opens the filters, the chosen ones as chips, and the panel to choose from; filled in by the script."""
    return html.Div(
        className="filter-bar",
        **{"data-covers": "top"},
        children=[
            html.Button(
                [icon("filter"), words("wall.filter.title"), html.Kbd("F")],
                type="button",
                className="filter-open",
                **{"data-slot": "filter-open", "aria-expanded": "false", "aria-controls": "wall-filters"},
            ),
            html.Div(className="filter-chips", **{"data-slot": "filter-chips"}),
            html.Button(
                words("wall.filter.clear"),
                type="button",
                className="quiet-button",
                hidden=True,
                **{"data-slot": "filter-clear"},
            ),
            html.Section(
                html.Div(className="facets", **{"data-slot": "filter-facets"}),
                id="wall-filters",
                className="panel filter-panel",
                hidden=True,
                **{"data-slot": "filter-panel", "aria-label": words("wall.filter.title")},
            ),
        ],
    )


def notices(words: Words) -> html.Div:
    """Alarm, surges, lost connection, cases still being read: shown by the script when there is reason."""
    shown = [stale_note(words), filling_note(), surge_note(words), alarm_note(words)]
    return html.Div(className="notices", children=shown)


def surge_note(words: Words) -> html.Section:
    """Similar reports that suddenly gather, each group offered as one incident."""
    label = {"data-slot": "surges", "aria-label": words("wall.surge.title"), "aria-live": "polite"}
    return html.Section(className="wall-surges", hidden=True, **label)


def stale_note(words: Words) -> html.Div:
    """The picture is old, and how old."""
    return html.Div(
        className="stale",
        role="alert",
        hidden=True,
        **{"data-slot": "stale"},
        children=[
            icon("wifi-off"),
            html.B(words("wall.stale.offline"), **{"data-slot": "stale-text"}),
            html.Span("", **{"data-slot": "stale-age"}),
        ],
    )


def filling_note() -> html.Div:
    """How far the server is with reading the cases."""
    return html.Div("", className="filling", role="status", hidden=True, **{"data-slot": "filling"})


def alarm_note(words: Words) -> html.Section:
    """Cases that want an eye now, each with a button that says it has been seen."""
    return html.Section(
        className="alarm",
        hidden=True,
        **{"data-slot": "alarm", "aria-label": words("wall.alarm.title"), "aria-live": "assertive"},
        children=[
            html.Header(
                [
                    icon("siren"),
                    html.H2(words("wall.alarm.title")),
                    html.Span("", className="alarm-count", **{"data-slot": "alarm-count"}),
                    html.Button(
                        icon("chevron-down"),
                        type="button",
                        className="icon-button alarm-open",
                        title=words("wall.alarm.all"),
                        **{"data-slot": "alarm-open", "aria-expanded": "false", "aria-label": words("wall.alarm.all")},
                    ),
                    html.Button(
                        icon("bell"),
                        type="button",
                        className="icon-button",
                        title=words("wall.alarm.sound"),
                        **{
                            "data-slot": "alarm-sound",
                            "aria-pressed": "false",
                            "aria-label": words("wall.alarm.sound"),
                        },
                    ),
                ]
            ),
            html.Ol(className="alarm-list", **{"data-slot": "alarm-list"}),
            html.P("", className="alarm-more", **{"data-slot": "alarm-more"}),
        ],
    )


def tour_card(words: Words) -> html.Section:
    """What the automatic tour tells of a place: what, where, who, how long."""
    return html.Section(
        className="panel tour",
        hidden=True,
        **{"data-slot": "tour", "aria-label": words("wall.tour.title"), "aria-live": "polite"},
        children=[
            html.Header(
                [
                    html.Span(words("wall.tour.title"), className="tour-title"),
                    html.Span("", className="tour-step", **{"data-slot": "tour-step"}),
                ]
            ),
            html.H2("", **{"data-slot": "tour-where"}),
            html.P("", className="tour-what", **{"data-slot": "tour-what"}),
            html.Ol(className="tour-cases", **{"data-slot": "tour-cases"}),
        ],
    )
