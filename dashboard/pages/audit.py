"""``/audit``: who did what, when, to what, from where."""

from dash import Dash, html
from dash.development.base_component import Component

from dashboard.components.icon import icon
from dashboard.components.sheet import sheet, start
from dashboard.i18n import Words
from dashboard.page import Page, Role
from dashboard.wall_state import Wall

NAME = "audit"


def layout(say: Words, assets: str) -> Component:
    """The page in one language."""
    export = html.A(
        [icon("download"), html.Span(say("audit.export"))],
        href="/api/audit/file.csv",
        className="desk-button",
        **{"data-slot": "export"},
    )
    config = {"words": say.under("audit"), "assets": assets}
    return sheet(NAME, say, config, [export], ("state", "filter", "entries"))


def register(app: Dash, _wall: Wall) -> None:
    """The page's callbacks."""
    start(app, NAME)


PAGE = Page(
    path="/audit",
    title="audit.title",
    layout=layout,
    register=register,
    role=Role.STEWARD,
    icon="history",
    modules=("modules/audit.mjs",),
)
