"""Departments, teams and shifts of a profile into the base: by their codes, so that loading again changes what
differs."""

from collections.abc import Sequence

import shapely

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from data.importers.teams import TeamPlan
from data.profile_model import DepartmentSource
from data.stores.announcing import tell_ground

SAVE_DEPARTMENT = """
insert into department (code, name_zh, name_en, level) values (%s, %s, %s, %s)
on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en, level = excluded.level
"""
SAVE_PARENT = "update department set parent_code = %s where code = %s"

SAVE_TEAM = """
insert into team (code, name, department_code, scope_layer, scope_code, skills, capacity, speed_kmh, base)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (code) do update set name = excluded.name, department_code = excluded.department_code,
    scope_layer = excluded.scope_layer, scope_code = excluded.scope_code, skills = excluded.skills,
    capacity = excluded.capacity, speed_kmh = excluded.speed_kmh, base = excluded.base
"""
TEAM_IDS = "select code, id from team where code = any(%s)"
FORGET_SHIFTS = "delete from shift where team_id = any(%s)"


def save_departments(connection: Connection, departments: Sequence[DepartmentSource]) -> None:
    """Save departments, then who rules above whom."""
    with connection.cursor() as cursor:
        cursor.executemany(SAVE_DEPARTMENT, [(d.code, d.title.zh, d.title.en, d.level) for d in departments])
        cursor.executemany(SAVE_PARENT, [(d.parent, d.code) for d in departments])


def save_teams(connection: Connection, teams: Sequence[TeamPlan]) -> None:
    """Save teams and their shifts; a team keeps its id, and its position."""
    bases = hex_ewkb(shapely.points([t.lng for t in teams], [t.lat for t in teams]))
    rows = [
        (t.code, t.name, t.department, t.scope_layer, t.scope_code, list(t.skills), t.capacity, t.speed_kmh, base)
        for t, base in zip(teams, bases, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(SAVE_TEAM, rows)
    ids: dict[str, int] = dict(connection.execute(TEAM_IDS, [[t.code for t in teams]]).fetchall())
    connection.execute(FORGET_SHIFTS, [list(ids.values())])
    shifts = ((ids[t.code], day, starts, ends) for t in teams for day, starts, ends in t.shifts)
    copy_rows(connection, "shift", ("team_id", "weekday", "starts", "ends"), shifts)
    tell_ground(connection)
