"""``/api/registry/keys``: which departments' systems may read the registry, what for, where, and how much."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from dashboard.accounts import require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.registry_api import Say
from dashboard.registry_key_book import new_key, read_wanted
from dashboard.registry_state import Held
from dashboard.sessions import Asker
from data.stores import registry_access as access
from data.stores.audit import add_entries
from data.stores.coverage import load_area_names
from data.stores.reading import reading
from data.stores.registry_reading import load_purposes

router = APIRouter(prefix="/api/registry/keys")
Said = Annotated[dict[str, Any], Body()]


@router.get("")
async def keys(held: Held, account: Asker, say: Say) -> Response:
    """Every key with what it may; departments, purposes and areas to choose from."""
    require(account, "registry.keys")
    ground = await held.wall.ground()
    layers = [layer.name for layer in ground.layers if layer.kind == "area"]
    async with reading(held.wall.pool) as connection:
        found = await access.load_keys(connection)
        purposes = await load_purposes(connection)
        areas = {layer: await load_area_names(connection, layer) for layer in layers}
        used = await access.count_by_key(connection)
    departments = {code: say.pick(*names) for code, names in ground.words.departments.items()}
    names = {code: say.pick(purpose.zh, purpose.en) for code, purpose in purposes.items()}
    return as_json(
        {
            "now": datetime.now(UTC).timestamp(),
            "timezone": ground.timezone,
            "keys": [key_as_json(key, departments, names, areas, used) for key in found],
            "departments": sorted(departments.items(), key=lambda item: item[1]),
            "purposes": [
                {"code": each.code, "name": names[each.code], "basis": each.basis, "needs": len(each.needs)}
                for each in purposes.values()
                if each.active
            ],
            "areas": {layer: sorted(known.items()) for layer, known in areas.items()},
        }
    )


def key_as_json(
    key: access.DepartmentKey,
    departments: dict[str, str],
    purposes: dict[str, str],
    areas: dict[str, dict[str, str]],
    used: dict[str, tuple[int, datetime]],
) -> dict[str, Any]:
    """A key: never itself, which is shown once."""
    rows, last = used.get(str(key.id), (0, None))
    return {
        "number": key.id,
        "department": departments.get(key.department_code, key.department_code),
        "holder": key.holder,
        "purposes": [purposes.get(code, code) for code in key.purposes],
        "areas": [areas.get(key.area_layer or "", {}).get(code, code) for code in key.area_codes],
        "per_minute": key.per_minute,
        "rows_a_day": key.rows_a_day,
        "read": rows,
        "last": last.timestamp() if last else None,
        "created": key.created_at.timestamp(),
        "revoked": key.revoked_at.timestamp() if key.revoked_at else None,
    }


@router.post("")
async def make(request: Request, held: Held, account: Asker, said: Said) -> Response:
    """Make a key: {"department", "holder", "purposes", "areas", "per_minute", "rows_a_day"}; it is told this once."""
    require(account, "registry.keys")
    wanted = read_wanted(said)
    async with reading(held.wall.pool) as connection:
        number, key = await new_key(connection, wanted)
        told = {"department": wanted.department, "purposes": wanted.purposes}
        await add_entries(connection, [deed_of(request, account, "registry.key_made", f"key:{number}", told)])
    return as_json({"number": number, "key": key}, 201)


@router.delete("/{number}")
async def revoke(number: int, request: Request, held: Held, account: Asker) -> Response:
    """Let a key open nothing any more."""
    require(account, "registry.keys")
    async with reading(held.wall.pool) as connection:
        await access.revoke_department_key(connection, number)
        await add_entries(connection, [deed_of(request, account, "registry.key_revoked", f"key:{number}")])
    return Response(status_code=204)
