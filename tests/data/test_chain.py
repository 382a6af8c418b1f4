"""The hash chain detects every edit, and survives the way through jsonb."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from data.chain import GENESIS, Event, next_hash, plain, verify
from data.database import Connection

AT = datetime(2026, 11, 24, 2, 0, 0, 123, tzinfo=UTC)


def chain(length: int) -> list[Event]:
    events: list[Event] = []
    previous = GENESIS
    for seq in range(1, length + 1):
        facts: dict[str, Any] = {
            "case_id": 7,
            "seq": seq,
            "at": AT + timedelta(minutes=seq),
            "actor": "system",
            "action": "supervise",
            "from_state": "filed",
            "to_state": "filed",
            "payload": {"level": seq},
        }
        digest = next_hash(previous, **facts)
        events.append(Event(**facts, previous_hash=previous, hash=digest))
        previous = digest
    return events


def test_an_untouched_chain_holds() -> None:
    events = chain(4)
    assert verify(events, events[-1].hash) is None
    assert verify([]) is None


EDITS: list[dict[str, Any]] = [
    {"at": AT},
    {"actor": "operator:li"},
    {"action": "close"},
    {"from_state": "accepted"},
    {"to_state": "closed"},
    {"payload": {"level": 9}},
    {"case_id": 8},
    {"seq": 9},
    {"hash": bytes(32)},
    {"previous_hash": bytes(32)},
]


@pytest.mark.parametrize("edit", EDITS, ids=[next(iter(e)) for e in EDITS])
def test_any_edit_breaks_the_chain_where_it_is(edit: dict[str, Any]) -> None:
    events = chain(4)
    events[2] = replace(events[2], **edit)
    assert verify(events) == 3


def test_dropped_reordered_and_cut_events_show() -> None:
    events = chain(4)
    assert verify([events[0], *events[2:]]) == 2
    assert verify([events[1], events[0], *events[2:]]) == 1
    assert verify(events[:3], last=events[3].hash) == 4


def test_a_recomputed_event_breaks_the_next() -> None:
    events = chain(4)
    forged = {name: getattr(events[1], name) for name in ("case_id", "seq", "at", "action", "from_state", "to_state")}
    digest = next_hash(events[1].previous_hash, actor="forger", payload={}, **forged)
    events[1] = replace(events[1], actor="forger", payload={}, hash=digest)
    assert verify(events) == 3


def test_the_instant_counts_not_its_zone() -> None:
    facts: dict[str, Any] = {"actor": "a", "action": "b", "from_state": "c", "to_state": "d", "payload": {}}
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    assert next_hash(GENESIS, case_id=1, seq=1, at=AT, **facts) == next_hash(
        GENESIS, case_id=1, seq=1, at=beijing, **facts
    )


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | text
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(text, v, max_size=3), max_leaves=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(payload=st.dictionaries(text, values, max_size=4))
def test_a_plain_payload_comes_back_from_jsonb_with_the_same_hash(
    connection: Connection, payload: dict[str, Any]
) -> None:
    sent = plain(payload)
    row = connection.execute("select %s::jsonb", (Jsonb(sent),)).fetchone()
    assert row is not None
    facts: dict[str, Any] = {"actor": "a", "action": "b", "from_state": "c", "to_state": "d"}
    hashes = [next_hash(GENESIS, case_id=1, seq=1, at=AT, payload=p, **facts) for p in (sent, row[0])]
    assert hashes[0] == hashes[1]
