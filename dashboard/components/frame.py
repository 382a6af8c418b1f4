"""The frame around every page: the way to the others, language, theme, keys, and what is said when the server is out of reach.

``assets/modules/frame.mjs`` gives it life; it finds its parts by ``data-frame``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dash import html
from dash.development.base_component import Component

from dashboard.components.icon import icon
from dashboard.i18n import Words
from dashboard.preferences import THEMES


@dataclass(frozen=True)
class Entry:
    """One page in the navigation. ``group``: the name of the role whose pages it stands among."""

    path: str
    name: str
    icon: str
    group: str


@dataclass(frozen=True)
class Who:
    """Who is signed in: name and role, in the page's words."""

    name: str
    role: str


def frame(
    content: Component, navigation: Sequence[Entry] | None, here: str, say: Words, who: Who, more: Sequence[Component]
) -> html.Div:
    """The content with the rail beside it; ``navigation`` None: a screen that shows the content alone.

    ``here``: the address of the page shown; ``more``: what lies over every page.
    """
    body = html.Div(content, id="content", className="frame-body", tabIndex="-1")
    if navigation is None:
        return html.Div([body, *more], className="frame is-screen")
    skip = html.A(say("frame.skip"), href="#content", className="skip")
    return html.Div([skip, rail(navigation, here, say, who), body, *more], className="frame")


def rail(navigation: Sequence[Entry], here: str, say: Words, who: Who) -> html.Div:
    """The narrow strip at the left edge: pages by role above, the controls of all pages below."""
    groups = groupby(navigation, key=lambda entry: entry.group)
    pages = [group(name, list(entries), here) for name, entries in groups]
    return html.Div(
        className="rail",
        children=[
            html.A(
                html.Span(className="brand-mark"), href="/", className="rail-home", **{"aria-label": say("frame.home")}
            ),
            html.Nav(pages, className="rail-pages", **{"aria-label": say("frame.pages")}),
            html.Div(
                [*controls(say), account_menu(say, who)],
                className="rail-controls",
                role="group",
                **{"aria-label": say("frame.controls")},
            ),
        ],
    )


def group(name: str, entries: Sequence[Entry], here: str) -> html.Div:
    """The pages of one role."""
    links = [link(entry, entry.path == here) for entry in entries]
    return html.Div([html.P(name, className="rail-role"), html.Ul(links)], className="rail-group")


def link(entry: Entry, is_here: bool) -> html.Li:
    """The way to one page."""
    current = {"aria-current": "page"} if is_here else {}
    return html.Li(html.A([icon(entry.icon), html.Span(entry.name)], href=entry.path, className="rail-link", **current))


def controls(say: Words) -> list[Component]:
    """Screen, language, theme and keys; each shows its key where it has one."""
    other = "en" if say.language == "zh" else "zh"
    return [
        html.A(
            icon("monitor"),
            href="?screen=1",
            className="rail-control",
            title=say("frame.screen"),
            **{"data-frame": "screen", "aria-label": say("frame.screen")},
        ),
        html.A(
            html.Span(say("frame.language_short")),
            href=f"?lang={other}",
            hrefLang=other,
            className="rail-control rail-language",
            title=say("frame.language"),
            **{"data-frame": "language", "data-value": other, "aria-label": say("frame.language")},
        ),
        button("theme", "sun", say("frame.theme"), {f"data-{theme}": say(f"frame.theme.{theme}") for theme in THEMES}),
        button("keys", "keyboard", say("frame.keys"), {"aria-haspopup": "dialog"}),
    ]


def account_menu(say: Words, who: Who) -> html.Details:
    """Who is signed in, and the way out."""
    label = say("frame.account", name=who.name, role=who.role)
    return html.Details(
        [
            html.Summary(icon("user"), className="rail-control", title=label, **{"aria-label": label}),
            html.Div(
                [
                    html.B(who.name, className="account-name"),
                    html.Span(who.role, className="account-role"),
                    html.Button(say("frame.sign_out"), type="button", className="button", **{"data-frame": "sign-out"}),
                ],
                className="account-menu",
            ),
        ],
        className="rail-account",
        **{"data-frame": "account"},
    )


def button(name: str, drawing: str, label: str, more: dict[str, str]) -> html.Button:
    """A control that acts at once."""
    attributes = {"data-frame": name, "aria-label": label} | more
    return html.Button(icon(drawing), type="button", className="rail-control", title=label, **attributes)


def reach_banner(say: Words) -> html.Div:
    """What is said over every page while the server cannot be reached."""
    return html.Div(
        className="banner banner-offline",
        role="status",
        hidden=True,
        **{"data-frame": "offline"},
        children=[icon("wifi-off"), html.B(say("frame.offline.title")), html.Span(say("frame.offline.banner"))],
    )


def trouble(say: Words) -> html.Div:
    """Where a failed action says so; ``#frame-trouble`` receives the sentence."""
    return html.Div(
        className="banner banner-trouble",
        role="alert",
        hidden=True,
        **{"data-frame": "trouble"},
        children=[
            icon("triangle-alert"),
            html.Span("", id="frame-trouble", **{"data-frame": "trouble-text"}),
            html.Button(
                icon("x"),
                type="button",
                className="banner-close",
                **{"data-frame": "trouble-close", "aria-label": say("frame.close")},
            ),
        ],
    )


def keyboard_help(say: Words) -> html.Dialog:
    """The keys that work here; filled by ``keys.mjs`` with what the page registered."""
    return html.Dialog(
        className="keys",
        **{"data-frame": "keys-help", "aria-labelledby": "keys-title"},
        children=[
            html.Header(
                [
                    html.H2(say("frame.keys.title"), id="keys-title"),
                    html.Button(
                        icon("x"),
                        type="button",
                        className="keys-close",
                        **{"data-frame": "keys-close", "aria-label": say("frame.close")},
                    ),
                ]
            ),
            html.Dl(**{"data-frame": "keys-list"}),
            html.P(say("frame.keys.note"), className="keys-note", **{"data-escape": say("frame.keys.escape")}),
        ],
    )
