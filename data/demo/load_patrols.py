"""Writing the demo's grid workers of one street: an account for each community, and where each was on duty in the last weeks."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import shapely

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from data.demo.names import SURNAMES
from data.demo.patrols import Streets, Walker, walk
from data.demo.rhythm import BEIJING
from data.stores.accounts import AccountRow, add_account, load_account
from geo.errors import NeedleError
from geo.plane import LocalPlane

DAYS: Final = 28
REST: Final = 0.55
"""The chance of a free day at a weekend; one of fourteen on other days."""
GIVEN: Final = ("建国", "秀英", "海燕", "志强", "丽华", "卫东", "桂兰", "晓峰", "玉梅", "国庆")

COMMUNITIES: Final = """
select area.code, area.name, ST_AsBinary(area.geom)
  from area join generation on generation.id = generation_id and valid_to is null
 where layer = 'community' and parent_code = %s order by area.code
"""
STREETS: Final = """
select ST_AsBinary(street.geom) from street, (select ST_GeomFromWKB(%s, 4326) as geom) as own
 where ST_DWithin(street.geom, own.geom, 0.0002) order by street.id
"""
FOUND: Final = """
insert into phone_report (report_id, actor)
select report.id, %(actor)s from report join cases on cases.id = report.case_id
 where report.channel = 'grid' and cases.areas ->> 'community' = %(community)s and report.reported_at >= %(since)s
   and exists (select from duty where actor = %(actor)s and report.reported_at between started_at and until)
on conflict (report_id) do nothing
"""
DUTY: Final = ("id", "actor", "started_at", "until", "ended_at")


def load_patrols(connection: Connection, street: str, now: datetime) -> int:
    """Write the workers of a street's communities that are not there, with their days up to now; how many places that is.

    The caller commits.
    """
    communities = connection.execute(COMMUNITIES, (street,)).fetchall()
    return sum(
        _load_worker(connection, number, code, shapely.from_wkb(bytes(shape)), now)
        for number, (code, _, shape) in enumerate(communities)
    )


def _load_worker(connection: Connection, number: int, community: str, shape: Any, now: datetime) -> int:
    rng = np.random.default_rng([70, number])
    name = SURNAMES[int(rng.integers(len(SURNAMES)))] + GIVEN[number % len(GIVEN)]
    row = AccountRow(0, f"{community}-1", name, "grid_worker", None, None, "community", (community,))
    try:
        load_account(connection, row.username)
        return 0
    except NeedleError:
        add_account(connection, row)
    lines = [shapely.from_wkb(bytes(line)) for (line,) in connection.execute(STREETS, (shapely.to_wkb(shape),))]
    lines = [part for line in lines for part in shapely.get_parts(line).tolist()]
    if not lines:
        return 0
    middle = shape.centroid
    streets = Streets(np.array(lines, object), LocalPlane(middle.x, middle.y))
    walker = Walker(900 + number, *rng.uniform((0.35, -0.5, 0.3), (0.95, 0.6, 0.95)).tolist())
    actor = f"grid_worker:{row.username}"
    written = sum(_load_day(connection, actor, day, places) for day, places in days(streets, walker, now))
    since = now - timedelta(days=3)
    connection.execute(FOUND, {"actor": actor, "community": community, "since": since})
    return written


def days(
    streets: Streets, walker: Walker, now: datetime
) -> Iterator[tuple[date, list[tuple[datetime, float, float, float]]]]:
    """The places of each day on which the worker was out, today until now."""
    rng = np.random.default_rng([walker.seed])
    today = now.astimezone(BEIJING).date()
    for back in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        if rng.random() < (REST if day.weekday() >= 5 else 1 / 14):
            continue
        places = [place for place in walk(streets, walker, day, 1 - back / DAYS) if place[0] <= now]
        if places:
            yield day, places


def _load_day(connection: Connection, actor: str, day: date, places: list[tuple[datetime, float, float, float]]) -> int:
    """One duty with its places, still to be folded."""
    duty, first, last = f"demo-{actor}-{day}", places[0][0], places[-1][0]
    copy_rows(connection, "duty", DUTY, [(duty, actor, first, last, last)])
    points = hex_ewkb(shapely.points([(lng, lat) for _, lng, lat, _ in places]))
    rows = [(duty, at, point, accuracy) for (at, _, _, accuracy), point in zip(places, points, strict=True)]
    copy_rows(connection, "whereabouts", ("duty_id", "at", "geom", "accuracy_m"), rows)
    copy_rows(connection, "patrol_due", ("duty_id", "since"), [(duty, first)])
    return len(rows)
