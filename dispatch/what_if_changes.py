"""What is changed in a what-if: rules, boundaries, hours, places of teams; and the side that comes of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time, tzinfo
from types import MappingProxyType

from data.stores.teams import ShiftRow, TeamRow
from dispatch.ground import stationed
from dispatch.rules import RuleSet
from dispatch.what_if import Side, side_of
from dispatch.what_if_duty import roster_of
from geo.atlas import Atlas
from geo.errors import NeedleError
from geo.layers import Layer

Place = tuple[float, float]
EVERYBODY = "*"


@dataclass(frozen=True, eq=False)
class Stage:
    """A city as it stands: what a replay needs of it. ``matters``: keys, by whose index cases name them."""

    atlas: Atlas
    rules: RuleSet
    teams: tuple[TeamRow, ...]
    matters: tuple[str, ...]
    matter_ids: tuple[int, ...]
    zone: tzinfo


@dataclass(frozen=True)
class Hours:
    """Hours for all teams of a department (``*``: of all): from ``starts`` to ``ends`` on some weekdays (0: Monday)."""

    department: str
    days: tuple[int, ...]
    starts: time
    ends: time

    @property
    def shifts(self) -> tuple[ShiftRow, ...]:
        """The week that they make."""
        return tuple(ShiftRow(day, self.starts, self.ends) for day in self.days)


@dataclass(frozen=True)
class NewTeam:
    """A team like one that there is, at a place (WGS84 degrees); it works there where its department has teams in that area."""

    like: int
    at: Place


@dataclass(frozen=True)
class Changes:
    """What is otherwise. ``layers`` stand in for those of the same name; ``moved``: new station by team id."""

    rules: RuleSet | None = None
    layers: tuple[Layer, ...] = ()
    hours: tuple[Hours, ...] = ()
    moved: Mapping[int, Place] = field(default_factory=lambda: MappingProxyType({}))
    gone: frozenset[int] = frozenset()
    added: tuple[NewTeam, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether all stays as it is."""
        return self.rules is None and not (self.layers or self.hours or self.moved or self.gone or self.added)


def side_as_is(stage: Stage) -> Side:
    """The side before."""
    return _side(stage.rules, stage.atlas, stage.teams, stage)


def side_with(stage: Stage, changes: Changes) -> Side:
    """The side after.

    Raises
    ------
    NeedleError
        ``what_if.unknown_team``, ``what_if.unknown_layer``, ``what_if.nobody_left``.
    """
    atlas = atlas_with(stage.atlas, changes.layers)
    teams = teams_with(stage.teams, changes, atlas)
    if not teams:
        raise NeedleError("what_if.nobody_left")
    return _side(changes.rules or stage.rules, atlas, teams, stage)


def atlas_with(atlas: Atlas, layers: Sequence[Layer]) -> Atlas:
    """The atlas with other boundaries; distances stay measured in the same plane."""
    if not layers:
        return atlas
    other = {layer.name: layer for layer in layers}
    known = [layer.name for layer in atlas.layers]
    for name in other:
        if name not in known:
            raise NeedleError("what_if.unknown_layer", layer=name, known=", ".join(known))
    return Atlas.build([other.get(layer.name, layer) for layer in atlas.layers])


def teams_with(rows: Sequence[TeamRow], changes: Changes, atlas: Atlas) -> tuple[TeamRow, ...]:
    """The teams after the changes, those that stay in their order; new ones have ids below zero, in the order they are named."""
    by_id = {row.id: row for row in rows}
    for team in (*changes.moved, *changes.gone, *(new.like for new in changes.added)):
        if team not in by_id:
            raise NeedleError("what_if.unknown_team", team=team)
    kept = [replace(row, base=changes.moved.get(row.id, row.base)) for row in rows if row.id not in changes.gone]
    new = [_newcomer(by_id[one.like], one.at, -at, rows, atlas) for at, one in enumerate(changes.added, 1)]
    return tuple(replace(row, shifts=_shifts(row, changes.hours)) for row in (*kept, *new))


def _shifts(row: TeamRow, hours: Iterable[Hours]) -> tuple[ShiftRow, ...]:
    """The week of a team: the last hours that are said of its department."""
    said = [one.shifts for one in hours if one.department in (row.department, EVERYBODY)]
    return said[-1] if said else row.shifts


def _newcomer(like: TeamRow, at: Place, number: int, rows: Sequence[TeamRow], atlas: Atlas) -> TeamRow:
    """Another team like one; its area is the one it stands in where its department has teams there, else the other's."""
    scope = like.scope_code
    names = [layer.name for layer in atlas.layers]
    if like.scope_layer in names:
        layer = names.index(like.scope_layer)
        polygon = atlas.locate_one(*at).indices[layer]
        here = atlas.layers[layer].codes[polygon] if polygon >= 0 else None
        ours = {
            row.scope_code for row in rows if (row.department, row.scope_layer) == (like.department, like.scope_layer)
        }
        scope = here if here in ours else scope
    code = f"{like.code}{number}"
    return replace(like, id=number, code=code, base=at, position=None, position_at=None, scope_code=scope)


def _side(rules: RuleSet, atlas: Atlas, rows: Sequence[TeamRow], stage: Stage) -> Side:
    roster = roster_of([row.shifts for row in rows], stage.zone)
    return side_of(rules, atlas, [stationed(row) for row in rows], stage.matters, roster)
