"""The deliverer: one process that empties the outbox, a task of its own for every system.

A system that is slow or down keeps only its own task waiting. A message is marked as delivered after the system has said so;
killed in between, the deliverer sends it again under the same id, and the receiver that knows ids takes it once.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import structlog

from data.database import AsyncPool, open_pool
from data.secrets import read_secret
from data.stores import deliveries
from data.stores.deliveries import DueDelivery, SubscriptionRow
from data.stores.notices import Connected, Lost, listen
from data.stores.reading import reading
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.delivery.addresses import Network, guarded_client
from dispatch.delivery.answers import TOO_EARLY, apply_status
from dispatch.delivery.connectors import Connector, make_connector
from dispatch.delivery.messages import MEDIA_TYPE, cloud_event, message_id
from dispatch.delivery.open311_client import (
    RefusedError,
    RemoteUpdate,
    check_answer,
    read_statuses,
    read_updates,
    send_request,
    send_update,
)
from dispatch.delivery.schedule import next_try
from dispatch.delivery.signing import sign
from dispatch.guards import MOST_WORDS
from geo.errors import NeedleError

AT_ONCE: Final = 8
LEASE: Final = timedelta(seconds=60)
TIMEOUT_S: Final = 15.0
LOOK_AGAIN_S: Final = 5.0
POLLED_CASES: Final = 500
SOURCE: Final = "/needle"
CHANNEL: Final = "needle_delivery"
NEW_WORK: Final = frozenset({"dispatch", "redispatch", "reassign", "rule", "order_response", "rework", "fail_check"})
"""After these the department that has the case starts anew: its system gets a request of its own for each."""
CALLS: Final = frozenset({"whistle", "reject_joint"})
"""After these every department that is named has its part of joint work before it, helpers (协办) too."""
WORDS: Final = frozenset({"remark", "remind", "supervise"})
"""What a system that already has the case is told in words, where it speaks updates."""
HEARD_AGAIN: Final = timedelta(minutes=10)
HEARD_FROM: Final = timedelta(days=7)
"""How far back a system is asked what it said: after a start, and each time (its clock is not ours)."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Surroundings:
    """What deliveries need of the installation: the database, where secrets lie, which networks may be called, how often."""

    pool: AsyncPool
    secrets: Path
    networks: Sequence[Network]
    poll_s: float
    look_again_s: float = LOOK_AGAIN_S


@dataclass
class Line:
    """The line to one system: sends what is due to it, asks how its cases stand."""

    row: SubscriptionRow
    around: Surroundings
    client: httpx.AsyncClient
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.connector: Connector = make_connector(self.row.settings)
        self.desk = CaseDesk(self.around.pool)
        self.heard_until = datetime.now(UTC) - HEARD_FROM

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._endlessly(self._send_due, self.wake, self.around.look_again_s))
            if self.connector.kind == "open311":
                group.create_task(self._endlessly(self._poll, asyncio.Event(), self.around.poll_s))
            if self.connector.updates:
                group.create_task(self._endlessly(self._hear, asyncio.Event(), self.around.poll_s))

    async def _endlessly(self, step: Callable[[], Awaitable[bool]], wake: asyncio.Event, pause_s: float) -> None:
        """Take one step after the other; rest where a step found nothing to do, or the database was away."""
        while not is_cancelled():
            busy = False
            try:
                busy = await step()
            except NeedleError as error:
                log.warning("delivery.interrupted", system=self.row.name, code=error.code)
            if not busy:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await wake.wait()
                wake.clear()

    async def _send_due(self) -> bool:
        now = datetime.now(UTC)
        async with reading(self.around.pool) as connection:
            due = await deliveries.claim(connection, self.row.id, now, now + LEASE, AT_ONCE)
        await asyncio.gather(*(self._send(one) for one in due))
        return bool(due)

    async def _send(self, due: DueDelivery) -> None:
        try:
            await self._hand_over(due)
        except (RefusedError, httpx.HTTPError, NeedleError, ValueError) as error:
            await self._failed(due, error)
        else:
            async with reading(self.around.pool) as connection:
                await deliveries.mark_delivered(connection, due.id, datetime.now(UTC))

    async def _hand_over(self, due: DueDelivery) -> None:
        if self.connector.kind == "webhook":
            await self._post_event(due)
        elif is_work(due, self.connector.department):
            key = self._secret() or ""
            remote_id = await send_request(self.client, self.connector, key, due)
            async with reading(self.around.pool) as connection:
                await deliveries.remember_remote(connection, self.row.id, due.case_id, remote_id)
        elif self.connector.updates and due.action in WORDS:
            await self._send_words(due)

    async def _send_words(self, due: DueDelivery) -> None:
        async with reading(self.around.pool) as connection:
            remote_id = await deliveries.remote_of_case(connection, self.row.id, due.case_id)
        if remote_id is not None and due.actor != self._actor:
            await send_update(self.client, self.connector, self._secret() or "", remote_id, due)

    @property
    def _actor(self) -> str:
        return f"department:{self.connector.department}"

    async def _post_event(self, due: DueDelivery) -> None:
        now, name = datetime.now(UTC), message_id(self.row.id, due.event_id)
        body = cloud_event(due, SOURCE)
        secret = self._secret()
        headers = {"content-type": MEDIA_TYPE, **(sign(secret, name, now, body) if secret else {"webhook-id": name})}
        check_answer(await self.client.post(self.connector.url, content=body, headers=headers))

    def _secret(self) -> str | None:
        return read_secret(self.connector.secret, self.around.secrets) if self.connector.secret else None

    async def _failed(self, due: DueDelivery, error: Exception) -> None:
        now, problem = datetime.now(UTC), str(error) or type(error).__name__
        final = isinstance(error, RefusedError) and error.final
        wish = error.retry_after if isinstance(error, RefusedError) else None
        again = None if final else next_try(due.tries, now, wish)
        log.warning("delivery.failed", system=self.row.name, delivery=due.id, tries=due.tries, final=again is None)
        async with reading(self.around.pool) as connection:
            if again is None:
                await deliveries.give_up(connection, due.id, now, problem)
            else:
                await deliveries.try_again(connection, due.id, again, problem)

    async def _poll(self) -> bool:
        async with reading(self.around.pool) as connection:
            open_cases = await deliveries.open_remote_cases(connection, self.row.id, POLLED_CASES)
        if open_cases:
            try:
                said = await read_statuses(self.client, self.connector, [remote for _, remote, _ in open_cases])
            except (RefusedError, httpx.HTTPError, ValueError) as error:
                log.warning("delivery.poll_failed", system=self.row.name, reason=str(error)[:200])
                return False
            await self._take(open_cases, said)
        return False

    async def _take(self, open_cases: Sequence[tuple[int, str, str | None]], said: dict[str, str]) -> None:
        now, heard = datetime.now(UTC), []
        for case_id, remote, before in open_cases:
            status = said.get(remote, before)
            if status is not None and status != before and not await self.take_status(case_id, status, now):
                status = before
            heard.append((case_id, status or ""))
        async with reading(self.around.pool) as connection:
            await deliveries.note_statuses(connection, self.row.id, now, heard)

    async def take_status(self, case_id: int, status: str, now: datetime) -> bool:
        """Do to our case what the system's status means; whether that is settled, or has to be tried again later.

        A refusal for good is logged and leaves the case to a person.
        """
        actions, department = self.connector.statuses.get(status, ()), self.connector.department
        try:
            if department is not None:
                await apply_status(self.desk, case_id, department, actions, self.row.name, status, now)
        except NeedleError as error:
            if error.code == "database.unreachable":
                raise
            if error.code in TOO_EARLY:
                return False
            log.warning("delivery.answer_refused", system=self.row.name, case=case_id, status=status, code=error.code)
        return True

    async def _hear(self) -> bool:
        """Take what the system says in words, each once."""
        now = datetime.now(UTC)
        try:
            said = await read_updates(self.client, self.connector, self.heard_until - HEARD_AGAIN, now)
        except (RefusedError, httpx.HTTPError, ValueError) as error:
            log.warning("delivery.hear_failed", system=self.row.name, reason=str(error)[:200])
            return False
        for update in said:
            await self._add_words(update, now)
        self.heard_until = now
        return False

    async def _add_words(self, update: RemoteUpdate, now: datetime) -> None:
        async with reading(self.around.pool) as connection:
            found = await deliveries.case_of_remote(connection, self.row.id, update.remote_id)
        if found is None:
            return
        command = Command("remark", self._actor, None, {"text": update.words[:MOST_WORDS], "system": self.row.name})
        await self.desk.give(found[0], command, now, once=f"{self.row.name}:{update.id}")


def is_cancelled() -> bool:
    """Whether this task was told to end: a wait below (``asyncio.wait_for`` of Python 3.11) may have swallowed it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def is_work(due: DueDelivery, department: str | None) -> bool:
    """Whether an event gives a department something to do: the case itself, or its part of joint work."""
    if due.action in CALLS:
        return department in due.called
    owner = due.named if due.action == "order_response" else due.department
    return due.action in NEW_WORK and owner == department


class Deliverer:
    """Keeps a line to every active system, and wakes them when something was queued."""

    def __init__(self, url: str, around: Surroundings) -> None:
        self.url = url
        self.around = around
        self.lines: dict[int, tuple[Line, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        async with guarded_client(self.around.networks, TIMEOUT_S) as client, asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            while not is_cancelled():
                with suppress(NeedleError):
                    await self._keep_lines(client, group)
                await asyncio.sleep(self.around.look_again_s)
            raise asyncio.CancelledError

    async def _keep_lines(self, client: httpx.AsyncClient, group: asyncio.TaskGroup) -> None:
        async with reading(self.around.pool) as connection:
            rows = {row.id: row for row in await deliveries.active_subscriptions(connection)}
        for id, (line, task) in list(self.lines.items()):
            if rows.get(id) != line.row:
                task.cancel()
                del self.lines[id]
        for id, row in rows.items():
            if id not in self.lines:
                line = Line(row, self.around, client)
                self.lines[id] = (line, group.create_task(line.run(), name=f"line {row.name}"))

    async def _listen(self) -> None:
        async for notice in listen(self.url, CHANNEL):
            if isinstance(notice, Lost | Connected):
                continue
            for line, _ in self.lines.values():
                line.wake.set()


async def deliver(url: str, secrets: Path, networks: Sequence[Network], poll_s: float) -> None:
    """Deliver until SIGTERM or SIGINT; systems are asked how their cases stand every ``poll_s`` seconds."""
    async with open_pool(url) as pool:
        work = asyncio.ensure_future(Deliverer(url, Surroundings(pool, secrets, networks, poll_s)).run())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        with suppress(asyncio.CancelledError):
            await work
