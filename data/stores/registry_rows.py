"""How the registry's rows become values: entities, claims with their sources."""

from collections.abc import Mapping
from typing import Any, Final

from data.registry.claims import Claim, Entity, Source

ENTITY: Final = """
select e.id, e.code, e.kind, e.root_id as root, e.golden, e.building, e.areas, e.incomplete, e.fresh_until, e.stale, e.claims,
       e.created_at, e.updated_at, e.erased_at
  from registry_entity e
"""
CLAIM: Final = """
select c.id, c.entity_id, c.field, c.value, c.verification, c.at, c.created_at, c.withdrawn_at, c.erased_at,
       s.id as source_id, s.kind, s.reference, s.label, s.purposes, s.consent, s.by
  from registry_claim c join registry_entity e on e.id = c.entity_id join registry_source s on s.id = c.source_id
"""


def to_claim(row: Mapping[str, Any]) -> Claim:
    """A row of ``CLAIM``."""
    return Claim(
        row["id"],
        row["entity_id"],
        row["field"],
        row["value"],
        row["at"],
        row["verification"],
        to_source(row),
        row["created_at"],
        row["withdrawn_at"],
        row["erased_at"],
    )


def to_source(row: Mapping[str, Any]) -> Source:
    """The source of a row that has its columns, ``source_id`` among them."""
    return Source(
        row["kind"],
        row["reference"],
        row["label"],
        tuple(row["purposes"]),
        row["consent"],
        row["by"],
        row["source_id"],
    )


def to_entity(row: Mapping[str, Any]) -> Entity:
    """A row of ``ENTITY``."""
    return Entity(**row)
