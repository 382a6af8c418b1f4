"""Loading millions of rows: indexes and foreign keys of the tables are dropped, and made anew when the rows are there.

Made anew they are built from sorted data and checked in one join each: a fraction of the time of a check a row.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from psycopg import sql

from data.database import Connection

CONSTRAINTS = """
select conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype from pg_constraint
where conrelid = any(%s::regclass[]) and contype in ('f', 'u') order by contype desc, conrelid, conname
"""
INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index
where indrelid = any(%s::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)
order by 1
"""


@contextmanager
def indexes_rebuilt(
    connection: Connection, tables: Sequence[str], progress: Callable[[str, int, int], None]
) -> Iterator[None]:
    """Within the block the tables have only their primary keys; a failure inside leaves all to the transaction."""
    constraints = connection.execute(CONSTRAINTS, [list(tables)]).fetchall()
    indexes = connection.execute(INDEXES, [list(tables)]).fetchall()
    for table, name, _, _ in reversed(constraints):
        _run(connection, "alter table {} drop constraint {}", sql.SQL(table), sql.Identifier(name))
    for name, _ in indexes:
        _run(connection, "drop index {}", sql.SQL(name))
    yield
    connection.execute("set local maintenance_work_mem = '1GB'")
    connection.execute("set local work_mem = '256MB'")
    total = len(indexes) + len(constraints)
    for done, (_, definition) in enumerate(indexes, 1):
        _run(connection, "{}", sql.SQL(definition))
        progress("indexes", done, total)
    for done, (table, name, definition, _) in enumerate(constraints, len(indexes) + 1):
        whole = "alter table {} add constraint {} {}"
        _run(connection, whole, sql.SQL(table), sql.Identifier(name), sql.SQL(definition))
        progress("indexes", done, total)


def _run(connection: Connection, template: str, *parts: sql.Composable) -> None:
    connection.execute(sql.SQL(template).format(*parts))
