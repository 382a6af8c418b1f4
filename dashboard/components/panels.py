"""The wall's side panels: live feed, charts, layers with their legend, and the curtain for loading and failing."""

from dash import html

from dashboard.components.icon import icon
from dashboard.i18n import Words


def feed_panel(words: Words) -> html.Aside:
    """The live feed; its rows are written by the wall's script."""
    return html.Aside(
        className="panel feed",
        **{"aria-label": words("wall.feed.title"), "data-covers": "left"},
        children=[
            html.Header(
                className="panel-head",
                children=[
                    html.H2(words("wall.feed.title"), **{"data-slot": "feed-title"}),
                    html.Span("", className="panel-count", **{"data-slot": "feed-count"}),
                    html.Button(
                        words("wall.feed.back"),
                        type="button",
                        className="quiet-button",
                        hidden=True,
                        **{"data-slot": "feed-back"},
                    ),
                ],
            ),
            html.Div(className="search", children=[search_box(words)]),
            html.Div(className="feed-body", children=[html.Ol(className="feed-list", **{"data-slot": "feed"})]),
            html.Button("", type="button", className="feed-more", hidden=True, **{"data-slot": "feed-more"}),
            html.P(words("wall.feed.empty"), className="panel-note", hidden=True, **{"data-slot": "feed-empty"}),
        ],
    )


def search_box(words: Words) -> html.Div:
    """Where the feed is searched; ``/`` leads here."""
    return html.Div(**{"data-slot": "search-box", "data-placeholder": words("wall.feed.search")})


def chart_panel(name: str, words: Words) -> html.Section:
    """A titled chart, drawn by the wall's script into the slot ``name``."""
    empty = html.P(words("wall.charts.empty"), className="panel-note", hidden=True, **{"data-slot": f"{name}-empty"})
    return html.Section(
        className=f"panel chart-panel chart-panel-{name}",
        children=[
            html.Header(html.H2(words(f"wall.charts.{name}")), className="panel-head"),
            html.Div(className="chart", **{"data-slot": name}),
            empty,
        ],
    )


def layer_panel(words: Words) -> html.Section:
    """The switches of the map's layers and the legend of what is on; both come with the city."""
    return html.Section(
        className="panel layers",
        **{"aria-label": words("wall.layers.title")},
        children=[
            html.Header(className="panel-head", children=[html.H2(words("wall.layers.title"))]),
            html.Div(className="layer-list", **{"data-slot": "layers"}),
            html.Dl(className="legend", **{"data-slot": "legend", "aria-label": words("wall.legend.title")}),
        ],
    )


def curtain(words: Words) -> html.Div:
    """What stands before the map while it loads, when there is no city, or when loading failed."""
    return html.Div(
        className="curtain",
        role="status",
        **{"data-slot": "curtain", "data-state": "loading"},
        children=[
            html.Span(className="state-needle"),
            html.Span([icon("triangle-alert")], className="state-icon"),
            html.H2(words("wall.curtain.loading"), **{"data-slot": "curtain-title"}),
            html.P("", **{"data-slot": "curtain-text"}),
            html.Button(
                words("wall.curtain.retry"), type="button", className="button", hidden=True, **{"data-slot": "retry"}
            ),
        ],
    )
