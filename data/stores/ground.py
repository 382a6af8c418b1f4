"""The ground by source: an import stages its rows, then one transaction changes what differs, adds what is new and removes
what is gone. Equal rows are not touched, so an import again of the same file changes nothing but the count of imports.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection, sql

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from data.stores.announcing import tell_ground
from geo.errors import NeedleError
from geo.ground import GroundRow
from geo.repair import shortened

SAVE_SOURCE = """
insert into ground_source as s (name, file, attribution) values (%s, %s, %s)
on conflict (name) do update
    set file = excluded.file, attribution = excluded.attribution, imports = s.imports + 1, loaded_at = now()
returning id
"""

COLUMNS: Final = {
    "street": ("code", "name", "class", "speed_kmh", "oneway", "geom"),
    "landscape": ("code", "kind", "name", "geom"),
    "building": ("code", "name", "address", "use", "floors", "height_m", "geom"),
}

STAGE = "create temp table {staged} on commit drop as select {columns} from {table} where false"
INDEX_STAGE = "create unique index on {staged} (code)"
TAKEN = """
select t.code from {table} t join {staged} n using (code) where t.source_id is distinct from %s order by t.code
"""
UPDATE = """
update {table} t set {assignments} from {staged} n
where t.source_id = %s and t.code = n.code and ({old}) is distinct from ({new})
"""
REMOVE = "delete from {table} t where t.source_id = %s and not exists (select from {staged} n where n.code = t.code)"
INSERT = """
insert into {table} (source_id, {columns}) select %s, {columns} from {staged} n
where not exists (select from {table} t where t.source_id = %s and t.code = n.code)
"""

ATTRIBUTIONS = "select distinct attribution from ground_source where attribution <> '' order by 1"


@dataclass(frozen=True)
class Change:
    """What an import did to one table: rows read from the file, and what became of the base's."""

    table: str
    read: int
    added: int
    updated: int
    removed: int

    @property
    def unchanged(self) -> int:
        """Rows of the file that the base held already."""
        return self.read - self.added - self.updated


class Import:
    """One import under way: made with its source, fed with rows, ended by ``finish``; the caller commits.

    Parameters
    ----------
    name : str
        The source's name, the same at each import of it.
    file : str
        File and declared CRS.
    attribution : str
        What a map of it must show; empty for nothing.
    tables : sequence of str
        Which of ``COLUMNS`` the file fills: only these lose what is gone.
    """

    def __init__(self, connection: Connection, name: str, file: str, attribution: str, tables: Sequence[str]) -> None:
        self.connection = connection
        self.read = dict.fromkeys(tables, 0)
        found = connection.execute(SAVE_SOURCE, [name, file, attribution]).fetchone()
        assert found is not None
        self.source_id: int = found[0]
        for table in tables:
            self._run(STAGE, table)

    def add(self, table: str, rows: Sequence[GroundRow]) -> None:
        """Stage rows of one of the tables."""
        shapes = hex_ewkb([row[-1] for row in rows])
        whole = ((*row[:-1], shape) for row, shape in zip(rows, shapes, strict=True))
        copy_rows(self.connection, f"staged_{table}", COLUMNS[table], whole)
        self.read[table] += len(rows)

    def finish(self, *, keep: bool = False) -> list[Change]:
        """Bring the base to the file's state and tell workers and walls.

        Parameters
        ----------
        keep : bool
            Whether to keep what an earlier import of the source brought and this one does not.

        Raises
        ------
        NeedleError
            ``ground.code_taken``: a building's code is another source's.
        """
        changes = [self._apply(table, keep) for table in self.read]
        tell_ground(self.connection)
        return changes

    def _apply(self, table: str, keep: bool) -> Change:
        self._run(INDEX_STAGE, table)
        if table == "building":
            self._refuse_taken(table)
        removed = 0 if keep else self._run(REMOVE, table, self.source_id)
        updated = self._run(UPDATE, table, self.source_id)
        added = self._run(INSERT, table, self.source_id, self.source_id)
        return Change(table, self.read[table], added, updated, removed)

    def _refuse_taken(self, table: str) -> None:
        rows = self.connection.execute(self._statement(TAKEN, table), [self.source_id]).fetchall()
        if rows:
            raise NeedleError("ground.code_taken", count=len(rows), codes=shortened([code for (code,) in rows]))

    def _run(self, template: str, table: str, *values: object) -> int:
        return self.connection.execute(self._statement(template, table), values).rowcount

    def _statement(self, template: str, table: str) -> sql.Composed:
        columns = COLUMNS[table]
        comma = sql.SQL(", ")
        return sql.SQL(template).format(
            table=sql.Identifier(table),
            staged=sql.Identifier(f"staged_{table}"),
            columns=comma.join(map(sql.Identifier, columns)),
            assignments=comma.join(sql.SQL("{0} = n.{0}").format(sql.Identifier(name)) for name in columns[1:]),
            old=comma.join(_compared("t", name) for name in columns[1:]),
            new=comma.join(_compared("n", name) for name in columns[1:]),
        )


def _compared(alias: str, column: str) -> sql.Composed:
    """A column as it is compared: shapes by their bytes, so that nothing counts as equal that is not."""
    form = "st_asbinary({}.{})" if column == "geom" else "{}.{}"
    return sql.SQL(form).format(sql.Identifier(alias), sql.Identifier(column))


async def load_attributions(connection: AsyncConnection[Any]) -> list[str]:
    """What the map must say of where its ground came from, e.g. "© OpenStreetMap contributors"."""
    cursor = await connection.execute(ATTRIBUTIONS)
    return [str(row[0]) for row in await cursor.fetchall()]
