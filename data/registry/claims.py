"""What the registry is made of, as frozen values: sources, claims, entities and the relations among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal, get_args

from data.registry.fields import EntityKind

SourceKind = Literal["form", "channel", "import", "department", "resident", "worker"]
Verification = Literal["none", "sms", "worker", "department", "document", "face"]
RelationKind = Literal["lives_in", "owns", "rents", "works_at", "guardian_of", "part_of"]

SOURCE_KINDS: Final[tuple[SourceKind, ...]] = get_args(SourceKind)
VERIFICATIONS: Final[tuple[Verification, ...]] = get_args(Verification)
"""From nothing to the strongest proof."""
RELATION_KINDS: Final[tuple[RelationKind, ...]] = get_args(RelationKind)
ANY_PURPOSE: Final = "*"

ALLOWED: Final[Mapping[RelationKind, frozenset[tuple[EntityKind, EntityKind]]]] = {
    "lives_in": frozenset({("person", "household"), ("person", "room"), ("household", "room")}),
    "owns": frozenset({("person", "room"), ("enterprise", "room"), ("person", "enterprise")}),
    "rents": frozenset({("person", "room"), ("household", "room"), ("enterprise", "room")}),
    "works_at": frozenset({("person", "enterprise")}),
    "guardian_of": frozenset({("person", "person")}),
    "part_of": frozenset(
        {("room", "building"), ("household", "building"), ("enterprise", "building"), ("building", "building")}
    ),
}
"""Which kinds each relation holds between, subject first."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where claims came from: one submission, one import, one correction.

    Attributes
    ----------
    reference : str
        The submission's, import's or case's own mark; with the kind it is known again.
    label : str
        As people read it: a form's title, a file's name.
    purposes : tuple of str
        What its claims may be used for, as the source allowed; ``*``: every purpose of the registry.
    consent : str or None
        Mark of the consent that it rests on; None: on a law or a duty, which nobody withdraws.
    """

    kind: SourceKind
    reference: str
    label: str = ""
    purposes: tuple[str, ...] = (ANY_PURPOSE,)
    consent: str | None = None
    by: str = ""
    id: int | None = None

    def allows(self, purpose: str) -> bool:
        """Whether it may be used for a purpose."""
        return ANY_PURPOSE in self.purposes or purpose in self.purposes


@dataclass(frozen=True, slots=True)
class NewClaim:
    """One value of one field, as somebody said it. ``value``: what JSON can hold; ``at``: when it was so, aware."""

    field: str
    value: Any
    at: datetime
    verification: Verification = "none"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it is kept. ``entity``: whom it was said of, whatever was merged since; a value that was erased is None."""

    id: int
    entity: int
    field: str
    value: Any
    at: datetime
    verification: Verification
    source: Source
    created_at: datetime
    withdrawn_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it may stand for something."""
        return self.withdrawn_at is None and self.erased_at is None


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, household, building, room or enterprise as it stands.

    Attributes
    ----------
    root : int
        The entity that it was merged into, itself where it was not.
    golden : mapping
        By field: value, at, claim, source, from, verification (see ``data.registry.golden.Golden``).
    areas : mapping
        Where it lies by layer, as of a case; besides ``building``, ``cell`` and the hexagons ``hex7`` to ``hex10``.
    """

    id: int
    code: str
    kind: EntityKind
    root: int
    golden: Mapping[str, Mapping[str, Any]]
    building: str | None
    areas: Mapping[str, str]
    incomplete: bool
    fresh_until: date | None
    stale: bool
    claims: int
    created_at: datetime
    updated_at: datetime
    erased_at: datetime | None = None

    def value(self, name: str) -> Any:
        """The golden value of a field; None where nothing is known."""
        held = self.golden.get(name)
        return None if held is None else held["value"]


@dataclass(frozen=True, slots=True)
class Relation:
    """``subject`` is in a relation to ``object`` (numbers of entities), since and until a day where that is known."""

    subject: int
    kind: RelationKind
    object: int
    since: date | None = None
    until: date | None = None
    source: Source | None = None
    id: int | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the registry is called for. ``needs``: keys of fields, e.g. ``person.phone``; ``basis``: the law or duty."""

    code: str
    zh: str
    en: str
    needs: frozenset[str]
    basis: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two entities that may be one: for a person to decide. ``evidence``: by what and how strongly, as the linker says it."""

    id: int
    left: int
    right: int
    weight: float
    evidence: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    state: str = "open"
