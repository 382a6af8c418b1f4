"""What a worker holds in memory of its city: layers as an atlas, matters, rules and teams; read again when they change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from data.database import Connection
from data.stores import reference, reports
from data.stores.layers import load_layers
from data.stores.reference import ChannelRow
from data.stores.rules import current_rule_set
from data.stores.streets import load_streets
from data.stores.teams import TeamRow, load_teams
from data.stores.workbench import load_city_settings
from dispatch.clock import working_time
from dispatch.commands import Protocol
from dispatch.duty import on_duty
from dispatch.matching import Matcher, Team
from dispatch.matters import UNCLASSIFIED, Matter
from dispatch.reference import matter_of
from dispatch.rules import RuleSet, parse_rules
from dispatch.suggest import WordModel
from geo.atlas import Atlas
from geo.defaults import LEAST_POINTS, LEAST_SHARE
from geo.errors import NeedleError
from geo.street_network import build_roads

LATEST_REPORTS = 100_000
FRESH = timedelta(minutes=10)
"""A position older than this no longer says where a team is; its base does."""


@dataclass
class Ground:
    """A city as a worker knows it. ``matcher`` and ``rule_set_id`` are None while the city has no rules.

    ``team_rows`` are by id, as read last; the matcher's teams are these with their duty, position and load of the
    moment. ``words`` suggests matters; it is learnt when it is first asked.
    """

    version: tuple[int, ...]
    atlas: Atlas
    matters: Mapping[str, tuple[int, Matter]]
    channels: Mapping[str, ChannelRow]
    protocol: Protocol
    rule_set_id: int | None
    matcher: Matcher | None
    default_spots: set[tuple[float, float]]
    team_rows: dict[int, TeamRow] = field(default_factory=dict)
    words: WordModel | None = None

    @property
    def unclassified_id(self) -> int:
        """The id of the matter of reports that nobody can classify.

        Raises
        ------
        NeedleError
            ``worker.no_reference`` when the project's tables were never loaded into this database.
        """
        found = self.matters.get(UNCLASSIFIED.key)
        if found is None:
            raise NeedleError("worker.no_reference")
        return found[0]


def load_ground(connection: Connection, version: tuple[int, ...], now: datetime) -> Ground | None:
    """Read a city; None while it has no layers."""
    layers = load_layers(connection)
    if not layers:
        return None
    zone, settings = load_city_settings(connection)
    atlas = Atlas.build(layers)
    rows = reference.load_matters(connection)
    matters = {m.key: (row.id or 0, m) for row, m in ((row, matter_of(row)) for row in rows)}
    found = current_rule_set(connection)
    ground = Ground(
        version=version,
        atlas=atlas,
        matters=matters,
        channels=reference.load_channels(connection),
        protocol=Protocol(working_time(zone, settings.get("clock", {}))),
        rule_set_id=found[0] if found else None,
        matcher=None,
        default_spots=_default_spots(connection, settings.get("default_spots", [])),
    )
    ground.team_rows = {row.id: row for row in load_teams(connection)}
    if found:
        teams = [team_of(row, now, ground.protocol) for row in ground.team_rows.values()]
        ground.matcher = _matcher(connection, parse_rules(found[1]), atlas, teams, list(matters))
    return ground


def load_protocol(connection: Connection) -> Protocol:
    """The city's working hours as they are set now."""
    zone, settings = load_city_settings(connection)
    return Protocol(working_time(zone, settings.get("clock", {})))


def refresh_teams(connection: Connection, ground: Ground, now: datetime) -> bool:
    """Read duty and positions again.

    False when a team came, went or changed its department: the ground is then stale.
    """
    rows = {row.id: row for row in load_teams(connection)}
    same = rows.keys() == ground.team_rows.keys()
    if not same or any(rows[i].department != row.department for i, row in ground.team_rows.items()):
        return False
    ground.team_rows = rows
    if ground.matcher is not None:
        loads = {team.id: team.load for team in ground.matcher.teams}
        for row in rows.values():
            ground.matcher.update_team(replace(team_of(row, now, ground.protocol), load=loads[row.id]))
    return True


def set_loads(ground: Ground, open_tasks: Mapping[int, int]) -> None:
    """Bring every team's load to the number of its open tasks."""
    if ground.matcher is None:
        return
    for team in list(ground.matcher.teams):
        load = open_tasks.get(team.id, 0)
        if load != team.load:
            ground.matcher.update_team(replace(team, load=load))


def team_of(row: TeamRow, now: datetime, protocol: Protocol) -> Team:
    """A team as it stands at ``now``: on duty by its shifts, at its position where that is fresh, else at its base."""
    fresh = row.position_at is not None and now - row.position_at <= FRESH
    lng, lat = row.position if fresh and row.position else row.base
    return replace(
        stationed(row),
        lng=lng,
        lat=lat,
        position_at=row.position_at,
        on_duty=on_duty(row.shifts, now, protocol.hours.zone),
        stale=row.position_at is not None and not fresh,
    )


def stationed(row: TeamRow) -> Team:
    """A team at its base and on duty, wherever it is and whatever its shifts are."""
    return Team(
        id=row.id,
        code=row.code,
        name=row.name,
        department=row.department,
        scope_layer=row.scope_layer,
        scope_code=row.scope_code,
        skills=frozenset(row.skills),
        capacity=row.capacity,
        speed_kmh=row.speed_kmh,
        lng=row.base[0],
        lat=row.base[1],
        position_at=None,
        on_duty=True,
    )


def _matcher(connection: Connection, rules: RuleSet, atlas: Atlas, teams: list[Team], matters: list[str]) -> Matcher:
    """The matcher of a city; it ranks by road where the city has streets."""
    streets = load_streets(connection)
    roads = build_roads(*streets, atlas.plane) if streets is not None else None
    return Matcher(rules, atlas, teams, matters=matters, roads=roads)


def _default_spots(connection: Connection, declared: list[list[float]]) -> set[tuple[float, float]]:
    crowded = reports.crowded_points(connection, LATEST_REPORTS, LEAST_POINTS, LEAST_SHARE)
    return crowded | {(float(lng), float(lat)) for lng, lat in declared}
