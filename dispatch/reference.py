"""Bring the project's own tables into a database: states, legal moves, the matters of both editions, channels, purposes."""

import csv
from importlib.resources import files

from data.database import connect
from data.registry.purposes import usual_purposes
from data.stores import reference
from data.stores.reference import ChannelRow, ConditionRow, MatterRow
from data.stores.registry_purposes import save_purposes
from dispatch.clock import Limit
from dispatch.matters import UNCLASSIFIED, FilingCondition, Matter, matters
from dispatch.states import states, transitions


def load_reference(url: str) -> None:
    """Save everything that a case refers to, in one transaction.

    Run it again after an upgrade; it changes what differs.
    """
    with connect(url) as connection:
        reference.save_states(
            connection, [(s.code, s.name_zh, s.name_en, s.stage, s.terminal) for s in states().values()]
        )
        reference.save_transitions(connection, [(m.from_state, m.action, m.to_state) for m in transitions().values()])
        reference.save_matters(connection, [matter_row(m) for m in (*matters().values(), UNCLASSIFIED)])
        reference.save_channels(connection, channels())
        save_purposes(connection, usual_purposes(), replace=False)


def channels() -> list[ChannelRow]:
    """The channels of the project's own table.

    Their datum is what such sources send in practice; a city may change it.
    """
    text = files("dispatch").joinpath("tables", "channels.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return [
        ChannelRow(r["code"], r["name_zh"], r["name_en"], r["crs"] or None, float(r["uncertainty_m"])) for r in rows
    ]


def matter_row(matter: Matter) -> MatterRow:
    """A matter in the form in which the database keeps it."""
    return MatterRow(
        scheme=matter.scheme,
        edition=matter.edition,
        kind=matter.kind,
        code=matter.code,
        major_code=matter.major_code,
        major_name=matter.major_name,
        name_zh=matter.name_zh,
        name_en=matter.name_en,
        conditions=tuple(
            ConditionRow(c.number, c.condition, c.closing_action, c.limit.value, c.limit.unit)
            for c in matter.conditions
        ),
    )


def matter_of(row: MatterRow) -> Matter:
    """A matter as dispatch thinks of it, from its row."""
    return Matter(
        scheme=row.scheme,
        edition=row.edition,
        kind=row.kind,
        code=row.code,
        major_code=row.major_code,
        major_name=row.major_name,
        name_zh=row.name_zh,
        name_en=row.name_en,
        conditions=tuple(
            FilingCondition(c.number, c.condition, c.closing_action, Limit(c.limit_value, c.limit_unit))
            for c in row.conditions
        ),
    )
