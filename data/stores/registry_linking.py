"""Records for linkage, and what linkage found, kept: merges that can be undone, doubts for a person to decide."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd
import psycopg

from data.database import Connection
from data.stores.registry_merges import Evidence, merge
from data.stores.registry_unlinked import frame, statement
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]

RECORDS: Final = "select {columns} from registry_entity where kind = %s and erased_at is null order by id"
SOME: Final = (
    "select {columns} from registry_entity where kind = %s and erased_at is null order by hashint8(id) limit %s"
)
ROOTS_OF: Final = "select code, root_id from registry_entity where code = any (%s)"
AGE: Final = """
update registry_entity set stale = true where not stale and fresh_until < current_date and root_id = id and erased_at is null
"""
REFUSED: Final = ("registry.kept_apart", "registry.one_already", "registry.erased")
"""Pairs that linkage finds and that stay as they are."""


def load_records(connection: Connection, kind: str) -> pd.DataFrame:
    """Records of one kind as ``data.linkage`` takes them.

    Those that were merged away are there as they were: chances are learned from them, and they bring others along.
    """
    return frame(kind, connection.execute(statement(RECORDS, kind).encode(), (kind,)).fetchall())


def load_some_records(connection: Connection, kind: str, most: int) -> pd.DataFrame:
    """At most so many of them, as if drawn at random, the same each time."""
    return frame(kind, connection.execute(statement(SOME, kind).encode(), (kind, most)).fetchall())


def mark_stale(connection: Connection) -> int:
    """Note whose values have become stale since they were last written; how many. The caller commits."""
    return connection.execute(AGE).rowcount


async def note_stale(connection: AsyncConnection) -> int:
    """``mark_stale``, beside requests."""
    return (await connection.execute(AGE)).rowcount


async def keep_links(
    connection: AsyncConnection, pairs: Iterable[tuple[int, int, float, Evidence]], by: str
) -> tuple[int, int]:
    """Merge pairs (two numbers, weight, evidence): how many were merged, how many stay apart. The caller commits."""
    merged = refused = 0
    for left, right, weight, evidence in pairs:
        try:
            await merge(connection, left, right, by, weight=weight, evidence=evidence)
            merged += 1
        except NeedleError as error:
            if error.code not in REFUSED:
                raise
            refused += error.code == "registry.kept_apart"
    return merged, refused


def load_roots(connection: Connection, codes: Sequence[str]) -> dict[str, int]:
    """What entities stand for, by their codes; unknown ones are absent."""
    return dict(connection.execute(ROOTS_OF, (list(codes),)).fetchall())
