"""A street's account meets the city: it reads, changes and guesses nothing of another street's, by SQL, API and socket."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import psycopg
import pytest
from psycopg import errors
from websockets.sync.client import connect as connect_socket

from dashboard.cast import Cast
from data.cluster import Cluster
from data.database import Connection, connect
from data.staff import STAFF
from tests.dashboard.conftest import Served
from tests.patience import PATIENCE_S, until


@dataclass
class Streets:
    """Two streets with open cases, and what an account of the first one is answered."""

    address: str
    cast: Cast
    url: str
    own: str
    other: str
    mine: list[int]
    theirs: list[int]

    def client(self, actor: str) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=self.cast.headers(actor), trust_env=False)


def cases_of(base: Connection, street: str) -> list[int]:
    query = "select id from cases where areas ->> 'subdistrict' = %s and closed_at is null order by id"
    return [row[0] for row in base.execute(query, (street,))]


@pytest.fixture(scope="module")
def streets(cluster: Cluster, block_template: str) -> Iterator[Streets]:
    url = cluster.copy_database(block_template, "two_streets")
    with connect(url) as base:
        found = base.execute(
            "select areas ->> 'subdistrict' from cases where closed_at is null and areas ? 'subdistrict' "
            "group by 1 order by count(*) desc, 1 limit 2"
        ).fetchall()
        own, other = found[0][0], found[1][0]
        mine, theirs = cases_of(base, own), cases_of(base, other)
    with Served(url, signed_in=False) as server:
        streets = Streets(server.address, Cast(url), url, own, other, mine, theirs)
        with streets.client("admin") as admin:
            until(lambda: admin.get("/api/desk/rows", params={"end": 1}).status_code != 503, "the cases are read")
        yield streets
    cluster.drop_database("two_streets")


@pytest.fixture(scope="module")
def street(streets: Streets) -> Iterator[httpx.Client]:
    with streets.client(f"street:{streets.own}") as client:
        yield client


# --- by SQL -----------------------------------------------------------------------------------------------------


@pytest.fixture
def staff(streets: Streets) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the street's account, whatever it tries is rolled back."""
    streets.cast.token(f"street:{streets.own}")
    with connect(streets.url) as connection:
        row = connection.execute("select id from account where username = %s", (f"street-{streets.own}",)).fetchone()
        assert row is not None
        connection.execute("select set_config('needle.account', %s, true)", (str(row[0]),))
        connection.execute(f"set local role {STAFF}".encode())
        yield connection
        connection.rollback()


HANGING = ("case_event", "decision", "task", "whistle", "whistle_party", "case_merge", "case_timer", "acknowledgement")


def test_sql_shows_the_own_streets_cases_and_no_other(staff: psycopg.Connection[Any], streets: Streets) -> None:
    seen = {row[0] for row in staff.execute("select distinct areas ->> 'subdistrict' from cases")}
    assert seen == {streets.own}
    assert {row[0] for row in staff.execute("select id from cases where closed_at is null")} == set(streets.mine)
    for table in HANGING:
        ids = {row[0] for row in staff.execute(f"select distinct case_id from {table}".encode())}
        assert ids.isdisjoint(streets.theirs), table
    assert staff.execute("select count(*) from report where case_id = any(%s)", (streets.theirs,)).fetchone() == (0,)


def test_sql_changes_no_case_of_another_street(staff: psycopg.Connection[Any], streets: Streets) -> None:
    assert staff.execute("update cases set urgent = true where id = %s", (streets.theirs[0],)).rowcount == 0
    assert staff.execute("update task set due_at = now() where case_id = any(%s)", (streets.theirs,)).rowcount == 0
    assert staff.execute("select from cases where id = %s for update", (streets.theirs[0],)).fetchone() is None
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        staff.execute(
            "insert into acknowledgement (case_id, cause, actor) values (%s, 'urgent', 'x')", (streets.theirs[0],)
        )


@pytest.mark.parametrize(
    "statement",
    [
        "select * from account",
        "select * from session",
        "select * from audit_entry",
        "select * from channel_key",
        "select * from resident_mail",
        "update account set role = 'admin'",
        "delete from cases",
        "delete from case_event",
        "update case_event set actor = 'x'",
        "insert into audit_entry (actor, action) values ('x', 'y')",
        "update matter set name_zh = 'x'",
        "alter table cases disable row level security",
    ],
)
def test_sql_gives_the_role_no_more_than_casework_needs(statement: str, staff: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        staff.execute(statement.encode())


def test_sql_shows_nothing_to_an_account_that_is_none(streets: Streets) -> None:
    with connect(streets.url) as connection:
        connection.execute(f"set local role {STAFF}".encode())
        assert connection.execute("select count(*) from cases").fetchone() == (0,)
        connection.execute("select set_config('needle.account', '999999', true)")
        assert connection.execute("select count(*) from cases").fetchone() == (0,)
        connection.rollback()


def test_the_audit_is_never_changed_not_even_by_its_owner(streets: Streets) -> None:
    with connect(streets.url) as connection:
        connection.execute("insert into audit_entry (actor, action) values ('li', 'sign_in')")
        for statement in (b"update audit_entry set actor = 'x'", b"delete from audit_entry", b"truncate audit_entry"):
            with pytest.raises(errors.RestrictViolation), connection.transaction():
                connection.execute(statement)


# --- by every API -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/cases/{id}"),
        ("POST", "/api/cases/{id}/commands"),
        ("POST", "/api/wall/alarms/{id}/acknowledge"),
        ("GET", "/api/desk/cases/{id}/duplicates"),
        ("GET", "/api/desk/cases/{id}/choices"),
    ],
)
def test_a_case_of_another_street_answers_as_one_that_does_not_exist(
    method: str, path: str, street: httpx.Client, streets: Streets
) -> None:
    said = {"action": "whistle", "reason": "x"} if "commands" in path else None
    told = [street.request(method, path.format(id=id), json=said) for id in (streets.theirs[0], 999_999_999)]
    assert told[0].status_code == told[1].status_code >= 403
    assert {answer.json()["code"] for answer in told} <= {"case.unknown", "account.forbidden"}
    assert told[0].json()["code"] == told[1].json()["code"]


def test_lists_counts_facets_places_and_series_know_only_the_own_street(street: httpx.Client, streets: Streets) -> None:
    rows = street.get("/api/desk/rows", params={"open": 1, "end": 1000}).json()
    assert {row["id"] for row in rows["rows"]} == set(streets.mine)
    assert rows["total"] == len(streets.mine)
    other = {"open": "1", "area": f"subdistrict:{streets.other}"}
    assert street.get("/api/desk/rows", params=other).json()["total"] == 0
    assert street.get(f"/api/desk/place/{streets.theirs[0]}").json() == {"place": None}
    counted = street.get("/api/desk/facet/area:subdistrict", params={"open": 1}).json()["values"]
    assert {code: count for code, _, _, count in counted if count} == {streets.own: len(streets.mine)}
    snapshot = street.get("/api/wall/snapshot").json()
    assert {row["areas"]["subdistrict"] for row in snapshot["rows"]} == {streets.own}
    assert {row["areas"]["subdistrict"] for row in snapshot["alarms"]} <= {streets.own}
    assert {team["task"] for team in snapshot["teams"]}.isdisjoint(streets.theirs)
    behind = street.get("/api/wall/behind/open", params=other).json()["rows"]
    assert behind == []
    hot = street.get("/api/wall/hot").json()["places"]
    assert {row["areas"]["subdistrict"] for place in hot for row in place.get("rows", [])} <= {streets.own}


def test_a_department_that_helps_finds_its_cases_in_every_list_marked_as_such(streets: Streets) -> None:
    with connect(streets.url) as base:
        parties = base.execute(
            "select case_id, p.department_code, lead from whistle_party p join cases c on c.id = p.case_id "
            "where p.state <> 'released' and c.state in ('whistled', 'responding', 'whistle_refused')"
        ).fetchall()
        helper = next(code for _, code, lead in parties if not lead)
        led = {row[0] for row in base.execute("select id from cases where department_code = %s", (helper,))}
    helped = {case_id for case_id, code, lead in parties if code == helper and not lead} - led
    assert helped
    with streets.client(f"department:{helper}") as client:
        rows = {row["id"]: row["helps"] for row in client.get("/api/desk/rows", params={"end": 1000}).json()["rows"]}
        own = {row[0] for row in client.get("/api/department").json()["departments"]}
        lists = {part["key"]: part for part in client.get(f"/api/department/{helper}").json()["lists"]}
        behind = client.get("/api/wall/behind/latest", params={"open": "1"}).json()["rows"]
        again = client.get("/api/desk/rows/of", params={"case": sorted(helped)}).json()["rows"]
        assert client.get("/tiles/cases/0/0/0.mvt").status_code == 200
    assert own == {helper}
    assert [row["helps"] for row in again] == [True] * len(helped), "the mark stays when a row is read again"
    assert {i for i, helps in rows.items() if helps} >= helped
    assert {i for i, helps in rows.items() if not helps} == led
    assert {row["id"] for row in lists["joint"]["rows"] if row["helps"]} == helped
    assert {row["id"] for row in behind} <= set(rows)


def test_tiles_draw_only_the_own_street(street: httpx.Client, streets: Streets) -> None:
    with streets.client("admin") as admin:
        everything = admin.get("/tiles/cases/0/0/0.mvt")
        theirs = street.get("/tiles/cases/0/0/0.mvt", params={"area": f"subdistrict:{streets.other}"})
        own = street.get("/tiles/cases/0/0/0.mvt")
        same = admin.get("/tiles/cases/0/0/0.mvt", params={"area": f"subdistrict:{streets.own}"})
    assert theirs.status_code == 204
    assert own.content == same.content != everything.content
    stale = street.get("/tiles/cases/0/0/0.mvt", headers={"If-None-Match": everything.headers["etag"]})
    assert stale.status_code == 200, "a picture of somebody else's in the browser is not taken for one's own"


def test_exports_hold_the_own_street_and_belong_to_who_asked(street: httpx.Client, streets: Streets) -> None:
    job = street.post("/api/desk/exports", params={"format": "geojson", "open": "1", "columns": "number"}).json()["id"]
    with streets.client("admin") as admin:
        assert admin.get(f"/api/desk/exports/{job}").status_code == 404
        assert admin.get(f"/api/desk/exports/{job}/file").status_code == 404
    until(lambda: street.get(f"/api/desk/exports/{job}").json()["ready"], "the export is ready")
    features = orjson.loads(street.get(f"/api/desk/exports/{job}/file").content)["features"]
    assert 0 < len(features) <= len(streets.mine)


def test_a_photo_is_shown_with_its_case_and_not_without(street: httpx.Client, streets: Streets) -> None:
    digests = {streets.mine[0]: "a" * 64, streets.theirs[0]: "b" * 64}
    with connect(streets.url) as base:
        for case_id, digest in digests.items():
            base.execute(
                "insert into photo (digest, bytes, width, height, channel) values (%s, 1, 1, 1, 'snap')", (digest,)
            )
            base.execute(
                "insert into report (channel, idempotency_key, body, reported_at, handled_at, case_id) "
                "values ('snap', %s, %s, now(), now(), %s)",
                (f"photo-{case_id}", {"photos": [digest]}, case_id),
            )
        account = base.execute("select id from account where username = %s", (f"street-{streets.own}",)).fetchone()
        assert account is not None
        base.commit()
        base.execute("select set_config('needle.account', %s, true)", (str(account[0]),))
        base.execute(f"set local role {STAFF}".encode())
        assert base.execute("select digest from photo").fetchall() == [("a" * 64,)]
        base.rollback()
    assert street.get(f"/api/photos/{'b' * 64}").status_code == 404


def test_a_socket_hears_the_own_street_and_nothing_of_another(streets: Streets) -> None:
    actor = f"street:{streets.own}"
    where = f"ws://{urlsplit(streets.address).netloc}/ws/live"
    with (
        connect_socket(where, open_timeout=PATIENCE_S, additional_headers=streets.cast.headers(actor)) as socket,
        connect(streets.url) as base,
    ):
        for case_id in (streets.theirs[0], streets.mine[0]):
            base.execute(
                "insert into case_event (case_id, seq, at, actor, action, from_state, to_state, previous_hash, hash) "
                "select id, seq + 1, now(), 'system', 'remark', state, state, hash, hash from cases where id = %s",
                (case_id,),
            )
            base.execute("update cases set seq = seq + 1 where id = %s", (case_id,))
            base.execute("select pg_notify('needle_case', %s)", (str(case_id),))
            base.commit()
        heard: list[int] = []
        deadline = time.monotonic() + PATIENCE_S
        while streets.mine[0] not in heard:
            message = orjson.loads(socket.recv(timeout=deadline - time.monotonic()))
            if message["kind"] == "cases":
                heard += [row["id"] for row in message["rows"]]
            elif message["kind"] == "teams":
                assert {team["task"] for team in message["teams"]}.isdisjoint(streets.theirs)
    assert set(heard).isdisjoint(streets.theirs)


# --- departments and teams ----------------------------------------------------------------------------------------


def test_a_team_sees_its_own_tasks_and_a_handler_the_departments(streets: Streets) -> None:
    with connect(streets.url) as base:
        found = base.execute(
            "select team_id, department_code from cases where team_id is not null and closed_at is null order by id limit 1"
        ).fetchone()
        assert found is not None
        team, department = found
        of_team = {
            row[0] for row in base.execute("select id from cases where team_id = %s and closed_at is null", (team,))
        }
        query = (
            "select id from cases where closed_at is null and (department_code = %(code)s or exists (select from "
            "whistle_party p where p.case_id = cases.id and p.department_code = %(code)s and p.state <> 'released'))"
        )
        of_department = {row[0] for row in base.execute(query, {"code": department})}
        joint = {row[0] for row in base.execute("select case_id from whistle_party")}
        # A team also opens what it once worked on.
        once = {row[0] for row in base.execute("select case_id from task where team_id = %s", (team,))}
    for actor, expected in ((f"team:{team}", of_team), (f"department:{department}", of_department)):
        with streets.client(actor) as client:
            rows = client.get("/api/desk/rows", params={"open": 1, "end": 1000}).json()["rows"]
            assert {row["id"] for row in rows} == expected
            hidden = next(id for id in (*streets.mine, *streets.theirs) if id not in expected | joint | once)
            assert client.get(f"/api/cases/{hidden}").json()["code"] == "case.unknown"
            assert client.get(f"/api/cases/{min(expected)}").json()["case"]["id"] == min(expected)


def test_an_account_moves_no_case_out_of_its_own_sight_but_the_command_that_corrects_a_place_may(
    streets: Streets,
) -> None:
    with connect(streets.url) as base:
        account = base.execute("select id from account where username = %s", (f"street-{streets.own}",)).fetchone()
        assert account is not None
        base.commit()
        base.execute("select set_config('needle.account', %s, true)", (str(account[0]),))
        base.execute(f"set local role {STAFF}".encode())
        moved = "update cases set areas = jsonb_set(areas, '{subdistrict}', to_jsonb(%s::text)) where id = %s"
        with pytest.raises(errors.InsufficientPrivilege), base.transaction():
            base.execute(moved, (streets.other, streets.mine[0]))
        base.execute("select set_config('role', 'none', true)")
        assert base.execute(moved, (streets.other, streets.mine[0])).rowcount == 1
        base.rollback()
