"""The demo city's two months are consistent: chains hold, every move is legal, rows are the fold, places are right."""

import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import shapely

from data import chain, migrate
from data.cluster import Cluster
from data.database import Connection, connect
from data.demo.city import DemoCity, make_city
from data.demo.courses import COURSES, LEADS_TO
from data.demo.history import History, make_history
from data.demo.incidents import draw_incidents
from data.demo.limits import NO_CALENDAR, limit_seconds, make_clock
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.demo.unfolding import states_of
from dispatch.case import Case, evolve, fold, row, task_change
from dispatch.clock import Limit, WorkingTime, due_at
from dispatch.commands import Protocol
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.states import states, transitions
from dispatch.timers import WHISTLING, due_step
from dispatch.whistle import party_rows, whistle_row
from dispatch.whistle_guards import silence
from dispatch.whistle_scores import score_departments, score_streets, whistles_of
from geo.errors import NeedleError

REFERENCE = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)
FOLDED: tuple[str, ...] = ("state", "urgent", "department_code", "team_id", "filed_at", "dispatched_at", "due_at")
FOLDED += ("answered_at", "closed_at", "returns", "reworks", "seq", "hash", "updated_at")


@dataclass(frozen=True)
class Loaded:
    """A loaded city with everything of its cases."""

    url: str
    events: dict[int, list[chain.Event]]
    cases: dict[int, dict[str, Any]]
    tasks: dict[int, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def city() -> DemoCity:
    return make_city(BLOCK)


@pytest.fixture(scope="module")
def history(city: DemoCity) -> History:
    return make_history(city, list(matters().values()), REFERENCE)


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, city: DemoCity) -> Loaded:
    url = cluster.copy_database("template", "demo_history")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, city, matters().values(), REFERENCE)
        connection.commit()
        return Loaded(url, read_events(connection), read_cases(connection), read_tasks(connection))


def read_events(connection: Connection) -> dict[int, list[chain.Event]]:
    found: dict[int, list[chain.Event]] = defaultdict(list)
    columns = "case_id, seq, at, actor, action, from_state, to_state, payload, previous_hash, hash"
    for *head, before, after in connection.execute(f"select {columns} from case_event order by case_id, seq"):
        row = (*head, bytes(before), bytes(after))
        found[head[0]].append(chain.Event(*row))
    return found


def read_cases(connection: Connection) -> dict[int, dict[str, Any]]:
    columns = ("id", "reported_at", "cell_code", "areas", "borders", "uncertainty_m", *FOLDED)
    query = f"select st_asbinary(geom), {', '.join(columns)} from cases"
    rows = [dict(zip(("geom", *columns), row, strict=True)) for row in connection.execute(query)]
    return {row["id"]: row | {"hash": bytes(row["hash"])} for row in rows}


def read_tasks(connection: Connection) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    query = "select case_id, team_id, assigned_at, accepted_at, done_at, due_at, outcome from task order by 1, 3"
    for case_id, *rest in connection.execute(query):
        found[case_id].append(tuple(rest))
    return found


def test_every_hash_chain_holds_to_the_hash_of_the_row(loaded: Loaded) -> None:
    assert len(loaded.events) == len(loaded.cases) == BLOCK.cases
    broken = {i: chain.verify(events, loaded.cases[i]["hash"]) for i, events in loaded.events.items()}
    assert {i: seq for i, seq in broken.items() if seq is not None} == {}


def test_every_move_is_legal_for_its_actor_and_says_its_reason(loaded: Loaded) -> None:
    wrong = set()
    for events in loaded.events.values():
        for event in events:
            move = transitions()[event.from_state, event.action]
            role = event.actor.partition(":")[0]
            unreasoned = move.reason_required and not event.payload.get("reason")
            if event.to_state != move.to_state or role not in move.roles or unreasoned:
                wrong.add((event.from_state, event.action, event.to_state, role))
    assert wrong == set()


def test_every_row_is_the_fold_of_its_chain(loaded: Loaded) -> None:
    for case_id, events in loaded.events.items():
        case = Case(case_id)
        for event in events:
            assert case.updated_at is None or event.at >= case.updated_at
            case = evolve(case, event)
        stored = loaded.cases[case_id]
        assert row(case) == {name: stored[name] for name in FOLDED}
        assert case.reported_at == stored["reported_at"]


def test_confirmations_of_old_cases_are_found_again_in_their_history(cluster: Cluster, loaded: Loaded) -> None:
    url = cluster.copy_database("demo_history", "demo_confirmed")
    migrate.downgrade(url, "0001")
    migrate.upgrade(url)
    with connect(url) as connection:
        found: dict[int, datetime | None] = dict(connection.execute("select id, answered_at from cases").fetchall())
    joint = {i for i, events in loaded.events.items() if any(event.action == "whistle" for event in events)}
    alone = {i: case["answered_at"] for i, case in loaded.cases.items() if i not in joint}
    assert {i: at for i, at in found.items() if i not in joint} == alone
    assert any(alone.values())


def test_tasks_are_open_exactly_while_a_team_works_on_the_case(loaded: Loaded) -> None:
    for case_id, events in loaded.events.items():
        case, expected = Case(case_id), list[list[Any]]()
        for event in events:
            after = evolve(case, event)
            change = task_change(case, event, after)
            if change.outcome:
                expected[-1][3], expected[-1][5] = event.at, change.outcome
            if change.team_id is not None:
                expected.append([change.team_id, event.at, None, None, after.due_at, None])
            if change.accepted and expected and expected[-1][2] is None and expected[-1][3] is None:
                expected[-1][2] = event.at
            case = after
        assert loaded.tasks[case_id] == [tuple(task) for task in expected], [event.action for event in events]


def test_nobody_verifies_his_own_work_and_nobody_asks_for_more_time_too_late(loaded: Loaded) -> None:
    for case_id, events in loaded.events.items():
        case = Case(case_id)
        for event in events:
            if event.action in ("pass_check", "fail_check"):
                assert event.actor not in case.handlers
            if event.action == "request_extension" and case.due_at:
                assert event.at <= case.due_at
            case = evolve(case, event)


def test_every_whistle_is_the_fold_of_its_chain_and_a_worker_looks_at_the_open_ones(loaded: Loaded) -> None:
    folded = {i: fold(i, events) for i, events in loaded.events.items()}
    blown = {i: case for i, case in folded.items() if case.whistle is not None}
    with connect(loaded.url) as connection:
        whistles = {row[0]: row for row in connection.execute("select * from whistle").fetchall()}
        parties = connection.execute(
            "select * from whistle_party order by case_id, lead desc, department_code"
        ).fetchall()
        timed = {i for (i,) in connection.execute("select case_id from case_timer")}
    assert whistles == {i: astuple(whistle_row(i, case.whistle)) for i, case in blown.items() if case.whistle}
    assert parties == [
        astuple(party)
        for i, case in sorted(blown.items())
        if case.whistle is not None
        for party in sorted(party_rows(i, case.whistle), key=lambda p: (not p.lead, p.department_code))
    ]
    assert timed == {i for i, case in blown.items() if case.state in WHISTLING}


def test_whistles_keep_the_times_of_the_protocol_and_nobody_is_late_untold(loaded: Loaded) -> None:
    for case_id, events in loaded.events.items():
        case = Case(case_id)
        for event in events:
            if event.action == "whistle":
                moments = {k: datetime.fromisoformat(v) for k, v in event.payload.items() if k.endswith(("_at", "_by"))}
                urgent = case.urgent or event.payload["purpose"] == "emergency"
                said = silence(event.at, moments["arrive_by"], urgent, Protocol())
                assert moments == {"arrive_by": moments["arrive_by"]} | {
                    name: datetime.fromisoformat(at) for name, at in said.items()
                }
            whistle = case.whistle
            looked = event.at - timedelta(minutes=1)
            if whistle is not None and whistle.is_open and case.updated_at is not None and case.updated_at < looked:
                missed = due_step(case, looked, Protocol())
                about = None if missed is None else missed.data["about"]
                assert about in (None, "due"), (event.action, [e.action for e in events])
            case = evolve(case, event)


def test_both_sides_of_the_whistles_can_be_scored(loaded: Loaded) -> None:
    found = [w for events in loaded.events.values() for w in whistles_of(events)]
    streets, departments = score_streets(found), score_departments(found, REFERENCE)
    assert any(0 < score.calls.good < score.calls.of for score in streets.values())
    for name in ("answered", "arrived", "done"):
        shares = [getattr(score, name) for score in departments.values()]
        assert sum(share.of for share in shares) > sum(share.good for share in shares) > 0, name


def test_whistles_stand_at_every_step(loaded: Loaded) -> None:
    last = {(case.state, events[-1].action) for i, events in loaded.events.items() if (case := fold(i, events)).whistle}
    assert {
        ("whistled", "whistle"),
        ("whistled", "supervise"),
        ("whistle_refused", "refuse_whistle"),
        ("responding", "answer_whistle"),
        ("responding", "arrive"),
        ("responding", "finish_part"),
        ("handled", "finish_jointly"),
    } <= last


def test_deadlines_are_those_of_the_working_clock(loaded: Loaded) -> None:
    hours, checked = WorkingTime(), 0
    for events in loaded.events.values():
        limit = next((e.payload["limit"] for e in events if e.action == "file"), None)
        for event in events:
            if event.action in ("dispatch", "reassign", "redispatch", "rule", "rework", "fail_check") and limit:
                due = datetime.fromisoformat(event.payload["due_at"])
                assert due == due_at(event.at, Limit(limit["value"], limit["unit"]), hours), event
                checked += 1
    assert checked > 250


def test_an_open_case_waits_in_every_state(loaded: Loaded) -> None:
    waiting = {code for code, state in states().items() if not state.terminal} - {"draft"}
    assert {case["state"] for case in loaded.cases.values()} >= waiting | {"closed", "merged", "rejected"}


def test_cells_areas_and_borders_are_those_of_the_map(city: DemoCity, loaded: Loaded) -> None:
    for case in loaded.cases.values():
        if case["geom"] is None:
            assert (case["cell_code"], case["areas"], case["borders"]) == (None, {}, {})
            continue
        point = shapely.from_wkb(bytes(case["geom"]))
        found = case["areas"] | {"cell": case["cell_code"]}
        for layer in city.layers:
            index = layer.codes.index(found[layer.name])
            assert layer.polygons[index].intersects(point), layer.name
            border = case["borders"][layer.name]
            degrees = layer.polygons[index].exterior.distance(point)
            assert border["m"] == pytest.approx(degrees * 98_000, rel=0.16, abs=0.2)
            if abs(border["m"] - case["uncertainty_m"]) > 0.05:
                assert border["ambiguous"] == (border["m"] < case["uncertainty_m"])


def test_a_duplicate_is_merged_into_an_earlier_case_nearby(loaded: Loaded) -> None:
    merged = [events[-1] for events in loaded.events.values() if events[-1].to_state == "merged"]
    assert merged
    for event in merged:
        case, main = loaded.cases[event.case_id], loaded.cases[event.payload["main_case"]]
        assert main["reported_at"] <= case["reported_at"] <= main["reported_at"] + timedelta(hours=3)


def test_the_loaded_database_has_its_indexes_and_constraints_back(cluster: Cluster, loaded: Loaded) -> None:
    query = """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace
        union all select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2, 3
    """
    cluster.copy_database("template", "demo_template")
    with connect(loaded.url) as one, connect(cluster.url("demo_template")) as other:
        assert one.execute(query).fetchall() == other.execute(query).fetchall()


def test_new_rows_get_fresh_numbers_after_the_load(loaded: Loaded) -> None:
    with connect(loaded.url) as connection:
        for table in ("cases", "report", "team"):
            query = "select nextval(pg_get_serial_sequence(%s, 'id')), (select max(id) from " + table + ")"
            fresh = connection.execute(query, [table]).fetchone()
            assert fresh is not None
            assert fresh[0] > fresh[1], table


def test_a_second_city_is_refused(loaded: Loaded, city: DemoCity) -> None:
    with connect(loaded.url) as connection, pytest.raises(NeedleError, match="already") as refused:
        load_city(connection, city, matters().values(), REFERENCE)
    assert refused.value.code == "demo.city_present"


def test_a_database_without_states_is_refused(connection: Connection, city: DemoCity) -> None:
    with pytest.raises(NeedleError) as refused:
        load_city(connection, city, matters().values(), REFERENCE)
    assert refused.value.code == "demo.reference_missing"


def test_the_same_reference_date_gives_the_same_history(city: DemoCity, history: History) -> None:
    again = make_history(city, list(matters().values()), REFERENCE)
    for name in ("habit", "reported_s", "lng", "lat", "channel", "main"):
        a, b = getattr(history.incidents, name), getattr(again.incidents, name)
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    assert np.array_equal(history.course, again.course)
    assert np.array_equal(history.right.team, again.right.team)


DIGEST = """
import hashlib
from datetime import UTC, datetime
from data.demo.city import make_city
from data.demo.incidents import draw_incidents
from data.demo.size import BLOCK
from data.demo.unfolding import states_of
city = make_city(BLOCK)
incidents = draw_incidents(city, 1795490400)
parts = (city.buildings.corners, incidents.lng, incidents.reported_s, incidents.habit, incidents.channel)
text = city.people.rules + "".join(city.buildings.addresses) + repr(city.people.teams)
print(hashlib.sha256(b"".join(a.tobytes() for a in parts) + text.encode()).hexdigest())
"""


def test_another_process_makes_the_same_bytes() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", DIGEST], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True)
        for seed in ("1", "2")
    ]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout


def test_incidents_end_at_the_reference_date_and_begin_two_months_before(city: DemoCity) -> None:
    reference_s = int(REFERENCE.timestamp())
    when = draw_incidents(city, reference_s).reported_s
    assert (np.diff(when) >= 0).all()
    assert reference_s - 61 * 86_400 < when.min() < when.max() < reference_s


def test_noise_is_reported_at_night_and_offices_rest_at_the_weekend() -> None:
    size = make_city(BLOCK)
    incidents = draw_incidents(size, int(REFERENCE.timestamp()))
    local = incidents.reported_s + 8 * 3600
    hour = local // 3600 % 24
    by_hour = np.bincount(hour, minlength=24)
    assert by_hour[2:5].sum() < 0.5 * by_hour[8:11].sum()
    assert by_hour[12:14].sum() < by_hour[9:11].sum() + by_hour[18:20].sum()


@pytest.mark.parametrize("course", COURSES, ids=lambda course: " ".join(course.moves))
def test_every_course_follows_the_state_table_to_an_end(course: Any) -> None:
    state = "draft"
    for move in course.moves:
        state = transitions()[state, move].to_state
        assert move not in LEADS_TO or LEADS_TO[move] == state
    assert states_of(course)[-1] == state
    assert states()[state].terminal


@pytest.mark.parametrize(
    ("value", "unit"), [(2, "urgent_hour"), (4, "work_hour"), (1, "work_day"), (15, "work_day"), (2, "urgent_day")]
)
@pytest.mark.parametrize("start", ["2026-09-30T16:40", "2026-10-10T09:30", "2026-11-20T18:00", "2026-11-22T03:00"])
def test_the_tabulated_clock_is_the_clock_of_dispatch(value: float, unit: str, start: str) -> None:
    at = datetime.fromisoformat(start + "+08:00")
    limit = Limit(value, unit)
    seconds, natural = limit_seconds(limit)
    clock = make_clock(datetime(2026, 9, 1, tzinfo=UTC).date(), 400)
    due = clock.advance(np.array([int(at.timestamp())]), np.array([seconds]), np.array([natural]))
    assert int(due[0]) == int(due_at(at, limit, WorkingTime()).timestamp())


def test_no_deadline_is_guessed_beyond_the_published_calendar() -> None:
    clock = make_clock(datetime(2026, 12, 1, tzinfo=UTC).date(), 400)
    at = np.array([int(datetime(2026, 12, 30, 9, tzinfo=UTC).timestamp())])
    assert clock.advance(at, np.array([15 * 8 * 3600.0]), np.array([False]))[0] == NO_CALENDAR
