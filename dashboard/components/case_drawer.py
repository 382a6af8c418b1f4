"""The drawer of one case: what, where, how long, why this team and who instead, what has happened."""

from collections.abc import Set

from dash import html
from dash.development.base_component import Component

from dashboard.components.icon import icon
from dashboard.i18n import Words
from dashboard.view_models.case_view import CandidateView, CaseView, DeadlineView, DecisionView, EventView, PlaceView

SHOWN_CANDIDATES = 5


def case_drawer(case: CaseView, say: Words, choosable: Set[int] = frozenset()) -> Component:
    """The drawer's content; ``choosable``: candidates that a dispatcher may send instead.

    A desk's script fills the slot ``duplicates``.
    """
    return html.Article(
        className="case",
        children=[
            head(case, say),
            deadline(case.deadline) if case.deadline else html.Div(),
            why(case.decision, say, choosable) if case.decision else html.Div(),
            html.Div(**{"data-slot": "duplicates"}),
            where(case, say),
            photos(case.photos, say),
            timeline(case.events, say),
        ],
    )


def no_case(say: Words) -> Component:
    """What the drawer says when the case is not there."""
    return html.P(say("case.none"), className="panel-note")


def head(case: CaseView, say: Words) -> Component:
    """Number, state, what weighs on it, title, channel."""
    urgent = [html.Span(say("case.urgent"), className="chip chip-urgent")] if case.urgent else []
    marks = [html.Span(mark, className="chip chip-mark") for mark in case.marks]
    return html.Header(
        className="case-head",
        children=[
            html.Button("×", type="button", className="close", title=say("case.close"), **{"data-close": "true"}),
            html.Div(
                [
                    html.Span(case.number, className="case-number"),
                    html.Span(case.state, className="chip"),
                    *urgent,
                    *marks,
                ]
            ),
            html.H2(case.title),
            html.P([html.Span(case.matter), html.Span(case.channel), html.Span(case.reported)], className="facts-line"),
            *([html.Blockquote(case.text)] if case.text else []),
        ],
    )


def deadline(view: DeadlineView) -> Component:
    """What is left, as a number and as a bar."""
    return html.Div(
        className=f"deadline {'is-overdue' if view.overdue else ''}",
        children=[
            html.Div([html.Span(view.label), html.B(view.value), html.Span(view.at, className="deadline-at")]),
            html.Div(className="bar", children=html.Span(style={"width": f"{view.share:.1%}"})),
        ],
    )


def section(title: str, children: list[Component], kind: str) -> Component:
    """A titled part of the drawer."""
    return html.Section([html.H3(title), *children], className=f"part part-{kind}")


def where(case: CaseView, say: Words) -> Component:
    """Address, point, cell, and every layer's area with the distance to its border."""
    lines = [html.P(case.address, className="address"), html.P(case.point, className="coordinates")]
    cell = [pair(say("case.cell"), html.Span(case.cell, className="code"))] if case.cell else []
    return section(say("case.where"), [*lines, html.Dl([*cell, *map(place, case.places)], className="places")], "where")


def pair(term: str, *values: Component) -> Component:
    """A term and what belongs to it."""
    return html.Div([html.Dt(term), html.Dd(list(values))])


def place(view: PlaceView) -> Component:
    """One layer's area; where two sides are possible, both are named and it asks for confirmation."""
    values = [html.Span(view.name), html.Span(view.border, className="border-distance")]
    doubt = [html.P(view.doubt, className="doubt")] if view.doubt else []
    return pair(view.layer, *values, *doubt)


def photos(addresses: list[str], say: Words) -> Component:
    """The photos that came with the reports, each opening at its full size."""
    pictures = [
        html.A(html.Img(src=address, alt=say("case.photo", n=number), loading="lazy"), href=address, target="_blank")
        for number, address in enumerate(addresses, start=1)
    ]
    none = html.P([icon("camera"), say("case.no_photos")], className="no-photos")
    return section(say("case.photos"), [html.Div(pictures, className="photos") if pictures else none], "photos")


def why(decision: DecisionView, say: Words, teams: Set[int]) -> Component:
    """The decision's sentence, the candidates with their reasons, and the way to decide otherwise."""
    title = say("case.why") if decision.found else say("case.why_nobody")
    rule = [html.P(decision.rule, className="rule")] if decision.rule else []
    first, rest = decision.candidates[:SHOWN_CANDIDATES], decision.candidates[SHOWN_CANDIDATES:]
    rows = [html.Ol([candidate(view, say, teams) for view in first], className="candidates")] if first else []
    content = [html.P(decision.sentence, className="sentence"), *rule, *rows, *passed_over(rest, say, teams)]
    return section(title, content, "why")


def passed_over(candidates: list[CandidateView], say: Words, teams: Set[int]) -> list[Component]:
    """The candidates further down the list, folded."""
    if not candidates:
        return []
    summary = html.Summary(say("case.more_candidates", n=len(candidates)), className="more")
    return [html.Details([summary, html.Ol([candidate(view, say, teams) for view in candidates])])]


def candidate(view: CandidateView, say: Words, teams: Set[int]) -> Component:
    """One team: its number on the map, its name, its way, the reason; a button where the case can go to it instead."""
    choose = html.Button(
        say("override.choose"),
        type="button",
        className="candidate-choose",
        **{
            "data-team": str(view.team_id),
            "data-department": view.department_code,
            "aria-label": say("override.choose_team", team=view.team),
        },
    )
    return html.Li(
        className=f"candidate {'is-chosen' if view.chosen else 'is-free' if view.free else ''}",
        children=[
            html.Span(view.mark, className="candidate-mark"),
            html.Div(
                [
                    html.P([html.B(view.team), html.Span(view.travel, className="candidate-travel")]),
                    html.P(view.reason, className="candidate-reason"),
                ]
            ),
            *([choose] if view.team_id in teams else []),
        ],
    )


def timeline(events: list[EventView], say: Words) -> Component:
    """What has happened, the newest first."""
    return section(
        say("case.timeline"), [html.Ol([event_line(view) for view in events], className="timeline")], "timeline"
    )


def event_line(view: EventView) -> Component:
    """One event."""
    note = [html.P(view.note, className="event-note")] if view.note else []
    return html.Li(
        [
            html.Time(view.at),
            html.Div(
                [html.P([html.B(view.action), html.Span(view.state)]), html.P(view.actor, className="actor"), *note]
            ),
        ]
    )
