"""``/accounts``: who may sign in, with which role, and what they see."""

from dash import Dash
from dash.development.base_component import Component

from dashboard.components.sheet import sheet, start, tool
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.wall_state import Wall

NAME = "accounts"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    config = {"words": say.under("accounts"), "assets": assets}
    return sheet(NAME, say, config, [tool("add", "circle-plus", say("accounts.add"))], ("state", "accounts"))


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/accounts",
    title="accounts.title",
    layout=layout,
    register=register,
    role=Role.STEWARD,
    icon="users",
    modules=("modules/accounts.mjs",),
)
