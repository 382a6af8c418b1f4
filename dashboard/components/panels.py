"""The wall's side panels: live feed, layers with their legend, charts, drawer, and the curtain for loading and failing."""

from dash import html

from dashboard.i18n import Words


def feed_panel(words: Words) -> html.Aside:
    """The live feed; its rows are written by the wall's script."""
    return html.Aside(
        className="panel feed",
        **{"aria-label": words("wall.feed.title")},
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


def layer_panel(words: Words) -> html.Section:
    """The switches of the map's layers and the legend; the layers themselves come with the city."""
    return html.Section(
        className="panel layers",
        **{"aria-label": words("wall.layers.title"), "data-open": "true"},
        children=[
            html.Header(className="panel-head", children=[html.H2(words("wall.layers.title"))]),
            html.Div(className="layer-list", **{"data-slot": "layers"}),
            html.Dl(className="legend", children=legend(words)),
        ],
    )


def legend(words: Words) -> list[html.Div]:
    """What the marks on the map mean; shape and ring say it besides colour."""
    marks = ("new", "work", "check", "done", "overdue", "urgent", "team", "team-off")
    return [
        html.Div(
            [html.Dt(className=f"mark mark-{mark}"), html.Dd(words(f"wall.legend.{mark}"))], className="legend-item"
        )
        for mark in marks
    ]


def curtain(words: Words) -> html.Div:
    """What stands before the map while it loads, when there is no city, or when loading failed."""
    return html.Div(
        className="curtain",
        **{"data-slot": "curtain", "data-state": "loading"},
        children=[
            html.Span(className="brand-mark curtain-mark"),
            html.H2(words("wall.curtain.loading"), **{"data-slot": "curtain-title"}),
            html.P("", **{"data-slot": "curtain-text"}),
            html.Button(
                words("wall.curtain.retry"), type="button", className="button", hidden=True, **{"data-slot": "retry"}
            ),
        ],
    )
