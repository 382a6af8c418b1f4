"""What is held about a person, as they read it: every value with its source, age and proof, relations, who looked. Pure.

Whatever is said in words is said in both languages, so that the page changes language without asking anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from data.registry.claims import Claim, Entity, Verification
from data.registry.fields import Field, fields_of
from data.registry.golden import ORIGIN, PROOF, Reason, Why, fresh_until, is_stale, why
from data.stores.registry_relations import RelationRow
from data.stores.resident_requests import ReaderRow
from forms.identity.ways import Way

Said = dict[str, str]

PROVED_BY_PAPER: Final = frozenset({"name", "id_number", "birth_date", "sex"})
"""That somebody is who they are proves none of these: a correction stands beside, unverified, until an official saw the paper."""
NEVER_WORDS: Final = frozenset({"building"})
"""Types whose values are codes that nobody knows by heart."""
OTHER_PURPOSES: Final[Mapping[str, Said]] = {
    "look": {"zh": "查看（敏感内容未显示）", "en": "A look; nothing sensitive was shown"},
    "mine": {"zh": "本人查看", "en": "You looked yourself"},
    "prefill": {"zh": "表单预填", "en": "Filling in a form for you"},
}


@dataclass(frozen=True)
class Held:
    """Everything that is held of a person, as it was read.

    Attributes
    ----------
    buildings : mapping
        Names by code.
    faces : sequence
        Templates of their face: from where, since and until when.
    """

    entity: Entity
    claims: Sequence[Claim]
    relations: Sequence[RelationRow]
    readers: Sequence[ReaderRow]
    buildings: Mapping[str, str]
    faces: Sequence[tuple[str, datetime, datetime]] = ()


def packet_of(held: Held | None, way: str, until: datetime, now: datetime, today: date) -> dict[str, Any]:
    """The packet; ``held`` None: nothing is held. ``until``: how long the identification is good for."""
    frame = {"v": 1, "way": way, "until": until.timestamp(), "at": now.timestamp(), "known": held is not None}
    if held is None:
        return frame
    reasons = [why(field, held.claims) for field in fields_of(held.entity.kind).values()]
    return frame | {
        "fields": [field_as_json(one, today, held.buildings) for one in reasons if one.winner or one.losers],
        "relations": [relation_as_json(row) for row in held.relations],
        "readers": [reader_as_json(row) for row in held.readers],
        "faces": [
            {"source": source, "since": since.timestamp(), "until": end.timestamp()}
            for source, since, end in held.faces
        ],
    }


def field_as_json(one: Why, today: date, buildings: Mapping[str, str]) -> dict[str, Any]:
    """A field: its value and why it stands, every claim for and against it."""
    field, winner = one.field, one.winner
    last = fresh_until(field, winner.at) if winner else None
    claims: list[tuple[Claim, Reason | None]] = [(winner, None)] if winner else []
    claims += [(loser.claim, loser.reason) for loser in one.losers]
    return {
        "name": field.name,
        "label": {"zh": field.zh, "en": field.en},
        "type": field.type,
        "choices": [[choice.value, choice.zh, choice.en] for choice in field.choices],
        "value": said(field, winner.value, buildings) if winner else None,
        "raw": winner.value if winner else None,
        "at": winner.at.timestamp() if winner else None,
        "stale": winner is not None and is_stale(field, winner.at, today),
        "fresh_until": last.isoformat() if last else None,
        "why": {"zh": one.zh, "en": one.en},
        "correct": may_correct(field, winner),
        "unproved": field.name in PROVED_BY_PAPER,
        "claims": [claim_as_json(claim, reason, field, buildings) for claim, reason in claims],
    }


def may_correct(field: Field, winner: Claim | None) -> bool:
    """Whether a resident says a field anew: one that is held, in words that people use."""
    return winner is not None and field.type not in NEVER_WORDS


def proof_of_correction(field: str, way: Way) -> Verification:
    """How a correction counts as proved: as well as its sender was known, but for what only a paper proves."""
    return "none" if field in PROVED_BY_PAPER else way


def claim_as_json(claim: Claim, reason: Reason | None, field: Field, buildings: Mapping[str, str]) -> dict[str, Any]:
    """A claim. ``reason``: why it does not stand; None: it does."""
    origin, proof = ORIGIN[claim.source.kind], PROOF[claim.verification]
    return {
        "value": None if claim.erased_at else said(field, claim.value, buildings),
        "at": claim.at.timestamp(),
        "source": {"zh": origin[0], "en": origin[1], "label": claim.source.label},
        "proof": {"zh": proof[0], "en": proof[1]},
        "verified": claim.verification != "none",
        "reason": reason,
        "consent": claim.source.consent if claim.is_live else None,
    }


def said(field: Field, value: Any, buildings: Mapping[str, str]) -> Said:
    """A value in words of both languages."""
    if field.type == "building":
        return dict.fromkeys(("zh", "en"), buildings.get(str(value), str(value)))
    names = {choice.value: (choice.zh, choice.en) for choice in field.choices}
    each = [names.get(str(one), (str(one),) * 2) for one in (value if isinstance(value, list) else [value])]
    return {"zh": "、".join(zh for zh, _ in each), "en": ", ".join(en for _, en in each)}


def relation_as_json(row: RelationRow) -> dict[str, Any]:
    """A relation, seen from the person."""
    return {
        "kind": row.kind,
        "direction": row.direction,
        "other": row.other_kind,
        "label": row.label,
        "since": row.since.isoformat() if row.since else None,
        "until": row.until.isoformat() if row.until else None,
        "source": row.source_label,
        "at": row.created_at.timestamp(),
    }


def reader_as_json(row: ReaderRow) -> dict[str, Any]:
    """Who looked: the office and its purpose, when, at which fields; the name of no official."""
    fields = fields_of("person")
    purpose = {"zh": row.purpose_zh or row.purpose, "en": row.purpose_en or row.purpose}
    return {
        "at": row.at.timestamp(),
        "reader": row.reader,
        "role": row.role,
        "office": {"zh": row.office_zh, "en": row.office_en or row.office_zh} if row.office_zh else None,
        "purpose": OTHER_PURPOSES.get(row.purpose, purpose),
        "fields": [{"zh": fields[name].zh, "en": fields[name].en} for name in row.fields if name in fields],
    }
