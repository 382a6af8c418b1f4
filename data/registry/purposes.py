"""What a call for a purpose may see: what the purpose needs, as far as each value's source allowed it. Pure."""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from data.registry.claims import ANY_PURPOSE, Purpose
from data.registry.fields import EntityKind, all_fields, find_field
from geo.errors import NeedleError


@cache
def usual_purposes() -> tuple[Purpose, ...]:
    """The purposes that an installation begins with (``tables/purposes.csv``)."""
    return read_purposes(files("data.registry").joinpath("tables/purposes.csv").read_text(encoding="utf-8"))


def load_purposes(path: Path) -> tuple[Purpose, ...]:
    """Purposes of a file, in the columns of ``tables/purposes.csv``.

    Raises
    ------
    NeedleError
        ``registry.purposes_unreadable``, ``registry.field_unknown``.
    """
    try:
        return read_purposes(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise NeedleError("registry.purposes_unreadable", path=path, reason=str(error)) from error


def read_purposes(text: str) -> tuple[Purpose, ...]:
    """Purposes of a table; ``needs`` are keys of fields, ``person.*`` for every field of a kind."""
    return tuple(
        Purpose(row["code"], row["zh"], row["en"], frozenset(needed(row["needs"].split())), row["basis"])
        for row in csv.DictReader(text.splitlines())
    )


def needed(written: Iterable[str]) -> Iterable[str]:
    """Keys of fields."""
    for key in written:
        kind, _, name = key.partition(".")
        if name == "*" and any(field.kind == kind for field in all_fields().values()):
            yield from (field.key for field in all_fields().values() if field.kind == kind)
        else:
            yield find_field(key).key


def visible_fields(kind: EntityKind, allowed: Mapping[str, Iterable[str]], purpose: Purpose) -> frozenset[str]:
    """Names of the fields of an entity that a purpose may see.

    Parameters
    ----------
    allowed : mapping
        By name of the field: the purposes that the source of its golden value allowed; ``*``: every purpose.
    """
    if not purpose.active:
        return frozenset()
    return frozenset(
        name
        for name, purposes in allowed.items()
        if f"{kind}.{name}" in purpose.needs and {ANY_PURPOSE, purpose.code} & set(purposes)
    )


def shown(
    kind: EntityKind, golden: Mapping[str, Mapping[str, Any]], sources: Mapping[int, Iterable[str]], purpose: Purpose
) -> dict[str, Mapping[str, Any]]:
    """An entity's golden values as a purpose sees them; ``sources``: allowed purposes by number of the source."""
    allowed = {name: sources.get(held["source"], ()) for name, held in golden.items()}
    visible = visible_fields(kind, allowed, purpose)
    return {name: held for name, held in golden.items() if name in visible}
