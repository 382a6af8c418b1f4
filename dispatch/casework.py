"""Casework: a person's command on one case, carried out in one transaction.

Event, row, task and notice are written together under the lock of the case's row; two commands on one case never
interleave.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from data.chain import Event
from data.database import AsyncPool
from data.stores import cases, reference, reports
from data.stores.cases import AsyncConnection, TaskRow
from data.stores.placing import add_decision, load_newest_decision, load_placed
from data.stores.reading import reading
from dispatch.case import Case, evolve, fold, place_row, row, task_change
from dispatch.clock import working_time
from dispatch.commands import Command, Protocol
from dispatch.correcting import Survey, corrects, with_place
from dispatch.deciding import decision_row
from dispatch.overriding import overridden, overrides
from dispatch.protocol import decide
from dispatch.reference import matter_of
from geo.errors import NeedleError


class CaseDesk:
    """Reads and moves single cases of one database."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.protocol: Protocol | None = None
        self.survey = Survey()
        self.surveying = asyncio.Lock()

    async def read(self, case_id: int) -> dict[str, Any]:
        """A case with its events, decisions and tasks, as JSON; ``case.unknown`` when there is none."""
        async with reading(self.pool) as connection:
            return await cases.read_case(connection, case_id)

    async def follow(self, report_id: int) -> dict[str, Any]:
        """What became of a report; ``report.unknown`` when there is none."""
        async with reading(self.pool) as connection:
            return await reports.load_outcome(connection, report_id)

    async def give(self, case_id: int, command: Command, now: datetime, seq: int | None = None) -> dict[str, Any]:
        """Carry out a command.

        Parameters
        ----------
        case_id : int
        command : Command
        now : datetime
            Aware.
        seq : int, optional
            The case's seq that the sender saw: when somebody was faster, the command is refused.

        Returns
        -------
        dict
            ``id``, ``seq``, ``state``, ``due_at``, ``team``, ``department`` after it.

        Raises
        ------
        NeedleError
            ``case.unknown``, ``case.conflict``, ``database.unreachable``, or the protocol's refusal.
        """
        is_corrected = corrects(command)
        if is_corrected:
            await self._refresh_survey(now)
        async with reading(self.pool) as connection:
            protocol = await self._protocol(connection)
            before = fold(case_id, await cases.lock_events(connection, case_id))
            if seq is not None and seq != before.seq:
                raise NeedleError("case.conflict", seq=before.seq)
            if is_corrected:
                after = await self._correct(connection, before, command, now, protocol)
            else:
                after = await carry_out(
                    connection, before, await _completed(connection, case_id, command), now, protocol
                )
        return summary(after)

    async def _correct(
        self, connection: AsyncConnection, before: Case, command: Command, now: datetime, protocol: Protocol
    ) -> Case:
        """Carry out a command that corrects the place: locate and decide anew, and go on as the machine would."""
        placed = await load_placed(connection, before.id)
        completed = await _completed(connection, before.id, command)
        async with self.surveying:
            found = self.survey.find(placed, completed, now)
        after = await carry_out(connection, before, with_place(completed, found), now, protocol)
        ahead = found.next_commands(after.state)
        if found.decision is not None and found.rule_set_id is not None and (ahead or found.changes(placed)):
            await add_decision(connection, decision_row(before.id, found.decision, found.rule_set_id, now))
        for following in ahead:
            after = await carry_out(connection, after, following, now, protocol)
        return after

    async def _refresh_survey(self, now: datetime) -> None:
        async with self.surveying:
            await asyncio.to_thread(self.survey.refresh, str(self.pool.conninfo), now)

    async def _protocol(self, connection: AsyncConnection) -> Protocol:
        if self.protocol is None:
            zone, settings = await reference.load_city_clock(connection)
            self.protocol = Protocol(working_time(zone, settings))
        return self.protocol


async def carry_out(
    connection: AsyncConnection, before: Case, command: Command, now: datetime, protocol: Protocol
) -> Case:
    """Write what a command does to a locked case: event, row, task and notice; the case after it."""
    event = decide(before, command, now, protocol)
    after = evolve(before, event)
    moved = place_row(after) if after.place != before.place else {}
    await cases.add_event(connection, event, row(after) | moved)
    await _keep_task(connection, before, event, after)
    if overrides(command):
        decided = await load_newest_decision(connection, after.id)
        if decided is not None:
            await add_decision(connection, overridden(decided, event))
    return after


def summary(case: Case) -> dict[str, Any]:
    """Where a case stands, for the answer to a command."""
    return {
        "id": case.id,
        "seq": case.seq,
        "state": case.state,
        "due_at": case.due_at,
        "team": case.team_id,
        "department": case.department,
    }


async def _completed(connection: AsyncConnection, case_id: int, command: Command) -> Command:
    """A command *file* with the limit of the condition it names (the first when it names none)."""
    if command.action != "file" or "limit" in command.data:
        return command
    matter = matter_of(await reference.load_matter(connection, await cases.matter_of_case(connection, case_id)))
    limit, number = matter.limit_of(command.data.get("condition"))
    data = {**command.data, "condition": number, "limit": {"value": limit.value, "unit": limit.unit}}
    return replace(command, data=data)


async def _keep_task(connection: AsyncConnection, before: Case, event: Event, after: Case) -> None:
    change = task_change(before, event, after)
    if change.outcome is not None:
        await cases.close_task(connection, after.id, event.at, change.outcome)
    if change.team_id is not None:
        await cases.open_task(connection, TaskRow(after.id, change.team_id, event.at, after.due_at))
    if change.accepted:
        await cases.accept_task(connection, after.id, event.at)
    if after.due_at != before.due_at:
        await cases.move_due(connection, after.id, after.due_at)
