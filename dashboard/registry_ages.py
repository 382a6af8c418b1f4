"""Ages and sexes of an area, as the pyramid and its table show them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.accounts import Account
from dashboard.view_models.registry_view import bands
from dashboard.wall_state import Wall
from data.stores.reading import scoped
from data.stores.registry_reading import load_pyramid


async def load_bands(wall: Wall, account: Account, area: tuple[str, str] | None) -> list[dict[str, Any]]:
    """Persons by sex in bands of five years; the database shows an account its own area only."""
    ground = await wall.ground()
    wanted = [area] if area else list(account.areas)
    async with scoped(wall.pool, account.id) as connection:
        rows = await load_pyramid(connection, wanted)
    return bands(rows, datetime.now(ZoneInfo(ground.timezone)).year)
