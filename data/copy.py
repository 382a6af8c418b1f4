"""Bulk travel between numpy or Python and the database.

Fixed-width columns travel as binary: ``copy_arrays`` by COPY, ``read_arrays`` as one array a column, which costs one
message where COPY would send one a row (a million rows of four columns: 0.40 s against 0.65 s). All else goes through
``copy_rows``. Times are ``datetime64[us]`` in UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import DTypeLike, NDArray
from psycopg import sql

from data.database import Connection

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
ARRAY_HEADER_BYTES = 20  # dimensions, has-nulls flag, element type, length, lower bound: four bytes each
ROWS_A_MESSAGE = 1 << 16
EPOCH_US = 946_684_800_000_000  # PostgreSQL counts from 2000-01-01


@dataclass(frozen=True)
class Wire:
    """How one column type travels: big-endian ``wire`` between the server's ``type`` and numpy's ``native``."""

    type: str
    native: np.dtype[Any]
    wire: np.dtype[Any]

    def encode(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        """Values as the server wants them; refuses what would not survive the change."""
        with np.errstate(invalid="ignore"):
            native = values.astype(self.native)
        if self.native.kind != "f" and not np.array_equal(native, values):  # NaT equals nothing, so it is refused too
            raise ValueError(f"column {name}: values do not fit into {self.type}")
        return native.astype(np.int64) - EPOCH_US if self.native.kind == "M" else native

    def decode(self, values: NDArray[Any]) -> NDArray[Any]:
        """The server's values as numpy's."""
        return (values.astype(np.int64) + EPOCH_US).view(self.native) if self.native.kind == "M" else values


WIRES = {
    wire.type: wire
    for wire in (
        Wire("bool", np.dtype(np.bool_), np.dtype(np.bool_)),
        Wire("int2", np.dtype(np.int16), np.dtype(">i2")),
        Wire("int4", np.dtype(np.int32), np.dtype(">i4")),
        Wire("int8", np.dtype(np.int64), np.dtype(">i8")),
        Wire("float4", np.dtype(np.float32), np.dtype(">f4")),
        Wire("float8", np.dtype(np.float64), np.dtype(">f8")),
        Wire("timestamptz", np.dtype("datetime64[us]"), np.dtype(">i8")),
    )
}
_BY_NATIVE = {wire.native: wire for wire in WIRES.values()}


def read_arrays(
    connection: Connection, query: str, dtype: DTypeLike, parameters: Sequence[object] | None = None
) -> NDArray[Any]:
    """Rows of a query as a structured array.

    Parameters
    ----------
    query : str
        A ``select`` whose columns have the field names of ``dtype``; its order is kept. At most some 20 million rows of
        four columns, as one answer of PostgreSQL holds 1 GB.
    dtype : DTypeLike
        Fields of bool, int16/32/64, float32/64 or datetime64[us] (UTC). The server casts the columns to it.

    Returns
    -------
    NDArray
        Shape (rows,).

    Raises
    ------
    ValueError
        A column holds null.
    """
    fields = np.dtype(dtype)
    names = fields.names or ()
    wires = [_BY_NATIVE[fields[name]] for name in names]
    columns = [
        sql.SQL("array_agg({}::{})").format(sql.Identifier(name), sql.SQL(wire.type))
        for name, wire in zip(names, wires, strict=True)
    ]
    whole = sql.SQL("select count(*), {} from ({}) as q").format(sql.SQL(", ").join(columns), sql.SQL(query))
    with connection.cursor(binary=True) as cursor:
        result = cursor.execute(whole, parameters).pgresult
        assert result is not None
        count = int.from_bytes(result.get_value(0, 0) or b"")
        rows = np.empty(count, fields)
        for at, (name, wire) in enumerate(zip(names, wires, strict=True), start=1):
            rows[name] = _elements(name, wire, result.get_value(0, at))
    return rows


def copy_arrays(connection: Connection, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Append rows of fixed-width columns to a table.

    Parameters
    ----------
    columns : Mapping[str, NDArray]
        Column name to values, all shape (rows,). Cast to the table's column types; integers must fit, times be UTC.

    Raises
    ------
    ValueError
        A value does not fit its column, or the lengths differ.
    KeyError
        A column is missing or its type is not fixed-width: use ``copy_rows``.
    """
    types = _column_types(connection, table)
    wires = {name: WIRES[types[name]] for name in columns}
    encoded = {name: wires[name].encode(name, np.asarray(values)) for name, values in columns.items()}
    if len({len(values) for values in encoded.values()}) != 1:
        raise ValueError("columns differ in length")
    with connection.cursor() as cursor, cursor.copy(_copy(table, list(columns), "binary")) as copy:
        copy.write(HEADER)
        for message in _messages(encoded, wires):
            copy.write(message)
        copy.write(TRAILER)


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Append rows of any types to a table, as text.

    ``None`` is null, ``dict`` is jsonb (a list meant as jsonb goes in ``psycopg.types.json.Jsonb``), other lists are
    arrays, geometry is hex as ``hex_ewkb`` makes it.
    """
    with connection.cursor() as cursor, cursor.copy(_copy(table, columns, "text")) as copy:
        write = copy.write_row
        for row in rows:
            write(row)


def hex_ewkb(geometries: Iterable[Any]) -> list[str]:
    """Geometries (EPSG:4326) as the text that a geometry column takes."""
    with_srid = shapely.set_srid(np.asarray(geometries, dtype=object), 4326)
    hexes: list[str] = shapely.to_wkb(with_srid, hex=True, include_srid=True).tolist()
    return hexes


def _elements(name: str, wire: Wire, answer: bytes | None) -> NDArray[Any]:
    """The elements of PostgreSQL's binary array: each a length and a value."""
    if answer is None:
        return np.empty(0, wire.native)
    if int.from_bytes(answer[4:8]):
        raise ValueError(f"column {name} holds null")
    element = np.dtype([("bytes", ">i4"), ("value", wire.wire)])
    return wire.decode(np.frombuffer(answer, element, offset=ARRAY_HEADER_BYTES)["value"])


def _messages(columns: Mapping[str, NDArray[Any]], wires: Mapping[str, Wire]) -> Iterator[memoryview]:
    """Binary COPY rows: a count of fields, then each field's length and value."""
    fields = [(f"{part}{at}", kind) for at, name in enumerate(columns) for part, kind in _field(wires[name])]
    rows = np.empty(ROWS_A_MESSAGE, np.dtype([("fields", ">i2"), *fields]))
    rows["fields"] = len(columns)
    for at, name in enumerate(columns):
        rows[f"bytes{at}"] = wires[name].wire.itemsize
    for start in range(0, len(next(iter(columns.values()))), ROWS_A_MESSAGE):
        for at, values in enumerate(columns.values()):
            part = values[start : start + ROWS_A_MESSAGE]
            rows[f"value{at}"][: len(part)] = part
        yield rows[: len(part)].view(np.uint8).data


def _field(wire: Wire) -> list[tuple[str, np.dtype[Any]]]:
    return [("bytes", np.dtype(">i4")), ("value", wire.wire)]


def _copy(table: str, columns: Sequence[str], form: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("copy {} ({}) from stdin (format {})").format(sql.Identifier(table), names, sql.SQL(form))


def _column_types(connection: Connection, table: str) -> dict[str, str]:
    """Column name to type name, as PostgreSQL calls it."""
    rows = connection.execute(
        "select a.attname, t.typname from pg_attribute a join pg_type t on t.oid = a.atttypid "
        "where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped",
        [sql.Identifier(table).as_string(connection)],
    )
    return dict(rows.fetchall())
