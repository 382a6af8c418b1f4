"""Bulk travel: what goes into the database comes back the same."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from data.copy import copy_arrays, copy_rows, hex_ewkb, read_arrays
from data.database import Connection

ROUND_TRIP = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIELDS = {
    "flag": ("bool", "?"),
    "small": ("int2", "i2"),
    "middle": ("int4", "i4"),
    "large": ("int8", "i8"),
    "single": ("float4", "f4"),
    "exact": ("float8", "f8"),
    "at": ("timestamptz", "M8[us]"),
}
DTYPE = np.dtype([(name, kind) for name, (_, kind) in FIELDS.items()])
NAMES = ", ".join(FIELDS)
#: PostgreSQL's years end in 294276; numpy's later.
MICROSECONDS = st.integers(-210_000_000_000_000_000, 9_000_000_000_000_000_000)


def table(connection: Connection) -> None:
    columns = ", ".join(f"{name} {kind} not null" for name, (kind, _) in FIELDS.items())
    connection.execute(f"drop table if exists wide; create temp table wide ({columns})")


@st.composite
def rows(draw: st.DrawFn) -> NDArray[Any]:
    count = draw(st.integers(0, 40))
    made = np.empty(count, DTYPE)
    for name, (_, kind) in FIELDS.items():
        elements = MICROSECONDS.map(lambda us: np.datetime64(us, "us")) if name == "at" else None
        made[name] = draw(arrays.arrays(np.dtype(kind), count, elements=elements))
    return made


@given(made=rows())
@ROUND_TRIP
def test_arrays_come_back(made: NDArray[Any], connection: Connection) -> None:
    table(connection)
    copy_arrays(connection, "wide", {name: made[name] for name in FIELDS})
    back = read_arrays(connection, f"select {NAMES} from wide", DTYPE)
    assert back.dtype == made.dtype
    for name in FIELDS:
        np.testing.assert_array_equal(back[name], made[name])


def test_many_messages_keep_their_order(connection: Connection) -> None:
    connection.execute("create temp table line (id int8 not null, x float8 not null)")
    numbers = np.arange(200_000)
    copy_arrays(connection, "line", {"id": numbers, "x": numbers / 7})
    back = read_arrays(connection, "select id, x from line order by id desc", [("x", "f8"), ("id", "i4")])
    np.testing.assert_array_equal(back["id"], numbers[::-1])
    np.testing.assert_array_equal(back["x"], numbers[::-1] / 7)


def test_a_query_takes_parameters(connection: Connection) -> None:
    back = read_arrays(connection, "select n from generate_series(1, %s) as n", [("n", "i4")], [3])
    assert back["n"].tolist() == [1, 2, 3]


def test_times_mean_the_same_moment(connection: Connection) -> None:
    connection.execute("create temp table moment (at timestamptz not null)")
    copy_arrays(connection, "moment", {"at": np.array(["2026-11-24T02:00:00"], "M8[s]")})
    assert connection.execute("select at from moment").fetchone() == (datetime(2026, 11, 24, 2, tzinfo=UTC),)


def test_null_is_named(connection: Connection) -> None:
    with pytest.raises(ValueError, match="column team holds null"):
        read_arrays(connection, "select 1 as id, null as team", [("id", "i4"), ("team", "i4")])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("small", np.array([40_000])),
        ("middle", np.array([2**40])),
        ("middle", np.array([0.5])),
        ("large", np.array([2**63], dtype=np.uint64)),
        ("flag", np.array([2])),
        ("at", np.array(["NaT"], "M8[us]")),
    ],
)
def test_what_does_not_fit_is_refused(column: str, values: NDArray[Any], connection: Connection) -> None:
    table(connection)
    with pytest.raises(ValueError, match=f"column {column}: values do not fit"):
        copy_arrays(connection, "wide", {column: values})


def test_columns_of_different_lengths_are_refused(connection: Connection) -> None:
    table(connection)
    with pytest.raises(ValueError, match="differ in length"):
        copy_arrays(connection, "wide", {"small": np.zeros(2), "middle": np.zeros(3)})


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
POINT = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).map(shapely.Point)
MOMENT = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ROW = st.tuples(
    st.none() | TEXT,
    st.none() | st.dictionaries(TEXT, JSON, max_size=3),
    JSON,
    st.lists(TEXT, max_size=4),
    st.none() | MOMENT,
    st.none() | st.binary(max_size=40),
    POINT,
)


@given(made=st.lists(ROW, max_size=8))
@ROUND_TRIP
def test_rows_come_back(made: list[tuple[Any, ...]], connection: Connection) -> None:
    connection.execute("""drop table if exists loose; create temp table loose (
        n int generated always as identity, words text, settings jsonb, anything jsonb, skills text[], at timestamptz,
        hash bytea, geom geometry(point, 4326))""")
    columns = ["words", "settings", "anything", "skills", "at", "hash", "geom"]
    points = hex_ewkb([row[-1] for row in made])
    sent = [(*row[:2], Jsonb(row[2]), *row[3:-1], point) for row, point in zip(made, points, strict=True)]
    copy_rows(connection, "loose", columns, sent)
    back = connection.execute(
        "select words, settings, anything, skills, at, hash, st_asbinary(geom) from loose order by n"
    )
    assert [(*row[:-1], shapely.from_wkb(row[-1])) for row in back] == made
