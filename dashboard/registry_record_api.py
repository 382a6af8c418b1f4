"""``/api/registry/records``: one record, why it is as it is, and correcting it; each reading is noted before it is shown."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Query, Request, Response

from dashboard.accounts import Account, may, require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.registry_api import RIGHTS, Say
from dashboard.registry_state import Held
from dashboard.sessions import Asker
from dashboard.view_models.registry_record import Record, Sight, record_as_json, shown_fields
from data.registry.claims import Claim, Entity, NewClaim, Purpose, Source
from data.stores import registry_access as access
from data.stores.audit import add_entries
from data.stores.coverage import AsyncConnection
from data.stores.reading import as_owner, scoped
from data.stores.registry_claims import add_claims
from data.stores.registry_entities import load_claims, load_entities, load_entity, load_timeline
from data.stores.registry_merges import load_merges, undo_merge
from data.stores.registry_reading import load_building_names, load_purposes
from data.stores.registry_relations import load_relations
from data.stores.registry_review import must_see_merge
from geo.errors import NeedleError

READS: Final = 100
LONGEST_REASON: Final = 300
MADE: Final = "correction"
LOOKED: Final = "look"
"""What a reading without a purpose is written down as: nothing that leads to a person was shown."""

router = APIRouter(prefix="/api/registry/records")


@router.get("/{code}")
async def record(
    code: str, held: Held, account: Asker, say: Say, purpose: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """A record, as far as the account may see it for ``purpose``; by what it was merged into where it was."""
    require(account, "registry.read")
    today = datetime.now(ZoneInfo((await held.wall.ground()).timezone)).date()
    async with scoped(held.wall.pool, account.id) as connection:
        entity = await standing(connection, code)
        purposes = await load_purposes(connection)
        sight = Sight(chosen(purposes, purpose))
        claims = await load_claims(connection, entity.id)
        relations = await load_relations(connection, entity.id)
        history = await load_timeline(connection, entity.id)
        merges = await load_merges(connection, entity.id)
        await as_owner(connection)
        await access.note_reads(connection, [reading_of(account, entity, claims, sight)])
        reads = await access.load_reads(connection, numbers_of(entity, claims), READS)
        buildings = await load_building_names(connection, named_in(claims))
    found = Record(entity, claims, relations, history, merges, reads, buildings, purposes)
    told = record_as_json(found, sight, say, today)
    return as_json(
        told
        | {
            "now": datetime.now(UTC).timestamp(),
            "timezone": (await held.wall.ground()).timezone,
            "may": [right for right in RIGHTS if may(account, right)],
            "purpose": sight.purpose.code if sight.purpose else None,
            "purposes": [purpose_as_json(each, say, entity.kind) for each in purposes.values() if each.active],
        }
    )


async def standing(connection: AsyncConnection, code: str) -> Entity:
    """The entity that a code names, or what it was merged into.

    Raises
    ------
    NeedleError
        ``registry.unknown``: unknown, erased, or not of the account's area; which of them nobody is told.
    """
    entity = await load_entity(connection, code)
    if entity is not None and entity.root != entity.id:
        entity = next(iter(await load_entities(connection, [entity.root])), None)
    if entity is None or entity.erased_at is not None:
        raise NeedleError("registry.unknown")
    return entity


def chosen(purposes: dict[str, Purpose], code: str) -> Purpose | None:
    """The purpose that a code names; None for none.

    Raises
    ------
    NeedleError
        ``registry.purpose_unknown``.
    """
    if not code:
        return None
    if code not in purposes or not purposes[code].active:
        raise NeedleError("registry.purpose_unknown", purpose=code, known=", ".join(sorted(purposes)) or "-")
    return purposes[code]


def reading_of(account: Account, entity: Entity, claims: list[Claim], sight: Sight) -> access.Read:
    """What is written down of this reading."""
    purpose = sight.purpose.code if sight.purpose else LOOKED
    return access.Read(entity.id, "account", account.username, purpose, shown_fields(entity.kind, claims, sight))


def numbers_of(entity: Entity, claims: list[Claim]) -> list[int]:
    """The numbers that a record was read by: its own and those that were merged into it."""
    return sorted({entity.id, *(claim.entity for claim in claims)})


def named_in(claims: list[Claim]) -> list[str]:
    """Codes of buildings that claims name."""
    return sorted({str(claim.value) for claim in claims if claim.field == "building" and claim.value})


def purpose_as_json(purpose: Purpose, say: Any, kind: str) -> dict[str, Any]:
    """A purpose to choose: its name, the law or duty it rests on, whether it needs anything of this kind."""
    needs = any(key.startswith(f"{kind}.") for key in purpose.needs)
    return {"code": purpose.code, "name": say.pick(purpose.zh, purpose.en), "basis": purpose.basis, "needs": needs}


@router.post("/merges/{merge}/undo")
async def undo(merge: int, request: Request, held: Held, account: Asker) -> Response:
    """Split what a merge made one, whoever made it: both stand as they stood, and linkage never merges them again."""
    require(account, "registry.review")
    async with scoped(held.wall.pool, account.id) as connection:
        await must_see_merge(connection, merge)
        await as_owner(connection)
        await undo_merge(connection, merge, account.username)
        await add_entries(connection, [deed_of(request, account, "registry.split", f"merge:{merge}")])
    return as_json({"undone": merge})


# --- correcting -------------------------------------------------------------------------------------------------


@router.post("/{code}/corrections")
async def correct(
    code: str, request: Request, held: Held, account: Asker, said: Annotated[dict[str, Any], Body()]
) -> Response:
    """Correct a field: {"field", "value", "reason"}: a new claim, confirmed by whoever was there; no claim is ever changed."""
    require(account, "registry.correct")
    field, value, reason = (said.get(name) for name in ("field", "value", "reason"))
    if not isinstance(field, str) or not isinstance(reason, str) or not reason.strip() or value in (None, "", []):
        raise NeedleError("request.invalid", problem='{"field": …, "value": …, "reason": …}')
    now = datetime.now(UTC)
    source = Source(
        "worker", f"{MADE}:{account.username}:{now.isoformat()}", reason.strip()[:LONGEST_REASON], by=account.username
    )
    async with scoped(held.wall.pool, account.id) as connection:
        entity = await standing(connection, code)
        await as_owner(connection)
        claims = await add_claims(connection, source, {entity.id: [NewClaim(field, value, now, "worker")]})
        deed = deed_of(request, account, "registry.correct", f"registry:{entity.code}", {"field": field})
        await add_entries(connection, [deed])
    return as_json({"claims": claims}, 201)
