"""What the demo city's registers say of its residents and shops: several sources of different ages, slips, stale values. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from data.demo.buildings import USES
from data.demo.city import DemoCity
from data.demo.people_records import HEAD, Persons, persons
from data.linkage.id_numbers import credit_fault
from data.registry.claims import Source, Verification

REGISTER: Final = Source("department", "demo-register", "派出所人口台账", ("*",), None, "公安")
VISITS: Final = Source("worker", "demo-visits", "网格员入户走访", ("*",), None, "网格员")
FORM: Final = Source(
    "form", "demo-form", "社区民生问卷", ("grid_visit", "prefill", "elderly_care"), "form:demo-survey", ""
)
PROPERTY: Final = Source("import", "demo-property", "物业住户名册.xlsx", ("grid_visit", "emergency"), None, "物业")
MARKET: Final = Source("department", "demo-market", "市场主体登记", ("*",), None, "市场监管")
SOURCES: Final = (REGISTER, VISITS, FORM, PROPERTY, MARKET)

SHARE_VISITED, SHARE_SURVEYED, SHARE_TWICE = 0.35, 0.1, 0.015
SHARE_GAPS: Final = 0.12
MOST_BUILDINGS: Final = 1_600
SYMBOLS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
TRADES: Final = (
    ("shop", "便利店"),
    ("food", "餐馆"),
    ("food", "面馆"),
    ("hotel", "旅馆"),
    ("workshop", "修理部"),
    ("shop", "药房"),
)
STEMS: Final = "永兴隆顺达昌盛源泰和福祥瑞安康宏明"


@dataclass(frozen=True, slots=True)
class Word:
    """One value that a source says: field, value, when, how it was proved."""

    source: Source
    field: str
    value: Any
    at: datetime
    proof: Verification


@dataclass(frozen=True)
class Register:
    """What is said of each entity, by kind; who lives in which household (by place), and pairs that may be one person."""

    persons: list[list[Word]]
    households: list[list[Word]]
    enterprises: list[list[Word]]
    home: list[int]
    twice: list[tuple[int, int]]


def make_register(city: DemoCity, codes: list[str], now: datetime) -> Register:
    """Registers of a part of the city's buildings; ``codes``: of its buildings, in their order."""
    rng = np.random.default_rng([city.size.seed, 77])
    homes = dwellings(city, rng)
    people = persons(len(homes), rng, now.date())
    said = [
        list(words_of(people, n, codes[homes[home][0]], homes[home], rng, now))
        for n, home in enumerate(people.household.tolist())
    ]
    households = [
        list(household_words(people, n, codes[home[0]], str(city.buildings.addresses[home[0]]), home, rng, now))
        for n, home in enumerate(homes)
    ]
    twice = []
    for number in np.flatnonzero(rng.random(len(said)) < SHARE_TWICE).tolist():
        twice.append((number, len(said)))
        said.append(told_again(said[number], now))
    home = people.household.tolist() + [int(people.household[number]) for number, _ in twice]
    return Register(said, households, list(shops(city, codes, people, rng, now)), home, twice)


def dwellings(city: DemoCity, rng: np.random.Generator) -> list[tuple[int, str, str]]:
    """Building (its place), unit and room of each household."""
    houses = np.flatnonzero(city.buildings.use == USES.index("residential"))
    chosen = np.sort(rng.permutation(houses)[:MOST_BUILDINGS])
    found = []
    for building in chosen.tolist():
        floors = int(city.buildings.floors[building])
        rooms = {
            (int(rng.integers(1, 4)), int(rng.integers(1, floors + 1)), int(rng.integers(1, 3)))
            for _ in range(min(floors, 4))
        }
        found += [(building, str(unit), f"{floor}{door:02d}") for unit, floor, door in sorted(rooms)]
    return found


def words_of(
    people: Persons, n: int, code: str, home: tuple[int, str, str], rng: np.random.Generator, now: datetime
) -> Iterator[Word]:
    """What is said of a person: the police's register, older or newer; some visited, some answered a form."""
    _, unit, room = home
    listed = now - timedelta(days=int(rng.integers(60, 1300)))
    known = {
        "name": str(people.name[n]),
        "sex": "male" if people.male[n] else "female",
        "birth_date": str(people.birth_date[n]),
        "id_number": str(people.id_number[n]),
        "phone": str(people.phone[n]),
        "building": code,
        "unit": unit,
        "room": room,
    }
    yield from (Word(REGISTER, name, value, listed, "department") for name, value in known.items() if value)
    age = now.year - int(str(people.birth_date[n])[:4])
    work = "student" if age < 22 else "retired" if age > 60 else ("employed", "self", "none")[int(rng.integers(0, 3))]
    if rng.random() < SHARE_VISITED:
        seen = now - timedelta(days=int(rng.integers(1, 300)))
        phone = str(people.phone[n])
        moved = phone[:-1] + str((int(phone[-1]) + 1) % 10) if phone and rng.random() < 0.15 else phone
        seen_words = {
            "phone": moved,
            "work": work,
            "care": "partly" if age > 80 else "none",
            "building": code,
            "room": room,
        }
        yield from (Word(VISITS, name, value, seen, "worker") for name, value in seen_words.items() if value)
    if age > 17 and rng.random() < SHARE_SURVEYED:
        told = now - timedelta(days=int(rng.integers(1, 60)), hours=int(rng.integers(0, 24)))
        yield Word(FORM, "work", work, told, "none")
        yield Word(FORM, "years_here", ("y0", "y1", "y5", "y10")[int(rng.integers(0, 4))], told, "none")


def household_words(
    people: Persons, n: int, code: str, street: str, home: tuple[int, str, str], rng: np.random.Generator, now: datetime
) -> Iterator[Word]:
    """What is said of a household; ``street``: the address of its building. Of some the register has no address."""
    members = np.arange(*np.searchsorted(people.household, [n, n + 1]))
    head = next((k for k in members.tolist() if people.relation[k] == HEAD), None)
    listed = now - timedelta(days=int(rng.integers(30, 900)))
    known = {"building": code, "unit": home[1], "room": home[2], "people": len(members)}
    yield from (Word(REGISTER, name, value, listed, "department") for name, value in known.items())
    if rng.random() > SHARE_GAPS:
        yield Word(REGISTER, "address", f"{street}{home[1]}单元{home[2]}室", listed, "department")
    if head is not None:
        yield Word(REGISTER, "head", str(people.name[head]), listed, "department")
    if rng.random() < SHARE_VISITED:
        seen = now - timedelta(days=int(rng.integers(1, 300)))
        yield Word(VISITS, "people", max(1, len(members) + int(rng.integers(-1, 2))), seen, "worker")
        yield Word(VISITS, "dog", "yes" if rng.random() < 0.2 else "no", seen, "worker")


def told_again(words: list[Word], now: datetime) -> list[Word]:
    """The same person in the property manager's list: no number, the name and the telephone as they were noted there."""
    kept = {word.field: word.value for word in words if word.field in ("name", "phone", "sex", "building", "room")}
    at = now - timedelta(days=20)
    return [Word(PROPERTY, name, value, at, "none") for name, value in kept.items()]


def shops(
    city: DemoCity, codes: list[str], people: Persons, rng: np.random.Generator, now: datetime
) -> Iterator[list[Word]]:
    """Enterprises in a part of the buildings that are no dwellings; residents manage them, of some it is not known who."""
    places = np.flatnonzero(np.isin(city.buildings.use, [USES.index("commercial"), USES.index("office")]))
    for n, building in enumerate(np.sort(rng.permutation(places)[: MOST_BUILDINGS // 2]).tolist()):
        kind, trade = TRADES[int(rng.integers(0, len(TRADES)))]
        first, second = (STEMS[int(k)] for k in rng.integers(0, len(STEMS), 2))
        listed = now - timedelta(days=int(rng.integers(10, 1500)))
        known = {
            "name": f"{city.name_zh[:3]}{first}{second}{trade}",
            "credit_code": credit_code(n),
            "kind": kind,
            "building": codes[building],
            "address": str(city.buildings.addresses[building]),
            "employees": int(rng.integers(1, 60)),
            "status": "open" if rng.random() < 0.94 else "closed",
        }
        if rng.random() > SHARE_GAPS:
            manager = int(rng.integers(0, len(people.name)))
            known |= {"manager": str(people.name[manager]), "phone": str(people.phone[manager])}
        yield [Word(MARKET, name, value, listed, "department") for name, value in known.items() if value != ""]


def credit_code(number: int) -> str:
    """A code with the demo city's place and a right check symbol: no firm has it."""
    body = f"92131500MA{number:06d}"
    inner = (body + a for a in SYMBOLS)
    found = (code + b for code in inner for b in SYMBOLS if credit_fault(code + b) is None)
    return next(found)
