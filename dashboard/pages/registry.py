"""``/registry``: how much is held where; ``/registry/<code>``: a record; ``/registry/review``, ``/import``, ``/keys``: its rooms.

One page: its script (``modules/registry.mjs``) tells the addresses apart. The pyramid alone is plotly's; a browser fetches
that when somebody opens the tab, and no sooner.
"""

from enum import StrEnum
from typing import Any, Final

import plotly.graph_objects as go
from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.accounts import require
from dashboard.components.icon import icon
from dashboard.components.sheet import scripted, start
from dashboard.components.states import skeleton
from dashboard.i18n import Words, language_of, words
from dashboard.page import Page, Role
from dashboard.pages.desk import date_words, shared_words
from dashboard.registry_ages import load_bands
from dashboard.sessions import current_account
from dashboard.view_models.registry_ages import ages_figure
from dashboard.wall_state import Wall

NAME: Final = "registry"
TABS: Final = ("areas", "ages")


class Ids(StrEnum):
    """Ids that Dash knows: what the script asks the pyramid for, and where it is drawn."""

    ASKED = "registry-asked"
    AGES = "registry-ages"


def layout(say: Words, assets: str) -> Component:
    """The page in one language: the map with its switches and its side, and the room of the other addresses."""
    config = {"words": shared_words(say) | date_words(say) | say.under("registry"), "assets": assets}
    return scripted(
        NAME,
        say,
        config,
        "registry",
        [
            dcc.Store(id=Ids.ASKED),
            html.Div(className="registry-room", children=skeleton(4), **{"data-slot": "room"}),
            html.Div(className="registry-home", children=[head(say), the_map(say), side(say)]),
        ],
    )


def head(say: Words) -> Component:
    """Title, finding, and the ways to the other rooms."""
    return html.Header(
        className="sheet-head registry-head",
        children=[
            html.H1(say("registry.title")),
            html.Div(className="registry-find", **{"data-slot": "find"}),
            html.Nav(className="sheet-tools", **{"data-slot": "rooms", "aria-label": say("registry.rooms")}),
        ],
    )


def the_map(say: Words) -> Component:
    """The map; what is drawn on it is switched over it, and said by its legend."""
    return html.Section(
        className="registry-map",
        **{"aria-label": say("registry.map")},
        children=[
            html.Div(className="map", **{"data-slot": "map"}),
            html.Div(className="registry-switches", **{"data-slot": "switches"}),
            html.Div(className="registry-legend", **{"data-slot": "legend"}),
        ],
    )


def side(say: Words) -> Component:
    """Figures, and what a tab shows; who lives in a building lies over it."""
    tabs = [
        html.Button(
            [icon("table-2" if tab == "areas" else "users"), html.Span(say(f"registry.tab.{tab}"))],
            type="button",
            role="tab",
            id=f"registry-tab-{tab}",
            **{"data-tab": tab},
        )
        for tab in TABS
    ]
    return html.Aside(
        className="registry-side",
        **{"aria-label": say("registry.side")},
        children=[
            html.Div(skeleton(3), className="registry-state", **{"data-slot": "state"}),
            html.Div(className="registry-figures", **{"data-slot": "figures"}),
            html.Div(tabs, className="cells-tabs", role="tablist", **{"aria-label": say("registry.tabs")}),
            html.Div(className="registry-pane", role="tabpanel", tabIndex="0", **{"data-slot": "pane"}),
            html.Div(id=Ids.AGES, className="registry-ages", hidden=True, **{"data-slot": "ages"}),
            html.Section(className="registry-at", hidden=True, **{"data-slot": "at", "aria-label": say("registry.at")}),
        ],
    )


def register(app: Dash, wall: Wall) -> None:
    """The pyramid when it is asked for; all else is the script's."""

    @app.callback(Output(Ids.AGES, "children"), Input(Ids.ASKED, "data"), prevent_initial_call=True)
    async def draw_ages(asked: dict[str, Any] | None) -> Component | None:
        """Ages and sexes of an area: ``area`` (layer:code, or none), ``lang``, ``theme``."""
        if not asked:
            return None
        account = current_account()
        require(account, "page.registry")
        say = words(language_of(asked.get("lang")))
        layer, _, code = str(asked.get("area") or "").partition(":")
        bands = await load_bands(wall, account, (layer, code) if code else None)
        return graph(ages_figure(bands, say, light=asked.get("theme") == "light"), say)

    start(app, NAME)


def graph(figure: go.Figure, say: Words) -> Component:
    """A figure without plotly's own buttons, filling its place."""
    config = {"displayModeBar": False, "responsive": True}
    return html.Div(
        dcc.Graph(figure=figure, config=config, className="registry-graph"),
        role="img",
        **{"aria-label": say("registry.ages.about")},
    )


PAGE = Page(
    path="/registry",
    title="registry.title",
    layout=layout,
    register=register,
    role=Role.STEWARD,
    icon="library",
    modules=("modules/registry.mjs",),
    sheets=("vendor/maplibre-gl.css",),
    inside=True,
)
