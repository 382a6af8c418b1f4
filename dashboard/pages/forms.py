"""``/forms``: forms that residents are asked; ``/forms/<key>``: what was answered; ``/forms/<draft>/edit``: the builder.

One page: its script (``modules/forms.mjs``) tells the addresses apart and brings in what the address shows.
"""

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.sheet import scripted, start
from dashboard.components.states import skeleton
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.pages.desk import shared_words
from dashboard.wall_state import Wall

NAME = "forms"


def layout(say: Words, assets: str) -> Component:
    """The page in one language; what stands in it is the script's."""
    config = {"words": shared_words(say) | say.under("forms"), "assets": assets}
    room = html.Div(skeleton(), className="forms-room", **{"data-slot": "room"})
    return scripted(NAME, say, config, "forms", [room])


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/forms",
    title="forms.title",
    layout=layout,
    register=register,
    role=Role.OWNER,
    icon="file-text",
    modules=("modules/forms.mjs",),
    sheets=("vendor/maplibre-gl.css",),
    inside=True,
)
