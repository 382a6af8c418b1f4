"""Writing departments, rules, teams and shifts, each team at its base or near it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import shapely

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from data.demo.city import DemoCity
from data.demo.people import SHIFTS
from data.demo.rhythm import on_duty


@dataclass(frozen=True)
class LoadedPeople:
    """What the history refers to: ids of the teams in the order of ``city.people.teams``, and of the rule set."""

    team_ids: tuple[int, ...]
    rule_set_id: int


def load_people(connection: Connection, city: DemoCity, reference: datetime) -> LoadedPeople:
    """Write everybody who works in the city, and the rules in force since before the history began."""
    people = city.people
    ranked = sorted(people.departments, key=lambda d: ("city", "district", "street").index(d.level))
    rows = [(d.code, d.name_zh, d.name_en, d.level, d.parent_code) for d in ranked]
    copy_rows(connection, "department", ("code", "name_zh", "name_en", "level", "parent_code"), rows)
    accepted = reference - timedelta(days=city.size.days + 30)
    row = connection.execute(
        "insert into rule_set (body, note, accepted_at, accepted_by) values (%s, %s, %s, 'demo') returning id",
        [people.rules, "演示城市的权责规则", accepted],
    ).fetchone()
    assert row is not None
    return LoadedPeople(_load_teams(connection, city, reference), row[0])


def _load_teams(connection: Connection, city: DemoCity, reference: datetime) -> tuple[int, ...]:
    """Teams and shifts; who is on duty at the reference date has sent a position a few minutes ago."""
    rng = np.random.default_rng([city.size.seed, 70])
    teams = city.people.teams
    first = _next_id(connection, "team", len(teams))
    ids = tuple(range(first, first + len(teams)))
    base = np.array([(t.lng, t.lat) for t in teams])
    position = base + rng.normal(0, 0.0022, base.shape)
    minutes = rng.uniform(0.2, 4.0, len(teams))
    duty = [on_duty(t.shift, reference) for t in teams]
    points = zip(hex_ewkb(shapely.points(base)), hex_ewkb(shapely.points(position)), strict=True)
    rows = [
        (i, t.code, t.name, t.department, t.scope_layer, t.scope_code, list(t.skills), t.capacity, t.speed_kmh)
        + ((at_base, here, reference - timedelta(minutes=float(m))) if on else (at_base, None, None))
        for i, t, (at_base, here), m, on in zip(ids, teams, points, minutes, duty, strict=True)
    ]
    columns = ("id", "code", "name", "department_code", "scope_layer", "scope_code", "skills", "capacity", "speed_kmh")
    copy_rows(connection, "team", (*columns, "base", "position", "position_at"), rows)
    shifts = [
        (i, day, starts, ends)
        for i, t in zip(ids, teams, strict=True)
        for days, starts, ends in SHIFTS[t.shift]
        for day in days
    ]
    copy_rows(connection, "shift", ("team_id", "weekday", "starts", "ends"), shifts)
    return ids


def _next_id(connection: Connection, table: str, count: int) -> int:
    """Reserve `count` ids of a table, and return the first."""
    query = "select setval(s, nextval(s) + %s) - %s from (select pg_get_serial_sequence(%s, 'id') as s) as of_table"
    row = connection.execute(query, [count - 1, count - 1, table]).fetchone()
    assert row is not None
    return int(row[0])
