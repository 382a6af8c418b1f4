"""What stands where a page's content would be: while it loads, when there is none, when it failed, when the link is down.

Each says what is the matter and what to do about it. ``assets/modules/states.mjs`` makes the same for scripts.
"""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.components.frame import Entry
from dashboard.components.icon import icon
from dashboard.i18n import Words


def loading(text: str) -> html.Div:
    """Content on its way: ``text`` says what; a screen reader hears it."""
    return html.Div(
        className="state state-loading",
        role="status",
        children=[html.Span(className="state-needle", **{"aria-hidden": "true"}), html.P(text, className="state-text")],
    )


def empty(title: str, text: str, actions: Sequence[Component] = (), name: str = "search") -> html.Div:
    """Nothing to show: why, and the way on."""
    return _state("empty", name, title, text, actions)


def failed(title: str, text: str, actions: Sequence[Component] = ()) -> html.Div:
    """It went wrong: what, in the words of the error catalogue, and the way out."""
    return _state("failed", "triangle-alert", title, text, actions, role="alert")


def offline(say: Words) -> html.Div:
    """Content that needs the server, while the server cannot be reached."""
    return _state("offline", "wifi-off", say("frame.offline.title"), say("frame.offline.text"), (), role="alert")


def skeleton(rows: int = 6) -> html.Div:
    """The shape of a list that is on its way."""
    return html.Div([html.Span() for _ in range(rows)], className="skeleton", **{"aria-hidden": "true"})


def lost(say: Words, pages: Sequence[Entry]) -> html.Main:
    """An address that has no page, with the ways to those there are."""
    ways = [html.A([icon(page.icon), page.name], href=page.path, className="button") for page in pages]
    return html.Main(empty(say("page.none"), say("page.none_text"), ways, name="map-pin"), className="lost")


def _state(kind: str, name: str, title: str, text: str, actions: Sequence[Component], role: str = "status") -> html.Div:
    return html.Div(
        className=f"state state-{kind}",
        role=role,
        children=[
            html.Span(icon(name), className="state-icon"),
            html.H2(title, className="state-title"),
            html.P(text, className="state-text"),
            html.Div(list(actions), className="state-actions"),
        ],
    )
