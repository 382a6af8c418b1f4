"""A person sends a case to another team than was decided: what is kept of that as a decision of its own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from data.chain import Event
from data.stores.cases import DecisionRow
from dispatch.commands import Command

OVERRIDING: Final = frozenset({"dispatch", "reassign", "redispatch", "rule", "override"})
OVERRIDDEN: Final = "overridden"
WAS_CHOSEN: Final = "was_chosen"


def overrides(command: Command) -> bool:
    """Whether a command is a person's own decision about who gets the case."""
    return command.action in OVERRIDING and command.role != "system" and isinstance(command.data.get("team"), int)


def overridden(before: DecisionRow, event: Event) -> DecisionRow:
    """The person's decision after the one that it replaces.

    The candidates are those that were looked at, each with its reason; the new team stands first as ``chosen``, the one that
    was chosen before as ``was_chosen``.
    """
    team = event.payload["team"]
    chosen: dict[str, Any] = {"team": team}
    others = []
    for candidate in before.candidates:
        if candidate["team"] == team:
            chosen = candidate
        else:
            others.append(_replaced(candidate))
    return replace(
        before,
        at=event.at,
        rule=None,
        outcome=OVERRIDDEN,
        team_id=team,
        department_code=event.payload["department"],
        goes_up_to=None,
        travel_s=chosen.get("travel_s"),
        candidates=[{**chosen, "reason": "chosen"}, *others],
    )


def _replaced(candidate: Mapping[str, Any]) -> dict[str, Any]:
    return {**candidate, "reason": WAS_CHOSEN} if candidate["reason"] == "chosen" else dict(candidate)
