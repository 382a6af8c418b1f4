"""What another system's answer does to our case: the commands of its department, as far as the state table lets them."""

from collections.abc import Sequence
from datetime import datetime

from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.states import transitions
from geo.errors import NeedleError

REASON = "{system}: {status}"


async def apply_status(
    desk: CaseDesk, case_id: int, department: str, actions: Sequence[str], system: str, status: str, now: datetime
) -> int:
    """Give those of ``actions`` in order that lead on from where the case stands; how many were given.

    A status that comes twice finds the case already there and changes nothing. A command that the protocol refuses ends
    the series: the case waits for a person, and the refusal is the caller's to tell.

    Raises
    ------
    NeedleError
        The protocol's refusal; ``case.unknown``; ``database.unreachable``.
    """
    given = 0
    state = (await desk.read(case_id))["case"]["state"]
    for action in actions:
        move = transitions().get((state, action))
        if move is None:
            continue
        reason = REASON.format(system=system, status=status) if move.reason_required else None
        command = Command(action, f"department:{department}", reason, {"system": system, "status": status})
        try:
            state = (await desk.give(case_id, command, now))["state"]
        except NeedleError as refused:
            if refused.code != "case.illegal_transition":
                raise
            continue
        given += 1
    return given
