"""What several registers say of the same residents: records with gaps, slips, variant forms and old addresses, and the truth.

The kinds of error are those of registers in practice; how often they occur is stated here (``RATES``), so that a figure
measured on these records can be read for what it is. Pure: the same seed gives the same records.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.demo.people_records import MOBILE, Dwellings, Persons, of_head, padded
from data.demo.person_names import GIVEN, surnames
from data.linkage.id_numbers import CITIZEN_SYMBOLS
from data.linkage.names import syllable, variants

Texts = NDArray[np.str_]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

COLUMNS: Final = (
    *("id", "name", "id_number", "phone", "birth_date", "sex"),
    *("building", "unit", "room", "credit_code"),
)
COPIES: Final = (0.20, 0.25, 0.25, 0.15, 0.08, 0.04, 0.03)
"""How many residents have one, two, … records: 2.9 in the mean."""
RATES: Final[Mapping[str, float]] = {
    "name missing": 0.01,
    "name in a variant form": 0.04,
    "name with a character of the same sound": 0.03,
    "name with a character lost": 0.004,
    "number missing": 0.35,
    "number with a slip": 0.015,
    "number with neighbours swapped": 0.007,
    "number of fifteen digits": 0.01,
    "telephone missing": 0.30,
    "telephone is the second one": 0.15,
    "telephone is the household's": 0.05,
    "telephone with a slip": 0.015,
    "birth date missing": 0.25,
    "birth date with day and month slipped": 0.015,
    "birth date with the year slipped": 0.01,
    "birth date only as a year": 0.01,
    "sex missing": 0.15,
    "sex wrong": 0.004,
    "address missing": 0.08,
    "address is the former one": 0.10,
    "unit missing": 0.10,
    "room missing": 0.12,
}
"""Share of the records."""


@dataclass(frozen=True)
class Tellings:
    """Records (``COLUMNS``, text or missing) and whom each is of: index of the person."""

    records: pd.DataFrame
    person: Ints


def tellings(people: Persons, dwellings: Dwellings, rng: np.random.Generator) -> Tellings:
    """Records of everybody, in random order; ids are "r" and a number."""
    copies = rng.choice(np.arange(1, len(COPIES) + 1), len(people.name), p=COPIES)
    person = rng.permutation(np.repeat(np.arange(len(people.name)), copies))
    happens = chance(len(person), rng)
    columns = {
        "id": np.strings.add("r", np.arange(len(person)).astype(str)),
        "name": tell_names(people.name[person], happens, rng),
        "id_number": tell_numbers(people.id_number[person], happens, rng),
        "phone": tell_phones(people, person, happens, rng),
        "birth_date": tell_births(np.datetime_as_string(people.birth_date[person], unit="D"), happens, rng),
        "sex": np.where(happens("sex missing"), "", np.where(people.male[person] ^ happens("sex wrong"), "男", "女")),
        **tell_addresses(people.household[person], dwellings, happens, rng),
        "credit_code": np.zeros(len(person), "U1"),
    }
    return Tellings(pd.DataFrame({name: as_series(columns[name]) for name in COLUMNS}), person)


def as_series(texts: Texts) -> "pd.Series[str]":
    """A column of text; "" becomes missing."""
    series: pd.Series[str] = pd.Series(texts, dtype="str")
    return series.where(series != "")


def chance(count: int, rng: np.random.Generator) -> Callable[[str], Flags]:
    """By the name of a rate: where it happens, among ``count`` records."""

    def happens(rate: str) -> Flags:
        return np.asarray(rng.random(count) < RATES[rate])

    return happens


def replaced(texts: Texts, where: Flags, work: Callable[[str], str]) -> Texts:
    """The texts with ``work`` done to some."""
    result = texts.copy()
    for at in np.flatnonzero(where):
        result[at] = work(str(texts[at]))
    return result


def tell_names(names: Texts, happens: Callable[[str], Flags], rng: np.random.Generator) -> Texts:
    """Names in variant forms, mistyped by sound, cut."""
    told = replaced(names, happens("name in a variant form"), lambda name: substituted(name, forms(), rng))
    told = replaced(told, happens("name with a character of the same sound"), lambda name: sounding(name, rng))
    told = replaced(told, happens("name with a character lost"), lambda name: name[:-1] if len(name) > 2 else name)
    return np.asarray(np.where(happens("name missing"), "", told))


@cache
def forms() -> dict[str, list[str]]:
    """Variant forms of each character that has some."""
    found: dict[str, list[str]] = {}
    for form, folded in variants().items():
        found.setdefault(folded, []).append(chr(form))
    return found


@cache
def homophones() -> dict[str, list[str]]:
    """Characters of names by their sound."""
    found: dict[str, list[str]] = {}
    for character in sorted(set("".join([*sum(GIVEN.values(), ()), *surnames()[0]]))):
        found.setdefault(syllable(character), []).append(character)
    return found


def substituted(name: str, by: Mapping[str, list[str]], rng: np.random.Generator) -> str:
    """A name with one of its characters in another form, if any has one."""
    places = [at for at, character in enumerate(name) if character in by]
    if not places:
        return name
    at = places[rng.integers(len(places))]
    choice = by[name[at]]
    return name[:at] + choice[rng.integers(len(choice))] + name[at + 1 :]


def sounding(name: str, rng: np.random.Generator) -> str:
    """A name with one character of the given name typed as another of the same sound."""
    at = int(rng.integers(1, len(name)))
    choice = [c for c in homophones().get(syllable(name[at]), []) if c != name[at]]
    return name[:at] + choice[rng.integers(len(choice))] + name[at + 1 :] if choice else name


def tell_numbers(numbers: Texts, happens: Callable[[str], Flags], rng: np.random.Generator) -> Texts:
    """Citizens' numbers with slips, swaps, and in the form of before 1999."""
    told = replaced(numbers, happens("number with a slip"), lambda number: slipped(number, rng))
    told = replaced(told, happens("number with neighbours swapped"), lambda number: swapped(number, rng))
    told = replaced(told, happens("number of fifteen digits"), shortened)
    return np.asarray(np.where(happens("number missing"), "", told))


def slipped(digits: str, rng: np.random.Generator) -> str:
    """One digit typed as another."""
    at = int(rng.integers(len(digits)))
    wrong = str((max("0123456789".find(digits[at]), 0) + int(rng.integers(1, 10))) % 10)
    return digits[:at] + wrong + digits[at + 1 :]


def swapped(digits: str, rng: np.random.Generator) -> str:
    """Two neighbours exchanged."""
    at = int(rng.integers(len(digits) - 1))
    return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]


def shortened(number: str) -> str:
    """A number of somebody born in 19.. as it was written before 1999."""
    return number[:6] + number[8:17] if number[6:8] == "19" and number[-1] in CITIZEN_SYMBOLS else number


def tell_phones(people: Persons, person: Ints, happens: Callable[[str], Flags], rng: np.random.Generator) -> Texts:
    """Telephones: the first or the second one, somebody else's of the household, with slips, or none."""
    count = len(people.name)
    digits = padded(rng.integers(10**8, size=count), 8)
    second = np.strings.add(np.array(MOBILE)[rng.integers(len(MOBILE), size=count)], digits)
    shared = of_head(people.household, people.relation, people.phone)
    told = np.where(happens("telephone is the second one"), second[person], people.phone[person])
    told = np.where(happens("telephone is the household's"), shared[person], told)
    told = replaced(told, happens("telephone with a slip"), lambda phone: phone[0] + slipped(phone[1:], rng))
    return np.asarray(np.where(happens("telephone missing"), "", told))


def tell_births(dates: Texts, happens: Callable[[str], Flags], rng: np.random.Generator) -> Texts:
    """Birth dates as yyyy-mm-dd with slips, or only the year, as the first of January."""

    def in_year(day: str) -> str:
        return (
            f"{day[:5]}{int(rng.integers(1, 13)):02}{day[7:]}"
            if rng.random() < 0.5
            else f"{day[:8]}{rng.integers(1, 29):02}"
        )

    told = replaced(dates, happens("birth date with day and month slipped"), in_year)
    told = replaced(
        told, happens("birth date with the year slipped"), lambda d: f"{int(d[:4]) - rng.integers(1, 11)}{d[4:]}"
    )
    told = replaced(told, happens("birth date only as a year"), lambda d: f"{d[:4]}-01-01")
    return np.asarray(np.where(happens("birth date missing"), "", told))


def tell_addresses(
    household: Ints, dwellings: Dwellings, happens: Callable[[str], Flags], rng: np.random.Generator
) -> dict[str, Texts]:
    """Addresses: where the household lives or lived before, down to the room or less."""
    homes = len(dwellings.building)
    former = rng.permutation(homes)
    at = np.where(happens("address is the former one"), former[household], household)
    unknown = happens("address missing")
    gaps = {"building": unknown, "unit": unknown | happens("unit missing"), "room": unknown | happens("room missing")}
    whole = {"building": dwellings.building, "unit": dwellings.unit, "room": dwellings.room}
    return {name: np.where(gaps[name], "", texts[at]) for name, texts in whole.items()}
