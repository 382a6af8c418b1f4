"""Duty and whereabouts: who said that they are at work, and where they were while they were; the newest place is their team's.

Kept no longer than the installation says, and gone when the person says so. Nobody is followed off duty: a place belongs to a
duty, and the caller refuses those that fall outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from data.database import Connection

AsyncConnection = psycopg.AsyncConnection[Any]
TEAM_CHANNEL: Final = "needle_team"


@dataclass(frozen=True, slots=True)
class DutyRow:
    """Somebody at work. ``until``: it ends then by itself; ``ended_at``: when they said that they go, None before."""

    id: str
    actor: str
    team_id: int | None
    started_at: datetime
    until: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fix:
    """Where somebody was: EPSG:4326, degrees, within ``accuracy_m`` metres."""

    at: datetime
    lng: float
    lat: float
    accuracy_m: float


FIND: Final = "select id, actor, team_id, started_at, until, ended_at from duty"
OPEN: Final = FIND + " where actor = %s and ended_at is null"
END: Final = "update duty set ended_at = least(%(at)s, until) where actor = %(actor)s and ended_at is null"
START: Final = """
insert into duty (id, actor, team_id, started_at, until) values (%(id)s, %(actor)s, %(team)s, %(started_at)s, %(until)s)
on conflict (id) do nothing
"""
ADD: Final = """
insert into whereabouts (duty_id, at, geom, accuracy_m)
select %(duty)s, at, ST_SetSRID(ST_MakePoint(lng, lat), 4326), accuracy_m
  from unnest(%(at)s::timestamptz[], %(lng)s::float8[], %(lat)s::float8[], %(accuracy)s::float8[])
       as said (at, lng, lat, accuracy_m)
on conflict (duty_id, at) do nothing
"""
#: What was seen from here is still to be folded (``data.stores.patrols``).
TO_FOLD: Final = """
insert into patrol_due as held (duty_id, since) values (%s, %s)
on conflict (duty_id) do update set since = excluded.since where held.since > excluded.since
"""
MOVE_TEAM: Final = """
update team set position = ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326), position_at = %(at)s
 where id = %(team)s and (position_at is null or position_at < %(at)s)
"""
FORGET_OLD: Final = "delete from duty where coalesce(ended_at, until) < %(before)s"
FORGET_OLD_PLACES: Final = "delete from whereabouts where at < %(before)s"
#: A team's position that this person gave is theirs to take back.
TAKE_BACK: Final = """
update team set position = null, position_at = null from duty join whereabouts on duty_id = duty.id
 where duty.actor = %(actor)s and team.id = duty.team_id and team.position_at = whereabouts.at
"""
FORGET: Final = "delete from whereabouts using duty where duty_id = duty.id and actor = %(actor)s"
FORGET_SEEN: Final = """
delete from patrol using account
 where account_id = account.id and %(actor)s = 'grid_worker:' || username"""
FORGET_DUE: Final = "delete from patrol_due using duty where duty_id = duty.id and actor = %(actor)s"
COUNT: Final = "select count(*)::int, min(at) from whereabouts join duty on duty_id = duty.id where actor = %s"
SHIFT_ENDS: Final = """
with local as (select at, (extract(isodow from at) - 1)::int as day, at::time as clock, at::date as date
                 from (select %(now)s::timestamptz at time zone city.timezone as at from city) as moment)
select max(case when starts < ends then date + ends
                when weekday = day and clock >= starts then date + 1 + ends else date + ends end)
       at time zone (select timezone from city)
  from shift, local
 where team_id = %(team)s
   and ((starts < ends and weekday = day and clock >= starts and clock < ends)
     or (starts >= ends and weekday = day and clock >= starts)
     or (starts >= ends and weekday = (day + 6) %% 7 and clock < ends))
"""


async def shift_ends(connection: AsyncConnection, team_id: int, now: datetime) -> datetime | None:
    """When the shift of a team that runs now ends; None where none runs."""
    row = await (await connection.execute(SHIFT_ENDS, {"team": team_id, "now": now})).fetchone()
    return row[0] if row else None


async def open_duty(connection: AsyncConnection, actor: str) -> DutyRow | None:
    """The duty that somebody has not ended yet, be it that it has run out; None where there is none."""
    async with connection.cursor(row_factory=class_row(DutyRow)) as cursor:
        return await (await cursor.execute(OPEN, (actor,))).fetchone()


async def start_duty(connection: AsyncConnection, duty: DutyRow) -> None:
    """Begin a duty, once however often it is asked for; one that still runs ends with it."""
    known = await (await connection.execute("select from duty where id = %s", (duty.id,))).fetchone()
    if known is not None:
        return
    await end_duty(connection, duty.actor, duty.started_at)
    values = {"id": duty.id, "actor": duty.actor, "team": duty.team_id, "started_at": duty.started_at}
    await connection.execute(START, {**values, "until": duty.until})


async def end_duty(connection: AsyncConnection, actor: str, at: datetime) -> None:
    """End the duty that runs, if there is one."""
    await connection.execute(END, {"actor": actor, "at": at})


async def add_fixes(connection: AsyncConnection, duty: DutyRow, fixes: Sequence[Fix]) -> None:
    """Keep where somebody was, each moment once, and move their team to the newest; tells ``needle_team``."""
    if not fixes:
        return
    columns = {"at": [f.at for f in fixes], "lng": [f.lng for f in fixes], "lat": [f.lat for f in fixes]}
    await connection.execute(ADD, {**columns, "duty": duty.id, "accuracy": [f.accuracy_m for f in fixes]})
    await connection.execute(TO_FOLD, (duty.id, min(fix.at for fix in fixes)))
    newest = max(fixes, key=lambda fix: fix.at)
    if duty.team_id is not None:
        moved = {"team": duty.team_id, "at": newest.at, "lng": newest.lng, "lat": newest.lat}
        await connection.execute(MOVE_TEAM, moved)
        await connection.execute("select pg_notify(%s, '')", (TEAM_CHANNEL,))


async def forget_older(connection: AsyncConnection, now: datetime, keep: timedelta) -> None:
    """Forget every place, and every duty, that is older than ``keep``."""
    await connection.execute(FORGET_OLD_PLACES, {"before": now - keep})
    await connection.execute(FORGET_OLD, {"before": now - keep})


def forget_older_now(connection: Connection, now: datetime, keep: timedelta) -> None:
    """The same over a connection of a thread: whether a phone speaks or not."""
    connection.execute(FORGET_OLD_PLACES, {"before": now - keep})
    connection.execute(FORGET_OLD, {"before": now - keep})


async def forget_own(connection: AsyncConnection, actor: str) -> None:
    """Forget every place of one person, their team's present one among them, and what they saw from there."""
    await connection.execute(TAKE_BACK, {"actor": actor})
    for forget in (FORGET, FORGET_DUE, FORGET_SEEN):
        await connection.execute(forget, {"actor": actor})


async def count_own(connection: AsyncConnection, actor: str) -> tuple[int, datetime | None]:
    """How many places of a person are kept, and since when."""
    row = await (await connection.execute(COUNT, (actor,))).fetchone()
    return (row[0], row[1]) if row else (0, None)
