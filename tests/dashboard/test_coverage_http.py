"""Coverage and askings over HTTP: what each account sees and may do, routes, targets, files, and news within moments."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import geopandas
import httpx
import numpy as np
import openpyxl
import pytest
import zxingcpp
from PIL import Image
from websockets.sync.client import connect as open_socket

from dashboard.cast import Cast
from data.cluster import Cluster
from data.database import connect
from data.settings import get_settings
from data.stores.accounts import AccountRow, add_account
from forms.coverage import FIELDS, Counts
from geo.mvt_columns import mercator
from geo.mvt_reading import read_tile
from tests.dashboard.asked import answer, ask_block
from tests.dashboard.conftest import Served
from tests.patience import PATIENCE_S, until


class Asked:
    """A served block in which somebody was asked, and clients by actor."""

    def __init__(self, address: str, url: str, workers: dict[str, str]) -> None:
        self.address, self.url, self.workers, self.cast = address, url, workers, Cast(url)

    def client(self, actor: str) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=self.cast.headers(actor), trust_env=False)

    def get(self, actor: str, path: str, **query: Any) -> Any:
        with self.client(actor) as client:
            answered = client.get(path, params=query)
            assert answered.status_code == 200, answered.text
            return answered.json()

    def post(self, actor: str, path: str, body: dict[str, Any]) -> httpx.Response:
        with self.client(actor) as client:
            return client.post(path, json=body)

    def links(self, where: str) -> list[int]:
        with connect(self.url) as connection:
            rows = connection.execute(f"select id from link where {where} order by id".encode()).fetchall()
        return [row[0] for row in rows]


@pytest.fixture(scope="module")
def asked(cluster: Cluster, block_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    url = cluster.copy_database(block_template, "asked_block")
    home = tmp_path_factory.mktemp("asked_home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEEDLE_HOME", str(home))
        get_settings.cache_clear()
        workers = ask_block(url, home)
        with Served(url, signed_in=False) as server:
            found = Asked(server.address, url, workers)
            with found.client("admin") as admin:
                until(lambda: admin.get("/api/coverage/1").status_code != 503, "the cells are counted")
            yield found
    get_settings.cache_clear()
    cluster.drop_database("asked_block")


def total(asked: Asked, actor: str, **query: Any) -> Counts:
    return Counts(*asked.get(actor, "/api/coverage/1", **query)["total"])


def test_everybody_counts_what_lies_in_their_own_area(asked: Asked) -> None:
    whole, cell = total(asked, "admin"), asked.workers["zheng"]
    assert (whole.recipients, whole.doors) == (120, 30)
    own = total(asked, "grid_worker:zheng")
    assert own == total(asked, "admin", area=f"cell:{cell}")
    assert 0 < own.recipients + own.doors < 150
    assert total(asked, "grid_worker:zheng", area=f"cell:{asked.workers['wei']}") == Counts()
    rows = asked.get("grid_worker:zheng", "/api/coverage/1", level="cell")["rows"]
    assert [row["code"] for row in rows] == [cell]
    said = asked.get("grid_worker:zheng", "/api/coverage")["askings"][0]
    assert Counts(*said["counts"]) == own


def test_a_worker_of_a_team_goes_to_the_doors_of_their_own_cells(asked: Asked) -> None:
    cell = asked.workers["zheng"]
    with connect(asked.url) as connection:
        team = (connection.execute("select min(id) from team").fetchone() or (0,))[0]
        row = AccountRow(0, "grid_worker-qian", "qian", "grid_worker", None, team, "cell", (cell,))
        number = add_account(connection, row)
    qian = "grid_worker:qian"
    assert total(asked, qian) == total(asked, "admin", area=f"cell:{cell}")
    assert total(asked, qian).recipients + total(asked, qian).doors > 0
    assert [one["id"] for one in asked.get(qian, "/api/coverage")["askings"]] == [1]
    link = asked.links(f"kind = 'household' and areas ->> 'cell' = '{cell}'")[1]
    assert asked.post(qian, "/api/coverage/visits", {"link": link, "outcome": "vacant"}).status_code == 201
    assert asked.get(qian, "/api/coverage/1/route")["stops"]
    assert asked.get(qian, "/api/m/state")["person"]["cells"] is True
    body = {"account": number, "target": 4, "due": "2099-01-01"}
    assert asked.post("centre:1", "/api/coverage/1/targets", body).status_code == 200
    assert [one["name"] for one in asked.get(qian, "/api/coverage/1")["workers"]] == ["qian"]
    nobody = f"team:{team}"
    assert total(asked, nobody) == Counts()
    assert asked.get(nobody, "/api/coverage")["askings"] == []
    assert asked.get(nobody, "/api/m/state")["person"]["cells"] is False


@pytest.mark.parametrize(
    ("actor", "status"), [("grid_worker:zheng", 200), ("planner", 200), ("department:d1", 403), ("screen", 403)]
)
def test_rights(asked: Asked, actor: str, status: int) -> None:
    if actor.startswith("department"):
        with connect(asked.url) as connection:
            row = connection.execute("select min(code) from department").fetchone()
        assert row is not None
        actor = f"department:{row[0]}"
    with asked.client(actor) as client:
        assert client.get("/api/coverage").status_code == status
        assert client.get("/api/outreach").status_code == (403 if actor != "admin" else 200)


def test_a_worker_notes_what_was_met_and_only_at_the_own_doors(asked: Asked) -> None:
    own, other = asked.workers["zheng"], asked.workers["wei"]
    mine = asked.links(f"kind = 'household' and areas ->> 'cell' = '{own}'")[0]
    theirs = asked.links(f"areas ->> 'cell' = '{other}'")[0]
    before = total(asked, "grid_worker:zheng")
    for outcome in ("not_reachable", "refused"):
        body = {"link": mine, "outcome": outcome, "note": "  周六再来 "}
        assert asked.post("grid_worker:zheng", "/api/coverage/visits", body).status_code == 201
    until(lambda: total(asked, "grid_worker:zheng").refused == before.refused + 1)
    with connect(asked.url) as connection:
        place = connection.execute("select areas ->> 'building' from link where id = %s", [mine]).fetchone()
    assert place is not None
    door = next(
        one
        for one in asked.get("grid_worker:zheng", f"/api/coverage/1/at/{place[0]}")["recipients"]
        if one["link"] == mine
    )
    assert [(visit["outcome"], visit["note"]) for visit in door["visits"]] == [
        ("refused", "周六再来"),
        ("not_reachable", "周六再来"),
    ]
    refused = asked.post("grid_worker:zheng", "/api/coverage/visits", {"link": theirs, "outcome": "vacant"})
    assert (refused.status_code, refused.json()["code"]) == (404, "coverage.no_link")
    assert (
        asked.post("grid_worker:zheng", "/api/coverage/visits", {"link": mine, "outcome": "moved"}).status_code == 422
    )
    assert asked.post("planner", "/api/coverage/visits", {"link": mine, "outcome": "vacant"}).status_code == 403
    with connect(asked.url) as connection:
        far = connection.execute("select target from link where id = %s", [theirs]).fetchone()
    assert far is not None
    assert asked.get("grid_worker:zheng", f"/api/coverage/1/at/{far[0]}")["recipients"] == []


def test_households_behind_a_door_make_a_denominator(asked: Asked) -> None:
    door, before = asked.links("kind = 'building'")[-1], total(asked, "admin")
    assert asked.post("admin", "/api/coverage/households", {"link": door, "households": 12}).status_code == 200
    until(lambda: total(asked, "admin").recipients == before.recipients + 12)
    assert total(asked, "admin").doors == before.doors - 1
    assert asked.post("admin", "/api/coverage/households", {"link": door, "households": 0}).status_code == 422
    asked.post("admin", "/api/coverage/households", {"link": door, "households": None})
    until(lambda: total(asked, "admin").recipients == before.recipients)


def test_news_reach_the_own_sockets_alone_with_map_rows_and_total(asked: Asked) -> None:
    cell, address = asked.workers["zheng"], asked.address.replace("http", "ws")
    listen = partial(open_socket, f"{address}/ws/coverage/1", open_timeout=PATIENCE_S)
    link = asked.links(f"kind = 'household' and areas ->> 'cell' = '{cell}' and uses = 0")[-1]
    with (
        listen(additional_headers=asked.cast.headers("grid_worker:zheng")) as mine,
        listen(additional_headers=asked.cast.headers("grid_worker:wei")) as theirs,
        connect(asked.url) as connection,
    ):
        answer(connection, link)
        said = json.loads(mine.recv(timeout=PATIENCE_S))
        assert said["kind"] == "coverage"
        assert [row[0] for row in said["areas"]["cell"]] == [cell]
        assert len(said["features"]["building"]) == 1
        assert Counts(*said["total"]).answered == total(asked, "grid_worker:zheng").answered > 0
        elsewhere = json.loads(theirs.recv(timeout=PATIENCE_S))
        assert (elsewhere["features"]["building"], elsewhere["areas"]["cell"]) == ([], [])


def test_tiles_show_what_the_account_sees_and_are_kept_until_something_changes(asked: Asked) -> None:
    with connect(asked.url) as connection:
        row = connection.execute(
            "select ST_X(geom), ST_Y(geom) from link where areas ->> 'cell' = %s", [asked.workers["zheng"]]
        )
        lng, lat = row.fetchone() or (0.0, 0.0)
        (count,) = connection.execute(
            "select count(distinct coverage_place(kind, target, areas)) from link"
        ).fetchone() or (0,)
    z, x, y = 14, *tile_of(lng, lat, 14)
    path = f"/tiles/coverage/1/{z}/{x}/{y}.mvt"
    with asked.client("admin") as admin, asked.client("grid_worker:zheng") as own:
        whole, mine = admin.get(path), own.get(path)
        ids = [{f.id for f in read_tile(one.content)["building"].features} for one in (whole, mine)]
        assert ids[1] < ids[0]
        assert len(ids[0]) <= count
        assert admin.get(path, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
        with connect(asked.url) as connection:
            answer(connection, asked.links("uses = 0")[0])
        until(lambda: admin.get(path, headers={"If-None-Match": whole.headers["etag"]}).status_code == 200)
        far = admin.get(f"/tiles/coverage/1/10/{x >> 4}/{y >> 4}.mvt")
        assert set(read_tile(far.content)) == {"subdistrict"}
        assert admin.get("/tiles/coverage/1/30/0/0.mvt").status_code == 404


def tile_of(lng: float, lat: float, zoom: int) -> tuple[int, int]:
    x, y = mercator(np.array([lng]), np.array([lat]))
    return int(x[0]) >> (32 - zoom), int(y[0]) >> (32 - zoom)


def test_the_walk_passes_every_door_that_is_left_in_the_cell(asked: Asked) -> None:
    walk = asked.get("grid_worker:zheng", "/api/coverage/1/route")
    said = asked.get("grid_worker:zheng", "/api/coverage/1", level="building")
    left = {row["code"] for row in said["rows"] if Counts(*row["counts"]).left}
    assert {stop["code"] for stop in walk["stops"]} == left
    assert len(walk["stops"]) == len(left)
    assert walk["length_m"] > 0
    assert all(stop["doors"] for stop in walk["stops"])


def test_targets_are_set_by_supervisors_for_workers_of_their_area(asked: Asked) -> None:
    worker = asked.get("grid_worker:zheng", "/api/coverage/1")["workers"]
    assert [one["name"] for one in worker] == ["zheng"]
    body = {"account": worker[0]["account"], "target": 5, "due": "2020-01-01"}
    assert asked.post("grid_worker:zheng", "/api/coverage/1/targets", body).status_code == 403
    assert asked.post("centre:1", "/api/coverage/1/targets", body).status_code == 200
    shown = asked.get("grid_worker:zheng", "/api/coverage/1")["workers"][0]
    assert (shown["target"], shown["due"], shown["missing"]) == (5, "2020-01-01", max(0, 5 - shown["done"]))
    assert shown["late"] == (shown["missing"] > 0)
    for wrong in ({"account": worker[0]["account"], "target": 5}, {"target": 5, "due": "2026-01-01"}):
        assert asked.post("centre:1", "/api/coverage/1/targets", wrong).status_code == 422
    beyond = asked.post("street:nowhere", "/api/coverage/1/targets", body)
    assert (beyond.status_code, beyond.json()["code"]) == (403, "coverage.not_yours")


def filed(client: httpx.Client, form: str) -> bytes:
    """A file of an asking, begun, waited for, fetched once."""
    begun = client.post("/api/coverage/1/files", params={"format": form, "lang": "en"})
    assert begun.status_code == 202, begun.text
    at = f"/api/coverage/1/files/{begun.json()['id']}"
    until(lambda: client.get(at).json()["ready"])
    assert client.get(at).json()["done"] == client.get(at).json()["total"] == 90
    file = client.get(f"{at}/file")
    assert f'.{form}"' in file.headers["content-disposition"]
    assert client.get(f"{at}/file").json()["code"] == "export.unknown"
    return file.content


def test_files_hold_the_buildings_of_the_scope_with_the_same_numbers(asked: Asked, tmp_path: Path) -> None:
    whole = total(asked, "admin")
    with asked.client("admin") as admin:
        text = filed(admin, "csv").decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sum(int(row["Asked"]) for row in rows) == whole.recipients
        book = openpyxl.load_workbook(io.BytesIO(filed(admin, "xlsx")))
        assert book.worksheets[0].max_row == len(rows) + 1 == 91
        path = tmp_path / "coverage.gpkg"
        path.write_bytes(filed(admin, "gpkg"))
        frame = geopandas.read_file(path)
        assert Counts(*(int(frame[name].sum()) for name in FIELDS)) == whole
        assert str(frame.crs) == "EPSG:4326"
        assert admin.post("/api/coverage/1/files?format=pdf").status_code == 422
        assert admin.delete("/api/coverage/1/files/nobodys").json()["code"] == "export.unknown"
    with asked.client("grid_worker:zheng") as own:
        assert own.post("/api/coverage/1/files?format=csv").status_code == 403


# --- asking -----------------------------------------------------------------------------------------------------


def finished(asked: Asked, actor: str, begun: httpx.Response) -> dict[str, Any]:
    assert begun.status_code == 202, begun.text
    job = begun.json()
    until(lambda: any(asked.get(actor, f"/api/outreach/jobs/{job['id']}").get(key) for key in ("outcome", "error")))
    return {**job, **asked.get(actor, f"/api/outreach/jobs/{job['id']}")}


def test_an_asking_is_made_for_an_area_revoked_and_issued_anew(asked: Asked) -> None:
    areas = asked.get("admin", "/api/outreach")["areas"]["community"]
    wanted = {"form": "satisfaction", "title": "摸排", "asks": "居委会", "until": "2099-01-01T18:00", "to": "building"}
    body = {**wanted, "areas": [["community", areas[0][0]]], "uses": ["residential"]}
    made = finished(asked, "admin", asked.post("admin", "/api/outreach", body))["outcome"]
    links = asked.get("admin", f"/api/outreach/{made['outreach']}/links")["links"]
    assert len(links) == made["links"] > 0
    assert {link["state"] for link in links} == {"waiting"}
    one = {"links": [links[0]["id"]]}
    assert asked.post("admin", f"/api/outreach/{made['outreach']}/revoke", one).json() == {"links": 1}
    assert (
        asked.get("admin", f"/api/outreach/{made['outreach']}/links", state="revoked")["links"][0]["id"]
        == links[0]["id"]
    )
    assert asked.post("admin", f"/api/outreach/{made['outreach']}/reissue", one).json() == {"links": 1}
    again = asked.get("admin", f"/api/outreach/{made['outreach']}/links")["links"][0]
    assert (again["issue"], again["state"]) == (2, "waiting")
    nobody = finished(asked, "admin", asked.post("admin", "/api/outreach", {**body, "uses": ["castle"]}))
    assert nobody["error"]["code"] == "link.nobody"
    for missing in ("form", "title", "asks", "until", "to"):
        assert asked.post("admin", "/api/outreach", {**body, missing: ""}).status_code == 422


def test_a_street_asks_and_touches_its_own_only(asked: Asked) -> None:
    with connect(asked.url) as connection:
        rows = connection.execute("select distinct areas ->> 'subdistrict' from link order by 1").fetchall()
    street, known = f"street:{rows[0][0]}", asked.links(f"outreach_id = 1 and areas ->> 'subdistrict' = '{rows[0][0]}'")
    wanted = {
        "form": "satisfaction",
        "title": "本街",
        "asks": "街道",
        "until": "2099-01-01T18:00",
        "to": "building",
        "areas": [],
    }
    made = finished(asked, street, asked.post(street, "/api/outreach", wanted))["outcome"]
    own = asked.links(f"outreach_id = {made['outreach']}")
    assert own == asked.links(f"outreach_id = {made['outreach']} and areas ->> 'subdistrict' = '{rows[0][0]}'")
    every = asked.links("outreach_id = 1")
    if len(known) < len(every):
        other = next(link for link in every if link not in known)
        assert asked.post(street, "/api/outreach/1/revoke", {"links": [other]}).json() == {"links": 0}
        assert asked.post(street, "/api/outreach/1/remind", {}).status_code == 403


def test_posters_come_as_a_zip_and_one_as_a_pdf(asked: Asked) -> None:
    ids = asked.links("outreach_id = 1 and kind = 'building'")[:3]
    job = finished(asked, "admin", asked.post("admin", "/api/outreach/1/posters", {"links": ids}))
    assert job["outcome"] == {"posters": 3}
    with asked.client("admin") as admin:
        archive = zipfile.ZipFile(io.BytesIO(admin.get(f"/api/outreach/jobs/{job['id']}/file").content))
        assert len(archive.namelist()) == 3
        assert admin.get(f"/api/outreach/1/posters/{ids[0]}.pdf").content.startswith(b"%PDF")
        codes = {form: admin.get(f"/api/outreach/1/codes/{ids[0]}.{form}") for form in ("svg", "png", "gif")}
        assert [code.status_code for code in codes.values()] == [200, 200, 422]
        assert codes["svg"].headers["content-type"] == "image/svg+xml"
        (told,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(codes["png"].content)))
        assert "/f/" in told.text
    with asked.client("centre:1") as other:
        assert other.get(f"/api/outreach/jobs/{job['id']}").status_code == 404


def test_messages_are_shown_masked_and_without_their_links(asked: Asked) -> None:
    with connect(asked.url) as connection:
        connection.execute(
            "insert into message (link_id, round, state, problem, tries) select id, 0, 'dead', 'gateway: 500', 6 from link"
            " join recipient on link_id = id order by id limit 1"
        )
        connection.execute("insert into opt_out (address, by) values ('13912345678', 'link') on conflict do nothing")
    said = asked.get("admin", "/api/outreach/1/messages", state="dead")
    (message,) = said["messages"]
    assert (message["to"], message["name"]) == ("139****5678", "王**")
    assert "满意度" in message["words"]
    assert "••••" in message["words"]
    assert said["addresses"] == said["opted_out"] > 0
    assert asked.post("admin", "/api/outreach/1/retry", {}).json() == {"tried": 1}
    assert asked.get("admin", "/api/outreach/1/messages", state="dead")["messages"] == []
    assert asked.get("admin", "/api/outreach")["messengers"] == {
        "sms": None,
        "email": None,
        "quiet": ["22:00", "08:00"],
    }
