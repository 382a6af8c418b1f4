"""What a wall shows in numbers is what SQL counts on the same city, under any filter."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import psycopg
import pytest

from data.cluster import Cluster
from data.database import SESSION, Connection, connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.mirror.alarms import Alarm, alarms, causes_of
from data.mirror.behind import RULES, behind
from data.mirror.columns import CaseMirror
from data.mirror.figures import Figures, summarise
from data.mirror.hot import hot_places, parents
from data.mirror.loading import load_mirror
from data.mirror.series import series
from data.mirror.where import EVERYTHING, Where, matching
from dispatch.matters import matters
from dispatch.reference import load_reference
from geo.errors import NeedleError

REFERENCE = datetime(2026, 11, 24, 9, 20, tzinfo=UTC)
ZONE, LAYER = "Asia/Shanghai", "subdistrict"
MOMENTS = [
    REFERENCE,
    datetime(2026, 11, 23, 16, 0, tzinfo=UTC),
    datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC),
    datetime(2026, 11, 10, 9, 30, 17, tzinfo=UTC),
]
"""The end of the history, the city's midnight and the second before it, and a day in the past."""

FILTERS: dict[str, tuple[Where, str]] = {
    "everything": (EVERYTHING, "true"),
    "channels": (Where(channels=frozenset({"12345", "snap"})), "channel in ('12345', 'snap')"),
    "open": (Where(open=True), "closed_at is null"),
    "urgent": (Where(urgent=True), "urgent"),
    "nothing": (Where(channels=frozenset({"no such channel"})), "false"),
}

FIGURES = """
with fits as (
    select date_trunc('second', reported_at) as reported_at, date_trunc('second', dispatched_at) as dispatched_at,
           date_trunc('second', due_at) as due_at, date_trunc('second', closed_at) as closed_at,
           date_trunc('second', answered_at) as answered_at, urgent, team_id from cases where {fits}),
midnight as (select date_trunc('day', %(now)s::timestamptz at time zone %(zone)s) at time zone %(zone)s as at)
select (select count(*) from fits, midnight where reported_at between midnight.at and %(now)s),
       count(*) filter (where closed_at is null), count(*) filter (where closed_at is null and due_at < %(now)s),
       count(*) filter (where closed_at is null and urgent), count(*) filter (where closed_at is null and team_id is null),
       extract(epoch from min(due_at) filter (where closed_at is null and due_at >= %(now)s))::int8,
       (select extract(epoch from percentile_cont(0.5) within group (order by dispatched_at - reported_at))::float8
          from fits where dispatched_at >= %(now)s::timestamptz - interval '24 hours'),
       avg((coalesce(answered_at, closed_at) <= due_at)::int)
           filter (where closed_at >= %(now)s::timestamptz - interval '7 days' and due_at is not null)::float8,
       (select count(*) from fits, midnight where closed_at >= midnight.at)
  from fits
"""

HOURS = """
select channel, extract(epoch from date_trunc('hour', reported_at))::int8, count(*) from cases
 where {fits} and reported_at >= date_trunc('hour', %(now)s::timestamptz) - interval '23 hours'
   and date_trunc('second', reported_at) <= %(now)s
 group by 1, 2
"""

RANKING = """
select areas ->> %(layer)s, count(*), count(*) filter (where date_trunc('second', due_at) < %(now)s) from cases
 where {fits} and closed_at is null and areas ? %(layer)s group by 1 order by 2 desc, 1 limit 10
"""

BEHIND = {
    "latest": "true order by reported desc, id desc",
    "today": "reported between %(midnight)s and %(now)s order by reported desc, id desc",
    "open": "closed = 0 order by nullif(due, 0) nulls last, id",
    "overdue": "closed = 0 and due between 1 and %(now)s - 1 order by due, id",
    "tightest": "closed = 0 and due >= %(now)s order by due, id",
    "undispatched": "closed = 0 and team_id is null order by reported desc, id desc",
    "dispatched": "dispatched >= %(now)s - 86400 order by dispatched - reported desc, id",
    "late": "closed >= %(now)s - 7 * 86400 and due <> 0 and coalesce(nullif(answered, 0), closed) > due order by closed desc, id",
}
SECONDS = ", ".join(
    f"coalesce(floor(extract(epoch from {name}_at)), 0)::int8 as {name}"
    for name in ("reported", "due", "dispatched", "answered", "closed")
)

SERIES = """
select g.number::int, count(*) filter (where part = 'opened'), count(*) filter (where part = 'closed')
  from generate_series(0, %(steps)s - 1) as g(number)
  left join (select (reported - %(start)s) / %(step)s as number, 'opened' as part from (select {seconds} from cases) c
              where reported >= %(start)s
             union all
             select (closed - %(start)s) / %(step)s, 'closed' from (select {seconds} from cases) c where closed >= %(start)s
            ) as moves using (number)
 group by 1 order by 1
"""


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[str]:
    url = cluster.copy_database("template", "counted")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), REFERENCE)
    yield url
    cluster.drop_database("counted")


@pytest.fixture
async def mirror(city: str) -> CaseMirror:
    async with await psycopg.AsyncConnection.connect(city, options=SESSION) as connection:
        return await load_mirror(connection)


@pytest.fixture
def base(city: str) -> Iterator[Connection]:
    with connect(city) as connection:
        yield connection


def rows(base: Connection, query: str, **values: Any) -> list[tuple[Any, ...]]:
    return base.execute(query, values).fetchall()


def fitting(mirror: CaseMirror, where: Where, now: int) -> Any:
    return matching(mirror, where, now)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", FILTERS)
async def test_figures_hours_and_ranking_are_those_of_sql(
    name: str, moment: datetime, mirror: CaseMirror, base: Connection
) -> None:
    where, fits = FILTERS[name]
    now = int(moment.timestamp())
    summary = summarise(mirror, fitting(mirror, where, now), now, ZONE, LAYER)
    (expected,) = rows(base, FIGURES.format(fits=fits), now=moment, zone=ZONE)
    names = [field.name for field in fields(Figures)]
    assert vars(summary.figures) == pytest.approx(dict(zip(names, expected, strict=True)), abs=1e-12)
    counted = {
        (channel, summary.hours.start + hour * 3600, cases)
        for channel, hours in summary.hours.counts.items()
        for hour, cases in enumerate(hours)
        if cases
    }
    assert counted == set(rows(base, HOURS.format(fits=fits), now=moment))
    assert summary.ranking == rows(base, RANKING.format(fits=fits), now=moment, layer=LAYER)


async def test_the_city_has_something_to_count(mirror: CaseMirror) -> None:
    now = int(REFERENCE.timestamp())
    figures = summarise(mirror, fitting(mirror, EVERYTHING, now), now, ZONE, LAYER).figures
    # Soon after midnight nothing need have been dispatched or closed yet.
    counted = (figures.today, figures.open, figures.overdue, figures.urgent, figures.undispatched, figures.tightest)
    assert all(counted), figures


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("figure", RULES)
@pytest.mark.parametrize("limit", [7, 100_000])
async def test_the_cases_behind_a_figure_are_those_of_sql(
    figure: str, limit: int, moment: datetime, mirror: CaseMirror, base: Connection
) -> None:
    now = int(moment.timestamp())
    midnight = int(base.execute("select extract(epoch from date_trunc('day', %s::timestamptz at time zone %s) at time zone %s)",
                                (moment, ZONE, ZONE)).fetchone()[0])  # type: ignore[index]  # fmt: skip
    query = f"select id from (select id, team_id, {SECONDS} from cases) c where {BEHIND[figure]} limit %(limit)s"
    expected = [id for (id,) in rows(base, query, now=now, midnight=midnight, limit=limit)]
    assert behind(mirror, fitting(mirror, EVERYTHING, now), figure, now, ZONE, limit) == expected


@pytest.mark.parametrize(("step", "steps"), [(900, 96), (21_600, 120), (7, 11)])
async def test_series_are_those_of_sql(step: int, steps: int, mirror: CaseMirror, base: Connection) -> None:
    end = int(REFERENCE.timestamp())
    start = end - step * steps
    found = series(mirror, np.ones(mirror.count, np.bool_), start, end, step)
    expected = rows(base, SERIES.format(seconds=SECONDS), start=start, step=step, steps=steps)
    assert list(zip(range(steps), found.opened, found.closed, strict=True)) == expected
    assert found.opened == [sum(column) for column in zip([0] * steps, *found.channels.values(), strict=True)]
    for step_at in (0, steps // 2, steps - 1):
        until = start + (step_at + 1) * step
        stood_open = "reported < %(until)s and (closed = 0 or closed >= %(until)s)"
        query = f"select count(*) from (select {SECONDS} from cases) c where {stood_open}"
        assert [(found.open[step_at],)] == rows(base, query, until=until)


@pytest.mark.parametrize(("start", "end", "step"), [(0, 100, 0), (100, 100, 1), (0, 10_000, 1), (5, 4, 1), (0, 9, -1)])
async def test_a_series_without_sensible_steps_is_refused(start: int, end: int, step: int, mirror: CaseMirror) -> None:
    with pytest.raises(NeedleError, match=r"filter\.invalid|step"):
        series(mirror, np.ones(mirror.count, np.bool_), start, end, step)


async def test_hot_places_are_hexagons_full_of_open_cases(mirror: CaseMirror) -> None:
    now = int(REFERENCE.timestamp())
    everything = np.ones(mirror.count, np.bool_)
    places = hot_places(mirror, everything, now, LAYER, limit=5)
    is_open = (mirror.closed[: mirror.count] == 0) & mirror.placed[: mirror.count]
    cells = [h3.cell_to_parent(int(cell), 8) for cell in mirror.hex[: mirror.count][is_open]]
    assert places
    assert places[0].open <= max(cells.count(cell) for cell in set(cells))
    for place in places:
        west, south, east, north = place.box
        cell = h3.latlng_to_cell((south + north) / 2, (west + east) / 2, 8)
        assert cells.count(cell) == place.open >= len(place.pressing) > 0
        found = mirror.row_of(np.array(place.pressing))
        assert (mirror.closed[found] == 0).all()
        late = (mirror.due[found] != 0) & (mirror.due[found] < now)
        assert late.sum() == min(place.overdue, len(found))
        assert place.area in mirror.area_codes[LAYER]


def test_parents_are_those_of_h3() -> None:
    rng = np.random.default_rng(3)
    cells = [h3.latlng_to_cell(*point, 9) for point in rng.uniform((-80, -179), (80, 179), (500, 2)).tolist()]
    assert parents(np.array(cells, np.int64)).tolist() == [h3.cell_to_parent(cell, 8) for cell in cells]


@pytest.mark.parametrize("begins", ["max(reported) filter (where urgent)", "max(due)"])
async def test_alarms_are_urgent_and_freshly_overdue_open_cases(
    begins: str, mirror: CaseMirror, base: Connection
) -> None:
    ((since,),) = rows(base, f"select {begins} from (select urgent, {SECONDS} from cases) c where closed = 0")
    now = since + 600
    query = f"""
        select id, cause, since from (select id, urgent, {SECONDS} from cases) c
         cross join lateral (
             values ('urgent', reported, urgent and reported >= %(now)s - 86400),
                    ('overdue', due, due > 0 and due < %(now)s and due >= %(now)s - 3600)) as v (cause, since, sounds)
         where closed = 0 and sounds order by since desc, id, cause"""
    expected = [Alarm(*row) for row in rows(base, query, now=now)]
    assert expected
    assert alarms(mirror, set(), now) == expected
    first = expected[0]
    assert alarms(mirror, {(first.case_id, first.cause)}, now) == expected[1:]
    assert first.cause in causes_of(mirror, first.case_id, now)
    with pytest.raises(NeedleError, match="-1"):
        causes_of(mirror, -1, now)
