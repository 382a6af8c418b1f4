"""A phone against the real database: a report finds who has the power, a task goes its way, duty rules what is kept of where."""

import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from data.chain import verify
from data.database import connect
from data.settings import get_settings
from data.stores.cases import load_events
from data.stores.workbench import Workbench
from dispatch.worker import Worker

ROAD = "2026:event:09006"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Photos of a test lie in a folder of its own."""
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def city(home: None, served: str) -> str:
    """The address of the server over the demo block."""
    return served


def phone(city: str, actor: str) -> httpx.Client:
    return httpx.Client(base_url=city, trust_env=False, headers={"X-Actor": actor})


def handled(url: str) -> None:
    """Let a worker open the cases of what was reported."""
    with Workbench(url) as bench:
        worker = Worker(bench)
        worker.refresh()
        while worker.handle_batch():
            pass


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#c7522a").save(out, "JPEG")
    return out.getvalue()


def keep_photo(client: httpx.Client) -> str:
    return str(client.post("/api/m/photos", content=picture()).json()["digest"])


def spot(url: str) -> tuple[float, float]:
    """Where a case with a team lies: others like it find the same team."""
    with connect(url) as connection:
        row = connection.execute(
            "select st_x(geom), st_y(geom) from cases join matter on matter.id = matter_id where team_id is not null"
            " and edition || ':' || kind || ':' || code = %s order by cases.id limit 1",
            (ROAD,),
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def report(client: httpx.Client, url: str, **more: Any) -> httpx.Response:
    lng, lat = spot(url)
    place = {"lng": lng, "lat": lat, "accuracy_m": 9}
    said = {"id": str(uuid.uuid4()), "matter": ROAD, "place": place, "place_from": "gps", "at": 0, "sent": 60_000}
    return client.post("/api/m/reports", json=said | more)


def give(client: httpx.Client, case_id: int, order: str, **more: Any) -> httpx.Response:
    return client.post("/api/m/orders", json={"id": str(uuid.uuid4()), "order": order, "case": case_id, **more})


def dispatched(city: str, url: str) -> tuple[int, int]:
    """A fresh case that li reported, and the team it went to."""
    with phone(city, "grid_worker:li") as li:
        assert report(li, url, words="占了半条人行道").status_code == 201
        handled(url)
        case_id = li.get("/api/m/state").json()["reports"][0]["case"]
    with connect(url) as connection:
        row = connection.execute("select state, team_id from cases where id = %s", (case_id,)).fetchone()
    assert row is not None
    assert row[0] == "dispatched"
    return case_id, row[1]


def events(url: str, case_id: int) -> list[Any]:
    with connect(url) as connection:
        found = load_events(connection, case_id)
    assert verify(found) is None
    return found


def test_the_reporter_sees_who_has_the_power_and_stays_the_witness(city: str, block_url: str) -> None:
    with phone(city, "grid_worker:li") as li:
        digest = keep_photo(li)
        said = {"id": str(uuid.uuid4()), "words": "占了半条人行道", "photos": [digest]}
        first = report(li, block_url, **said)
        again = report(li, block_url, **said)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["report"] == again.json()["report"]
        before = li.get("/api/m/state").json()["reports"]
        assert (len(before), before[0]["looking"]) == (1, True)
        handled(block_url)
        told = li.get("/api/m/state").json()["reports"][0]
    assert (told["looking"], told["state"]) == (False, "dispatched")
    assert told["department"][0]
    assert told["team"]
    submitted = events(block_url, told["case"])[0]
    assert (submitted.actor, submitted.payload["channel"]) == ("grid_worker:grid_worker-li", "grid")
    with phone(city, "grid_worker:wang") as other:
        assert other.get("/api/m/state").json()["reports"] == []


def test_a_task_is_accepted_reached_and_handed_back_with_pictures(city: str, block_url: str) -> None:
    case_id, team = dispatched(city, block_url)
    lng, lat = spot(block_url)
    with phone(city, f"team:{team}") as crew:
        task = next(t for t in crew.get("/api/m/state").json()["tasks"] if t["id"] == case_id)
        assert task["orders"] == ["accept", "return", "arrive"]
        assert give(crew, case_id, "accept").json()["state"] == "handling"
        near = {"lng": lng, "lat": lat + 0.0009, "accuracy_m": 12}
        assert give(crew, case_id, "arrive", place=near, before=[keep_photo(crew)]).status_code == 200
        task = next(t for t in crew.get("/api/m/state").json()["tasks"] if t["id"] == case_id)
        assert (task["orders"][0], task["arrived_at"] is not None) == ("finish", True)
        refused = give(crew, case_id, "finish")
        assert (refused.status_code, refused.json()["code"]) == (422, "mobile.photo_missing")
        digest = keep_photo(crew)
        assert give(crew, case_id, "finish", photos=[digest], words="已清理").json()["state"] == "handled"
        assert crew.get(f"/api/photos/{digest}").status_code == 200
        after = crew.get("/api/m/state").json()
    assert case_id not in [t["id"] for t in after["tasks"]]
    assert after["done"] == 1
    history = events(block_url, case_id)
    arrived = next(e for e in history if e.payload.get("about") == "arrival")
    assert arrived.payload["distance_m"] == pytest.approx(100, abs=15)
    assert arrived.payload["arrived_place"]["accuracy_m"] == 12
    assert history[-1].payload["photos"] == [digest]
    assert "corrected_place" not in history[-1].payload


def test_an_order_that_comes_twice_or_was_cut_off_is_carried_out_once(city: str, block_url: str) -> None:
    case_id, team = dispatched(city, block_url)
    said = {"id": str(uuid.uuid4()), "order": "accept", "case": case_id}
    with phone(city, f"team:{team}") as crew:
        answers = [crew.post("/api/m/orders", json=said).json() for _ in range(3)]
        assert [a["state"] for a in answers] == ["handling"] * 3
        assert give(crew, case_id, "finish", photos=[keep_photo(crew)]).json()["state"] == "handled"
        late = crew.post("/api/m/orders", json=said)
        other = give(crew, case_id, "accept")
    assert (late.status_code, late.json()["state"]) == (200, "handled")
    assert (other.status_code, other.json()["code"]) == (409, "mobile.moved_on")
    actions = [e.action for e in events(block_url, case_id)]
    assert [actions.count(action) for action in ("sign", "assign", "finish")] == [1, 1, 1]


def test_a_team_neither_sees_nor_moves_what_is_not_its_own(city: str, block_url: str) -> None:
    case_id, team = dispatched(city, block_url)
    with connect(block_url) as connection:
        other = connection.execute("select id from team where id <> %s order by id limit 1", (team,)).fetchone()
    assert other is not None
    with phone(city, f"team:{other[0]}") as crew:
        assert case_id not in [t["id"] for t in crew.get("/api/m/state").json()["tasks"]]
        refused = give(crew, case_id, "accept")
        assert (refused.status_code, refused.json()["code"]) == (404, "case.unknown")
        seen = give(crew, case_id, "remark", me_too=True)
        assert seen.status_code == 200, "who sees the same thing may say so"
    with phone(city, "grid_worker:li") as li:
        assert give(li, case_id, "accept").json()["code"] == "account.forbidden"


def test_the_witness_is_asked_and_verifies_with_a_picture(city: str, block_url: str) -> None:
    case_id, team = dispatched(city, block_url)
    with phone(city, f"team:{team}") as crew:
        give(crew, case_id, "accept")
        give(crew, case_id, "finish", photos=[keep_photo(crew)])
    with connect(block_url) as connection:
        row = connection.execute("select department_code from cases where id = %s", (case_id,)).fetchone()
    assert row is not None
    for actor, action in ((f"department:{row[0]}", "confirm"), ("operator:01", "request_check")):
        with phone(city, actor) as office:
            assert office.post(f"/api/cases/{case_id}/commands", json={"action": action}).status_code == 200
    with phone(city, "grid_worker:wang") as stranger:
        assert case_id not in [c["id"] for c in stranger.get("/api/m/state").json()["checks"]]
    with phone(city, "grid_worker:li") as li:
        check = next(c for c in li.get("/api/m/state").json()["checks"] if c["id"] == case_id)
        assert check["orders"] == ["pass", "fail"]
        assert give(li, case_id, "pass").json()["code"] == "mobile.photo_missing"
        assert give(li, case_id, "pass", photos=[keep_photo(li)]).json()["state"] == "pending_close"


def test_a_place_is_kept_on_duty_only_moves_the_team_and_can_be_taken_back(city: str, block_url: str) -> None:
    with connect(block_url) as connection:
        connection.execute("update team set position = null, position_at = null")
        row = connection.execute("select id, st_x(base), st_y(base) from team order by id limit 1").fetchone()
    assert row is not None
    team, lng, lat = row
    fix = {"at": 0, "lng": lng + 0.002, "lat": lat, "accuracy_m": 7}
    with phone(city, f"team:{team}") as crew:

        def tell(**more: Any) -> httpx.Response:
            return crew.post("/api/m/positions", json={"sent": 0, "fixes": [fix | more]})

        def position() -> Any:
            with connect(block_url) as connection:
                return connection.execute("select st_x(position) from team where id = %s", (team,)).fetchone()

        assert (tell().status_code, tell().json()["code"]) == (409, "mobile.off_duty")
        assert position() == (None,)
        duty = {"id": str(uuid.uuid4()), "on": True}
        begun = [crew.post("/api/m/duty", json=duty).json()["duty"] for _ in range(2)]
        assert begun[0] == begun[1]
        assert tell().json() == {"kept": 1}
        assert position()[0] == pytest.approx(lng + 0.002)
        assert tell(at=-3_600_000).json() == {"kept": 0}, "an hour ago nobody was on duty"
        assert crew.get("/api/m/state").json()["kept"]["places"] == 1
        assert crew.post("/api/m/duty", json={"id": str(uuid.uuid4()), "on": False}).json() == {"duty": None}
        assert tell().json()["code"] == "mobile.off_duty"
        assert crew.request("DELETE", "/api/m/positions").status_code == 200
        assert crew.get("/api/m/state").json()["kept"]["places"] == 0
        assert position() == (None,)


def test_who_deletes_their_places_deletes_what_they_saw_from_there(city: str, block_url: str) -> None:
    with phone(city, "grid_worker:li") as li, connect(block_url, autocommit=True) as connection:
        assert li.get("/api/m/state").status_code == 200
        connection.execute(
            "insert into patrol (day, account_id, cell, street_ground, building_ground, last_at)"
            " select current_date, id, 'cell', 1, 1, now() from account where username = 'grid_worker-li'"
        )
        mine = "select count(*) from patrol join account on account_id = account.id where username = 'grid_worker-li'"
        assert connection.execute(mine).fetchone() == (1,)
        assert li.request("DELETE", "/api/m/positions").status_code == 200
        assert connection.execute(mine).fetchone() == (0,)


def test_old_places_are_forgotten_by_themselves(city: str, block_url: str) -> None:
    with phone(city, "grid_worker:li") as li:
        li.post("/api/m/duty", json={"id": "duty-of-today", "on": True})
        with connect(block_url) as connection:
            connection.execute("update duty set started_at = now() - interval '80 hours'")
            connection.execute(
                "insert into whereabouts select id, now() - hours * interval '1 hour', st_setsrid(st_makepoint(1, 2), 4326), 5"
                " from duty cross join unnest(array[79, 73, 71]) as hours"
            )
        li.post("/api/m/positions", json={"sent": 0, "fixes": [{"at": 0, "lng": 116.9, "lat": 39.7, "accuracy_m": 5}]})
        assert li.get("/api/m/state").json()["kept"]["places"] == 2


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_refused(city: str, content: bytes) -> None:
    with phone(city, "grid_worker:li") as li:
        refused = li.post("/api/m/photos", content=content)
    assert (refused.status_code, refused.json()["code"]) == (415, "photo.not_a_picture")


def test_what_lies_at_a_place_and_what_is_open_near_it(city: str, block_url: str) -> None:
    case_id, _ = dispatched(city, block_url)
    lng, lat = spot(block_url)
    with phone(city, "grid_worker:wang") as wang:
        here = wang.get("/api/m/place", params={"lng": lng, "lat": lat}).json()
        assert len(here["cell"]) == 15
        assert here["area"]
        near = wang.get("/api/m/near", params={"lng": lng, "lat": lat, "matter": ROAD}).json()
        assert case_id in [case["id"] for case in near]
        unknown = wang.get("/api/m/near", params={"lng": lng, "lat": lat, "matter": "2026:event:99999"})
        assert unknown.json()["code"] == "case.matter_unknown"
        rows = wang.get("/api/m/matters")
        assert [row[5] for row in rows.json()] == sorted((row[5] for row in rows.json()), reverse=True)
        kept = wang.get("/api/m/matters", headers={"If-None-Match": rows.headers["etag"]})
        assert (kept.status_code, kept.content) == (304, b"")
