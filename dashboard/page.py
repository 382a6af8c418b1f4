"""What a page is, and how the one Dash app shows the page of an address inside its frame."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dash import Dash, Input, Output, ctx, dcc, html
from dash.development.base_component import Component

from dashboard.accounts import Account, may, role_names
from dashboard.components.frame import Entry, Who, frame, keyboard_help, reach_banner, trouble
from dashboard.components.states import lost
from dashboard.i18n import Words, words
from dashboard.preferences import Theme, read_preferences
from dashboard.sessions import current_account
from dashboard.wall_state import Wall


class Role(StrEnum):
    """Who works with a page; navigation groups pages by role, in this order."""

    OPERATOR = "operator"
    HANDLER = "handler"
    SUPERVISOR = "supervisor"
    PLANNER = "planner"
    OWNER = "owner"
    STEWARD = "steward"


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    path : str
        Its address, ``/wall``; ``nav.wall`` is the message id of its name in the navigation.
    title : str
        Message id of its title.
    layout : callable
        (words, address of the assets) -> the page's components; reads no data.
    register : callable
        (app, state of the process): declares the page's callbacks.
    role : Role
        Under whom navigation lists it.
    icon : str
        A name of ``icons.txt``.
    theme : str
        The theme of a visitor who chose none.
    modules : tuple of str
        Scripts below the assets that the browser fetches at once, with all that they import; ``modules/main.mjs``.
    fetches : tuple of str
        Addresses of ours that the page's script will ask for first; the browser asks while scripts still load.
    sheets : tuple of str
        Style sheets below the assets besides our own.
    packages : tuple of str
        Packages of Dash components that the page uses besides Dash's own; no other page carries their scripts.
    inside : bool
        Whether addresses below its own are its own too, ``/forms/7/edit``; its script tells them apart.
    """

    path: str
    title: str
    layout: Callable[[Words, str], Component]
    register: Callable[[Dash, Wall], None]
    role: Role = Role.OPERATOR
    icon: str = "layout-dashboard"
    theme: Theme = "auto"
    modules: tuple[str, ...] = ()
    fetches: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    inside: bool = False

    @property
    def name(self) -> str:
        """Message id of its name in the navigation."""
        return f"nav.{self.path.strip('/')}"

    @property
    def right(self) -> str:
        """The right that opens it (``rights.csv``)."""
        return f"page.{self.path.strip('/')}"


def page_at(path: str, pages: Mapping[str, Page]) -> Page | None:
    """The page of an address, by the pages' own; None where none is."""
    page = pages.get("/" + path.strip("/").partition("/")[0])
    return page if page is not None and (page.inside or page.path == path) else None


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
        """The page of the address, as the person likes it."""
        account, wanted = current_account(), read_preferences(search, ctx.cookies)
        page, say, own = page_at(pathname or "", by_path), wanted.say, open_to(account, pages)
        content = page.layout(say, assets) if page in own else lost(say, entries(own, say))
        return around(content, page, own, say, account, screen=wanted.screen)

    for page in pages:
        page.register(app, wall)


def open_to(account: Account, pages: Sequence[Page]) -> list[Page]:
    """The pages that an account may open."""
    return [page for page in pages if may(account, page.right)]


def around(
    content: Component, page: Page | None, pages: Sequence[Page], say: Words, account: Account, *, screen: bool
) -> Component:
    """A page's content with navigation before it, or alone on a screen that nobody steers."""
    here = page.path if page else ""
    navigation = None if screen else entries(pages, say)
    who = Who(account.name, say.pick(*role_names()[account.role]))
    return frame(content, navigation, here, say, who, [reach_banner(say), trouble(say), keyboard_help(say)])


def entries(pages: Sequence[Page], say: Words) -> list[Entry]:
    """The pages as navigation lists them: by role, then as they were given."""
    order = list(Role)
    return [
        Entry(page.path, say(page.name), page.icon, say(f"role.{page.role}"))
        for page in sorted(pages, key=lambda page: order.index(page.role))
    ]
