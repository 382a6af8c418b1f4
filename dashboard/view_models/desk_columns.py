"""The desk's columns: what a table or an export can show of a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from dashboard.i18n import Words


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
    sorts: bool = True


BEFORE: Final = (
    Column("number", "text"),
    Column("title", "text"),
    Column("state", "name"),
    Column("urgent", "flag"),
    Column("matter", "name"),
    Column("channel", "name"),
    Column("department", "name"),
    Column("team", "name"),
)
AFTER: Final = (
    Column("address", "text"),
    Column("cell", "text"),
    Column("reported", "time"),
    Column("dispatched", "time"),
    Column("due", "time"),
    Column("answered", "time"),
    Column("closed", "time"),
    Column("updated", "time"),
    Column("returns", "number"),
    Column("reworks", "number"),
    Column("lng", "number", sorts=False),
    Column("lat", "number", sorts=False),
)


def columns(layers: Sequence[str]) -> list[Column]:
    """Every column of a city with these layers of areas, the widest first."""
    return [*BEFORE, *(Column(f"area:{layer}", "name") for layer in layers), *AFTER]


def chosen(available: Sequence[Column], wanted: Sequence[str]) -> list[Column]:
    """The wanted columns in the wanted order; all where none is wanted or known."""
    by_key = {column.key: column for column in available}
    return [by_key[key] for key in wanted if key in by_key] or list(available)


def heading(column: Column, say: Words, layer_titles: Mapping[str, str]) -> str:
    """What stands above a column."""
    layer = column.key.removeprefix("area:")
    return layer_titles.get(layer, layer) if layer != column.key else say(f"desk.column.{column.key}")
