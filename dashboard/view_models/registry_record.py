"""One record as its page shows it: golden values at one look, why each is what it is, relations, history, and who has read it.

What the reader may not see in full is masked here, values of claims as well as golden ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from dashboard.i18n import Words
from dashboard.view_models.registry_view import mask, said_value
from data.registry.claims import Claim, Entity, Purpose
from data.registry.fields import EntityKind, Field, fields_of
from data.registry.golden import Why, fresh_until, is_stale, why
from data.stores.registry_access import ReadRow
from data.stores.registry_entities import Happening
from data.stores.registry_merges import MergeRow
from data.stores.registry_relations import RelationRow

HEAD: Final = ("name", "address", "head")
"""Fields that may name a record, by order."""
PLAIN: Final = frozenset({"public", "internal"})
NUMBERS: Final = frozenset({"phone", "id_number"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader sees in full. ``purpose``: what they read for, None where they have not said."""

    purpose: Purpose | None

    def shows(self, field: Field, claim: Claim | None) -> bool:
        """Whether a field's value is shown in full.

        Without a purpose: all but what is sensitive and numbers that lead to a person. With one: of these what it needs, as far
        as the claim's source allowed it.
        """
        if field.sensitivity in PLAIN or (field.sensitivity == "personal" and field.type not in NUMBERS):
            return True
        if self.purpose is None or claim is None:
            return False
        return field.key in self.purpose.needs and claim.source.allows(self.purpose.code)


def shown_fields(kind: EntityKind, claims: Sequence[Claim], sight: Sight) -> tuple[str, ...]:
    """The fields that a reading shows in full: what is written down of it."""
    reasons = reasons_of(kind, claims)
    return tuple(name for name, one in reasons.items() if one.winner and sight.shows(one.field, one.winner))


def reasons_of(kind: EntityKind, claims: Sequence[Claim]) -> dict[str, Why]:
    """Why each field is what it is."""
    return {name: why(field, claims) for name, field in fields_of(kind).items()}


@dataclass(frozen=True)
class Record:
    """Everything of one record, as it was read."""

    entity: Entity
    claims: Sequence[Claim]
    relations: Sequence[RelationRow]
    history: Sequence[Happening]
    merges: Sequence[MergeRow]
    reads: Sequence[ReadRow]
    buildings: Mapping[str, str]
    purposes: Mapping[str, Purpose]


def record_as_json(record: Record, sight: Sight, say: Words, today: date) -> dict[str, Any]:
    """The whole page."""
    entity = record.entity
    reasons = reasons_of(entity.kind, record.claims)
    fields = [field_as_json(one, sight, say, today, record.buildings) for one in reasons.values()]
    return {
        "code": entity.code,
        "kind": entity.kind,
        "name": name_of(entity, say),
        "where": where_of(entity, record.buildings),
        "incomplete": entity.incomplete,
        "stale": entity.stale,
        "created": entity.created_at.timestamp(),
        "updated": entity.updated_at.timestamp(),
        "claims": entity.claims,
        "missing": [one["label"] for one in fields if one["expected"] and one["value"] is None],
        "fields": fields,
        "relations": [relation_as_json(row) for row in record.relations],
        "history": [happening_as_json(row, entity.kind, say) for row in record.history],
        "merges": [merge_as_json(row) for row in record.merges],
        "reads": [read_as_json(row, entity.kind, record.purposes, say) for row in record.reads],
    }


def name_of(entity: Entity, say: Words) -> str:
    """What a record is called."""
    known = (entity.value(name) for name in HEAD)
    return next((str(value) for value in known if value), say("registry.unnamed"))


def where_of(entity: Entity, buildings: Mapping[str, str]) -> str:
    """Building, unit and room in one line."""
    building = buildings.get(entity.building or "", entity.building)
    parts = [building, entity.value("unit"), entity.value("room")]
    return " · ".join(str(part) for part in parts if part)


def field_as_json(one: Why, sight: Sight, say: Words, today: date, buildings: Mapping[str, str]) -> dict[str, Any]:
    """A field with its value, how old that is, and every claim for and against it."""
    field, winner = one.field, one.winner
    last = fresh_until(field, winner.at) if winner else None
    return {
        "name": field.name,
        "label": say.pick(field.zh, field.en),
        "type": field.type,
        "sensitivity": field.sensitivity,
        "expected": field.expected,
        "choices": [[choice.value, say.pick(choice.zh, choice.en)] for choice in field.choices],
        "value": None if winner is None else shown(field, winner, sight, say, buildings),
        "raw": winner.value if winner and sight.shows(field, winner) else None,
        "masked": winner is not None and not sight.shows(field, winner),
        "at": winner.at.timestamp() if winner else None,
        "verification": winner.verification if winner else None,
        "source": winner.source.kind if winner else None,
        "source_label": winner.source.label if winner else None,
        "stale": winner is not None and is_stale(field, winner.at, today),
        "fresh_until": last.isoformat() if last else None,
        "why": say.pick(one.zh, one.en),
        "claims": [
            *([claim_as_json(winner, "stands", field, sight, say, buildings)] if winner else []),
            *(claim_as_json(loser.claim, loser.reason, field, sight, say, buildings) for loser in one.losers),
        ],
    }


def shown(field: Field, claim: Claim, sight: Sight, say: Words, buildings: Mapping[str, str]) -> str:
    """A claim's value as the reader sees it."""
    if not sight.shows(field, claim):
        return str(mask(claim.value, field.type))
    if field.type == "building":
        return buildings.get(str(claim.value), str(claim.value))
    return said_value(field, claim.value, say)


def claim_as_json(
    claim: Claim, reason: str, field: Field, sight: Sight, say: Words, buildings: Mapping[str, str]
) -> dict[str, Any]:
    """A claim. ``reason``: ``stands``, or why it does not (``data.registry.golden.Reason``)."""
    return {
        "id": claim.id,
        "value": None if claim.erased_at else shown(field, claim, sight, say, buildings),
        "reason": reason,
        "at": claim.at.timestamp(),
        "verification": claim.verification,
        "source": claim.source.kind,
        "label": claim.source.label or claim.source.reference,
        "by": claim.source.by,
        "purposes": list(claim.source.purposes),
        "consent": claim.source.consent is not None,
    }


def relation_as_json(row: RelationRow) -> dict[str, Any]:
    """A relation as this record sees it."""
    return {
        "id": row.id,
        "kind": row.kind,
        "direction": row.direction,
        "code": row.code,
        "other": row.other_kind,
        "label": row.label,
        "since": row.since.isoformat() if row.since else None,
        "until": row.until.isoformat() if row.until else None,
        "source": row.source,
        "source_label": row.source_label,
    }


def happening_as_json(row: Happening, kind: EntityKind, say: Words) -> dict[str, Any]:
    """A line of the history: when, what, of which field, from where, by whom."""
    field = fields_of(kind).get(row.field or "")
    return {
        "at": row.at.timestamp(),
        "what": row.what,
        "field": say.pick(field.zh, field.en) if field else row.field,
        "number": row.number,
        "source": row.source,
        "label": row.label,
        "by": row.by,
    }


def merge_as_json(row: MergeRow) -> dict[str, Any]:
    """A merge that this record took part in."""
    told = {name: getattr(row, name) for name in row.__slots__}
    return {name: value.timestamp() if isinstance(value, datetime) else value for name, value in told.items()}


def read_as_json(row: ReadRow, kind: EntityKind, purposes: Mapping[str, Purpose], say: Words) -> dict[str, Any]:
    """Who has read it: reader, purpose and fields in words."""
    fields, purpose = fields_of(kind), purposes.get(row.purpose)
    return {
        "at": row.at.timestamp(),
        "reader": row.reader,
        "name": say.pick(row.known_as or row.name, row.name_en or row.known_as or row.name),
        "purpose": say.pick(purpose.zh, purpose.en) if purpose else row.purpose,
        "fields": [say.pick(fields[name].zh, fields[name].en) for name in row.fields if name in fields],
    }
