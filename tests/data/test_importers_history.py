"""A past event becomes a case by legal moves only, and its row is the fold of its events."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import chain
from data.importers.history import PastEvent, closing_moment, steps
from dispatch.case import fold
from dispatch.states import states, transitions

OPENED = datetime(2015, 1, 1, 5, 20, 9, tzinfo=UTC)


def past(**changes: object) -> PastEvent:
    said: dict[str, object] = {
        "key": "101001240734",
        "source": "requests.parquet",
        "reported_at": OPENED,
        "due_at": OPENED + timedelta(days=7),
        "closed_at": OPENED + timedelta(days=1),
        "closed": True,
        "department": "PWDx",
        "recorded": "PWDx",
        "queue": "PWDx_District 02",
        "problems": (),
    }
    return PastEvent(**(said | changes))  # type: ignore[arg-type]


EVENTS = st.builds(
    past,
    closed=st.booleans(),
    closed_at=st.none() | st.integers(-(10**7), 10**7).map(lambda s: OPENED + timedelta(seconds=s)),
    due_at=st.none() | st.just(OPENED + timedelta(days=3)),
    recorded=st.none() | st.just("No Q"),
    department=st.none(),
    problems=st.just(()) | st.just(("event.closed_before_opened",)),
)


@given(EVENTS)
def test_every_move_is_in_the_state_table(event: PastEvent) -> None:
    legal = {(move.from_state, move.action, move.to_state) for move in transitions().values()}
    assert {(e.from_state, e.action, e.to_state) for e in steps(event, 1)} <= legal


@given(EVENTS)
def test_the_chain_holds_and_time_never_runs_back(event: PastEvent) -> None:
    history = steps(event, 7)
    assert chain.verify(history, history[-1].hash) is None
    assert [e.at for e in history] == sorted(e.at for e in history)


@given(EVENTS)
def test_what_is_written_of_a_case_is_the_fold_of_its_events(event: PastEvent) -> None:
    case = fold(7, steps(event, 7))
    dispatched = event.closed or event.recorded is not None
    assert case.closed_at == case.answered_at == closing_moment(event)
    assert case.reported_at == case.filed_at == event.reported_at
    assert case.dispatched_at == (event.reported_at if dispatched else None)
    assert case.due_at == (event.due_at if dispatched else None)
    assert case.department == (event.department if dispatched else None)
    assert (case.urgent, case.team_id, case.returns, case.reworks) == (False, None, 0, 0)
    assert states()[case.state].terminal == event.closed


@pytest.mark.parametrize(
    ("changes", "state", "events"),
    [
        ({}, "closed", 11),
        ({"closed": False, "closed_at": None}, "dispatched", 4),
        ({"closed": False, "recorded": None, "department": None}, "filed", 3),
    ],
)
def test_a_history_goes_as_far_as_the_source_knows(changes: dict[str, object], state: str, events: int) -> None:
    history = steps(past(**changes), 1)
    assert (history[-1].to_state, len(history)) == (state, events)


def test_what_the_source_does_not_record_says_so() -> None:
    history = {e.action: e.payload for e in steps(past(), 1)}
    assert all(payload["imported"] for payload in history.values())
    assert {action for action, payload in history.items() if "implied" not in payload} == {
        "submit",
        "dispatch",
        "close",
    }
    assert (history["dispatch"]["recorded_department"], history["dispatch"]["queue"]) == ("PWDx", "PWDx_District 02")


def test_a_case_that_closes_before_it_opens_keeps_the_recorded_time() -> None:
    before = OPENED - timedelta(minutes=9)
    event = past(closed_at=before, problems=("event.closed_before_opened",))
    history = steps(event, 1)
    assert closing_moment(event) == OPENED
    assert history[0].payload["problems"] == ["event.closed_before_opened"]
    assert history[-1].payload["recorded_closed_at"] == before.isoformat()
