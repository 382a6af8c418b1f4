"""``/whistles``: the whistle board (吹哨报到): who was called, who came, who keeps silent, and the scores of both sides."""

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.desk import action_bar
from dashboard.components.sheet import sheet, start, tool
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import shared_words
from dashboard.view_models.desk_actions import letters
from dashboard.wall_state import Wall

NAME = "whistles"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    config = {
        "words": shared_words(say) | say.under("desk") | say.under("whistles"),
        "letters": letters(say),
        "assets": assets,
    }
    board = sheet(NAME, say, config, [tool("blow", "bell-ring", say("whistles.blow"))], ("state", "board", "scores"))
    return html.Div([board, action_bar(say)], className="sheet-acting")


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/whistles",
    title="whistles.title",
    layout=layout,
    register=register,
    role=Role.OPERATOR,
    icon="bell-ring",
    modules=("modules/whistles.mjs",),
    fetches=(),
)
