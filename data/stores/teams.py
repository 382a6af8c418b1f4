"""Teams with their shifts, bases and positions, as rows."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from data.database import Connection

SHIFTS = "select team_id, weekday, starts, ends from shift order by team_id, weekday, starts"

TEAMS = """
select id, code, name, department_code, scope_layer, scope_code, skills, capacity, speed_kmh,
       st_x(base), st_y(base), st_x(position), st_y(position), position_at
from team order by id
"""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A weekly shift, local time: ``weekday`` 0 is Monday; ``ends`` not after ``starts`` is the next day's."""

    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team. ``base`` and ``position`` are (longitude, latitude); the scope is None for the whole city."""

    id: int
    code: str
    name: str
    department: str
    scope_layer: str | None
    scope_code: str | None
    skills: tuple[str, ...]
    capacity: int
    speed_kmh: float
    base: tuple[float, float]
    position: tuple[float, float] | None
    position_at: datetime | None
    shifts: tuple[ShiftRow, ...]


def load_teams(connection: Connection) -> list[TeamRow]:
    """All teams by id, each with its shifts."""
    shifts: defaultdict[int, list[ShiftRow]] = defaultdict(list)
    for team_id, weekday, starts, ends in connection.execute(SHIFTS):
        shifts[team_id].append(ShiftRow(weekday, starts, ends))
    rows = connection.execute(TEAMS).fetchall()
    return [_team(row, tuple(shifts[row[0]])) for row in rows]


def _team(row: tuple[Any, ...], shifts: tuple[ShiftRow, ...]) -> TeamRow:
    team_id, code, name, department, layer, area, skills, capacity, speed_kmh, *points, position_at = row
    base_lng, base_lat, lng, lat = points
    return TeamRow(
        id=team_id,
        code=code,
        name=name,
        department=department,
        scope_layer=layer,
        scope_code=area,
        skills=tuple(skills),
        capacity=capacity,
        speed_kmh=speed_kmh,
        base=(base_lng, base_lat),
        position=None if position_at is None else (lng, lat),
        position_at=position_at,
        shifts=shifts,
    )
