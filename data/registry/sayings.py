"""What one answered form says of persons, households, rooms, buildings and enterprises, before anybody knows which. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from data.registry.claims import ALLOWED, NewClaim, RelationKind, Source, Verification
from data.registry.fields import EntityKind, by_question, fields_of
from data.registry.values import clean
from geo.errors import NeedleError

KEYS: Final[Mapping[EntityKind, tuple[str, ...]]] = {
    "person": ("name", "id_number"),
    "household": ("room", "address"),
    "building": ("building",),
    "room": ("room",),
    "enterprise": ("name", "credit_code"),
}
"""By which of its fields an entity can be found again; without one of them, nothing is known of anybody."""

TIES: Final[tuple[tuple[EntityKind, RelationKind, EntityKind], ...]] = (
    ("person", "lives_in", "household"),
    ("household", "lives_in", "room"),
    ("household", "part_of", "building"),
    ("room", "part_of", "building"),
    ("enterprise", "part_of", "building"),
)
"""What those of one answer are to each other."""

LINKED: Final[Mapping[str, EntityKind]] = {"person": "person", "household": "household"}
"""Kinds of links that ask one entity."""


@dataclass(frozen=True, slots=True)
class Asked:
    """By which link an answer came. ``building``: code of the ground's building, None: not known."""

    link: int
    kind: str
    building: str | None


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of one entity.

    Attributes
    ----------
    values : mapping
        By field, cleaned.
    is_recipient : bool
        It is whom the link was given to.
    """

    kind: EntityKind
    values: Mapping[str, Any]
    asked: Asked | None = None
    is_recipient: bool = False

    def claims(self, at: datetime, verification: Verification) -> list[NewClaim]:
        """As claims."""
        return [NewClaim(name, value, at, verification) for name, value in self.values.items()]


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: its source, when it was given, what it says, and which entries are what to each other (by place)."""

    source: Source
    at: datetime
    verification: Verification
    sayings: tuple[Saying, ...]
    ties: tuple[tuple[int, RelationKind, int], ...] = field(default=())


def told(
    source: Source,
    at: datetime,
    verification: Verification,
    asked: Asked | None,
    once: Mapping[str, Any],
    repeated: Sequence[Mapping[str, Any]] = (),
) -> Told:
    """What an answer says.

    Parameters
    ----------
    once : mapping
        Values by the question bank's keys, e.g. ``person.phone``, of questions that are asked once.
    repeated : sequence of mapping
        The same of each round of a repeat: each person of a household.
    """
    sayings = list(of_values(once, asked, is_first=True))
    building, room = asked.building if asked else None, room_of(sayings)
    for values in repeated:
        sayings += of_values(values, asked, is_first=False)
    placed = tuple(at_place(one, building, room) for one in sayings)
    kept = tuple(one for one in placed if is_known_again(one))
    return Told(source, at, verification, kept, tuple(ties_of(kept)))


def of_values(values: Mapping[str, Any], asked: Asked | None, *, is_first: bool) -> Iterator[Saying]:
    """What values say, by kind; what cannot be read says nothing."""
    kinds: dict[EntityKind, dict[str, Any]] = {}
    for question, value in values.items():
        known = by_question().get(question)
        if known is None:
            continue
        try:
            cleaned = clean(known, value)
        except NeedleError:
            continue
        if cleaned is not None:
            kinds.setdefault(known.kind, {})[known.name] = cleaned
    linked = LINKED.get(asked.kind) if asked and is_first else None
    if linked is not None and values:
        kinds.setdefault(linked, {})
    for kind, said in kinds.items():
        yield Saying(kind, said, asked, is_recipient=kind == linked)


def room_of(sayings: Sequence[Saying]) -> str | None:
    """The room that an answer is about."""
    return next((one.values["room"] for one in sayings if one.kind == "household" and "room" in one.values), None)


def at_place(saying: Saying, building: str | None, room: str | None) -> Saying:
    """The same, with where it is."""
    place = {"building": building, "room": None if saying.kind == "enterprise" else room}
    has = fields_of(saying.kind)
    known = {name: value for name, value in place.items() if value is not None and name in has}
    return Saying(saying.kind, known | saying.values, saying.asked, saying.is_recipient)


def is_known_again(saying: Saying) -> bool:
    """Whether whom it is about can be found again."""
    if not saying.values:
        return False
    needs_building = saying.kind == "room" or (saying.kind == "household" and "address" not in saying.values)
    if needs_building and "building" not in saying.values and not saying.is_recipient:
        return False
    return saying.is_recipient or any(key in saying.values for key in KEYS[saying.kind])


def ties_of(sayings: Sequence[Saying]) -> Iterator[tuple[int, RelationKind, int]]:
    """Who is what to whom: each with the only one of the other kind."""
    for subject, relation, object_ in TIES:
        assert (subject, object_) in ALLOWED[relation]
        others = [place for place, one in enumerate(sayings) if one.kind == object_]
        if len(others) == 1:
            yield from ((place, relation, others[0]) for place, one in enumerate(sayings) if one.kind == subject)
