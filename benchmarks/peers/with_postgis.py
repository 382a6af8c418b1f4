"""PostGIS, tuned: set-based for the million, one prepared query for the single event; our own way through tables beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import shapely

from benchmarks.problem import Answers, Problem
from data.cluster import TUNING, Cluster
from data.copy import copy_arrays, read_arrays
from data.database import Connection, connect
from data.settings import get_settings

TABLES = """
drop table if exists event, cell, jurisdiction, team, answer, answer_ours;
create table event (id int4, lng float8, lat float8, x float8, y float8, department int4, matter int4);
create table cell (id int4, geom geometry(Polygon, 4326));
create table jurisdiction (id int4, district int4, geom geometry(Polygon, 4326));
create table team (id int4, department int4, district int4, x float8, y float8);
"""
INDEXES = """
alter table event add column geom geometry(Point, 4326);
update event set geom = st_setsrid(st_point(lng, lat), 4326);
create index on event using gist (geom);
create index on cell using gist (geom);
create index on jurisdiction using gist (geom);
create index on team (department, district);
"""
# Polygons outer (offset 0 keeps the planner from turning the joins round), so that each is prepared once and reused.
SOLVE = """
create unlogged table answer as
with c as materialized (
        select e.id, min(a.id) as cell from cell a
        cross join lateral (select id from event where st_intersects(a.geom, event.geom) offset 0) e group by e.id),
     j as materialized (
        select e.id, min(a.id) as area from jurisdiction a
        cross join lateral (select id from event where st_intersects(a.geom, event.geom) offset 0) e group by e.id)
select e.id, coalesce(c.cell, -1) as cell, coalesce(j.area, -1) as area, coalesce(t.id, -1) as team
from event e left join c using (id) left join j using (id) left join jurisdiction a on a.id = j.area
left join lateral (
    select team.id from team where team.department = e.department and team.district = a.district
    order by (team.x - e.x) * (team.x - e.x) + (team.y - e.y) * (team.y - e.y) limit 1) t on true
"""
ONE = """
with p as (select st_setsrid(st_point(%s, %s), 4326) as geom),
     c as (select a.id from cell a, p where st_intersects(a.geom, p.geom) order by a.id limit 1),
     j as (select a.id, a.district from jurisdiction a, p where st_intersects(a.geom, p.geom) order by a.id limit 1)
select (select id from c), j.id, (
    select t.id from team t where t.department = %s and t.district = j.district
    order by (t.x - %s) * (t.x - %s) + (t.y - %s) * (t.y - %s) limit 1)
from j
"""
ANSWER = np.dtype([("id", np.int32), ("cell", np.int32), ("area", np.int32), ("team", np.int32)])
EVENT = np.dtype([("id", np.int32), ("lng", np.float64), ("lat", np.float64), ("matter", np.int32)])


@contextmanager
def postgis(problem: Problem) -> Iterator[Connection]:
    """A private cluster with the problem in its tables, indexed and analysed, for as long as it is needed."""
    tuning = {**TUNING, "shared_buffers": "2GB", "work_mem": "512MB"}
    cluster = Cluster(get_settings().home / "bench" / "postgres", tuning)
    cluster.start()
    try:
        with connect(cluster.create_database("needle_bench"), autocommit=True) as connection:
            _load(connection, problem)
            yield connection
    finally:
        cluster.stop()


def _load(connection: Connection, problem: Problem) -> None:
    city, events = problem.city, problem.city.events
    ids = np.arange(len(events.lng), dtype=np.int32)
    connection.execute(TABLES)
    columns: dict[str, np.ndarray[Any, Any]] = {
        "id": ids,
        "lng": events.lng,
        "lat": events.lat,
        "x": problem.x,
        "y": problem.y,
    }
    copy_arrays(connection, "event", {**columns, "department": problem.department, "matter": events.matter})
    district = problem.district_of.tolist()
    for name, rows in (
        ("cell (id, geom)", [(k,) for k in range(len(city.cells))]),
        ("jurisdiction (id, district, geom)", list(enumerate(district))),
    ):
        polygons = (city.cells if name.startswith("cell") else city.jurisdictions).polygons
        wkb = shapely.to_wkb(shapely.set_srid(polygons, 4326), hex=True, include_srid=True)
        with connection.cursor() as cursor, cursor.copy(f"copy {name} from stdin".encode()) as copy:
            for row, geometry in zip(rows, wkb, strict=True):
                copy.write_row((*row, geometry))
    may = np.flatnonzero(problem.team_group >= 0).astype(np.int32)
    department, of_district = np.divmod(problem.team_group[may], np.int32(problem.districts))
    team = {"id": may, "department": department, "district": of_district}
    copy_arrays(connection, "team", {**team, "x": problem.team_x[may], "y": problem.team_y[may]})
    connection.execute(INDEXES)
    connection.execute("vacuum analyze")


def solve_in_sql(connection: Connection) -> None:
    """PostGIS's way: from table to table in one statement."""
    connection.execute("drop table if exists answer")
    connection.execute(SOLVE)


def solve_through_engine(connection: Connection, problem: Problem) -> None:
    """Our way: events out of the table, through the engine, answers into a table."""
    connection.execute("drop table if exists answer_ours")
    connection.execute("create unlogged table answer_ours (id int4, cell int4, area int4, team int4)")
    rows = read_arrays(connection, "select id, lng, lat, matter from event", EVENT)
    lng, lat, matter = (np.ascontiguousarray(rows[name]) for name in ("lng", "lat", "matter"))
    where = problem.atlas.locate(lng, lat)
    team = problem.matcher.decide_bulk(matter, lng, lat, where).team
    answer = {"id": np.ascontiguousarray(rows["id"]), "cell": where[0], "area": where[1], "team": team}
    copy_arrays(connection, "answer_ours", answer)


def answers(connection: Connection, table: str = "answer") -> Answers:
    """What a table of answers holds, in the events' order."""
    rows = read_arrays(connection, f"select id, cell, area, team from {table} order by id", ANSWER)
    return Answers(*(np.ascontiguousarray(rows[name]) for name in ("cell", "area", "team")))
