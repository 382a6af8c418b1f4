"""``/indicators``: rates of a period by named definitions, over time, and in leagues that are fair to small numbers."""

from typing import Final

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.sheet import scripted, start, tool
from dashboard.components.states import skeleton
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import shared_words
from dashboard.wall_state import Wall

NAME: Final = "indicators"


def layout(say: Words, assets: str) -> Component:
    """The page in one language: what is asked, the indicators, the league, the definitions."""
    config = {"words": shared_words(say) | say.under("indicators"), "assets": assets}
    places = [
        html.Div(skeleton(4), className="sheet-state", **{"data-slot": "state"}),
        html.Div(className="indicators-asked", **{"data-slot": "asked"}),
        html.Section(className="indicators-cards", **{"data-slot": "cards", "aria-label": say("indicators.cards")}),
        html.Section(className="indicators-league", **{"data-slot": "league", "aria-label": say("indicators.league")}),
        html.Section(
            className="indicators-definitions",
            **{"data-slot": "definitions", "aria-label": say("indicators.definitions")},
        ),
    ]
    return scripted(
        NAME,
        say,
        config,
        "sheet sheet-indicators",
        [
            html.Header(
                className="sheet-head",
                children=[
                    html.H1(say("indicators.title")),
                    html.P(className="desk-total", role="status", **{"data-slot": "total"}),
                    html.Div([tool("report", "file-text", say("indicators.report"))], className="sheet-tools"),
                ],
            ),
            html.Div(places, className="sheet-body"),
        ],
    )


def register(app: Dash, _wall: Wall) -> None:
    """Let the page's script begin when the page is there."""
    start(app, NAME)


PAGE = Page(
    path="/indicators",
    title="indicators.title",
    layout=layout,
    register=register,
    role=Role.SUPERVISOR,
    icon="percent",
    modules=("modules/indicators.mjs",),
)
