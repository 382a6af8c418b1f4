"""``/department``: what a department has to sign for, handle and answer, its whistles, and its own system's line."""

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.desk import action_bar
from dashboard.components.sheet import sheet, start
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import shared_words
from dashboard.view_models.desk_actions import letters
from dashboard.wall_state import Wall

NAME = "department"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    config = {
        "words": shared_words(say) | say.under("desk") | say.under("whistles") | say.under("department"),
        "letters": letters(say),
        "assets": assets,
    }
    chooser = html.Div(className="sheet-chooser", **{"data-slot": "chooser"})
    work = sheet(NAME, say, config, [chooser], ("state", "lists", "whistles", "systems"))
    return html.Div([work, action_bar(say)], className="sheet-acting")


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/department",
    title="department.title",
    layout=layout,
    register=register,
    role=Role.HANDLER,
    icon="building-2",
    modules=("modules/department.mjs",),
)
