"""``/outreach``: ask residents: which form, where, by which links; how many answered, posters, messages and reminders."""

from typing import Final

from dash import Dash
from dash.development.base_component import Component

from dashboard.components.sheet import sheet, start, tool
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import date_words, shared_words
from dashboard.wall_state import Wall

NAME: Final = "outreach"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    config = {"words": shared_words(say) | date_words(say) | say.under("outreach"), "assets": assets}
    return sheet(NAME, say, config, [tool("new", "circle-plus", say("outreach.new"))], ("state", "list", "one"))


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/outreach",
    title="outreach.title",
    layout=layout,
    register=register,
    role=Role.OWNER,
    icon="megaphone",
    modules=("modules/outreach.mjs",),
    fetches=("/api/outreach",),
    sheets=("vendor/maplibre-gl.css",),
)
