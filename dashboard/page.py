"""What a page is, and how the one Dash app shows the page of an address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.i18n import Words, language_of, words
from dashboard.wall_state import Wall


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    path : str
        Its address, ``/wall``.
    title : str
        Message id of its title.
    layout : callable
        (words, address of the assets) -> the page's components; reads no data.
    register : callable
        (app, state of the process): declares the page's callbacks.
    """

    path: str
    title: str
    layout: Callable[[Words, str], Component]
    register: Callable[[Dash, Wall], None]


class Ids(StrEnum):
    """Ids of the frame around every page."""

    ADDRESS = "address"
    PAGE = "page"


def install(app: Dash, wall: Wall, pages: Sequence[Page], assets: str) -> None:
    """Give the app its frame, its pages and their callbacks."""
    by_path = {page.path: page for page in pages}
    app.layout = html.Div([dcc.Location(id=Ids.ADDRESS, refresh=False), html.Div(id=Ids.PAGE)])
    app.validation_layout = html.Div([app.layout, *(page.layout(words("zh"), assets) for page in pages)])

    @app.callback(Output(Ids.PAGE, "children"), Input(Ids.ADDRESS, "pathname"), Input(Ids.ADDRESS, "search"))
    async def show(pathname: str | None, search: str | None) -> Component:
        """The page of the address in the language that it asks for."""
        query = parse_qs((search or "").removeprefix("?"))
        say = words(language_of(query.get("lang", [""])[0]))
        page = by_path.get(pathname or "")
        return page.layout(say, assets) if page else no_page(say)

    for page in pages:
        page.register(app, wall)


def no_page(say: Words) -> Component:
    """What stands at an address that has no page."""
    return html.Main(
        className="lost",
        children=[html.H1(say("page.none")), html.A(say("page.to_wall"), href="/wall", className="button")],
    )
