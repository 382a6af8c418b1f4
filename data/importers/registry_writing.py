"""Writing a table's rows into the registry, batch by batch: the one way of the command line and of the page.

Each batch is a transaction with a source of its own: cut off and run again it goes on where it was, and a file that is imported
twice is there once. Known persons get their claims beside the batch, which is COPY.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from data.database import Connection, connect, open_pool
from data.importers.registry import batches
from data.registry.claims import Source, Verification
from data.registry.fields import EntityKind
from data.stores.registry_bulk import Loaded, highest_entity, load_batch, measure
from data.stores.registry_claims import add_said

BATCH: Final = 20_000


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows are somebody new, about entities that were there, imported before."""

    new: int = 0
    known: int = 0
    again: int = 0


def write_rows(
    url: str,
    kind: EntityKind,
    rows: Sequence[dict[str, Any]],
    source: Source,
    at: datetime,
    verification: Verification,
    tell: Callable[[int], None],
) -> Written:
    """Write rows of one file.

    Parameters
    ----------
    rows : sequence of dict
        Cleaned values by field.
    source : Source
        Its reference names the file; each batch has its own, told by the place of its first row.
    at : datetime
        When it was so, aware.
    tell : callable
        Hears after each batch how many rows are done; what it raises ends the import after that batch.
    """
    written = Written()
    with connect(url) as connection:
        before = highest_entity(connection)
        for start, batch in batches(rows, BATCH):
            named = replace(source, reference=f"{source.reference}#{start}")
            loaded = load_batch(connection, kind, named, batch, at, verification, before)
            written = added(written, loaded, len(batch))
            if loaded is not None:
                add_rest(connection, url, loaded)
            tell(start + len(batch))
        if written.new:
            measure(connection)
    return written


def added(written: Written, loaded: Loaded | None, rows: int) -> Written:
    """The counts with one batch more."""
    if loaded is None:
        return replace(written, again=written.again + rows)
    return replace(written, new=written.new + loaded.new, known=written.known + rows - loaded.new)


def add_rest(connection: Connection, url: str, loaded: Loaded) -> None:
    """Commit a batch, then what it says of entities that were there."""
    connection.commit()
    if loaded.added:
        asyncio.run(add_claims_of(url, loaded))


async def add_claims_of(url: str, loaded: Loaded) -> None:
    """Add claims to entities that were there."""
    async with open_pool(url, size=1) as pool, pool.connection() as base:
        await add_said(base, [(loaded.source, loaded.added)])
