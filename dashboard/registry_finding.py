"""Finding a record by any word of it: the index on disk first, what is written out in full by the database."""

from typing import Final

from starlette.requests import HTTPConnection

from data.database import AsyncPool
from data.stores.reading import reading
from data.stores.registry_reading import find_exact

MOST: Final = 60
"""So many candidates are read again under the account's own rights; more than are shown, since some are not its own."""


class Finder:
    """Numbers of entities by what somebody types."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool

    async def find(self, text: str) -> list[int]:
        """The best first; at most ``MOST``."""
        async with reading(self.pool) as connection:
            return await find_exact(connection, text, MOST)


def finder_of(connection: HTTPConnection) -> Finder:
    """The process's finder (a FastAPI dependency)."""
    return Finder(connection.app.state.pool)
