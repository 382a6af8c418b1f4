"""A table that is to be imported, as its page shows it: each column's field, and what the first cells become."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from dashboard.i18n import Words
from dashboard.view_models.registry_view import said_value
from data.importers.registry import problem_of, read_columns
from data.registry.fields import EntityKind, Field, fields_of
from data.registry.sayings import KEYS
from geo.errors import NeedleError

LOOKED_AT: Final = 2_000
"""So many rows are looked through before an import; the import looks through all."""
SHOWN: Final = 6
FAULTY_SHOWN: Final = 6
LONGEST: Final = 60


def fields_as_json(kind: EntityKind, say: Words) -> list[dict[str, Any]]:
    """The fields that a column may be, those that tell records apart marked."""
    return [
        {"name": name, "label": say.pick(field.zh, field.en), "key": name in KEYS[kind], "expected": field.expected}
        for name, field in fields_of(kind).items()
    ]


def look(table: pd.DataFrame, kind: EntityKind, mapping: Mapping[str, str], say: Words) -> dict[str, Any]:
    """The first rows and the first that cannot be taken; of the rows that were looked through, how many are which."""
    part = table.head(LOOKED_AT)
    columns = read_columns(part, kind, mapping)
    problems = [problem_of(row_of(columns, place), kind) for place in range(len(part))]
    bad = [place for place, problem in enumerate(problems) if problem is not None]
    shown = sorted({*range(min(SHOWN, len(part))), *bad[:FAULTY_SHOWN]})
    return {
        "rows": len(table),
        "looked": len(part),
        "bad": len(bad),
        "faults": faults_of(columns, kind, say),
        "lines": [line(part, mapping, columns, kind, place, problems[place], say) for place in shown],
    }


def row_of(columns: Mapping[str, Sequence[Any]], place: int) -> dict[str, Any]:
    """What a row says, by field."""
    return {name: column[place] for name, column in columns.items() if column[place] is not None}


def faults_of(columns: Mapping[str, Sequence[Any]], kind: EntityKind, say: Words) -> list[dict[str, Any]]:
    """Fields with cells that cannot be read: how many, and what is wanted of them."""
    counted = {name: sum(isinstance(value, NeedleError) for value in column) for name, column in columns.items()}
    fields = fields_of(kind)
    return [
        {"label": say.pick(fields[name].zh, fields[name].en), "n": count, "wanted": wanted(fields[name], say)}
        for name, count in counted.items()
        if count
    ]


def wanted(field: Field, say: Words) -> str:
    """How a value of a field is written."""
    if field.type in ("choice", "choices"):
        return say(
            "registry.import.wanted.choice", known=say("list.comma").join(say.pick(c.zh, c.en) for c in field.choices)
        )
    return say(f"registry.import.wanted.{field.type}")


def line(
    table: pd.DataFrame,
    mapping: Mapping[str, str],
    columns: Mapping[str, Sequence[Any]],
    kind: EntityKind,
    place: int,
    problem: tuple[str, str] | None,
    say: Words,
) -> dict[str, Any]:
    """A row: each cell as it was said and as it becomes."""
    fields = fields_of(kind)
    cells = []
    for heading in map(str, table.columns):
        cell: dict[str, Any] = {"said": cut(table[heading].iloc[place])}
        if name := mapping.get(heading):
            value = columns[name][place]
            broken = isinstance(value, NeedleError)
            cell |= (
                {"fault": wanted(fields[name], say)} if broken else {"becomes": said_value(fields[name], value, say)}
            )
        cells.append(cell)
    lacks = problem is not None and not any("fault" in cell for cell in cells)
    return {"line": place + 2, "cells": cells, "problem": say.pick(*problem) if lacks and problem else None}


def cut(value: Any) -> str:
    """A cell as it was said, not too long; nothing for an empty one."""
    text = "" if value is None or value != value else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
