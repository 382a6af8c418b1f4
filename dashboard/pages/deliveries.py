"""``/deliveries``: how connected systems are told of cases, what did not arrive and why; residents' letters nobody could file."""

from dash import Dash
from dash.development.base_component import Component

from dashboard.components.sheet import sheet, start
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import shared_words
from dashboard.wall_state import Wall

NAME = "deliveries"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    config = {"words": shared_words(say) | say.under("deliveries"), "assets": assets}
    return sheet(NAME, say, config, [], ("state", "systems", "letters", "parked"))


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/deliveries",
    title="deliveries.title",
    layout=layout,
    register=register,
    role=Role.STEWARD,
    icon="route",
    modules=("modules/deliveries.mjs",),
)
