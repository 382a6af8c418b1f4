"""Departments' keys to the registry, as the page and the command line make them."""

import secrets
from typing import Any, Final

from data.stores import registry_access as access
from data.stores.registry_reading import load_purposes
from geo.errors import NeedleError

KEY_BYTES: Final = 24
MOST: Final = 10_000_000


async def new_key(connection: access.AsyncConnection, wanted: access.NewKey) -> tuple[int, str]:
    """Make a key; its number, and itself this once. The caller commits, with a line in the audit.

    Raises
    ------
    NeedleError
        ``request.invalid`` naming unknown purposes, ``registry.department_unknown``.
    """
    unknown = set(wanted.purposes) - (await load_purposes(connection)).keys()
    if unknown:
        raise NeedleError("request.invalid", problem=f"purposes: {', '.join(sorted(unknown))}")
    key = secrets.token_urlsafe(KEY_BYTES)
    return await access.save_key(connection, key, wanted), key


def read_wanted(said: dict[str, Any]) -> access.NewKey:
    """What somebody wants of a key.

    Raises
    ------
    NeedleError
        ``request.invalid`` naming what is wrong.
    """
    words = {name: str(said.get(name) or "").strip()[:120] for name in ("department", "holder")}
    purposes = [str(code) for code in said.get("purposes") or ()]
    for name, value in (*words.items(), ("purposes", purposes)):
        if not value:
            raise NeedleError("request.invalid", problem=name)
    areas = [str(area).partition(":")[::2] for area in said.get("areas") or ()]
    layers = {layer for layer, _ in areas}
    if len(layers) > 1:
        raise NeedleError("request.invalid", problem="areas")
    limits = [said.get(name) for name in ("per_minute", "rows_a_day")]
    if not all(isinstance(limit, int) and 0 < limit <= MOST for limit in limits):
        raise NeedleError("request.invalid", problem="per_minute, rows_a_day")
    layer = next(iter(layers), None)
    return access.NewKey(
        words["department"],
        words["holder"],
        purposes,
        layer,
        [code for _, code in areas],
        int(limits[0] or 0),
        int(limits[1] or 0),
    )
