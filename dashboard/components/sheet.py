"""The desk's sister pages: a head, places that a script fills, and where actions are taken."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard.components.icon import icon
from dashboard.components.states import skeleton
from dashboard.i18n import Words


def scripted(name: str, say: Words, config: Mapping[str, Any], look: str, children: Sequence[Component]) -> Component:
    """A page that the script ``modules/<name>.mjs`` fills; ``look``: its classes; ``config``: what the script is told."""
    return html.Main(
        className=look,
        lang=say.language,
        children=[
            dcc.Store(id=f"{name}-config", data={**config, "language": say.language, "module": name}),
            dcc.Store(id=f"{name}-started"),
            *children,
        ],
    )


def sheet(
    name: str, say: Words, config: Mapping[str, Any], tools: Sequence[Component], places: Sequence[str]
) -> Component:
    """A page whose script is ``modules/<name>.mjs``.

    Parameters
    ----------
    name : str
        Of the page: prefix of its ids and of its words.
    say : Words
    config : Mapping
        What the script is told besides its own name.
    tools : sequence of Component
        Right in the head.
    places : sequence of str
        Slots that the script fills, from top to bottom.
    """
    return scripted(
        name,
        say,
        config,
        f"sheet sheet-{name}",
        [
            html.Header(
                className="sheet-head",
                children=[
                    html.H1(say(f"{name}.title")),
                    html.P(className="desk-total", role="status", **{"data-slot": "total"}),
                    html.Div(list(tools), className="sheet-tools"),
                ],
            ),
            html.Div(
                className="sheet-body",
                children=[
                    html.Div(skeleton() if at == 0 else None, className=f"sheet-{place}", **{"data-slot": place})
                    for at, place in enumerate(places)
                ],
            ),
        ],
    )


def tool(slot: str, drawing: str, text: str) -> Component:
    """A button in the head."""
    return html.Button([icon(drawing), html.Span(text)], type="button", className="desk-button", **{"data-slot": slot})


def file_button(form: str) -> Component:
    """A button that has what the page shows written as a file."""
    return html.Button(
        [icon("download"), html.Span(form.upper())], type="button", className="desk-button", **{"data-file": form}
    )


def analysis_head(title: str, forms: Iterable[str], choices: Iterable[Component] = ()) -> Component:
    """The head of a page of analysis: title, choices beside it, total; what is saved, and buttons for files of some formats."""
    saved = html.Div(className="spots-saved", **{"data-slot": "saved"})
    return html.Header(
        className="sheet-head spots-head",
        children=[
            html.H1(title),
            *choices,
            html.P(className="desk-total", role="status", **{"data-slot": "total"}),
            html.Div([saved, *map(file_button, forms)], className="sheet-tools"),
        ],
    )


def map_stage(look: str, label: str) -> Component:
    """A page's map with its legend. ``look``: its class; ``label``: what a screen reader calls it."""
    return html.Section(
        className=look,
        **{"aria-label": label},
        children=[
            html.Div(className="map", **{"data-slot": "map"}),
            html.Div(className="cells-legend", **{"data-slot": "legend"}),
        ],
    )


def start(app: Dash, name: str) -> None:
    """Let the page's script begin when the page is there."""
    app.clientside_callback(
        ClientsideFunction("desk", "begin"), Output(f"{name}-started", "data"), Input(f"{name}-config", "data")
    )
