"""The two charts beside the map."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.figures.hours import hours_figure
from dashboard.figures.ranking import ranking_figure
from dashboard.figures.theme import CONFIG
from dashboard.i18n import Words
from dashboard.wall_state import Ground

Hours = Sequence[tuple[datetime, str, int]]
Ranking = Sequence[tuple[str, int, int]]


def charts(hours: Hours, ranking: Ranking, ground: Ground, now: datetime, say: Words) -> list[Component]:
    """Reports by hour and channel; open cases by area."""
    return [
        *chart(say("wall.charts.hours"), hours_of(hours, ground, now, say), bool(hours), say),
        *chart(say("wall.charts.ranking"), ranking_of(ranking, ground, say), bool(ranking), say),
    ]


def chart(title: str, graph: Component, filled: bool, say: Words) -> list[Component]:
    """A titled chart, or what to say in its place when it would be empty."""
    body = graph if filled else html.P(say("wall.charts.empty"), className="panel-note")
    return [html.Header(html.H2(title), className="panel-head"), html.Div(body, className="chart")]


def hours_of(hours: Hours, ground: Ground, now: datetime, say: Words) -> Component:
    """The chart of the last 24 hours, by the city's clock."""
    zone = ZoneInfo(ground.timezone)
    counts: dict[str, dict[datetime, int]] = {}
    for hour, channel, cases in hours:
        name = say.pick(*ground.channels.get(channel, (channel, channel)))
        counts.setdefault(name, {})[wall_clock(hour, zone)] = cases
    last_hour = wall_clock(now, zone).replace(minute=0, second=0, microsecond=0)
    return dcc.Graph(figure=hours_figure(counts, last_hour, say("wall.charts.other")), config=CONFIG, className="graph")


def ranking_of(ranking: Ranking, ground: Ground, say: Words) -> Component:
    """The chart of open cases by area."""
    rows = [(ground.areas.get(code, code), total, overdue) for code, total, overdue in ranking]
    figure = ranking_figure(rows, say("wall.charts.in_time"), say("wall.charts.overdue"))
    return dcc.Graph(figure=figure, config=CONFIG, className="graph")


def wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """The city's clock without its zone, as plotly draws it."""
    return moment.astimezone(zone).replace(tzinfo=None)
