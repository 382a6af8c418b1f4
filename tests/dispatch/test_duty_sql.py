"""Who is on duty is told twice, by the matcher and by the wall's SQL: both say the same of any roster at any moment."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.stores.overview import load_team_rows
from dispatch.duty import on_duty

ADD_TEAM = """
insert into team (code, name, department_code, capacity, speed_kmh, base)
values (%s, %s, 'cg', 1, 20, st_setsrid(st_makepoint(116.4, 39.9), 4326)) returning id
"""
ADD_SHIFT = "insert into shift (team_id, weekday, starts, ends) values (%s, %s, %s, %s)"


@dataclass(frozen=True)
class Shift:
    weekday: int
    starts: time
    ends: time


CLOCKS = st.sampled_from([time(0), time(6), time(8), time(12), time(22), time(23, 59, 59)]) | st.times()
SHIFTS = st.builds(Shift, weekday=st.integers(0, 6), starts=CLOCKS, ends=CLOCKS)
ROSTERS = st.lists(st.lists(SHIFTS, max_size=4), min_size=1, max_size=8)
ZONES = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/London", "Asia/Kathmandu", "UTC"])
OFFSETS = st.sampled_from([timedelta(), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(minutes=30)])
WEEK = datetime(2026, 10, 26, tzinfo=UTC)  # a week in which Europe and America stand on different clocks


@st.composite
def moments(draw: st.DrawFn, rosters: list[list[Shift]], zone: str) -> datetime:
    """Any moment, or one at the very edge of a shift."""
    edges = [(s.weekday, clock) for shifts in rosters for s in shifts for clock in (s.starts, s.ends)]
    if not edges or draw(st.booleans()):
        return draw(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    weekday, clock = draw(st.sampled_from(edges))
    day = WEEK.date() + timedelta(days=weekday + draw(st.integers(0, 1)))
    return (datetime.combine(day, clock, ZoneInfo(zone)) + draw(OFFSETS)).astimezone(UTC)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def wall(database_url: str, loop: asyncio.Runner) -> Iterator[psycopg.AsyncConnection[Any]]:
    async def connect() -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(database_url)

    connection = loop.run(connect())
    loop.run(_add_department(connection))
    yield connection
    loop.run(connection.close())


async def _add_department(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute("insert into department values ('cg', '城管', 'City management', 'district', null)")


async def said_by_sql(
    connection: psycopg.AsyncConnection[Any], rosters: list[list[Shift]], at: datetime, zone: str
) -> list[bool]:
    """Whether the wall shows each roster's team on duty; nothing of it stays."""
    async with connection.transaction(force_rollback=True):
        for i, shifts in enumerate(rosters):
            row = await (await connection.execute(ADD_TEAM, (f"t{i}", f"t{i}"))).fetchone()
            assert row is not None
            for shift in shifts:
                await connection.execute(ADD_SHIFT, (row[0], shift.weekday, shift.starts, shift.ends))
        return [team.on_duty for team in await load_team_rows(connection, at, zone)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rosters=ROSTERS, zone=ZONES, data=st.data())
def test_the_wall_and_the_matcher_agree_on_duty(
    wall: psycopg.AsyncConnection[Any], loop: asyncio.Runner, rosters: list[list[Shift]], zone: str, data: st.DataObject
) -> None:
    at = data.draw(moments(rosters, zone))
    expected = [on_duty(shifts, at, ZoneInfo(zone)) for shifts in rosters]
    assert loop.run(said_by_sql(wall, rosters, at, zone)) == expected
