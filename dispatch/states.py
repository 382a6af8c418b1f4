"""The case's state table: which states there are, which moves are legal, who may make them. Data, read once.

``states.csv`` holds 27 states and one flag (``supervised``, 督办: it lies over a state and is none).
``transitions.csv`` holds the moves; its row ``*`` stands for every state in which a case is open.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

ANY_OPEN_STATE = "*"


@dataclass(frozen=True, slots=True)
class State:
    """A state of a case: its code, the stage of the standard process, and whether the case ends there.

    ``clock`` is the clock that runs in the state (``accept``, ``handle``, ... or empty); ``waits_for`` names the
    roles whose move is next.
    """

    code: str
    stage: str
    stage_zh: str
    stage_en: str
    name_zh: str
    name_en: str
    terminal: bool
    clock: str
    waits_for: frozenset[str]


@dataclass(frozen=True, slots=True)
class Transition:
    """A legal move: ``roles`` are the kinds of actor that may make it, ``clock`` pairs like ``("start", "handle")``."""

    from_state: str
    action: str
    to_state: str
    name_zh: str
    name_en: str
    past_en: str
    roles: frozenset[str]
    reason_required: bool
    clock: tuple[tuple[str, str], ...]
    guard_zh: str
    guard_en: str


@cache
def states() -> Mapping[str, State]:
    """The states by code, flags left out."""
    rows = [r for r in _rows("states.csv") if r["kind"] == "state"]
    return MappingProxyType({r["code"]: _state(r) for r in rows})


@cache
def flags() -> tuple[str, ...]:
    """What may lie over any open state: ``supervised``."""
    return tuple(r["code"] for r in _rows("states.csv") if r["kind"] == "flag")


@cache
def transitions() -> Mapping[tuple[str, str], Transition]:
    """Every legal move by (state, action); an action leads from a state to one state only."""
    moves = [move for row in _rows("transitions.csv") for move in _transitions(row)]
    return MappingProxyType({(m.from_state, m.action): m for m in moves})


@cache
def actions_from(state: str) -> tuple[Transition, ...]:
    """The legal moves out of ``state``, in the table's order."""
    return tuple(m for m in transitions().values() if m.from_state == state)


def open_states() -> tuple[str, ...]:
    """States in which a case waits for somebody: neither a draft nor at its end."""
    return tuple(s.code for s in states().values() if not s.terminal and s.code != "draft")


def _state(row: Mapping[str, str]) -> State:
    return State(
        code=row["code"],
        stage=row["stage"],
        stage_zh=row["stage_zh"],
        stage_en=row["stage_en"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        terminal=row["terminal"] == "yes",
        clock=row["clock"],
        waits_for=_set(row["waits_for"]),
    )


def _transitions(row: Mapping[str, str]) -> Iterator[Transition]:
    sources = open_states() if row["from_state"] == ANY_OPEN_STATE else (row["from_state"],)
    for source in sources:
        yield Transition(
            from_state=source,
            action=row["action"],
            to_state=source if row["to_state"] == ANY_OPEN_STATE else row["to_state"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            past_en=row["past_en"],
            roles=_set(row["roles"]),
            reason_required=row["reason_required"] == "yes",
            clock=tuple(_clock_effect(part) for part in row["clock"].split(";") if part),
            guard_zh=row["guard_zh"],
            guard_en=row["guard_en"],
        )


def _clock_effect(text: str) -> tuple[str, str]:
    verb, clock = text.split()
    return verb, clock


def _set(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split("|")))


def _rows(name: str) -> list[dict[str, str]]:
    text = files("dispatch").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
