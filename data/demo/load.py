"""Writing the demo city into a database.

The database is migrated and holds the project's own tables (states, moves, matters, channels: ``dispatch.reference``)::

    from datetime import UTC, datetime
    from data.database import connect
    from data.demo.city import make_city
    from data.demo.load import load_city
    from data.demo.size import DISTRICT
    from dispatch.matters import matters
    from dispatch.reference import load_reference

    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(DISTRICT), matters().values(), datetime.now(UTC))

All is written in one transaction, so that a city is there whole or not at all.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

import numpy as np
import shapely
from shapely import MultiPolygon

from data.copy import copy_rows, hex_ewkb
from data.database import Connection
from data.demo.buildings import USES
from data.demo.bulk import indexes_rebuilt
from data.demo.city import DemoCity
from data.demo.jurisdictions import LAYERS
from data.demo.limits import MatterLike
from data.demo.load_history import load_history
from data.demo.load_people import load_people
from data.demo.streets import CLASSES, SPEED_KMH
from data.stores.announcing import tell_ground, tell_many_cases
from geo.errors import NeedleError
from geo.layers import Layer

Progress = Callable[[str, int, int], None]
"""Told a label, how much is done and how much there is to do."""

BATCH = 100_000
REBUILT = ("report", "cases", "case_event", "decision", "task", "building", "grid_cell")
"""Tables whose indexes are built when the rows are there."""


def quiet(_label: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def load_city(
    connection: Connection,
    city: DemoCity,
    matters: Iterable[MatterLike],
    reference: datetime,
    progress: Progress = quiet,
) -> None:
    """Write the city and its history up to the reference date.

    Parameters
    ----------
    connection : Connection
        To a migrated database without a city, with states, moves, matters and channels.
    matters : iterable
        Of ``dispatch.matters``: they carry the limits that deadlines follow from.
    reference : datetime
        Aware: the history ends here. Same city, same reference date: same rows.
    progress : callable

    Raises
    ------
    NeedleError
        ``demo.city_present``, ``demo.reference_missing``.
    """
    with connection.transaction():
        _check(connection)
        with indexes_rebuilt(connection, REBUILT, progress):
            load_ground(connection, city, reference, progress)
            people = load_people(connection, city, reference)
            load_history(connection, city, people, list(matters), reference, progress)
        tell_ground(connection)
        tell_many_cases(connection)
    with connection.transaction():
        connection.execute("analyze")


def _check(connection: Connection) -> None:
    """Refuse a database that has a city, or lacks what cases refer to."""
    counts = connection.execute("select (select count(*) from city), (select count(*) from case_state)").fetchone()
    assert counts is not None
    if counts[0]:
        raise NeedleError("demo.city_present")
    if not counts[1]:
        raise NeedleError("demo.reference_missing")


def load_ground(connection: Connection, city: DemoCity, reference: datetime, progress: Progress = quiet) -> None:
    """Write the city's row, layers, cells, streets, landscape and buildings."""
    lng, lat = city.centre
    view = {"center": [lng, lat], "zoom": 12.6 if city.size.districts == 1 else 10.2}
    settings = {"view": view, "clock": {"calendar": "china"}, "demo": {"size": city.size.name}}
    copy_rows(
        connection,
        "city",
        ("profile", "name_zh", "name_en", "timezone", "settings"),
        [("demo", city.name_zh, city.name_en, "Asia/Shanghai", settings)],
    )
    for layer, (_, kind, title_zh, title_en, rank) in zip(city.layers, LAYERS, strict=True):
        _save_layer(connection, layer, kind, title_zh, title_en, rank, reference)
    progress("areas", 1, 1)
    _load_streets(connection, city)
    _load_landscape(connection, city)
    _load_buildings(connection, city, progress)


def _save_layer(
    connection: Connection, layer: Layer, kind: str, title_zh: str, title_en: str, rank: int, reference: datetime
) -> None:
    """One layer in its first generation."""
    copy_rows(
        connection,
        "layer",
        ("name", "kind", "title_zh", "title_en", "rank"),
        [(layer.name, kind, title_zh, title_en, rank)],
    )
    row = connection.execute(
        "insert into generation (layer, number, valid_from, source) values (%s, 1, %s, 'demo, EPSG:4326') returning id",
        [layer.name, f"{reference.year}-01-01"],
    ).fetchone()
    assert row is not None
    generation = [row[0]] * len(layer)
    if kind == "grid":
        rows = zip(generation, layer.codes, hex_ewkb(layer.polygons), strict=True)
        copy_rows(connection, "grid_cell", ("generation_id", "code", "geom"), rows)
        return
    multi = [p if p.geom_type == "MultiPolygon" else MultiPolygon([p]) for p in layer.polygons]
    areas = zip(generation, layer.codes, layer.names, layer.parents, hex_ewkb(multi), strict=True)
    copy_rows(connection, "area", ("generation_id", "code", "name", "parent_code", "geom"), areas)


def _load_streets(connection: Connection, city: DemoCity) -> None:
    streets = city.streets
    names = [streets.names[k] for k in streets.name.tolist()]
    classes = [CLASSES[k] for k in streets.street_class.tolist()]
    rows = zip(names, classes, SPEED_KMH[streets.street_class].tolist(), hex_ewkb(streets.lines), strict=True)
    copy_rows(connection, "street", ("name", "class", "speed_kmh", "geom"), rows)


def _load_landscape(connection: Connection, city: DemoCity) -> None:
    scene = city.landscape
    rows = zip(scene.kinds, scene.names, hex_ewkb(scene.shapes), strict=True)
    copy_rows(connection, "landscape", ("kind", "name", "geom"), rows)


def _load_buildings(connection: Connection, city: DemoCity, progress: Progress) -> None:
    """Buildings in batches; their code is the cell's and a serial in order of the whole city."""
    houses = city.buildings
    cells, of_square = city.jurisdictions.layer("cell").codes, city.ground.cell.ravel()
    use_names, total = np.array(USES, object), len(houses.square)
    for start in range(0, total, BATCH):
        part = slice(start, min(start + BATCH, total))
        codes = [f"{cells[c]}-{start + i + 1}" for i, c in enumerate(of_square[houses.square[part]].tolist())]
        rows = zip(
            codes,
            [name or None for name in houses.names[part].tolist()],
            houses.addresses[part].tolist(),
            use_names[houses.use[part]].tolist(),
            houses.floors[part].tolist(),
            houses.height_m[part].tolist(),
            hex_ewkb(shapely.polygons(houses.corners[part])),
            strict=True,
        )
        copy_rows(connection, "building", ("code", "name", "address", "use", "floors", "height_m", "geom"), rows)
        progress("buildings", part.stop, total)
