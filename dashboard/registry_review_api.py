"""``/api/registry/review``: pairs that may be one, with what speaks for it and against it, decided and taken back by a person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Request, Response

from dashboard.accounts import Account, require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.i18n import Words
from dashboard.registry_api import Say
from dashboard.registry_state import Held
from dashboard.sessions import Asker
from dashboard.view_models.registry_view import said_value
from data.registry.fields import Field, fields_of
from data.stores import registry_access as access
from data.stores.audit import add_entries
from data.stores.reading import as_owner, scoped
from data.stores.registry_doubts import DoubtRow, decide_doubt, load_doubts
from data.stores.registry_reading import load_building_names
from data.stores.registry_review import count_decisions, must_see, reopen_doubt
from geo.errors import NeedleError

AT_ONCE: Final = 20
PURPOSE: Final = "review"
#: Sensitive, and says nothing of who somebody is.
NOT_SHOWN: Final = frozenset({"diseases", "care", "hardship"})

router = APIRouter(prefix="/api/registry/review")


@router.get("")
async def queue(
    held: Held, account: Asker, say: Say, weight: float | None = None, after: int | None = None
) -> Response:
    """Open pairs, the likeliest first, after a pair's weight and number; how many wait, how many were decided today."""
    require(account, "registry.review")
    ground = await held.wall.ground()
    now = datetime.now(ZoneInfo(ground.timezone))
    begun = now.replace(hour=0, minute=0, second=0, microsecond=0)
    place = None if weight is None or after is None else (weight + 1e-9, after)
    async with scoped(held.wall.pool, account.id) as connection:
        rows = await load_doubts(connection, AT_ONCE, place)
        waiting, decided = await count_decisions(connection, begun)
        await as_owner(connection)
        await access.note_reads(connection, [read for row in rows for read in readings_of(account, row)])
        buildings = await load_building_names(connection, sorted(named_in(rows)))
    told = {"doubts": [doubt_as_json(row, say, buildings) for row in rows], "waiting": waiting, "decided": decided}
    return as_json(told | {"now": now.timestamp(), "timezone": ground.timezone})


def readings_of(account: Account, row: DoubtRow) -> list[access.Read]:
    """What is written down of looking at a pair."""
    both = ((row.left_id, row.left_golden), (row.right_id, row.right_golden))
    return [
        access.Read(number, "account", account.username, PURPOSE, tuple(sorted(golden.keys() - NOT_SHOWN)))
        for number, golden in both
    ]


def named_in(rows: list[DoubtRow]) -> set[str]:
    """Codes of buildings in the golden values of pairs."""
    both = (golden for row in rows for golden in (row.left_golden, row.right_golden))
    return {str(golden["building"]["value"]) for golden in both if "building" in golden}


def doubt_as_json(row: DoubtRow, say: Words, buildings: Mapping[str, str]) -> dict[str, Any]:
    """A pair: both sides' values by field, with the weight that each comparison adds (log2 of odds), strongest first."""
    evidence = {str(one.get("field")): one for one in row.evidence}
    fields = [field for name, field in fields_of(row.kind).items() if name not in NOT_SHOWN]
    lines = [line_of(field, row, evidence.get(field.name), say, buildings) for field in fields]
    return {
        "id": row.id,
        "kind": row.kind,
        "weight": round(row.weight, 2),
        "probability": probability(row.weight),
        "left": row.left_code,
        "right": row.right_code,
        "at": row.created_at.timestamp(),
        "lines": [line for line in lines if line["left"] or line["right"] or line["weight"] is not None],
    }


def line_of(
    field: Field, row: DoubtRow, evidence: Mapping[str, Any] | None, say: Words, buildings: Mapping[str, str]
) -> dict[str, Any]:
    """One field of both sides. ``agrees``: True the same, False two values, None one side knows nothing."""
    left, right = (golden.get(field.name) for golden in (row.left_golden, row.right_golden))
    known = left is not None and right is not None
    return {
        "field": field.name,
        "label": say.pick(field.zh, field.en),
        "left": None if left is None else said(field, left["value"], say, buildings),
        "right": None if right is None else said(field, right["value"], say, buildings),
        "agrees": left["value"] == right["value"] if left is not None and right is not None and known else None,
        "weight": None if evidence is None else round(float(evidence.get("weight", 0)), 2),
        "level": None if evidence is None else str(evidence.get("level", "")),
    }


def said(field: Field, value: Any, say: Words, buildings: Mapping[str, str]) -> str:
    """A value in words."""
    return buildings.get(str(value), str(value)) if field.type == "building" else said_value(field, value, say)


def probability(weight: float) -> float:
    """Of being one, from the log2 of the odds."""
    bounded = max(min(weight, 60.0), -60.0)
    return round(1 / (1 + 2**-bounded), 4)


@router.post("/{doubt}")
async def decide(
    doubt: int, request: Request, held: Held, account: Asker, said: Annotated[dict[str, Any], Body()]
) -> Response:
    """Decide a pair: {"same": true: they are one, false: two}."""
    require(account, "registry.review")
    same = said.get("same")
    if not isinstance(same, bool):
        raise NeedleError("request.invalid", problem='{"same": true | false}')
    async with scoped(held.wall.pool, account.id) as connection:
        await must_see(connection, doubt)
        await as_owner(connection)
        merge = await decide_doubt(connection, doubt, account.username, same=same)
        action = "registry.merge" if same else "registry.keep_apart"
        await add_entries(connection, [deed_of(request, account, action, f"doubt:{doubt}", {"merge": merge})])
    return as_json({"merge": merge})


@router.post("/{doubt}/undo")
async def undo(doubt: int, request: Request, held: Held, account: Asker) -> Response:
    """Take a decision back: the pair waits again."""
    require(account, "registry.review")
    async with scoped(held.wall.pool, account.id) as connection:
        await must_see(connection, doubt)
        await as_owner(connection)
        await reopen_doubt(connection, doubt, account.username)
        await add_entries(connection, [deed_of(request, account, "registry.undo", f"doubt:{doubt}")])
    return as_json({"reopened": True})
