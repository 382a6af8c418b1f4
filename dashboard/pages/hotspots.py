"""``/hotspots``: where much lies beside much and whether it is more than chance; what became of it; what is behind it."""

from typing import Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.sheet import analysis_head, map_stage, scripted, start
from dashboard.components.states import skeleton
from dashboard.hotspots.files import FORMATS
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import date_words, shared_words
from dashboard.wall_state import Wall

NAME: Final = "hotspots"


def layout(say: Words, assets: str) -> Component:
    """The page in one language: the map with its legend, and beside it what is asked, what was found, the hotspots."""
    config = {"words": shared_words(say) | say.under("hotspots") | date_words(say), "assets": assets}
    views = html.Div(
        className="indicators-choices", role="group", **{"data-slot": "views", "aria-label": say("hotspots.views")}
    )
    head = analysis_head(say("hotspots.title"), FORMATS, [views])
    stage = map_stage("spots-map", say("hotspots.map"))
    side = html.Aside(
        className="spots-side",
        **{"aria-label": say("hotspots.side")},
        children=[
            html.Div(className="spots-asked", **{"data-slot": "asked"}),
            html.Div(skeleton(3), className="cells-state", **{"data-slot": "state"}),
            html.Div(className="spots-verdict", **{"data-slot": "verdict"}),
            html.Div(className="spots-list", **{"data-slot": "list"}),
        ],
    )
    return scripted(NAME, say, config, "spots", [head, stage, side])


def register(app: Dash, _wall: Wall) -> None:
    """Let the page's script begin when the page is there."""
    start(app, NAME)


PAGE = Page(
    path="/hotspots",
    title="hotspots.title",
    layout=layout,
    register=register,
    role=Role.PLANNER,
    icon="flame",
    modules=("modules/hotspots.mjs",),
    sheets=("vendor/maplibre-gl.css",),
)
