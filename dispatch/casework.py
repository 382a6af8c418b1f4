"""Casework: a person's command on one case, carried out in one transaction.

Event, row, task and notice are written together under the lock of the case's row; two commands on one case never
interleave.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from time import monotonic
from typing import Any

from data.chain import Event
from data.database import AsyncPool
from data.stores import cases, reference, reports
from data.stores.audit import Deed, add_entries
from data.stores.cases import AsyncConnection, TaskRow
from data.stores.city_clock import save_city_clock
from data.stores.merges import lock_cases, reports_of_case
from data.stores.nearby import load_own, near_open_cases
from data.stores.placing import add_decision, load_newest_decision, load_placed
from data.stores.reading import as_owner, reading, scoped_or_whole
from data.stores.timers import set_timer
from data.stores.whistles import load_board, load_whistled, save_whistle
from dispatch.case import Case, evolve, fold, matter_row, place_row, row, task_change
from dispatch.clock import working_time
from dispatch.commands import Command, Protocol
from dispatch.completing import completed
from dispatch.correcting import Survey, corrects, with_place
from dispatch.deciding import decision_row
from dispatch.duplicates import WITHIN_M, rank_duplicates, window
from dispatch.overriding import overridden, overrides
from dispatch.protocol import decide
from dispatch.suggester import Suggester
from dispatch.timers import next_moment
from dispatch.turns import Turns
from dispatch.whistle import party_rows, whistle_row
from dispatch.whistle_scores import score_departments, score_streets, whistles_of
from geo.errors import NeedleError

HOURS_KEPT_S = 60.0
"""Working hours that were edited count after a minute at most."""
AT_ONCE = 6
"""Commands that one process carries out at a time: fewer than its connections, so that readers find one."""
KEPT_CASES = 5_000
"""Cases whose fold is remembered: who works on a case gives the next command soon."""
ONCE = "once"
"""Where an event keeps its sender's own name of the command."""


class CaseDesk:
    """Reads and moves single cases of one database."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.protocol: Protocol | None = None
        self.protocol_until = 0.0
        self.survey = Survey()
        self.surveying = asyncio.Lock()
        self.turns = Turns(AT_ONCE)
        self.kept: dict[int, Case] = {}
        self.suggester = Suggester(str(pool.conninfo))

    async def read(self, case_id: int, by: int | None = None) -> dict[str, Any]:
        """A case with all that belongs to it (``data.stores.cases.read_case``), as JSON; ``case.unknown`` when there is none.

        ``by``: the account that asks, here and below; a case that it does not see is none. None: a machine of ours.
        """
        async with scoped_or_whole(self.pool, by) as connection:
            return await cases.read_case(connection, case_id)

    async def standing(self, case_id: int) -> Case:
        """A case as the fold of its events; ``case.unknown`` when there is none."""
        async with reading(self.pool) as connection:
            return fold(case_id, await cases.lock_events(connection, case_id))

    async def follow(self, report_id: int, by: int | None = None) -> dict[str, Any]:
        """What became of a report; ``report.unknown`` when there is none."""
        async with scoped_or_whole(self.pool, by) as connection:
            return await reports.load_outcome(connection, report_id)

    async def give(
        self,
        case_id: int,
        command: Command,
        now: datetime,
        seq: int | None = None,
        once: str | None = None,
        by: int | None = None,
        deed: Deed | None = None,
    ) -> dict[str, Any]:
        """Carry out a command.

        Parameters
        ----------
        case_id : int
        command : Command
        now : datetime
            Aware.
        seq : int, optional
            The case's seq that the sender saw: when somebody was faster, the command is refused.
        once : str, optional
            The sender's own name of the command, kept in its event: sent again, it changes nothing, whatever happened since.
        by : int, optional
            The account that gives it; the database lets it move only what it sees.
        deed : Deed, optional
            What the audit keeps of it, in the command's transaction: neither is there without the other.

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
        async with self.turns.turn(case_id), scoped_or_whole(self.pool, by) as connection:
            protocol = await self._protocol(connection)
            if command.action == "merge" and isinstance(command.data.get("main_case"), int):
                await lock_cases(connection, (case_id, command.data["main_case"]))
            stands = await cases.lock_case(connection, case_id)
            if by is not None:
                # Locked means seen: the account's limits were asked. The rest is this case alone, and is not asked again.
                await as_owner(connection)
            before = self.kept.get(case_id)
            if before is None or once is not None or (before.seq, before.hash) != stands:
                events = await cases.read_events(connection, case_id)
                before = fold(case_id, events)
                if once is not None and any(event.payload.get(ONCE) == once for event in events):
                    return summary(before)
            if once is not None:
                command = replace(command, data={**command.data, ONCE: once})
            if seq is not None and seq != before.seq:
                raise NeedleError("case.conflict", seq=before.seq)
            if is_corrected:
                after = await self._correct(connection, before, command, now, protocol)
            else:
                command = await completed(connection, before, command, now)
                after = await carry_out(connection, before, command, now, protocol)
                if after.merged_into != before.merged_into:
                    await self._absorb(connection, after, command, now, protocol)
            if deed is not None:
                await add_entries(connection, [replace(deed, detail={**deed.detail, "seq": after.seq})])
        self._keep(after)
        return summary(after)

    def _keep(self, case: Case) -> None:
        """Remember a fold; its hash tells whether it is still that of all events."""
        if len(self.kept) >= KEPT_CASES:
            self.kept.clear()
        self.kept[case.id] = case

    async def duplicates(self, case_id: int, by: int | None = None) -> list[dict[str, Any]]:
        """Open cases that may be the same thing, the likeliest first, as JSON; ``case.unknown`` when there is no such case.

        Each has ``id``, ``number``, ``title``, ``state``, ``reported_at``, ``distance_m``, ``text``, ``reports``, ``score``.
        """
        async with scoped_or_whole(self.pool, by) as connection:
            own = await load_own(connection, case_id)
            if own is None:
                raise NeedleError("case.unknown", case_id=case_id)
            if own.point is None:
                return []
            span = window(own.reported_at)
            found = await near_open_cases(connection, own.point, own.matter_id, WITHIN_M, span, leave_out=case_id)
        return [{**asdict(s.case), "score": s.score} for s in rank_duplicates(own, found)]

    async def suggest_matters(self, words: str, limit: int = 5) -> list[dict[str, Any]]:
        """Matters that somebody's words may mean (``dispatch.suggester``), the likeliest first; a person chooses."""
        return await self.suggester.suggest(words, limit)

    async def reports(self, case_id: int, by: int | None = None) -> list[dict[str, Any]]:
        """Every report of a case and of those merged with it, oldest first, as JSON."""
        async with scoped_or_whole(self.pool, by) as connection:
            return [asdict(report) for report in await reports_of_case(connection, case_id)]

    async def whistles(
        self, street: str | None = None, department: str | None = None, team: int | None = None
    ) -> list[dict[str, Any]]:
        """The whistle board: one line a department of every open whistle, as JSON; of one street, department or team."""
        async with reading(self.pool) as connection:
            return [asdict(line) for line in await load_board(connection, street, department, team)]

    async def scores(self, since: datetime, until: datetime, now: datetime) -> dict[str, Any]:
        """双考核 of the whistles called in a span of time, as JSON: ``streets`` and ``departments`` by code."""
        async with reading(self.pool) as connection:
            histories = await load_whistled(connection, since, until)
        found = [w for events in histories.values() for w in whistles_of(events) if since <= w.called_at < until]
        return {
            "streets": {code: asdict(score) for code, score in score_streets(found).items()},
            "departments": {code: asdict(score) for code, score in score_departments(found, now).items()},
        }

    async def set_hours(self, clock: Mapping[str, Any], deed: Deed | None = None) -> None:
        """Edit the city's working hours: ``calendar`` and ``periods`` as ``dispatch.clock.working_time`` reads them.

        What starts from now on counts by them; deadlines that already run keep their moment.

        Raises
        ------
        NeedleError
            ``clock.invalid``, ``city.missing``.
        """
        async with reading(self.pool) as connection:
            self.protocol = Protocol(working_time(await save_city_clock(connection, clock), clock))
            if deed is not None:
                await add_entries(connection, [deed])
            self.protocol_until = monotonic() + HOURS_KEPT_S

    async def _absorb(
        self, connection: AsyncConnection, merged: Case, command: Command, now: datetime, protocol: Protocol
    ) -> None:
        """Tell the main case's history what was merged into it, so that whoever follows it is told."""
        assert merged.merged_into is not None
        main = fold(merged.merged_into, await cases.lock_events(connection, merged.merged_into))
        told = Command("absorb", command.actor, command.reason, {"case": merged.id})
        await carry_out(connection, main, told, now, protocol)

    async def _correct(
        self, connection: AsyncConnection, before: Case, command: Command, now: datetime, protocol: Protocol
    ) -> Case:
        """Carry out a command that corrects the place: locate and decide anew, and go on as the machine would."""
        placed = await load_placed(connection, before.id)
        whole = await completed(connection, before, command, now)
        async with self.surveying:
            found = self.survey.find(placed, whole, now)
        after = await carry_out(connection, before, with_place(whole, found), now, protocol)
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
        if self.protocol is None or monotonic() >= self.protocol_until:
            zone, settings = await reference.load_city_clock(connection)
            self.protocol = Protocol(working_time(zone, settings))
            self.protocol_until = monotonic() + HOURS_KEPT_S
        return self.protocol


async def carry_out(
    connection: AsyncConnection, before: Case, command: Command, now: datetime, protocol: Protocol
) -> Case:
    """Write what a command does to a locked case: event, row, task, whistle, timer and notice; the case after it."""
    event = decide(before, command, now, protocol)
    after = evolve(before, event)
    moved = place_row(after) if after.place != before.place else {}
    named = matter_row(after) if after.classified != before.classified else {}
    await cases.add_event(connection, event, row(after) | moved | named)
    await _keep_task(connection, before, event, after)
    if after.whistle is not None and after.whistle != before.whistle:
        await save_whistle(connection, whistle_row(after.id, after.whistle), party_rows(after.id, after.whistle))
    moves_at = next_moment(after, protocol)
    if moves_at != next_moment(before, protocol):
        await set_timer(connection, after.id, moves_at)
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
