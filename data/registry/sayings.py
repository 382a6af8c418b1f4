"""What one answered form says of persons, households, rooms, buildings and enterprises, before anybody knows which. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    ties: tuple[tuple[int, RelationKind, int], ...] = ()

    @property
    def asked(self) -> Asked | None:
        """The link that it came by."""
        return next((one.asked for one in self.sayings), None)


def judge_filled(filled: Sequence[tuple[str, str, Any]], sayings: Sequence[Saying]) -> tuple[int, int]:
    """How many values (kind, field, value) that were filled in came back as they were, and how many did not."""
    said: dict[tuple[str, str], list[Any]] = {}
    for one in sayings:
        for name, value in one.values.items():
            said.setdefault((one.kind, name), []).append(value)
    kept = sum(value in said.get((kind, name), []) for kind, name, value in filled)
    return kept, len(filled) - kept


def marks_of(one: Told) -> set[tuple[object, ...]]:
    """By what two answers may be about the same entity."""
    found: set[tuple[object, ...]] = set()
    for saying in one.sayings:
        values = saying.values
        if saying.is_recipient and saying.asked is not None:
            found.add(("link", saying.asked.link))
        if saying.kind in ("household", "room"):
            found |= {(saying.kind, values.get("building"), values.get("room")), (saying.kind, values.get("address"))}
        else:
            found |= {(saying.kind, name, values[name]) for name in ("name", "credit_code") if name in values}
    return found


def waves(answers: Sequence[Told]) -> list[list[Told]]:
    """Answers in rounds: those of one round are about different entities, and each comes after what it may be about too."""
    last: dict[tuple[object, ...], int] = {}
    rounds: list[list[Told]] = []
    for one in answers:
        marks = marks_of(one)
        turn = 1 + max((last.get(mark, -1) for mark in marks), default=-1)
        last |= dict.fromkeys(marks, turn)
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(one)
    return rounds


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
        yield Saying(kind, in_unit(said), asked, is_recipient=kind == linked)


ROOM: Final = re.compile(r"(?:(\w{1,4}?)(?:单元|门|[-—－]))?(?:\d{1,3}层)?([0-9A-Za-z]{1,8})(?:室|号|房)?")


def in_unit(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with a room said as ``2-301`` or ``2单元301室`` told as unit and room."""
    found = ROOM.fullmatch(str(values.get("room", "")))
    if found is None or "unit" in values:
        return dict(values)
    unit, room = found.groups()
    return {**values, "room": room} | ({"unit": unit} if unit else {})


def room_of(sayings: Sequence[Saying]) -> dict[str, str]:
    """The room that an answer is about, with its unit."""
    home = next((one.values for one in sayings if one.kind == "household"), {})
    return {name: home[name] for name in ("unit", "room") if name in home}


def at_place(saying: Saying, building: str | None, room: Mapping[str, str]) -> Saying:
    """The same, with where it is."""
    place = ({} if building is None else {"building": building}) | ({} if saying.kind == "enterprise" else dict(room))
    has = fields_of(saying.kind)
    known = {name: value for name, value in place.items() if name in has}
    return Saying(saying.kind, {**known, **saying.values}, saying.asked, saying.is_recipient)


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
