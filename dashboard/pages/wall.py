"""``/wall``: the wall map. What is happening now, where, who is on it, how many minutes are left.

Map, feed, figures and charts are the page's script, over vector tiles, ``/api/wall/snapshot`` and ``/ws/live``; the drawer is a
Dash callback, asked by the script through a store.
"""

from enum import StrEnum
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from dashboard.components.panels import chart_panel, curtain, feed_panel, layer_panel
from dashboard.components.time_slider import time_slider
from dashboard.components.topbar import topbar
from dashboard.components.wall_filters import filter_bar, notices, tour_card
from dashboard.i18n import Words, words
from dashboard.page import Page
from dashboard.pages.opened_case import opened_case
from dashboard.wall_state import Wall


class Ids(StrEnum):
    """Ids of this page."""

    CONFIG = "wall-config"
    MAP = "wall-map"
    SELECTED = "wall-selected"
    DRAWER = "wall-drawer"
    CANDIDATES = "wall-candidates"
    STARTED = "wall-started"
    DRAWN = "wall-drawn"


def layout(say: Words, assets: str) -> Component:
    """The page in one language. ``assets``: the address under which this version's files lie."""
    config = {"language": say.language, "words": say.under("wall"), "assets": assets}
    return html.Main(
        className="wall",
        lang=say.language,
        children=[
            dcc.Store(id=Ids.CONFIG, data=config),
            dcc.Store(id=Ids.SELECTED),
            dcc.Store(id=Ids.CANDIDATES),
            dcc.Store(id=Ids.STARTED),
            dcc.Store(id=Ids.DRAWN),
            html.Div(id=Ids.MAP, className="map", role="application", **{"aria-label": say("wall.map")}),
            topbar(say),
            filter_bar(say),
            notices(say),
            feed_panel(say),
            html.Div(
                className="right",
                **{"data-covers": "right"},
                children=[chart_panel("hours", say), chart_panel("ranking", say), layer_panel(say)],
            ),
            time_slider(say),
            tour_card(say),
            html.P("", className="alarm-said", role="status", **{"data-slot": "alarm-said"}),
            html.Aside(
                className="panel drawer",
                hidden=True,
                children=html.Div(id=Ids.DRAWER),
                **{"data-slot": "drawer", "data-covers": "right"},
            ),
            html.Div(className="tip", hidden=True, **{"data-slot": "tip"}),
            curtain(say),
        ],
    )


def register(app: Dash, wall: Wall) -> None:
    """The page's callbacks."""

    @app.callback(
        Output(Ids.DRAWER, "children"),
        Output(Ids.CANDIDATES, "data"),
        Input(Ids.SELECTED, "data"),
        State(Ids.CONFIG, "data"),
        prevent_initial_call=True,
    )
    async def open_case(selected: dict[str, Any] | None, config: dict[str, Any]) -> tuple[Component, dict[str, Any]]:
        """The selected case in the drawer, its candidates on the map."""
        return await opened_case(wall, selected, words(config["language"]), may_override=False)

    app.clientside_callback(ClientsideFunction("wall", "start"), Output(Ids.STARTED, "data"), Input(Ids.CONFIG, "data"))
    app.clientside_callback(
        ClientsideFunction("wall", "drawCandidates"), Output(Ids.DRAWN, "data"), Input(Ids.CANDIDATES, "data")
    )


PAGE = Page(
    path="/wall",
    title="wall.title",
    layout=layout,
    register=register,
    icon="map",
    theme="dark",
    modules=("modules/main.mjs",),
    fetches=("/api/wall/snapshot",),
    sheets=("vendor/maplibre-gl.css",),
)
