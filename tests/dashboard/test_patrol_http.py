"""Patrol coverage over HTTP: what a walk along a street shows of its cells, who may see whom, a day replayed and written down."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl
import pytest
import shapely

from dashboard.cast import Cast
from data.cluster import Cluster
from data.copy import copy_rows, hex_ewkb
from data.database import Connection, connect
from data.stores.accounts import AccountRow, add_account
from geo.mvt_columns import mercator
from geo.mvt_reading import read_tile
from tests.dashboard.conftest import Served
from tests.patience import PATIENCE_S, until

#: The longest piece of a street within one community that has a neighbour, and both their streets' area.
STREET = """
select area.code, area.parent_code, ST_AsBinary(piece) from area
  join generation on generation.id = generation_id and valid_to is null
  join street on ST_Intersects(street.geom, area.geom),
  lateral (select (ST_Dump(ST_CollectionExtract(ST_Intersection(street.geom, area.geom), 2))).geom as piece) as cut
 where layer = 'community' order by ST_Length(piece) desc, area.code limit 1
"""
ELSEWHERE = """
select code from area join generation on generation.id = generation_id and valid_to is null
 where layer = 'subdistrict' and code <> %s order by code limit 1
"""
DUTY = "insert into duty (id, actor, started_at, until, ended_at) values ('walked', %s, %s, %s, %s)"
STEP_S = 20


@dataclass(frozen=True)
class Walked:
    """A served block in which somebody walked along a street a while ago."""

    address: str
    url: str
    cast: Cast
    worker: int
    other: int
    street: str
    elsewhere: str
    way: shapely.LineString

    def get(self, actor: str, path: str, **query: Any) -> httpx.Response:
        with httpx.Client(base_url=self.address, headers=self.cast.headers(actor), timeout=PATIENCE_S) as client:
            return client.get(path, params=query)

    def said(self, actor: str, path: str, **query: Any) -> Any:
        answer = self.get(actor, path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


def watcher(connection: Connection, username: str, layer: str, code: str) -> int:
    return add_account(connection, AccountRow(0, username, username, "grid_worker", None, None, layer, (code,)))


def write_walk(connection: Connection, way: shapely.LineString, actor: str) -> None:
    """Along the way at some 1.4 metres a second, then five minutes at its end."""
    began = datetime.now(UTC) - timedelta(hours=3)
    count = max(2, int(way.length * 100_000 / (1.4 * STEP_S)))
    points = [way.interpolate(k / count, normalized=True) for k in range(count + 1)] + [
        way.interpolate(1, normalized=True)
    ] * 15
    moments = [began + timedelta(seconds=STEP_S * k) for k in range(len(points))]
    connection.execute(DUTY, (actor, began, moments[-1], moments[-1]))
    rows = [("walked", at, point, 6.0) for at, point in zip(moments, hex_ewkb(points), strict=True)]
    copy_rows(connection, "whereabouts", ("duty_id", "at", "geom", "accuracy_m"), rows)
    connection.execute("insert into patrol_due values ('walked', %s)", (began,))


@pytest.fixture(scope="module")
def walked(cluster: Cluster, block_template: str) -> Iterator[Walked]:
    url = cluster.copy_database(block_template, "walked_block")
    with connect(url) as connection:
        row = connection.execute(STREET).fetchone()
        assert row is not None
        community, street, shape = row
        elsewhere = connection.execute(ELSEWHERE, (street,)).fetchone()
        assert elsewhere is not None
        worker = watcher(connection, "wang", "community", community)
        other = watcher(connection, "zhao", "subdistrict", elsewhere[0])
        way = shapely.from_wkb(bytes(shape))
        write_walk(connection, way, "grid_worker:wang")
    with Served(url) as server:
        known = Walked(server.address, url, Cast(url), worker, other, street, elsewhere[0], way)
        until(lambda: known.get("leader:boss", "/api/patrol").status_code == 200, "the ground of patrols")
        until(lambda: seen(url), "the walk is folded")
        yield known
    cluster.drop_database("walked_block")


def seen(url: str) -> bool:
    with connect(url) as connection:
        row = connection.execute("select exists (select from patrol), exists (select from patrol_due)").fetchone()
    return row == (True, False)


def fresh(walked: Walked, actor: str, **query: Any) -> Any:
    """The figures once the picture that was made before the walk was folded has grown old."""
    return until(
        lambda: (said := walked.said(actor, "/api/patrol", **query))["total"]["visited"] and said, "the walk is shown"
    )


def test_a_walk_along_a_street_shows_its_cells_and_what_was_not_seen(walked: Walked) -> None:
    said = fresh(walked, "leader:boss", sort="last")
    total = said["total"]
    assert 0 < total["streets"] < 1
    assert 0 < total["visited"] < total["cells"]
    best = max((row for row in said["rows"] if row["last"]), key=lambda row: row["street_seen_m"])
    cell = walked.said("leader:boss", f"/api/patrol/cell/{best['code']}")
    assert cell["streets"] == best["streets"]
    assert sum(day["share"] > 0 for day in cell["days"]) in (1, 2)
    assert [one["name"] for one in cell["visitors"]] == ["wang"]
    near = shapely.buffer(walked.way, 0.0001)
    gaps = [shapely.LineString(line) for line in cell["gaps"]]
    assert all(not near.contains(gap) for gap in gaps)
    assert (cell["streets"] < 1) == bool(gaps)
    assert walked.said("leader:boss", f"/api/patrol/cells/{cell['id']}")["code"] == best["code"]


@pytest.mark.parametrize(("zoom", "layer"), [(9, "subdistrict"), (11, "community"), (14, "cell")])
def test_tiles_draw_what_each_zoom_is_for(walked: Walked, zoom: int, layer: str) -> None:
    fresh(walked, "leader:boss")
    middle = walked.way.interpolate(0.5, normalized=True)
    x, y = (int(v[0]) >> 32 - zoom for v in mercator(*(shapely.get_coordinates(middle).T)))
    last = walked.said("leader:boss", "/api/patrol")["period"]["last"]
    answer = walked.get("leader:boss", f"/tiles/patrol/7/{last}/{zoom}/{x}/{y}.mvt")
    ((name, drawn),) = read_tile(answer.content).items()
    assert name == layer
    shares = [feature.properties["s"] for feature in drawn.features if "s" in feature.properties]
    assert 0 < max(shares) <= 1000


def test_each_sees_the_workers_that_are_theirs(walked: Walked) -> None:
    def accounts(actor: str) -> set[int]:
        return {worker["account"] for worker in walked.said(actor, "/api/patrol")["workers"]}

    assert {walked.worker, walked.other} <= accounts("leader:boss")
    assert walked.worker in accounts(f"street:{walked.street}")
    assert walked.other not in accounts(f"street:{walked.street}")
    assert accounts("planner") == set()
    mine = walked.said(f"street:{walked.elsewhere}", "/api/patrol")["total"]
    assert mine["cells"] < walked.said("leader:boss", "/api/patrol")["total"]["cells"]


def test_a_day_is_replayed_for_the_supervisor_of_the_area_alone_and_written_down(walked: Walked) -> None:
    street, path = f"street:{walked.street}", f"/api/patrol/worker/{walked.worker}"
    days = walked.said(street, path)["days"]
    looked = [walked.said(street, f"{path}/{day['day']}") for day in days]
    way = [place for one in looked for place in one["track"]]
    walked_m = sum(one["walked_m"] for one in looked)
    assert walked_m == pytest.approx(metres(walked.way), rel=0.05)
    assert len(way) == sum(day["places"] for day in days)
    assert any(stop["to"] - stop["from"] >= 240 for one in looked for stop in one["stops"])
    for actor, status in (
        (f"street:{walked.elsewhere}", 403),
        ("planner", 403),
        ("admin", 403),
        ("grid_worker:li", 403),
    ):
        assert walked.get(actor, f"{path}/{days[0]['day']}").status_code == status, actor
    with connect(walked.url) as connection:
        rows = connection.execute(
            "select detail ->> 'day', actor from audit_entry where action = 'patrol.replay' and object = %s",
            (f"account:{walked.worker}",),
        ).fetchall()
    assert sorted(day for day, _ in rows) == sorted(day["day"] for day in days)
    assert all(walked.street in actor for _, actor in rows)


def metres(way: shapely.LineString) -> float:
    with_latitude = shapely.transform(way, lambda points: points * [85_300, 111_030])
    return float(with_latitude.length)


def sheet(walked: Walked, actor: str, **query: Any) -> bytes:
    with httpx.Client(base_url=walked.address, headers=walked.cast.headers(actor), timeout=PATIENCE_S) as client:
        begun = client.post("/api/patrol/sheets", params=query)
        assert begun.status_code == 202, begun.text
        at = f"/api/patrol/sheets/{begun.json()['id']}"
        until(lambda: (said := client.get(at).json()) and ("error" in said or said["ready"]), "the sheet is written")
        return client.get(f"{at}/file").content


def test_the_sheet_of_a_week_says_what_the_page_says(walked: Walked) -> None:
    said = fresh(walked, "leader:boss", sort="last")
    best = max((row for row in said["rows"] if row["last"]), key=lambda row: row["street_seen_m"])
    monday = datetime.fromtimestamp(best["last"], ZoneInfo("Asia/Shanghai")).date()
    week = {"to": monday.isoformat(), "lang": "en"}
    book = openpyxl.load_workbook(io.BytesIO(sheet(walked, "leader:boss", format="xlsx", cell=best["code"], **week)))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0][:3] == ("Line", "Name / date", "Streets")
    assert len([row for row in rows[1:] if str(row[0]).startswith("Day")]) == 7
    cells = {row[1]: row[2] for row in rows[1:] if row[0] == "Cell"}
    assert best["name"] in cells
    shares = [row[2] for row in rows[1:] if str(row[0]).startswith("Day")]
    assert any(isinstance(share, float) and share > 0 for share in shares)
    for query in ({"cell": best["code"]}, {"worker": walked.worker}):
        assert sheet(walked, "leader:boss", format="pdf", **query, **week).startswith(b"%PDF-")


def test_a_sheet_is_for_who_may_see_the_worker(walked: Walked) -> None:
    with httpx.Client(base_url=walked.address, headers=walked.cast.headers(f"street:{walked.elsewhere}")) as client:
        for query, code in (({"worker": walked.worker}, "patrol.not_yours"), ({}, "export.unknown_format")):
            refused = client.post("/api/patrol/sheets", params={"format": "pdf", **query})
            assert refused.json()["code"] == code


@pytest.mark.parametrize("query", [{"days": "3"}, {"to": "yesterday"}, {"to": "2026-02-30"}])
def test_a_period_that_is_none_is_refused(walked: Walked, query: dict[str, str]) -> None:
    answer = walked.get("leader:boss", "/api/patrol", **query)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
