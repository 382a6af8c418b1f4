"""The outbox: which systems are told of cases, what still has to be told, and what they call our cases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from data.database import Connection
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A system that is told. ``settings``: its connector as JSON."""

    id: int
    name: str
    kind: str
    department_code: str | None
    settings: dict[str, Any]
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """An event that a system is to be told of now, with its case as it stands.

    ``called``: the departments that the event names, ``named`` the one; ``words``: what somebody said with it; ``purpose``
    and ``arrive_by`` (ISO 8601) of a whistle, ``lead`` its leading department.
    """

    id: int
    tries: int
    event_id: int
    case_id: int
    number: str
    seq: int
    action: str
    from_state: str
    to_state: str
    at: datetime
    actor: str
    state: str
    matter: str
    matter_name: str
    urgent: bool
    lng: float | None
    lat: float | None
    address: str | None
    areas: dict[str, str]
    department: str | None
    due_at: datetime | None
    text: str | None
    called: list[str] = field(default_factory=list)
    named: str | None = None
    lead: str | None = None
    purpose: str | None = None
    arrive_by: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as the health page lists it."""

    id: int
    subscription: str
    case_id: int
    number: str
    action: str
    created_at: datetime
    tries: int
    next_try_at: datetime | None
    delivered_at: datetime | None
    given_up_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class HealthRow:
    """How deliveries to one system stand.

    ``oldest_at``: since when the oldest one waits; ``delivered_at``: the last that it took; ``failing_since``: since when the
    oldest waits that was tried in vain; ``tries`` of what waits at most, ``next_try_at`` the next of them.
    """

    id: int
    name: str
    kind: str
    active: bool
    waiting: int
    given_up: int
    delivered: int
    oldest_at: datetime | None
    problem: str | None
    department_code: str | None
    delivered_at: datetime | None
    failing_since: datetime | None
    next_try_at: datetime | None
    tries: int


SUBSCRIPTIONS = "select id, name, kind, department_code, settings, active, created_at from subscription"

SAVE = """
insert into subscription (name, kind, department_code, settings) values (%s, %s, %s, %s)
on conflict (name) do update set kind = excluded.kind, department_code = excluded.department_code,
    settings = excluded.settings, active = true
returning id
"""

DUE_FIELDS = """
select leased.id, leased.tries, leased.event_id, leased.case_id, cases.number, case_event.seq, case_event.action,
       case_event.from_state, case_event.to_state, case_event.at, case_event.actor, cases.state,
       matter.edition || ':' || matter.kind || ':' || matter.code as matter, matter.name_zh as matter_name, cases.urgent,
       ST_X(cases.geom) as lng, ST_Y(cases.geom) as lat, cases.address, cases.areas, cases.department_code as department,
       cases.due_at,
       (select body ->> 'text' from report where report.case_id = cases.id order by report.id limit 1) as text,
       case when jsonb_typeof(payload -> 'departments') = 'array' then payload -> 'departments' else '[]'::jsonb end as called,
       payload ->> 'department' as named, payload ->> 'lead' as lead, payload ->> 'purpose' as purpose,
       payload ->> 'arrive_by' as arrive_by, coalesce(payload ->> 'text', payload ->> 'reason') as words
  from leased join case_event on case_event.id = leased.event_id join cases on cases.id = leased.case_id
       join matter on matter.id = cases.matter_id
"""

# The oldest open delivery of each case and system, so that a case's events arrive in order; leased, so that a
# deliverer that dies in the middle delays its own few and no more.
CLAIM = f"""
with chosen as (
    select delivery.id from delivery
     where subscription_id = %(subscription)s and delivered_at is null and given_up_at is null and next_try_at <= %(now)s
       and not exists (select from delivery earlier
                        where earlier.subscription_id = delivery.subscription_id and earlier.case_id = delivery.case_id
                          and earlier.event_id < delivery.event_id
                          and earlier.delivered_at is null and earlier.given_up_at is null)
     order by next_try_at, delivery.id limit %(limit)s for update skip locked),
leased as (
    update delivery set next_try_at = %(lease_until)s, tries = tries + 1
      from chosen where delivery.id = chosen.id returning delivery.*)
{DUE_FIELDS}
 order by leased.id
"""

ONE = f"with leased as (select * from delivery where id = %s) {DUE_FIELDS}"
ITS_SYSTEM = f"{SUBSCRIPTIONS} where id = (select subscription_id from delivery where id = %s)"
SWITCH = "update subscription set active = %s where name = %s"

DONE = "update delivery set delivered_at = %s, problem = null where id = %s"
AGAIN = "update delivery set next_try_at = %s, problem = %s where id = %s"
GIVEN_UP = "update delivery set given_up_at = %s, problem = %s where id = %s"
RETRY = """
update delivery set given_up_at = null, next_try_at = now(), tries = 0
 where id = %s and given_up_at is not null and delivered_at is null
"""

RETRY_ALL = """
update delivery set given_up_at = null, next_try_at = now(), tries = 0 from subscription
 where subscription.id = subscription_id and subscription.name = %s and given_up_at is not null and delivered_at is null
"""
#: What waits is tried at once instead of after its pause.
HURRY = """
update delivery set next_try_at = now() from subscription
 where subscription.id = subscription_id and subscription.name = %s and given_up_at is null and delivered_at is null
   and problem is not null
"""

REMEMBER = """
insert into remote_case (subscription_id, case_id, remote_id) values (%s, %s, %s)
on conflict (subscription_id, case_id) do update
    set remote_id = excluded.remote_id, remote_status = null, checked_at = null
    where remote_case.remote_id <> excluded.remote_id
"""

OPEN_REMOTE = """
select remote_case.case_id, remote_id, remote_status from remote_case join cases on cases.id = remote_case.case_id
 where subscription_id = %s and cases.closed_at is null order by checked_at nulls first, remote_case.case_id limit %s
"""

CHECKED = """
update remote_case set checked_at = %s, remote_status = status
  from unnest(%s::bigint[], %s::text[]) as said (case_id, status)
 where remote_case.subscription_id = %s and remote_case.case_id = said.case_id
"""

CASE_OF = "select case_id, remote_status from remote_case where subscription_id = %s and remote_id = %s"
REMOTE_OF = "select remote_id from remote_case where subscription_id = %s and case_id = %s"

HEALTH = """
select subscription.id, name, kind, active,
       (count(delivery.id) filter (where delivered_at is null and given_up_at is null))::int as waiting,
       (count(delivery.id) filter (where given_up_at is not null))::int as given_up,
       (count(delivery.id) filter (where delivered_at is not null))::int as delivered,
       min(delivery.created_at) filter (where delivered_at is null and given_up_at is null) as oldest_at,
       (array_agg(problem order by delivery.id desc) filter (where problem is not null))[1] as problem,
       subscription.department_code, max(delivered_at) as delivered_at,
       min(delivery.created_at) filter (where delivered_at is null and given_up_at is null and problem is not null)
           as failing_since,
       min(next_try_at) filter (where delivered_at is null and given_up_at is null) as next_try_at,
       coalesce(max(tries) filter (where delivered_at is null and given_up_at is null), 0)::int as tries
  from subscription left join delivery on delivery.subscription_id = subscription.id
 group by subscription.id order by subscription.id
"""

LIST = """
select delivery.id, subscription.name as subscription, delivery.case_id, cases.number, case_event.action, delivery.created_at,
       tries, next_try_at, delivered_at, given_up_at, problem
  from delivery join subscription on subscription.id = delivery.subscription_id
       join cases on cases.id = delivery.case_id join case_event on case_event.id = delivery.event_id
 where delivered_at is null order by given_up_at is null, delivery.id desc limit %s
"""


def save_subscription(
    connection: Connection, name: str, kind: str, department: str | None, settings: dict[str, Any]
) -> int:
    """Keep a system under its name, new or changed; its id. It is told of what happens from now on."""
    row = connection.execute(SAVE, (name, kind, department, Jsonb(settings))).fetchone()
    assert row is not None, "returning gives the row"
    return int(row[0])


def load_subscriptions(connection: Connection) -> list[SubscriptionRow]:
    """Every system, active or not."""
    return [SubscriptionRow(*row) for row in connection.execute(f"{SUBSCRIPTIONS} order by id")]


def set_active(connection: Connection, name: str, active: bool) -> None:
    """Begin or cease to tell a system; what waits for it stays.

    Raises
    ------
    NeedleError
        ``delivery.subscription_unknown``.
    """
    if connection.execute(SWITCH, (active, name)).rowcount == 0:
        raise NeedleError("delivery.subscription_unknown", name=name)


async def active_subscriptions(connection: AsyncConnection) -> list[SubscriptionRow]:
    """The systems that are told."""
    async with connection.cursor(row_factory=class_row(SubscriptionRow)) as cursor:
        return await (await cursor.execute(f"{SUBSCRIPTIONS} where active order by id")).fetchall()


async def claim(
    connection: AsyncConnection, subscription: int, now: datetime, lease_until: datetime, limit: int
) -> list[DueDelivery]:
    """Take the deliveries that are due to one system, at most one a case; nobody else takes them before ``lease_until``."""
    values = {"subscription": subscription, "now": now, "lease_until": lease_until, "limit": limit}
    async with connection.cursor(row_factory=class_row(DueDelivery)) as cursor:
        return await (await cursor.execute(CLAIM, values)).fetchall()


async def mark_delivered(connection: AsyncConnection, delivery_id: int, at: datetime) -> None:
    """The system took it."""
    await connection.execute(DONE, (at, delivery_id))


async def try_again(connection: AsyncConnection, delivery_id: int, at: datetime, problem: str) -> None:
    """It failed; the next try is at ``at``."""
    await connection.execute(AGAIN, (at, problem, delivery_id))


async def give_up(connection: AsyncConnection, delivery_id: int, at: datetime, problem: str) -> None:
    """It failed for good; it stays on the health page until somebody tries it again."""
    await connection.execute(GIVEN_UP, (at, problem, delivery_id))


async def retry(connection: AsyncConnection, delivery_id: int) -> None:
    """Try a delivery that was given up from the beginning.

    Raises
    ------
    NeedleError
        ``delivery.unknown``: there is none such that was given up.
    """
    if (await connection.execute(RETRY, (delivery_id,))).rowcount == 0:
        raise NeedleError("delivery.unknown", delivery_id=delivery_id)


async def retry_all(connection: AsyncConnection, name: str) -> int:
    """Try everything again that a system did not take, what was given up and what pauses; how many deliveries that are."""
    hurried = await connection.execute(HURRY, (name,))
    again = await connection.execute(RETRY_ALL, (name,))
    return again.rowcount + hurried.rowcount


async def switch(connection: AsyncConnection, name: str, active: bool) -> None:
    """Begin or cease to tell a system; what waits for it stays.

    Raises
    ------
    NeedleError
        ``delivery.subscription_unknown``.
    """
    if (await connection.execute(SWITCH, (active, name))).rowcount == 0:
        raise NeedleError("delivery.subscription_unknown", name=name)


async def load_delivery(connection: AsyncConnection, delivery_id: int) -> tuple[SubscriptionRow, DueDelivery]:
    """A delivery as it would be sent now, and the system that it goes to; ``delivery.unknown`` when there is none."""
    async with connection.cursor(row_factory=class_row(DueDelivery)) as cursor:
        due = await (await cursor.execute(ONE, (delivery_id,))).fetchone()
    async with connection.cursor(row_factory=class_row(SubscriptionRow)) as cursor:
        row = await (await cursor.execute(ITS_SYSTEM, (delivery_id,))).fetchone()
    if due is None or row is None:
        raise NeedleError("delivery.unknown", delivery_id=delivery_id)
    return row, due


async def remember_remote(connection: AsyncConnection, subscription: int, case_id: int, remote_id: str) -> None:
    """What the system calls our case from now on."""
    await connection.execute(REMEMBER, (subscription, case_id, remote_id))


async def open_remote_cases(
    connection: AsyncConnection, subscription: int, limit: int
) -> list[tuple[int, str, str | None]]:
    """(case id, remote id, last known remote status) of open cases at a system, those longest unasked first."""
    return await (await connection.execute(OPEN_REMOTE, (subscription, limit))).fetchall()


async def note_statuses(
    connection: AsyncConnection, subscription: int, at: datetime, statuses: Sequence[tuple[int, str]]
) -> None:
    """What the system said of our cases: (case id, its status)."""
    ids, said = [case_id for case_id, _ in statuses], [status for _, status in statuses]
    await connection.execute(CHECKED, (at, ids, said, subscription))


async def case_of_remote(
    connection: AsyncConnection, subscription: int, remote_id: str
) -> tuple[int, str | None] | None:
    """Our case behind the system's id, with the status that it last told; None where it is none of ours."""
    return await (await connection.execute(CASE_OF, (subscription, remote_id))).fetchone()


async def remote_of_case(connection: AsyncConnection, subscription: int, case_id: int) -> str | None:
    """What the system calls our case; None where it has none of it."""
    row = await (await connection.execute(REMOTE_OF, (subscription, case_id))).fetchone()
    return str(row[0]) if row else None


async def load_health(connection: AsyncConnection) -> list[HealthRow]:
    """How deliveries to each system stand."""
    async with connection.cursor(row_factory=class_row(HealthRow)) as cursor:
        return await (await cursor.execute(HEALTH)).fetchall()


async def load_undelivered(connection: AsyncConnection, limit: int) -> list[DeliveryRow]:
    """What is not delivered: what was given up first, then what waits, the newest first."""
    async with connection.cursor(row_factory=class_row(DeliveryRow)) as cursor:
        return await (await cursor.execute(LIST, (limit,))).fetchall()
