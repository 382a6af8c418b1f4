"""What changes the city is told when it is committed, so that walls and workers follow without a restart."""

from collections.abc import Callable, Iterator
from datetime import date, time

import pytest
import shapely

from data.database import Connection, connect
from data.importers.city import import_into
from data.importers.events import read_events
from data.importers.people import save_teams
from data.importers.teams import TeamPlan
from data.stores.layers import save_layer
from data.stores.rules import save_rule_set
from dispatch.reference import load_reference
from geo.layers import Layer
from tests.data.conftest import event_rows, event_source

PLAN = TeamPlan(
    code="t",
    name="队",
    department="works",
    scope_layer=None,
    scope_code=None,
    skills=(),
    capacity=1,
    speed_kmh=20,
    lng=116.05,
    lat=39.05,
    shifts=((0, time(8), time(18)),),
)


def a_layer(connection: Connection) -> None:
    layer = Layer("district", ("w",), ("区",), (None,), shapely.from_wkt(["POLYGON((116 39,117 39,117 40,116 39))"]))
    save_layer(connection, layer, "area", "区", "District", 0, "drawn by hand", date(2026, 1, 1))


def a_team(connection: Connection) -> None:
    connection.execute("insert into department values ('works', '市政', 'Works', 'city', null)")
    save_teams(connection, [PLAN])


def old_events(connection: Connection) -> None:
    source = event_source()
    import_into(connection, None, source, read_events(event_rows({}, {}, {}), source))


@pytest.fixture
def told(database_url: str) -> Iterator[Callable[[], list[tuple[str, str]]]]:
    """What was heard so far, as (channel, payload)."""
    with connect(database_url, autocommit=True) as listener:
        for channel in ("needle_ground", "needle_case"):
            listener.execute(f"listen {channel}")
        yield lambda: [(n.channel, n.payload) for n in listener.notifies(timeout=0.2)]


@pytest.mark.parametrize(
    ("change", "notice"),
    [
        (a_layer, ("needle_ground", "")),
        (a_team, ("needle_ground", "")),
        (lambda connection: save_rule_set(connection, "", "", "me"), ("needle_ground", "")),
    ],
    ids=["layer", "team", "rules"],
)
def test_a_change_of_the_ground_is_told_when_it_is_committed(
    connection: Connection,
    told: Callable[[], list[tuple[str, str]]],
    change: Callable[[Connection], None],
    notice: tuple[str, str],
) -> None:
    change(connection)
    assert told() == []
    connection.commit()
    assert told() == [notice]


def test_an_import_is_told_once_and_names_no_case(
    database_url: str, connection: Connection, told: Callable[[], list[tuple[str, str]]]
) -> None:
    load_reference(database_url)
    connection.execute("insert into city (profile, name_zh, name_en) values ('town', '镇', 'Town')")
    a_layer(connection)
    connection.commit()
    told()
    old_events(connection)
    connection.commit()
    assert told() == [("needle_case", "*")]
