"""Cases that are filed and wait for a team, and how a worker moves many cases at once, each as the fold of its events."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from data.chain import Event
from data.copy import copy_rows
from data.database import Connection
from data.stores.cases import (
    DECISION_COLUMNS,
    EVENT_COLUMNS,
    NOTIFY,
    TASK_COLUMNS,
    DecisionRow,
    TaskRow,
    notices,
    row_values,
    update_of,
)

LOCK = 7_311_642  # any number of our own: the advisory lock that sweeps take turns on

TAKE_TURN = "select pg_try_advisory_xact_lock(%s)"

CLAIM = """
with picked as materialized (
    select c.id, c.matter_id, c.geom, c.uncertainty_m, c.urgent, c.due_at, c.reported_at, c.filed_at
      from cases c
     where c.state = 'filed' and c.closed_at is null and c.geom is not null
       and (not c.urgent, coalesce(c.due_at, 'infinity'), c.reported_at, c.id)
           > (not %(urgent)s, coalesce(%(due_at)s::timestamptz, 'infinity'), %(reported_at)s::timestamptz, %(id)s)
       -- what an import brought is history: nobody is sent there
       and not exists (select from case_event e where e.case_id = c.id and e.seq = c.seq and e.actor = 'import')
     order by not c.urgent, coalesce(c.due_at, 'infinity'), c.reported_at, c.id
     limit %(limit)s for update skip locked)
select c.id, m.edition || ':' || m.kind || ':' || m.code, st_x(c.geom), st_y(c.geom), coalesce(c.uncertainty_m, 0),
       c.urgent, c.due_at, c.reported_at, c.filed_at, d.outcome, d.rule, d.department_code, d.goes_up_to, r.level, r.at
  from picked c join matter m on m.id = c.matter_id
       left join lateral (select outcome, rule, department_code, goes_up_to from decision
                           where case_id = c.id order by id desc limit 1) d on true
       left join lateral (select payload ->> 'goes_up_to' as level, at from case_event
                           where case_id = c.id and action = 'supervise' and payload ? 'goes_up_to'
                           order by seq desc limit 1) r on true
 order by not c.urgent, coalesce(c.due_at, 'infinity'), c.reported_at, c.id
"""

HISTORIES = f"select {', '.join(EVENT_COLUMNS)} from case_event where case_id = any(%s) order by case_id, seq"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order in which waiting cases are looked at: urgent first, then the earliest due, then the oldest."""

    urgent: bool
    due_at: datetime | None
    reported_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """A filed case without a team, and what was decided about it last.

    ``matter`` is its key; ``lng`` and ``lat`` are WGS84 degrees. ``outcome`` to ``goes_up_to`` are of its last decision
    (None: there was none); ``raised_to`` and ``raised_at`` of the last time that it went up a level.
    """

    id: int
    matter: str
    lng: float
    lat: float
    uncertainty_m: float
    urgent: bool
    due_at: datetime | None
    reported_at: datetime
    filed_at: datetime
    outcome: str | None
    rule: str | None
    department: str | None
    goes_up_to: str | None
    raised_to: str | None
    raised_at: datetime | None

    @property
    def place(self) -> Place:
        """Its place in the order."""
        return Place(self.urgent, self.due_at, self.reported_at, self.id)


BEGINNING = datetime.min.replace(tzinfo=UTC)
FIRST = Place(True, BEGINNING, BEGINNING, 0)
"""Before every case."""


def take_turn(connection: Connection) -> bool:
    """Whether no other worker is looking through the waiting cases; if so, none will before this transaction ends."""
    row = connection.execute(TAKE_TURN, (LOCK,)).fetchone()
    return bool(row and row[0])


def claim_waiting(connection: Connection, after: Place, limit: int) -> list[WaitingCase]:
    """Lock up to ``limit`` waiting cases that stand after a place in the order; those somebody holds are skipped."""
    values = {
        "urgent": after.urgent,
        "due_at": after.due_at,
        "reported_at": after.reported_at,
        "id": after.id,
        "limit": limit,
    }
    return [WaitingCase(*row) for row in connection.execute(CLAIM, values)]


def load_histories(connection: Connection, case_ids: Sequence[int]) -> dict[int, list[Event]]:
    """The history of each case, oldest first."""
    found: defaultdict[int, list[Event]] = defaultdict(list)
    for row in connection.execute(HISTORIES, (list(case_ids),)):
        found[row[0]].append(Event(*row))
    return found


def move_cases(
    connection: Connection,
    events: Sequence[Event],
    rows: Mapping[int, Mapping[str, Any]],
    decisions: Sequence[DecisionRow],
    tasks: Sequence[TaskRow],
) -> None:
    """Append events to locked cases, set their rows, add decisions and tasks; tells ``needle_case``. The caller commits.

    ``rows`` are the columns that follow from the events, by case id.
    """
    copy_rows(connection, "case_event", EVENT_COLUMNS, map(row_values, events))
    with connection.cursor() as cursor:
        for case_id, row in rows.items():
            cursor.execute(update_of(row), [*row.values(), case_id])
    copy_rows(connection, "decision", DECISION_COLUMNS, map(row_values, decisions))
    copy_rows(connection, "task", TASK_COLUMNS, map(row_values, tasks))
    for notice in notices(sorted({*rows, *(d.case_id for d in decisions)})):
        connection.execute(NOTIFY, (notice,))
