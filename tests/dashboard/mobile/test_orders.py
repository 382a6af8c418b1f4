"""What a tap on a phone becomes: which moves, by whom, in which order; what is refused before anybody is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.accounts import Account, AccountRole
from dashboard.mobile.duty import begun, fixes_within, report_of
from dashboard.mobile.orders import (
    LONGEST_WAIT,
    USUAL,
    Order,
    commands,
    is_id,
    moment_of,
    offers,
    read_order,
    whistle_offers,
)
from dashboard.mobile.person import Person, person_of
from dispatch.states import transitions
from geo.errors import NeedleError

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
TEAM = person_of(Account(1, "wang", "Wang", AccountRole.GRID_WORKER, team=17), "cg01")
HANDLER = person_of(Account(2, "zhao", "Zhao", AccountRole.HANDLER, department="cg01"), None)
WITNESS = person_of(Account(3, "li", "Li", AccountRole.GRID_WORKER), None)
PHOTO = "ab" * 32
SAID = {"id": "0c3f-11aa-9e", "order": "finish", "case": 5, "photos": [PHOTO]}


def order(kind: str, **more: Any) -> Order:
    return replace(Order("0c3f-11aa-9e", kind, 5, NOW), **more)


def moves(kind: str, person: Person, state: str, **more: Any) -> list[tuple[str, str]]:
    return [(c.actor, c.action) for c in commands(order(kind, **more), person, state, 17, None)]


@pytest.mark.parametrize(
    ("kind", "person", "state", "expected"),
    [
        ("accept", TEAM, "dispatched", [("team:17", "sign"), ("team:17", "assign")]),
        ("accept", TEAM, "signed", [("team:17", "assign")]),
        ("accept", TEAM, "rework", [("team:17", "resume_work")]),
        ("accept", HANDLER, "dispatched", [("department:cg01", "sign"), ("department:cg01", "assign")]),
        ("arrive", TEAM, "handling", [("team:17", "remark")]),
        ("arrive", TEAM, "responding", [("team:17", "arrive")]),
        ("finish", TEAM, "handling", [("team:17", "finish")]),
        ("return", TEAM, "dispatched", [("team:17", "request_return")]),
        ("return", TEAM, "handling", [("team:17", "hand_back")]),
        ("extend", TEAM, "handling", [("team:17", "request_extension")]),
        ("answer", HANDLER, "whistled", [("department:cg01", "answer_whistle")]),
        ("refuse", HANDLER, "whistled", [("department:cg01", "refuse_whistle")]),
        ("pass", WITNESS, "checking", [("grid_worker:li", "pass_check")]),
        ("fail", WITNESS, "checking", [("grid_worker:li", "fail_check")]),
        ("confirm", WITNESS, "verifying_info", [("grid_worker:li", "confirm_info")]),
    ],
)
def test_a_tap_is_one_or_two_moves(kind: str, person: Person, state: str, expected: list[tuple[str, str]]) -> None:
    assert moves(kind, person, state) == expected


@pytest.mark.parametrize(
    ("kind", "person"), [("pass", TEAM), ("finish", WITNESS), ("answer", TEAM), ("confirm", HANDLER)]
)
def test_nobody_does_what_their_account_may_not(kind: str, person: Person) -> None:
    with pytest.raises(NeedleError) as refused:
        moves(kind, person, "handling")
    assert refused.value.code == "account.forbidden"


def test_every_offer_is_a_move_of_the_state_table() -> None:
    offered = [
        (state, person, kind)
        for state in {state for state, _ in transitions()}
        for person in (TEAM, HANDLER, WITNESS)
        for kind in offers(state, person, 17, arrived=False, asked=person.sees)
    ]
    assert len(offered) > 15
    for state, person, kind in offered:
        at = state
        for command in commands(order(kind), person, state, 17, None):
            move = transitions()[at, command.action]
            assert command.role in move.roles, (state, kind)
            at = move.to_state if move.to_state != "*" else at


def test_each_move_of_an_order_has_a_name_of_its_own() -> None:
    one = order("accept")
    names = [one.once(command.action) for command in commands(one, TEAM, "dispatched", 17, None)]
    assert len(set(names)) == 2
    assert all(one.id in name for name in names)


def test_evidence_goes_with_the_last_move_alone() -> None:
    place = {"lng": 116.9, "lat": 39.7, "crs": "wgs84", "accuracy_m": 9}
    first, last = commands(order("finish", photos=(PHOTO,), place=place), TEAM, "signed", 17, None)
    assert ("photos" in first.data, last.data["photos"]) == (False, [PHOTO])
    assert last.data["sent_from"] == place
    assert "lng" not in last.data, "a point beside the words would correct the place of the case"


def test_who_handled_is_named_so_that_they_never_verify() -> None:
    assigned = commands(order("accept"), TEAM, "signed", 17, None)[0]
    assert assigned.data["handler"] == TEAM.own


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"photos": []}, "mobile.photo_missing"),
        ({"order": "fail", "photos": []}, "case.reason_missing"),
        ({"order": "return", "words": "  "}, "case.reason_missing"),
        ({"order": "void"}, "case.command_invalid"),
        ({"id": "short"}, "case.command_invalid"),
        ({"id": "a' or 1=1 --"}, "case.command_invalid"),
        ({"case": "5"}, "case.command_invalid"),
        ({"case": True}, "case.command_invalid"),
        ({"photos": ["x"]}, "case.command_invalid"),
        ({"photos": [PHOTO] * 7}, "case.command_invalid"),
        ({"words": "a\0b"}, "case.command_invalid"),
        ({"place": [1, 2]}, "case.command_invalid"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_what_to_do(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(NeedleError) as refused:
        read_order(SAID | changes, NOW)
    assert refused.value.code == code


def test_only_a_remark_may_reach_a_case_of_others() -> None:
    assert read_order({**SAID, "order": "remark", "me_too": True}, NOW).me_too
    assert not read_order({**SAID, "me_too": True}, NOW).me_too


@given(said=st.floats(-1e15, 1e15), sent=st.floats(-1e15, 1e15))
def test_a_wrong_clock_never_puts_a_moment_into_the_future(said: float, sent: float) -> None:
    assert NOW - LONGEST_WAIT <= moment_of(said, sent, NOW) <= NOW


@given(ago=st.integers(0, 13 * 86_400_000), clock=st.integers(-(10**12), 10**12))
def test_how_long_ago_is_believed_whatever_the_phone_takes_for_now(ago: int, clock: int) -> None:
    found = moment_of(clock - ago, clock, NOW)
    assert abs(NOW - found - timedelta(milliseconds=ago)) < timedelta(milliseconds=2)


@pytest.mark.parametrize("said", [None, "1", True, []])
def test_a_moment_that_is_none_is_now(said: Any) -> None:
    assert moment_of(said, 5, NOW) == NOW


@given(st.text())
def test_ids_are_plain(text: str) -> None:
    assert not is_id(text) or (8 <= len(text) <= 64 and text.isascii() and not set(text) & set("'\"% ;"))


@pytest.mark.parametrize(
    ("state", "party", "speaks", "lead", "arrived", "expected"),
    [
        ("whistled", "called", True, True, False, ("answer", "refuse")),
        ("whistled", "called", False, True, False, ()),
        ("whistle_refused", "refused", True, False, False, ("answer",)),
        ("responding", "answered", True, True, False, ("arrive", "finish_jointly")),
        ("responding", "answered", False, True, False, ("arrive",)),
        ("responding", "answered", False, False, True, ("finish_part",)),
        ("responding", "finished", True, True, True, ()),
    ],
)
def test_what_a_whistle_asks_of_a_phone(
    state: str, party: str, speaks: bool, lead: bool, arrived: bool, expected: tuple[str, ...]
) -> None:
    assert whistle_offers(state, party, speaks=speaks, lead=lead, arrived=arrived) == expected


def test_kinds_of_orders_are_known_to_the_state_table() -> None:
    actions = {action for _, action in transitions()}
    assert {action for usual in USUAL.values() for action in usual} <= actions


# --- duty, places, reports --------------------------------------------------------------------------------------


def test_a_duty_ends_with_the_shift_and_never_runs_for_ever() -> None:
    assert begun("a" * 8, TEAM, NOW, NOW + timedelta(hours=3)).until == NOW + timedelta(hours=3)
    assert begun("a" * 8, WITNESS, NOW, None).until == NOW + timedelta(hours=12)


@given(st.lists(st.integers(-7_200_000, 7_200_000), max_size=20))
def test_no_place_outside_a_duty_is_kept(offsets: list[int]) -> None:
    duty = replace(begun("a" * 8, TEAM, NOW - timedelta(hours=1), None), until=NOW - timedelta(minutes=10))
    said = {"sent": 0, "fixes": [{"at": at, "lng": 116.9, "lat": 39.7, "accuracy_m": 5} for at in offsets]}
    for fix in fixes_within(said, duty, NOW):
        assert duty.started_at <= fix.at <= duty.until


def test_a_report_is_the_grids_and_its_sender_the_witness() -> None:
    said = {"id": "0c3f-11aa-9e", "matter": "2026:event:09006", "place": {"lng": 116.9, "lat": 39.7, "accuracy_m": 8}}
    report = report_of(said, WITNESS, NOW)
    assert (report["channel"], report["key"], report["reporter"]) == ("grid", "m:0c3f-11aa-9e", {"worker": "li"})
    assert (report["crs"], report["lng"], report["accuracy_m"]) == ("wgs84", 116.9, 8)


def test_who_handles_cases_is_no_witness_of_them() -> None:
    assert report_of({"id": "0c3f-11aa-9e", "words": "x"}, TEAM, NOW)["reporter"] == {"team": 17}


def test_an_empty_report_is_refused() -> None:
    with pytest.raises(NeedleError) as refused:
        report_of({"id": "0c3f-11aa-9e", "words": " "}, WITNESS, NOW)
    assert refused.value.code == "mobile.report_empty"
