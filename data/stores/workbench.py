"""A worker's connection: it listens, waits, and works in transactions; a lost database is told as an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from data.database import Connection, connect
from data.stores.announcing import GROUND_CHANNEL, TASK_ENDED_CHANNEL
from geo.errors import NeedleError

CHANNELS = ("needle_report", "needle_team", TASK_ENDED_CHANNEL, GROUND_CHANNEL)
GROUND_VERSION = """
select coalesce((select max(id) from generation), 0), coalesce((select max(id) from rule_set), 0),
       coalesce((select max(id) from matter), 0), coalesce((select sum(imports)::bigint from ground_source), 0)
"""
CITY_SETTINGS = "select timezone, settings from city"

NEAREST_ADDRESS = """
select given.number, nearest.address, nearest.code
from unnest(%(lng)s::float8[], %(lat)s::float8[]) with ordinality as given (lng, lat, number)
cross join lateral (
    select address, code, geom from building
    where geom && st_expand(st_setsrid(st_makepoint(given.lng, given.lat), 4326), %(degrees)s)
    order by geom <-> st_setsrid(st_makepoint(given.lng, given.lat), 4326) limit 1
) as nearest
where st_distance(nearest.geom::geography, st_setsrid(st_makepoint(given.lng, given.lat), 4326)::geography) <=
%(metres)s
"""
SMALLEST_DEGREE_M = 40_000.0
"""A degree of longitude is at least this long up to 69° north: wide enough a box for a search by distance."""

OPEN_TASKS = "select team_id, count(*) from task where done_at is null group by team_id"


class Workbench:
    """One connection in autocommit that listens to ``CHANNELS``.

    Close it by leaving ``with``.
    """

    def __init__(self, url: str) -> None:
        self.connection: Connection = connect(url, autocommit=True)
        with lost_connections():
            for channel in CHANNELS:
                self.connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def wait(self, seconds: float) -> set[str]:
        """Wait until something is notified, at most ``seconds``; the channels that were heard."""
        with lost_connections():
            return {notice.channel for notice in self.connection.notifies(timeout=seconds, stop_after=1)}

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, committed on leaving, rolled back on an error."""
        with lost_connections(), self.connection.transaction():
            yield self.connection

    def ground_version(self) -> tuple[int, ...]:
        """Changes with the layers, the rules, the matters, and what was brought in of streets and buildings."""
        with lost_connections():
            return ground_version(self.connection)


@contextmanager
def lost_connections() -> Iterator[None]:
    """Tell a lost connection as NeedleError ``database.unreachable``."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise NeedleError("database.unreachable", reason=str(error).strip()) from error


def ground_version(connection: Connection) -> tuple[int, ...]:
    """Changes with the layers, the rules, the matters, and what was brought in of streets and buildings."""
    row = connection.execute(GROUND_VERSION).fetchone()
    assert row is not None
    return tuple(row)


def load_open_tasks(connection: Connection) -> dict[int, int]:
    """How many open tasks each team has; teams without any are left out."""
    return dict(connection.execute(OPEN_TASKS).fetchall())


def nearest_addresses(
    connection: Connection, lng: list[float], lat: list[float], within_m: float
) -> list[tuple[str, str] | None]:
    """Address and code of the nearest building of each point (WGS84 degrees) within ``within_m`` metres, or None."""
    found: list[tuple[str, str] | None] = [None] * len(lng)
    if lng:
        values = {"lng": lng, "lat": lat, "metres": within_m, "degrees": within_m / SMALLEST_DEGREE_M}
        for number, address, code in connection.execute(NEAREST_ADDRESS, values):
            found[number - 1] = (address, code)
    return found


def load_city_settings(connection: Connection) -> tuple[str, dict[str, Any]]:
    """The city's time zone and settings; Beijing's and none where no city is loaded."""
    row = connection.execute(CITY_SETTINGS).fetchone()
    return (row[0], row[1]) if row else ("Asia/Shanghai", {})
