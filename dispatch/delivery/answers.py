"""What another system's answer does to our case: the commands of its department, as far as the state table lets them.

A department that helps in a whistle (协办) speaks the same words as one that works alone; here they become its part of the
joint work.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from dispatch.case import Case
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.states import transitions
from dispatch.whistle import WAITING_FOR_ANSWER, Party
from geo.errors import NeedleError

REASON = "{system}: {status}"
OVERTAKEN: Final = frozenset({"case.illegal_transition", "whistle.answered", "whistle.not_answered"})
"""Somebody was faster: what was asked is done already, or can no longer be."""
TOO_EARLY: Final = frozenset({"whistle.helpers_left"})
"""It may be done later: the lead is ready before its helpers are."""

IN_A_WHISTLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sign": "answer_whistle",
        "assign": "answer_whistle",
        "resume_work": "answer_whistle",
        "finish": "finish_part",
        "request_return": "refuse_whistle",
    }
)
"""What a department's ordinary actions are when a street has whistled for it; its work is confirmed by the street."""


async def apply_status(
    desk: CaseDesk, case_id: int, department: str, actions: Sequence[str], system: str, status: str, now: datetime
) -> int:
    """Give those of ``actions`` in order that lead on from where the case stands; how many were given.

    A status that comes twice finds the case already there and changes nothing. A command that the protocol refuses ends
    the series: the case waits for a person, and the refusal is the caller's to tell.

    Raises
    ------
    NeedleError
        The protocol's refusal (of ``TOO_EARLY``: give the status again later); ``case.unknown``; ``database.unreachable``.
    """
    given, case = 0, await desk.standing(case_id)
    for action in actions:
        command = command_of(case, department, action, system, status)
        if command is None:
            continue
        try:
            await desk.give(case_id, command, now)
            given += 1
        except NeedleError as refused:
            if refused.code not in OVERTAKEN:
                raise
        case = await desk.standing(case_id)
    return given


def command_of(case: Case, department: str, action: str, system: str, status: str) -> Command | None:
    """The department's command for ``action`` as the case stands; None where it has no part in it, or the part is done."""
    own = own_action(case, department, action)
    move = transitions().get((case.state, own)) if own else None
    if own is None or move is None:
        return None
    reason = REASON.format(system=system, status=status) if move.reason_required else None
    return Command(own, f"department:{department}", reason, {"system": system, "status": status})


def own_action(case: Case, department: str, action: str) -> str | None:
    """What ``action`` is for this department: its part of a whistle that called it, itself where it alone has the case."""
    whistle = case.whistle if case.whistle is not None and case.whistle.is_open else None
    party = whistle.party(department) if whistle is not None else None
    if party is not None:
        return _part(party, IN_A_WHISTLE.get(action, action))
    return action if department == case.department else None


def _part(party: Party, action: str) -> str | None:
    if action == "finish_part" and party.lead:
        action = "finish_jointly"
    expected = {
        "answer_whistle": WAITING_FOR_ANSWER,
        "refuse_whistle": {"called"},
        "finish_part": {"answered"},
        "finish_jointly": {"answered"},
    }
    return action if party.state in expected.get(action, ()) else None
