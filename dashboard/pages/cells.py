"""``/cells``: which cells and buildings are covered, which are not, who goes where: by forms; ``/cells/patrol``: by patrols."""

from typing import Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.icon import icon
from dashboard.components.sheet import map_stage, scripted, start
from dashboard.components.states import skeleton
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import date_words, shared_words
from dashboard.wall_state import Wall

NAME: Final = "cells"
TABS: Final = ("areas", "workers", "route")


def layout(say: Words, assets: str) -> Component:
    """The page in one language: the map with its figures, and beside it what is left, who goes there, and the doors."""
    config = {"words": shared_words(say) | date_words(say) | say.under("cells"), "assets": assets}
    return scripted(
        NAME,
        say,
        config,
        "cells",
        [
            head(say),
            map_stage("cells-map", say("cells.map")),
            side(say),
        ],
    )


def head(say: Words) -> Component:
    """Title, the asking that is looked at, and what can be taken away."""
    chooser = html.Div(className="cells-asking", **{"data-slot": "asking"})
    return html.Header(
        className="sheet-head cells-head",
        children=[
            html.H1(say("cells.title")),
            views(say),
            chooser,
            html.P(className="desk-total", role="status", **{"data-slot": "total"}),
            html.Div(
                [html.Div(className="cells-files", **{"data-slot": "files"}), print_button(say)],
                className="sheet-tools",
            ),
        ],
    )


def views(say: Words) -> Component:
    """The way between coverage by forms and coverage by patrols; the script of the page says which is shown."""
    links = [
        html.A(say(f"cells.patrol.view.{view}"), href=href, **{"data-view": view})
        for view, href in (("forms", "/cells"), ("patrol", "/cells/patrol"))
    ]
    return html.Nav(links, className="cells-views", **{"aria-label": say("cells.patrol.views")})


def print_button(say: Words) -> Component:
    """Print what the side shows: the walk with its addresses, or the table."""
    return html.Button(
        [icon("printer"), html.Span(say("cells.print"))],
        type="button",
        className="desk-button",
        **{"data-slot": "print"},
    )


def side(say: Words) -> Component:
    """The figures, and what a tab shows; a building's doors lie over it."""
    tabs = [
        html.Button(say(f"cells.tab.{tab}"), type="button", role="tab", id=f"cells-tab-{tab}", **{"data-tab": tab})
        for tab in TABS
    ]
    return html.Aside(
        className="cells-side",
        **{"aria-label": say("cells.side")},
        children=[
            html.Div(skeleton(3), className="cells-state", **{"data-slot": "state"}),
            html.Div(className="cells-figures", **{"data-slot": "figures"}),
            html.Div(tabs, className="cells-tabs", role="tablist", **{"aria-label": say("cells.tabs")}),
            html.Div(className="cells-pane", role="tabpanel", tabIndex="-1", **{"data-slot": "pane"}),
            html.Section(
                className="cells-doors", hidden=True, **{"data-slot": "doors", "aria-label": say("cells.doors")}
            ),
        ],
    )


def register(app: Dash, _wall: Wall) -> None:
    """Let the page's script begin when the page is there."""
    start(app, NAME)


PAGE = Page(
    path="/cells",
    title="cells.title",
    layout=layout,
    register=register,
    role=Role.SUPERVISOR,
    icon="grid-3x3",
    modules=("modules/cells.mjs",),
    fetches=("/api/coverage",),
    sheets=("vendor/maplibre-gl.css",),
    inside=True,
)
