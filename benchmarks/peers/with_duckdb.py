"""DuckDB with its spatial extension: one statement, two spatial joins and a grouped nearest."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from benchmarks.problem import Answers, Problem

SOLVE = """
with c as (select e.id, min(a.id) as cell from event e join cell a on st_intersects(a.geom, e.geom) group by e.id),
     j as (select e.id, min(a.id) as area from event e join jurisdiction a on st_intersects(a.geom, e.geom) group by e.id),
     t as (
        select e.id, arg_min(t.id, (t.x - e.x) * (t.x - e.x) + (t.y - e.y) * (t.y - e.y)) as team
        from event e join j using (id) join district d on d.id = j.area
        join team t on t.grp = e.department * $districts + d.district group by e.id)
select e.id, c.cell, j.area, t.team from event e left join c using (id) left join j using (id) left join t using (id)
"""


def prepare(problem: Problem) -> Callable[[], Answers]:
    """Tables in memory."""
    db = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": "2"})
    folder = Path(str(files("duckdb_extension_spatial")))
    db.execute(f"load '{next(folder.rglob('*.duckdb_extension'))}'")
    city, events = problem.city, problem.city.events
    ids = np.arange(len(events.lng), dtype=np.int32)
    columns = {"id": ids, "lng": events.lng, "lat": events.lat, "x": problem.x, "y": problem.y}
    db.register("events", pa.table({**columns, "department": problem.department}))
    db.execute("create table event as select id, st_point(lng, lat) as geom, x, y, department from events")
    for name, layer in (("cell", city.cells), ("jurisdiction", city.jurisdictions)):
        db.register(
            "areas", pa.table({"id": np.arange(len(layer), dtype=np.int32), "wkb": shapely.to_wkb(layer.polygons)})
        )
        db.execute(f"create table {name} as select id, st_geomfromwkb(wkb) as geom from areas")
    may = np.flatnonzero(problem.team_group >= 0).astype(np.int32)
    team = {"id": may, "x": problem.team_x[may], "y": problem.team_y[may], "grp": problem.team_group[may]}
    db.register("teams", pa.table(team))
    db.execute("create table team as select * from teams")
    number = np.arange(len(problem.district_of), dtype=np.int32)
    db.register("districts", pa.table({"id": number, "district": problem.district_of}))
    db.execute("create table district as select * from districts")

    def solve() -> Answers:
        rows = db.execute(SOLVE, {"districts": problem.districts}).to_arrow_table()
        order = rows["id"].to_numpy()
        answer = np.full((3, len(order)), -1, np.int32)
        for k, name in enumerate(("cell", "area", "team")):
            answer[k, order] = rows[name].fill_null(-1).to_numpy()
        return Answers(*answer)

    return solve
