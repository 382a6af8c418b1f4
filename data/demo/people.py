"""Who works in the city: departments of every district and street, teams with bases, shifts and skills, rules."""

from dataclasses import dataclass
from datetime import time

import numpy as np

from data.demo.ground import Ground
from data.demo.jurisdictions import ENFORCEMENT, POLICE, Jurisdictions
from data.demo.lattice import Floats, Ints, Lattice
from data.demo.names import CITY_EN, CITY_ZH, DISTRICTS
from data.demo.powers import DEPARTMENTS, POWERS, STREET_MATTERS, STREET_OFFICE_EN, DepartmentKind, Power

CENTRE = "centre"
GRID_OF = "grid"

DAILY = tuple(range(7))
WORKDAYS = tuple(range(5))
SHIFTS: dict[str, tuple[tuple[tuple[int, ...], time, time], ...]] = {
    "day": ((DAILY, time(7, 0), time(19, 0)),),
    "late": ((DAILY, time(13, 0), time(1, 0)),),
    "night": ((DAILY, time(19, 0), time(7, 0)),),
    "early": ((DAILY, time(5, 0), time(21, 0)),),
    "office": ((WORKDAYS, time(8, 0), time(18, 0)), ((5, 6), time(9, 0), time(17, 0))),
    "round": ((DAILY, time(0, 0), time(0, 0)),),
}
"""Weekdays, start, end; an end that is not later is on the next day."""


@dataclass(frozen=True)
class Department:
    """A department. ``level``: city, district, street."""

    code: str
    name_zh: str
    name_en: str
    level: str
    parent_code: str | None


@dataclass(frozen=True)
class DemoTeam:
    """A team; it works within one area of a layer, at most its district. ``shift`` is a key of ``SHIFTS``."""

    code: str
    name: str
    department: str
    scope_layer: str
    scope_code: str
    skills: tuple[str, ...]
    capacity: int
    speed_kmh: float
    lng: float
    lat: float
    shift: str


@dataclass(frozen=True)
class People:
    """Departments, teams and the text of the rules."""

    departments: tuple[Department, ...]
    teams: tuple[DemoTeam, ...]
    rules: str


def department_code(district_code: str, kind: str) -> str:
    """Code of a district's department, e.g. 131502-cg."""
    return f"{district_code[:6]}-{kind}"


def make_departments(jurisdictions: Jurisdictions) -> tuple[Department, ...]:
    """The city's operations centre, the departments of each district, the street offices."""
    district, subdistrict = jurisdictions.layer("district"), jurisdictions.layer("subdistrict")
    english = dict(DISTRICTS)
    found = [Department(CENTRE, f"{CITY_ZH}城市运行管理中心", f"{CITY_EN} City Operations Centre", "city", None)]
    for code, name in zip(district.codes, district.names, strict=True):
        top = department_code(code, "yz")
        found.append(
            Department(top, f"{name}城市运行管理中心", f"{english[name]} Operations Centre", "district", CENTRE)
        )
        found += [
            Department(department_code(code, d.code), name + d.name_zh, f"{english[name]} {d.name_en}", "district", top)
            for d in DEPARTMENTS
        ]
    for code, name, parent in zip(subdistrict.codes, subdistrict.names, subdistrict.parents, strict=True):
        office = name + ("办事处" if name.endswith("街道") else "人民政府")
        english_name = f"{STREET_OFFICE_EN} {code[:9]}"
        found.append(Department(code[:9], office, english_name, "street", department_code(str(parent), "yz")))
    return tuple(found)


def make_people(lattice: Lattice, ground: Ground, jurisdictions: Jurisdictions) -> People:
    """Everybody who works in the city."""
    rng = np.random.default_rng([lattice.size.seed, 60])
    bases = Bases(lattice, ground, jurisdictions, rng)
    teams = [*_district_teams(jurisdictions, bases), *_squad_teams(jurisdictions, bases, lattice.size.districts == 1)]
    teams += _street_teams(jurisdictions, bases)
    return People(make_departments(jurisdictions), tuple(teams), rules_text(jurisdictions))


class Bases:
    """Draws places for teams: a corner in the busiest part of an area."""

    def __init__(
        self, lattice: Lattice, ground: Ground, jurisdictions: Jurisdictions, rng: np.random.Generator
    ) -> None:
        self.lattice, self.rng = lattice, rng
        self.rows, self.columns = np.nonzero(ground.inside)
        community = ground.community[self.rows, self.columns]
        weight = ground.density[self.rows, self.columns] + 0.1
        self.members: dict[str, tuple[Ints, Ints, Floats]] = {}
        for layer, of_community in jurisdictions.of_community.items():
            area = of_community[community]
            order = np.argsort(area, kind="stable").astype(np.int32)
            bounds = np.searchsorted(area[order], np.arange(int(area.max()) + 2)).astype(np.int32)
            self.members[layer] = order, bounds, weight

    def draw(self, layer: str, area: int) -> tuple[float, float]:
        """A place in the area, degrees."""
        order, bounds, weight = self.members[layer]
        squares = order[bounds[area] : bounds[area + 1]]
        chance = weight[squares] ** 2
        square = int(self.rng.choice(squares, p=chance / chance.sum()))
        u, v = self.columns[square] + self.rng.uniform(0.12, 0.2), self.rows[square] + self.rng.uniform(0.12, 0.2)
        lng, lat = self.lattice.at(np.array([u]), np.array([v]))
        return round(float(lng[0]), 6), round(float(lat[0]), 6)


PLAIN_SHIFTS: dict[str, tuple[str, ...]] = {
    "jj": ("day", "late", "night", "day"),
    "sz": ("day", "round", "late", "day"),
    "yl": ("office", "day", "early"),
    "zj": ("office", "day", "late"),
    "sw": ("day", "round", "office"),
    "sc": ("office", "day", "late"),
    "hb": ("day", "late"),
    "xf": ("round", "round", "round"),
    "cg": ("late", "night"),
    "ga": ("round",),
    "hw": ("night",),
}
NUMERALS = "一二三四五六七八九"


def _district_teams(jurisdictions: Jurisdictions, bases: Bases) -> list[DemoTeam]:
    """Teams that serve a whole district."""
    district = jurisdictions.layer("district")
    return [
        _team(
            bases,
            kind,
            department_code(code, kind.code),
            f"{department_code(code, kind.code)}-{i + 1}",
            f"{name.removesuffix('区')}{kind.name_zh.removesuffix('局')}第{NUMERALS[i]}分队",
            ("district", k, code),
            PLAIN_SHIFTS[kind.code][i],
        )
        for k, (code, name) in enumerate(zip(district.codes, district.names, strict=True))
        for kind in DEPARTMENTS
        for i in range(kind.teams)
    ]


def _team(
    bases: Bases, kind: DepartmentKind, department: str, code: str, name: str, area: tuple[str, int, str], shift: str
) -> DemoTeam:
    """A team of a kind of department; `area` is layer, index and code of its scope, in which its base lies."""
    layer, index, scope = area
    lng, lat = bases.draw(layer, index)
    return DemoTeam(code, name, department, layer, scope, kind.skills, kind.capacity, kind.speed_kmh, lng, lat, shift)


def _squad_teams(jurisdictions: Jurisdictions, bases: Bases, double: bool) -> list[DemoTeam]:
    """城管 squads and police stations, each within its own area."""
    kinds = {kind.code: kind for kind in DEPARTMENTS}
    teams = []
    for layer_name, kind, shifts in (
        (ENFORCEMENT, kinds["cg"], ("day", "late") if double else ("early",)),
        (POLICE, kinds["ga"], ("round",)),
    ):
        layer = jurisdictions.layer(layer_name)
        for k, (code, name, parent) in enumerate(zip(layer.codes, layer.names, layer.parents, strict=True)):
            department = department_code(str(parent), kind.code)
            teams += [
                _team(bases, kind, department, f"{code}-{i + 1}", name + mark, (layer_name, k, code), shift)
                for i, (shift, mark) in enumerate(
                    zip(shifts, ("一组", "二组") if len(shifts) > 1 else ("",), strict=True)
                )
            ]
    return teams


STREET_TEAM = DepartmentKind("jd", "街道办事处", STREET_OFFICE_EN, 1, ("综合",), 18, 16)


def _street_teams(jurisdictions: Jurisdictions, bases: Bases) -> list[DemoTeam]:
    """环卫 station and street office team of each subdistrict."""
    layer = jurisdictions.layer("subdistrict")
    sanitation = next(kind for kind in DEPARTMENTS if kind.code == "hw")
    teams = []
    for k, (code, name, parent) in enumerate(zip(layer.codes, layer.names, layer.parents, strict=True)):
        cleaners, area = department_code(str(parent), "hw"), ("subdistrict", k, code)
        teams.append(_team(bases, sanitation, cleaners, f"{code[:9]}-1", f"{name}环卫所", area, "early"))
        teams.append(_team(bases, STREET_TEAM, code[:9], f"{code[:9]}-2", f"{name}综合执法队", area, "day"))
    return teams


def rules_text(jurisdictions: Jurisdictions) -> str:
    """The rules as TOML: each district's departments by matter, then every street office for the rest."""
    district, subdistrict = jurisdictions.layer("district"), jurisdictions.layer("subdistrict")
    parts = [f"# {CITY_ZH}权责规则(演示)。先列先用;没有列出的事项归街道办事处。\n"]
    for code, name in zip(district.codes, district.names, strict=True):
        parts += [district_rule(code, name, power) for power in POWERS]
    for code, name in zip(subdistrict.codes, subdistrict.names, strict=True):
        title = rule_name(name, f"属地兜底({code[:9]})")
        parts.append(rule_text(title, STREET_MATTERS, f"subdistrict:{code}", code[:9], "street"))
    return "\n".join(parts)


def district_rule(code: str, name: str, power: Power) -> str:
    """A power as a rule of one district."""
    return rule_text(
        rule_name(name, power.title),
        power.matters,
        f"district:{code}",
        department_code(code, power.department),
        "district",
        power.skill,
        power.urgent,
        power.max_travel_minutes,
    )


def rule_name(place: str, title: str) -> str:
    """Name of a rule, as decisions quote it."""
    return f"{place}·{title}"


def rule_text(
    name: str,
    matters: tuple[str, ...],
    area: str,
    department: str,
    level: str,
    skill: str | None = None,
    urgent: bool = False,
    max_travel_minutes: int | None = None,
) -> str:
    """One rule as TOML."""
    lines = [
        "[[rule]]",
        f'name = "{name}"',
        "matter = [" + ", ".join(f'"{m}"' for m in matters) + "]",
        f'area = ["{area}"]',
        f'department = "{department}"',
        f'level = "{level}"',
    ]
    lines += [f'skill = "{skill}"'] if skill else []
    lines += ["urgent = true"] if urgent else []
    lines += [f"max_travel_minutes = {max_travel_minutes}"] if max_travel_minutes else []
    return "\n".join(lines) + "\n"
