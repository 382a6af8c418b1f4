"""``/identity``: what faces are compared for, at which threshold, what was compared and deleted; a confirmation in person."""

from dash import Dash
from dash.development.base_component import Component

from dashboard.components.sheet import sheet, start
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.wall_state import Wall

NAME = "identity"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    places = ("state", "confirm", "figures", "purposes", "curve", "assessment", "records", "deletions")
    return sheet(NAME, say, {"words": say.under("identity"), "assets": assets}, [], places)


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/identity",
    title="identity.title",
    layout=layout,
    register=register,
    role=Role.STEWARD,
    icon="badge-check",
    modules=("modules/identity.mjs",),
)
