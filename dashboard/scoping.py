"""What an account that sees a part of the city is told of the rest: nothing. For lists, live messages and teams on the map."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np

from dashboard.wall_state import Wall, this_second
from data.mirror.where import EVERYTHING, Where

#: What a team on the map says of the case that it is on.
TASK: Final = {"task": None, "task_title": None, "task_at": None}


def row_is_seen(scope: Where, row: Mapping[str, Any]) -> bool:
    """Whether a case as lists carry it (``areas``, ``department``, ``team_id``) lies within a scope; whom it has for help
    only the mirror knows."""
    if scope.areas and not any(row["areas"].get(layer) == code for layer, code in scope.areas):
        return False
    if scope.hands and row["department"] not in scope.hands:
        return False
    return not scope.teams or row["team_id"] in scope.teams


def cases_seen(wall: Wall, scope: Where, ids: Sequence[int]) -> frozenset[int]:
    """Those of some cases that lie within a scope; none while the mirror is being read."""
    if scope == EVERYTHING:
        return frozenset(ids)
    if wall.mirror is None or not ids:
        return frozenset()
    asked = np.array(ids, np.int64)
    rows = wall.mirror.row_of(asked)
    fits = wall.fitting(scope, this_second())
    return frozenset(asked[(rows >= 0) & fits[np.maximum(rows, 0)]].tolist())


def message_within(wall: Wall, scope: Where, message: Mapping[str, Any], lost: Collection[int] = ()) -> dict[str, Any]:
    """A live message of changed cases as a scope hears it; read everything anew where a case has just left it."""
    if scope == EVERYTHING or "rows" not in message:
        return dict(message)
    seen = cases_seen(wall, scope, [row["id"] for row in message["rows"]])
    rows = [row for row in message["rows"] if row["id"] in seen or row_is_seen(scope, row)]
    return {"kind": "reload"} if lost else {**message, "rows": rows}


def teams_within(wall: Wall, scope: Where, teams: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Teams as the map draws them, silent about cases beyond a scope."""
    if scope == EVERYTHING:
        return [dict(team) for team in teams]
    seen = cases_seen(wall, scope, [team["task"] for team in teams if team["task"] is not None])
    return [dict(team) if team["task"] in seen else {**team, **TASK} for team in teams]
