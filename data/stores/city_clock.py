"""A city's working hours, edited."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

SAVE: Final = "update city set settings = settings || jsonb_build_object('clock', %s::jsonb) returning timezone"


async def save_city_clock(connection: AsyncConnection, clock: Mapping[str, Any]) -> str:
    """Keep ``settings.clock`` of the city; its time zone. The caller has checked it and commits.

    Raises
    ------
    NeedleError
        ``city.missing``.
    """
    row = await (await connection.execute(SAVE, (Jsonb(dict(clock)),))).fetchone()
    if row is None:
        raise NeedleError("city.missing")
    return str(row[0])
