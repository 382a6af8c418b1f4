"""Any table of events into a small city of the base: what becomes of each row, once and only once."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from data.database import Connection, connect
from data.importers.city import import_into
from data.importers.events import read_events
from data.importers.loading import Loaded
from data.stores.layers import save_layer
from dispatch.reference import load_reference
from geo.errors import NeedleError
from geo.layers import Layer
from tests.data.conftest import event_rows, event_source

SOURCE = event_source()


@pytest.fixture
def town(database_url: str) -> Iterator[Connection]:
    """Two districts side by side, and one department."""
    load_reference(database_url)
    with connect(database_url) as connection:
        connection.execute(
            "insert into city (profile, name_zh, name_en, timezone) values ('town', '镇', 'Town', 'Asia/Shanghai')"
        )
        connection.execute(
            "insert into department (code, name_zh, name_en, level) values ('works', '市政', 'W', 'city')"
        )
        halves = np.array([shapely.box(116.0, 39.0, 116.1, 39.1), shapely.box(116.1, 39.0, 116.2, 39.1)], dtype=object)
        layer = Layer("district", ("w", "e"), ("西区", "东区"), (None, None), halves)
        save_layer(connection, layer, "area", "区", "District", 0, "drawn by hand", date(2026, 1, 1), {})
        connection.commit()
        yield connection


def bring_in(connection: Connection, table: pd.DataFrame) -> Loaded:
    return import_into(connection, None, SOURCE, read_events(table, SOURCE))


def all_rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


def test_a_row_becomes_a_case_where_it_lies(town: Connection) -> None:
    bring_in(town, event_rows({}, {"lng": 116.15}))
    query = "select number, state, areas, department_code, cell_code from cases order by id"
    assert all_rows(town, query) == [
        ("import-0", "dispatched", {"district": "w"}, "works", None),
        ("import-1", "dispatched", {"district": "e"}, "works", None),
    ]


def test_a_matter_may_be_named_in_words(town: Connection) -> None:
    bring_in(town, event_rows({"type": "占道经营"}))
    assert all_rows(town, "select edition, code from cases join matter m on m.id = matter_id") == [("2026", "09006")]


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"type": "dragons"}, "event.matter_unknown"), ({"opened": "one day"}, "event.time_invalid")],
)
def test_what_cannot_be_a_case_stays_a_report_with_its_reason(
    town: Connection, change: dict[str, Any], problem: str
) -> None:
    loaded = bring_in(town, event_rows(change))
    assert (loaded.read, loaded.reports, loaded.cases) == (1, 1, 0)
    assert loaded.problems[problem] == 1
    assert all_rows(town, "select problem, case_id, handled_at is not null from report") == [(problem, None, True)]


def test_a_row_beyond_the_city_is_a_case_outside_every_area(town: Connection) -> None:
    loaded = bring_in(town, event_rows({"lng": 117.0}))
    assert loaded.problems["coordinate.outside"] == 1
    assert all_rows(town, "select areas, geom is not null from cases") == [({}, True)]


def test_near_a_border_both_sides_are_named(town: Connection) -> None:
    loaded = bring_in(town, event_rows({"lng": 116.1001}))
    assert loaded.ambiguous == 1
    ((border,),) = all_rows(town, "select borders -> 'district' from cases")
    assert (border["other"], border["ambiguous"], border["m"] < 10) == ("w", True, True)


def test_an_unknown_department_is_kept_in_the_history_only(town: Connection) -> None:
    bring_in(town, event_rows({"who": "wizards"}))
    assert all_rows(town, "select department_code from cases") == [(None,)]
    query = "select payload ->> 'recorded_department' from case_event where action = 'dispatch'"
    assert all_rows(town, query) == [("wizards",)]


def test_nothing_is_taken_twice(town: Connection) -> None:
    bring_in(town, event_rows({}, {}))
    again = bring_in(town, event_rows({}, {}, {}, {"id": "2"}))
    assert (again.already, again.reports, again.repeated) == (2, 1, 1)
    assert all_rows(town, "select count(*), count(distinct id) from cases") == [(3, 3)]


def test_an_import_that_stopped_goes_on_where_it_was(town: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.importers.loading.BATCH", 2)
    table = event_rows(*[{}] * 5)

    def give_up(done: int, _total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_into(town, None, SOURCE, read_events(table, SOURCE), give_up)
    rest = bring_in(town, table)
    assert (rest.already, rest.reports) == (4, 1)


def test_a_base_without_a_city_is_refused(connection: Connection) -> None:
    with pytest.raises(NeedleError) as caught:
        bring_in(connection, event_rows({}))
    assert caught.value.code == "city.missing"


def test_a_channel_that_nobody_knows_is_refused(town: Connection) -> None:
    source = SOURCE.model_copy(update={"channel": "pigeon"})
    with pytest.raises(NeedleError, match="pigeon") as caught:
        import_into(town, None, source, read_events(event_rows({}), source))
    assert caught.value.code == "report.channel_unknown"
