"""Which team each incident went to, and which others were looked at: power, scope, duty, travel time and load."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.demo.city import DemoCity
from data.demo.incidents import Incidents, Longs
from data.demo.landscape import PLANE
from data.demo.lattice import Floats, Ints
from data.demo.people import department_code, rule_name
from data.demo.powers import HABITS, POWERS, power_of
from data.demo.rhythm import UTC_OFFSET_S, duty_table
from data.demo.streets import SPEED_KMH
from data.demo.whereabouts import Whereabouts
from geo.street_network import build_roads

DETOUR = 1.3
SHOWN = 5
"""Candidates kept of each decision."""
REASONS = ("chosen", "slower", "busier_slower", "off_duty", "outside_scope", "none")
CHOSEN, SLOWER, BUSIER, OFF_DUTY, OUTSIDE, NONE = range(6)


@dataclass(frozen=True)
class Assignment:
    """Who got what. Arrays over incidents; rows of candidates are (n, SHOWN).

    Attributes
    ----------
    department, rule : ndarray of int
        Index into ``Assigner.departments`` and ``Assigner.rules``; -1 without a place.
    team : ndarray of int
        Index into the city's teams; -1: nobody of the department was on duty.
    travel_s : ndarray of float
    candidates, reasons : ndarray of int
        Teams looked at, the best first, and index into ``REASONS`` of each.
    way_s, cost_s : ndarray of float
    load : ndarray of int
        Open tasks of each candidate at the time.
    """

    department: Ints
    rule: Ints
    team: Ints
    travel_s: Floats
    candidates: Ints
    reasons: Ints
    way_s: Floats
    cost_s: Floats
    load: Ints


class Assigner:
    """The city's powers and teams as tables."""

    def __init__(self, city: DemoCity) -> None:
        self.city = city
        self.departments = tuple(d.code for d in city.people.departments)
        self.names = {code: k for k, code in enumerate(self.departments)}
        district, subdistrict = city.jurisdictions.layer("district"), city.jurisdictions.layer("subdistrict")
        self.rules = [rule_name(name, power.title) for name in district.names for power in POWERS]
        offices = zip(subdistrict.codes, subdistrict.names, strict=True)
        self.rules += [rule_name(name, f"属地兜底({code[:9]})") for code, name in offices]
        self.office = np.array([self.names[code[:9]] for code in subdistrict.codes], np.int32)
        self.bureau = np.array(
            [[self.names[department_code(code, p.department)] for p in POWERS] for code in district.codes], np.int32
        )
        teams = city.people.teams
        self.team_department = np.array([self.names[t.department] for t in teams], np.int32)
        layer_names = [layer.name for layer in city.layers]
        self.scope_layer = np.array([layer_names.index(t.scope_layer) for t in teams], np.int32)
        index = [
            {code: k for k, code in enumerate(layer.codes)} if layer.name != "cell" else {} for layer in city.layers
        ]
        self.scope_area = np.array(
            [index[k][t.scope_code] for k, t in zip(self.scope_layer, teams, strict=True)], np.int32
        )
        self.xy = np.column_stack(PLANE.to_xy(*np.array([(t.lng, t.lat) for t in teams]).T))
        self.speed_m_s = np.array([t.speed_kmh for t in teams]) / 3.6
        self.capacity = np.array([t.capacity for t in teams], np.int32)
        tables = {t.shift: duty_table(t.shift) for t in teams}
        self.duty = np.array([tables[t.shift] for t in teams])
        self.position = [(t.lng, t.lat) for t in teams]
        streets = city.streets
        both_ways = np.zeros(len(streets.lines), np.bool_)
        self.roads = build_roads(streets.lines, SPEED_KMH[streets.street_class], both_ways, PLANE)
        self.power = np.array([-1 if (k := power_of(h.key)) is None else k for h in HABITS], np.int32)

    def assign(self, incidents: Incidents, found: Whereabouts, at: Longs, shift: int = 0) -> Assignment:
        """Decide every incident with a place at the moments `at`.

        `shift` > 0 gives it to another power than the right one: how a case goes astray.
        """
        rng = np.random.default_rng([self.city.size.seed, 82, shift, len(at)])
        power = self.power[incidents.habit]
        if shift:
            power = (power + shift) % len(POWERS)
        district, subdistrict = np.maximum(found.where[0], 0), np.maximum(found.where[1], 0)
        by_street = power < 0
        department = np.where(by_street, self.office[subdistrict], self.bureau[district, power])
        rule = np.where(
            by_street, len(self.bureau) * len(POWERS) + subdistrict, district * len(POWERS) + np.maximum(power, 0)
        )
        placed = found.where[0] >= 0
        n = len(at)
        out = Assignment(
            np.where(placed, department, -1).astype(np.int32),
            np.where(placed, rule, -1).astype(np.int32),
            np.full(n, -1, np.int32),
            np.zeros(n),
            np.full((n, SHOWN), -1, np.int32),
            np.full((n, SHOWN), NONE, np.int32),
            np.zeros((n, SHOWN)),
            np.zeros((n, SHOWN)),
            np.zeros((n, SHOWN), np.int32),
        )
        lnglat = np.column_stack([incidents.lng, incidents.lat])
        minute = ((at + UTC_OFFSET_S) // 60 + 3 * 1440) % (7 * 1440)
        order = np.argsort(out.department, kind="stable")
        bounds = np.searchsorted(out.department[order], np.arange(len(self.departments) + 1))
        for k in range(len(self.departments)):
            here = order[bounds[k] : bounds[k + 1]]
            if len(here):
                self._rank(k, here, lnglat[here], found.where[:, here], minute[here], out, rng)
        return out

    def _rank(
        self,
        department: int,
        here: NDArray[np.int64],
        lnglat: Floats,
        where: Ints,
        minute: Longs,
        out: Assignment,
        rng: np.random.Generator,
    ) -> None:
        """Rank the teams of one department for its incidents: those that are free by road, as the live worker does."""
        teams = np.flatnonzero(self.team_department == department)
        scope = self.scope_area[teams] == where[self.scope_layer[teams]].T
        duty = self.duty[teams][:, minute].T
        way = self._ways(teams, lnglat, scope & duty)
        load = np.minimum(rng.poisson(1.6, way.shape), self.capacity[teams] - 1)
        cost = way * (1 + load / self.capacity[teams])
        rank = cost + np.where(scope, 0, 1e7) + np.where(duty, 0, 1e5)
        best = np.argsort(rank, axis=1, kind="stable")[:, :SHOWN]
        rows = np.arange(len(here))[:, None]
        free = (scope & duty)[rows, best]
        won = free[:, 0]
        nearer = way[rows, best] <= way[rows, best][:, :1]
        reason = np.where(free, np.where(nearer, BUSIER, SLOWER), np.where(scope[rows, best], OFF_DUTY, OUTSIDE))
        reason[:, 0] = np.where(won, CHOSEN, reason[:, 0])
        out.team[here] = np.where(won, teams[best[:, 0]], -1)
        out.travel_s[here] = np.where(won, way[rows, best][:, 0], np.nan)
        columns = slice(0, best.shape[1])
        out.candidates[here, columns] = teams[best]
        out.reasons[here, columns] = reason
        out.way_s[here, columns], out.cost_s[here, columns] = way[rows, best], cost[rows, best]
        out.load[here, columns] = load[rows, best]

    def _ways(self, teams: NDArray[np.int64], lnglat: Floats, free: NDArray[np.bool_]) -> Floats:
        """Seconds of each team's way to each place: by road where the team is free, else by the straight line."""
        x, y = PLANE.to_xy(lnglat[:, 0], lnglat[:, 1])
        way = DETOUR * np.hypot(x[:, None] - self.xy[teams, 0], y[:, None] - self.xy[teams, 1]) / self.speed_m_s[teams]
        for j, team in enumerate(teams.tolist()):
            goes = np.flatnonzero(free[:, j])
            if len(goes):
                lng, lat = self.position[team]
                way[goes, j] = self.roads.travel_times(lng, lat, lnglat[goes, 0], lnglat[goes, 1])
        return np.asarray(way)
