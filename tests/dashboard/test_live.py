"""Live changes over real sockets, a real server and a real database: in order, coalesced, and none lost in any gap."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

from dashboard import live, reader
from data.database import Connection, connect
from tests.dashboard.conftest import Served
from tests.patience import PATIENCE_S, until

Message = dict[str, Any]

MOVE = """
with moved as (
    insert into case_event (case_id, seq, at, actor, action, from_state, to_state, previous_hash, hash)
    select c.id, c.seq + 1, now(), 'test', t.action, t.from_state, t.to_state, c.hash, c.hash
      from cases c, (select * from case_transition limit 1) t where c.id = any(%(ids)s) returning case_id)
update cases set seq = seq + 1, updated_at = now() from moved where moved.case_id = cases.id
"""


def move(connection: Connection, ids: list[int], notice: str | None = None) -> None:
    """Give cases a further event, as any writer does; told when the caller commits."""
    connection.execute("select from cases where id = any(%s) for update", (ids,))
    connection.execute(MOVE, {"ids": ids})
    connection.execute("select pg_notify('needle_case', %s)", (notice or ",".join(map(str, ids)),))


class Listener:
    """A wall's socket, and everything that it heard."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Message] = []

    def until(self, wanted: Callable[[Message], object]) -> Message:
        """Listen until a message is as wanted."""
        patience = time.monotonic() + PATIENCE_S
        while True:
            message: Message = json.loads(self.connection.recv(timeout=patience - time.monotonic()))
            self.heard.append(message)
            if wanted(message):
                return message

    def kind(self, kind: str) -> Message:
        return self.until(lambda message: message["kind"] == kind)

    def case(self, case: int, seq: int) -> Message:
        """Listen until a case is told with this seq."""
        return self.until(lambda message: (case, seq) in told([message]))


def told(messages: list[Message]) -> list[tuple[int, int]]:
    """(case, seq) of every row, in the order heard."""
    return [(row["id"], row["seq"]) for message in messages if message["kind"] == "cases" for row in message["rows"]]


@contextmanager
def listening(address: str, since: int | None = None, **options: Any) -> Iterator[Listener]:
    where = f"ws://{urlsplit(address).netloc}/ws/live" + ("" if since is None else f"?since={since}")
    with connect_socket(where, proxy=None, open_timeout=PATIENCE_S, max_size=None, **options) as connection:
        listener = Listener(connection)
        listener.until(lambda message: message == {"kind": "source", "connected": True})
        yield listener


@pytest.fixture
def base(block_url: str) -> Iterator[Connection]:
    with connect(block_url) as connection:
        yield connection


@pytest.fixture
def client(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served, trust_env=False) as client:
        yield client


@pytest.fixture
def seqs(base: Connection) -> dict[int, int]:
    """Of every case, the seq that it has when the test begins."""
    found: dict[int, int] = dict(base.execute("select id, seq from cases order by id").fetchall())
    base.commit()
    return found


def snapshot(client: httpx.Client, **where: str) -> Message:
    """A snapshot with the mirror ready."""
    while True:
        answer: Message = client.get("/api/wall/snapshot", params=where).raise_for_status().json()
        if answer["mirror"]["ready"]:
            return answer


def test_a_case_is_told_each_time_it_moves_and_in_order(
    served: str, client: httpx.Client, base: Connection, seqs: dict[int, int]
) -> None:
    case, before = next(iter(seqs.items()))
    with listening(served, snapshot(client)["event"]) as wall:
        for step in range(1, 6):
            move(base, [case])
            base.commit()
            message = wall.case(case, before + step)
            assert message["event"] > 0
    assert told(wall.heard) == [(case, before + step) for step in range(1, 6)]


def test_a_burst_is_told_in_few_messages_each_case_once_and_never_backwards(
    served: str, client: httpx.Client, base: Connection, seqs: dict[int, int]
) -> None:
    cases, bursts = list(seqs)[:5], 40
    with listening(served, snapshot(client)["event"]) as wall:
        for _ in range(bursts):
            move(base, cases)
            base.commit()
        for case in cases:
            if (case, seqs[case] + bursts) not in told(wall.heard):
                wall.case(case, seqs[case] + bursts)
    messages = [message for message in wall.heard if message["kind"] == "cases" and message["rows"]]
    for message in messages:
        ids = [row["id"] for row in message["rows"]]
        assert len(ids) == len(set(ids))
    for case in cases:
        heard = [seq for id, seq in told(wall.heard) if id == case]
        assert heard == sorted(set(heard))
    assert len(messages) < bursts
    events = [message["event"] for message in messages]
    assert events == sorted(events)


def test_what_happens_while_the_listener_is_dead_is_told_when_it_is_back(
    served: str, client: httpx.Client, base: Connection, seqs: dict[int, int]
) -> None:
    case, before = list(seqs.items())[7]
    with listening(served, snapshot(client)["event"]) as wall:
        wall.kind("cases")
        killed = base.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and query ilike 'listen%'"
        ).fetchall()
        move(base, [case])
        base.commit()
        assert set(killed) == {(True,)}
        wall.until(lambda message: message == {"kind": "source", "connected": False})
        wall.until(lambda message: message == {"kind": "source", "connected": True})
        if (case, before + 1) not in told(wall.heard):
            wall.case(case, before + 1)
    assert told(wall.heard).count((case, before + 1)) == 1


def test_a_transaction_that_commits_late_is_told_to_whoever_was_away(
    served: str, client: httpx.Client, base: Connection, block_url: str, seqs: dict[int, int]
) -> None:
    slow, fast = list(seqs)[11:13]
    event = snapshot(client)["event"]
    with connect(block_url) as late:
        move(late, [slow])
        move(base, [fast])
        base.commit()
        with listening(served, event) as wall:
            known = wall.case(fast, seqs[fast] + 1)["event"]
        late.commit()
    with listening(served, known) as wall:
        if (slow, seqs[slow] + 1) not in told(wall.heard):
            wall.case(slow, seqs[slow] + 1)


def test_a_wall_that_was_away_gets_exactly_what_changed(
    served: str, client: httpx.Client, base: Connection, seqs: dict[int, int]
) -> None:
    cases = list(seqs)[20:24]
    event = snapshot(client)["event"]
    for _ in range(3):
        move(base, cases)
        base.commit()
    with listening(served, event) as wall:
        message = wall.kind("cases")
    assert sorted(told([message])) == [(case, seqs[case] + 3) for case in cases]


def test_too_much_at_once_is_read_anew_and_the_mirror_has_it(
    served: str, client: httpx.Client, base: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CATCH_UP_CASES", 20)
    cases = [row[0] for row in base.execute("select id from cases where closed_at is null order by id")]
    assert len(cases) > 20
    until(lambda: snapshot(client)["figures"]["open"] == len(cases), "the mirror has what the tests before wrote")
    before = snapshot(client)
    with listening(served, before["event"]) as wall:
        base.execute("update cases set closed_at = now() where id = any(%s)", (cases,))
        move(base, cases, notice="*")
        base.commit()
        wall.kind("reload")
        until(lambda: snapshot(client)["figures"]["open"] == 0, "the mirror knows that every case is closed")
    with listening(served, before["event"]) as wall:
        wall.kind("reload")


def test_a_socket_hears_the_figures_of_its_own_filter(
    served: str, client: httpx.Client, base: Connection, seqs: dict[int, int]
) -> None:
    expected = snapshot(client, channel="12345", urgent="0")
    everything = snapshot(client)
    with listening(served) as wall, listening(served) as other:
        wall.connection.send("channel=12345&urgent=0")
        pulse = wall.until(lambda m: m["kind"] == "pulse" and m["figures"]["open"] == expected["figures"]["open"])
        assert pulse["ranking"] == expected["ranking"]
        assert pulse["hours"]["counts"].keys() <= {"12345"}
        other.connection.send("")
        assert other.kind("pulse")["figures"]["open"] == everything["figures"]["open"]
    assert 0 < expected["figures"]["open"] < everything["figures"]["open"]


def test_teams_are_told_once_and_then_only_those_that_changed(
    served: str, client: httpx.Client, base: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wall that joins hears all of them, also when the last change was told before it came; nobody hears the same twice."""
    monkeypatch.setattr(live, "MOST_SECONDS", 0.5)
    teams = {team["id"]: team for team in snapshot(client)["teams"]}
    one, other, *_ = teams
    with listening(served) as wall:
        first = wall.kind("teams")
        assert first["all"]
        assert {team["id"] for team in first["teams"]} == teams.keys()
        base.execute("update team set name = 'Night watch' where id = %s", (one,))
        base.commit()
        with listening(served) as late:
            news, whole = wall.kind("teams"), late.kind("teams")
        base.execute("update team set name = 'Day watch' where id = %s", (other,))
        base.commit()
        after = wall.kind("teams")
    assert (news["all"], [team["id"] for team in news["teams"]], news["gone"]) == (False, [one], [])
    assert {team["id"]: team["name"] for team in whole["teams"]} == {
        **{id: team["name"] for id, team in teams.items()},
        one: "Night watch",
    }
    assert [team["name"] for team in after["teams"]] == ["Day watch"]


@pytest.mark.parametrize("nonsense", ["urgent=7", "box=1,2", "%%%", "x" * 5_000, b"\xff\x00"])
def test_a_socket_that_talks_nonsense_is_left_as_it_is(nonsense: str | bytes, served: str) -> None:
    with listening(served) as wall:
        wall.connection.send(nonsense)
        wall.connection.send("channel=snap")
        assert wall.kind("pulse")["kind"] == "pulse"


def test_a_wall_that_cannot_keep_up_is_dropped_and_comes_back_for_what_it_missed(
    served: str, client: httpx.Client, base: Connection, seqs: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "QUEUE_MESSAGES", 2)
    monkeypatch.setattr(live, "COALESCE_SECONDS", 0.0)
    cases = list(seqs)[:900]
    address = urlsplit(served)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect((address.hostname, address.port))
    moves = 0
    with (
        listening(served, snapshot(client)["event"], sock=narrow, compression=None, max_queue=1) as slow,
        listening(served) as quick,
    ):
        while moves < 40:
            moves += 1
            move(base, cases)
            base.commit()
            quick.case(cases[0], seqs[cases[0]] + moves)
        with pytest.raises(ConnectionClosed) as closed:
            slow.case(cases[0], -1)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == live.TRY_AGAIN_LATER
    known = [message["event"] for message in slow.heard if message["kind"] == "cases"][-1]
    assert (cases[0], seqs[cases[0]] + moves) not in told(slow.heard)
    with listening(served, known) as back:
        assert set(told([back.kind("cases")])) == {(case, seqs[case] + moves) for case in cases}


def test_an_alarm_is_told_once_and_an_acknowledgement_reaches_every_wall(
    served: str, client: httpx.Client, base: Connection, block_url: str, seqs: dict[int, int]
) -> None:
    quiet = base.execute("select id from cases where closed_at is null and not urgent order by id limit 1").fetchone()
    assert quiet is not None
    with Served(block_url) as second, httpx.Client(base_url=second.address, trust_env=False) as elsewhere:
        snapshot(client)
        snapshot(elsewhere)
        with listening(served) as here, listening(second.address) as there:
            base.execute("update cases set urgent = true, reported_at = now() where id = %s", quiet)
            move(base, list(quiet))
            base.commit()
            alarm = here.until(lambda m: m["kind"] == "alarm" and m["row"]["id"] == quiet[0])
            assert (alarm["row"]["cause"], alarm["row"]["urgent"]) == ("urgent", True)
            assert quiet[0] in [row["id"] for row in snapshot(client)["alarms"]]
            answer = client.post(f"/api/wall/alarms/{quiet[0]}/acknowledge")
            assert answer.json()["acknowledged"][0]["by"] == "系统管理员"
            for wall in (here, there):
                assert wall.until(lambda m: m["kind"] == "acknowledged")["case"] == quiet[0]
            for process in (client, elsewhere):
                assert quiet[0] not in [row["id"] for row in snapshot(process)["alarms"]]
            again = client.post(f"/api/wall/alarms/{quiet[0]}/acknowledge", headers={"X-Actor": "operator:li"})
            assert {said["by"] for said in again.json()["acknowledged"]} == {"系统管理员"}
    assert [m["row"]["id"] for m in here.heard if m["kind"] == "alarm"].count(quiet[0]) == 1


def test_what_no_case_has_cannot_be_acknowledged(client: httpx.Client) -> None:
    snapshot(client)
    answer = client.post("/api/wall/alarms/999999999/acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (404, "case.unknown")


def test_the_wall_answers_under_a_filter(client: httpx.Client, base: Connection) -> None:
    everything = snapshot(client)
    urgent = snapshot(client, urgent="1")
    assert urgent["figures"]["open"] == everything["figures"]["urgent"]
    assert all(row["urgent"] for row in urgent["rows"])
    behind = client.get("/api/wall/behind/open", params={"urgent": "1"}).json()["rows"]
    assert len(behind) == urgent["figures"]["open"]
    series = client.get("/api/wall/series", params={"step": 3600, "urgent": "1"}).json()
    assert len(series["opened"]) == 24
    assert series["open"][-1] == urgent["figures"]["open"]
    places = client.get("/api/wall/hot").json()["places"]
    assert places[0]["cases"][0]["id"]
    assert {len(place["sentence"]) for place in places} == {2}
    refused = client.get("/api/wall/snapshot", params={"urgent": "7"})
    assert (refused.status_code, refused.json()["code"]) == (422, "filter.invalid")
    assert client.get("/api/wall/behind/nothing").status_code == 404
