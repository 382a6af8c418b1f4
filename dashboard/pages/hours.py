"""``/hours``: the city's working hours, by which limits run that are not 紧急."""

from dash import Dash
from dash.development.base_component import Component

from dashboard.components.sheet import sheet, start
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.wall_state import Wall

NAME = "hours"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    return sheet(NAME, say, {"words": say.under("hours"), "assets": assets}, [], ("state", "form"))


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/hours",
    title="hours.title",
    layout=layout,
    register=register,
    role=Role.STEWARD,
    icon="clock",
    modules=("modules/hours.mjs",),
)
