"""A worker's look at the cases whose moment has come: what they do by themselves is done, in one transaction."""

from datetime import datetime

from data.database import Connection
from data.stores import timers, waiting, whistles
from dispatch.case import Case, evolve, fold, row
from dispatch.commands import Protocol
from dispatch.protocol import decide
from dispatch.timers import due_step, next_moment
from dispatch.whistle import whistle_row

AT_ONCE = 100


def tick(connection: Connection, protocol: Protocol, now: datetime, limit: int = AT_ONCE) -> int:
    """Let up to ``limit`` cases move by themselves; how many were looked at. The caller commits.

    A case makes one step at a look; where the next is past too, it is seen at the next look.
    """
    claimed = timers.claim_due(connection, now, limit)
    if not claimed:
        return 0
    histories = waiting.load_histories(connection, claimed)
    standing = {case_id: fold(case_id, histories.get(case_id, ())) for case_id in claimed}
    events = {}
    for case_id, case in standing.items():
        command = due_step(case, now, protocol)
        if command is not None:
            events[case_id] = decide(case, command, now, protocol)
    after = {case_id: evolve(standing[case_id], event) for case_id, event in events.items()}
    waiting.move_cases(connection, list(events.values()), {i: row(case) for i, case in after.items()}, [], [])
    timers.move_dues(connection, [(i, case.due_at) for i, case in after.items() if case.due_at != standing[i].due_at])
    for case in after.values():
        _keep_whistle(connection, standing[case.id], case)
    timers.set_timers(connection, {i: next_moment(case, protocol) for i, case in {**standing, **after}.items()})
    return len(claimed)


def _keep_whistle(connection: Connection, before: Case, after: Case) -> None:
    if after.whistle is not None and after.whistle != before.whistle:
        whistles.step_whistle(connection, whistle_row(after.id, after.whistle))
