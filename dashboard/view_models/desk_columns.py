"""The desk's columns: what a table or an export can show of a case, and its value in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from dashboard.i18n import Words
from data.stores.desk import DeskRow

Value = str | int | float | bool | datetime | None


class Namer(Protocol):
    """What knows the names behind codes."""

    def __call__(self, facet: str, code: object) -> str:
        """The name of a facet's code in the language of the page."""
        ...


@dataclass(frozen=True)
class Column:
    """One column. ``kind``: text, name, flag, time, number; ``sorts``: whether the desk can order by it."""

    key: str
    kind: str
    read: Callable[[DeskRow, Namer], Value]
    sorts: bool = True


def named(facet: str, attribute: str) -> Callable[[DeskRow, Namer], Value]:
    """Reads the name behind a code of a row."""

    def read(row: DeskRow, name: Namer) -> Value:
        code = getattr(row, attribute)
        return None if code is None else name(facet, code)

    return read


def plain(attribute: str) -> Callable[[DeskRow, Namer], Value]:
    """Reads what a row holds as it is."""

    def read(row: DeskRow, _name: Namer) -> Value:
        value: Value = getattr(row, attribute)
        return value

    return read


def in_area(layer: str) -> Column:
    """The column of a layer's areas."""

    def read(row: DeskRow, name: Namer) -> Value:
        code = row.areas.get(layer)
        return None if code is None else name(f"area:{layer}", code)

    return Column(f"area:{layer}", "name", read)


BEFORE: Final = (
    Column("number", "text", plain("number")),
    Column("title", "text", plain("title")),
    Column("state", "name", named("state", "state")),
    Column("urgent", "flag", plain("urgent")),
    Column("matter", "name", named("matter", "matter_id")),
    Column("channel", "name", named("channel", "channel")),
    Column("department", "name", named("department", "department_code")),
    Column("team", "name", named("team", "team_id")),
)
AFTER: Final = (
    Column("address", "text", plain("address")),
    Column("cell", "text", plain("cell_code")),
    Column("reported", "time", plain("reported_at")),
    Column("dispatched", "time", plain("dispatched_at")),
    Column("due", "time", plain("due_at")),
    Column("answered", "time", plain("answered_at")),
    Column("closed", "time", plain("closed_at")),
    Column("updated", "time", plain("updated_at")),
    Column("returns", "number", plain("returns")),
    Column("reworks", "number", plain("reworks")),
    Column("lng", "number", plain("lng"), sorts=False),
    Column("lat", "number", plain("lat"), sorts=False),
)


def columns(layers: Sequence[str]) -> list[Column]:
    """Every column of a city with these layers of areas, the widest first."""
    return [*BEFORE, *map(in_area, layers), *AFTER]


def chosen(available: Sequence[Column], wanted: Sequence[str]) -> list[Column]:
    """The wanted columns in the wanted order; all where none is wanted or known."""
    by_key = {column.key: column for column in available}
    return [by_key[key] for key in wanted if key in by_key] or list(available)


def heading(column: Column, say: Words, layer_titles: Mapping[str, str]) -> str:
    """What stands above a column."""
    layer = column.key.removeprefix("area:")
    return layer_titles.get(layer, layer) if layer != column.key else say(f"desk.column.{column.key}")


def in_words(value: Value, say: Words, zone: ZoneInfo) -> str | int | float:
    """A value as a spreadsheet shows it: times by the city's clock, flags as a word, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return say("desk.yes") if value else say("desk.no")
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return value
