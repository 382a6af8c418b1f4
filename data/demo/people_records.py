"""The demo city's residents: households in dwellings, everybody with a name, a number, a birth date and a telephone.

Pure: the same seed gives the same people. Citizens' numbers carry the place codes of the demo city, which are not in use: check
digit and all are right, and yet nobody holds such a number. Telephones begin with digits that no operator was allotted.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.demo.names import PREFIX
from data.demo.person_names import DOTTED, draw_dotted, draw_given, draw_surnames
from data.linkage.id_numbers import CITIZEN_SYMBOLS, CITIZEN_WEIGHTS

Texts = NDArray[np.str_]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]
Value = TypeVar("Value", bound=np.generic)

RELATIONS: Final = ("户主", "配偶", "子女", "父母", "同住人")
HEAD, SPOUSE, CHILD, PARENT, LODGER = range(5)
HOUSEHOLDS: Final[tuple[tuple[float, tuple[int, ...]], ...]] = (
    (0.26, (HEAD,)),
    (0.25, (HEAD, SPOUSE)),
    (0.22, (HEAD, SPOUSE, CHILD)),
    (0.09, (HEAD, SPOUSE, CHILD, CHILD)),
    (0.05, (HEAD, SPOUSE, CHILD, PARENT)),
    (0.02, (HEAD, SPOUSE, CHILD, PARENT, PARENT)),
    (0.05, (HEAD, CHILD)),
    (0.06, (HEAD, LODGER, LODGER)),
)
"""How many households are made of whom."""
MOBILE: Final = ("160", "161", "163", "164", "168", "169")
TWINS: Final = 0.03
"""How many second children were born with the first."""
GROWN_UP: Final = 12
"""From this age on a child has a telephone of its own."""


@dataclass(frozen=True)
class Dwellings:
    """Where households live: building (its address), unit and room of each dwelling, one length."""

    building: Texts
    unit: Texts
    room: Texts


@dataclass(frozen=True)
class Persons:
    """Residents, arrays of one length.

    Attributes
    ----------
    name, id_number, phone : ndarray of str
        Full name; 18 symbols; 11 digits, children have one of their parents' ("" where nobody has one).
    birth_date : ndarray of datetime64[D]
    male : ndarray of bool
    household, relation : ndarray of int
        Number of the household, which is its dwelling's index; index into `RELATIONS`.
    """

    name: Texts
    id_number: Texts
    phone: Texts
    birth_date: Days
    male: Flags
    household: Ints
    relation: Ints


def invented_dwellings(count: int, rng: np.random.Generator) -> Dwellings:
    """Dwellings of invented streets, about sixty a building."""
    buildings = max(1, count // 60)
    streets = np.array([f"{a}{b}{c}" for a in "永安兴和康福德荣" for b in "宁平泰顺达明" for c in ("路", "街", "大道")])
    at = rng.integers(buildings, size=count)
    gate, block = (at * 7919) % 400 + 1, (at * 104729) % 30 + 1
    building = joined(streets[(at * 31) % len(streets)], gate, "号", block, "号楼")
    room = rng.integers(1, 19, size=count) * 100 + rng.integers(1, 5, size=count)
    return Dwellings(building, joined(rng.integers(1, 5, size=count), "单元"), joined(room, "室"))


def joined(*parts: Texts | Ints | str) -> Texts:
    """Texts and numbers written one after another."""
    whole = np.asarray(parts[0]).astype(str)
    for part in parts[1:]:
        whole = np.strings.add(whole, np.asarray(part).astype(str))
    return whole


def persons(households: int, rng: np.random.Generator, today: date) -> Persons:
    """The people of so many households, household by household."""
    household, relation = draw_households(households, rng)
    male = draw_sexes(household, relation, rng)
    birth_date = draw_births(household, relation, rng, np.datetime64(today))
    name = draw_names(household, relation, male, birth_date, rng)
    return Persons(
        name=name,
        id_number=draw_numbers(birth_date, male, rng),
        phone=draw_phones(household, relation, birth_date, rng, np.datetime64(today)),
        birth_date=birth_date,
        male=male,
        household=household,
        relation=relation,
    )


def draw_households(count: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Household and relation of everybody."""
    weights = np.array([weight for weight, _ in HOUSEHOLDS])
    kind = rng.choice(len(HOUSEHOLDS), count, p=weights / weights.sum())
    sizes = np.array([len(members) for _, members in HOUSEHOLDS])
    household = np.repeat(np.arange(count), sizes[kind])
    place = np.arange(len(household)) - np.repeat(np.cumsum(sizes[kind]) - sizes[kind], sizes[kind])
    members = np.zeros((len(HOUSEHOLDS), sizes.max()), np.int64)
    for row, (_, of) in zip(members, HOUSEHOLDS, strict=True):
        row[: len(of)] = of
    return household, members[kind[household], place]


def of_head(household: Ints, relation: Ints, values: NDArray[Value]) -> NDArray[Value]:
    """The head's value for every member of a household."""
    return np.asarray(values[np.flatnonzero(relation == HEAD)][household])


def draw_sexes(household: Ints, relation: Ints, rng: np.random.Generator) -> Flags:
    """Who is male: spouses differ, the rest by chance; the head is a man in three of five households."""
    male = rng.random(len(household)) < np.where(relation == HEAD, 0.6, 0.5)
    return np.asarray(np.where(relation == SPOUSE, ~of_head(household, relation, male), male))


def draw_births(household: Ints, relation: Ints, rng: np.random.Generator, today: np.datetime64) -> Days:
    """Birth dates: spouses of an age, children 22 to 38 years younger than the head, parents as much older."""
    count = len(household)
    head_age = of_head(household, relation, rng.triangular(22, 38, 88, count))
    apart = rng.triangular(22, 27, 38, count)
    lodger = rng.triangular(18, 26, 60, count)
    apart = np.where(relation == CHILD, np.minimum(apart, head_age * rng.uniform(0.55, 1, count)), apart)
    ages = np.choose(
        relation, [head_age, head_age + rng.normal(0, 2.5, count), head_age - apart, head_age + apart, lodger]
    )
    twins = (relation[1:] == CHILD) & (relation[:-1] == CHILD) & (rng.random(count - 1) < TWINS)
    ages[1:][twins] = ages[:-1][twins]
    days = (np.clip(ages, 0.05, 104) * 365.2425).astype(np.int64)
    return np.asarray(today.astype("datetime64[D]") - days.astype("timedelta64[D]"))


def draw_names(household: Ints, relation: Ints, male: Flags, born: Days, rng: np.random.Generator) -> Texts:
    """Full names: children have the father's surname, parents the head's or their own."""
    own = draw_surnames(len(household), rng)
    fathers = own[np.flatnonzero(relation == HEAD)].copy()
    spouse = np.flatnonzero((relation == SPOUSE) & male)
    fathers[household[spouse]] = own[spouse]
    head = of_head(household, relation, own)
    surname = np.where(relation == CHILD, fathers[household], np.where((relation == PARENT) & male, head, own))
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    full = np.strings.add(surname, draw_given(year, male, rng)).astype("U16")
    dotted = np.flatnonzero((rng.random(len(full)) < DOTTED)[household])
    full[dotted] = draw_dotted(len(dotted), rng)
    return full


def draw_numbers(born: Days, male: Flags, rng: np.random.Generator) -> Texts:
    """Citizens' numbers, each once, with their check symbols; odd orders are men's."""
    count = len(born)
    place = rng.integers(1, 18, size=count)
    order = rng.permutation(count) % 500 * 2 + male
    day = np.strings.replace(np.datetime_as_string(born, unit="D"), "-", "")
    body = joined(PREFIX, padded(place, 2), day, padded(order, 3))
    body = unique_bodies(body)
    digits = body.view(np.uint32).reshape(count, -1)[:, :17].astype(np.int64) - ord("0")
    check = np.array(list(CITIZEN_SYMBOLS))[digits @ np.array(CITIZEN_WEIGHTS) % 11]
    return np.strings.add(body, check)


def unique_bodies(body: Texts) -> Texts:
    """The bodies with later twins of a place, day and order moved to the next free order of their sex."""
    given = body.astype("U17")
    order = np.argsort(given, kind="stable")
    twins = order[1:][given[order][1:] == given[order][:-1]]
    taken = set(given.tolist())
    for at in sorted(twins.tolist()):
        number = int(given[at][14:])
        while (moved := f"{given[at][:14]}{number:03}") in taken:
            number = (number + 2) % 1000
        taken.add(moved)
        given[at] = moved
    return given


def padded(numbers: Ints, width: int) -> Texts:
    """Numbers with leading zeros."""
    return np.strings.zfill(numbers.astype(str), width)


def draw_phones(household: Ints, relation: Ints, born: Days, rng: np.random.Generator, today: np.datetime64) -> Texts:
    """Telephones: young children have the head's."""
    count = len(household)
    own = joined(np.array(MOBILE)[rng.integers(len(MOBILE), size=count)], padded(rng.integers(10**8, size=count), 8))
    young = (today - born).astype("timedelta64[D]").astype(np.int64) < GROWN_UP * 365
    return np.asarray(np.where(young & (relation == CHILD), of_head(household, relation, own), own))
