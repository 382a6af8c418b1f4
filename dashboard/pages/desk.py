"""``/desk``: the dispatch desk. Every case in a table beside a map: filter, sort, open, decide otherwise, save, export.

Table, filters and map are the page's script, over ``/api/desk``; the drawer is a Dash callback, asked by the script through a
store.
"""

from enum import StrEnum
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from dashboard.components.desk import action_bar, filter_bar, map_tools, queue_bar, table, toolbar
from dashboard.i18n import Words, words
from dashboard.page import Page, Role
from dashboard.pages.opened_case import opened_case
from dashboard.view_models.desk_actions import letters
from dashboard.wall_state import Wall


class Ids(StrEnum):
    """Ids of this page."""

    CONFIG = "desk-config"
    GRID = "desk-grid"
    MAP = "desk-map"
    SELECTED = "desk-selected"
    DRAWER = "desk-drawer"
    CANDIDATES = "desk-candidates"
    STARTED = "desk-started"
    DRAWN = "desk-drawn"


def layout(say: Words, assets: str) -> Component:
    """The page in one language. ``assets``: the address under which this version's files lie."""
    config = {
        "language": say.language,
        "words": shared_words(say) | say.under("desk"),
        "letters": letters(say),
        "map_words": say.under("wall"),
        "assets": assets,
        "grid": Ids.GRID,
        "map": Ids.MAP,
        "selected": Ids.SELECTED,
    }
    return html.Main(
        className="desk",
        lang=say.language,
        children=[
            dcc.Store(id=Ids.CONFIG, data=config),
            dcc.Store(id=Ids.SELECTED),
            dcc.Store(id=Ids.CANDIDATES),
            dcc.Store(id=Ids.STARTED),
            dcc.Store(id=Ids.DRAWN),
            toolbar(say),
            queue_bar(say),
            filter_bar(say),
            table(Ids.GRID, say),
            action_bar(say),
            html.Section(
                className="desk-side",
                **{"data-slot": "side", "aria-label": say("desk.map")},
                children=[
                    html.Div([html.Div(id=Ids.MAP, className="map"), map_tools(say)], className="desk-map"),
                    html.Aside(
                        html.Div(id=Ids.DRAWER),
                        className="drawer",
                        hidden=True,
                        tabIndex="-1",
                        **{"data-slot": "drawer"},
                    ),
                ],
            ),
        ],
    )


def shared_words(say: Words) -> dict[str, str]:
    """The wall's words for what is left of a deadline, and the frame's for a lost connection and for files."""
    shared = {key: text for key, text in say.under("wall").items() if key.startswith(("row.", "short."))}
    return shared | {key: text for key, text in say.under("frame").items() if key.startswith(("offline.", "file."))}


def date_words(say: Words) -> dict[str, str]:
    """The words of ``date_field.mjs``."""
    return {key: text for key, text in say.under("desk").items() if key.startswith("date.")}


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
        return await opened_case(wall, selected, words(config["language"]), may_override=True)

    app.clientside_callback(ClientsideFunction("desk", "start"), Output(Ids.STARTED, "data"), Input(Ids.CONFIG, "data"))
    app.clientside_callback(
        ClientsideFunction("desk", "opened"), Output(Ids.DRAWN, "data"), Input(Ids.CANDIDATES, "data")
    )


PAGE = Page(
    path="/desk",
    title="desk.title",
    layout=layout,
    register=register,
    role=Role.OPERATOR,
    icon="table-2",
    modules=("modules/desk.mjs", "vendor/maplibre-gl.mjs"),
    fetches=("/api/wall/snapshot",),
    sheets=("vendor/maplibre-gl.css",),
    packages=("dash_ag_grid",),
)
