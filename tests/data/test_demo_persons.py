"""The demo city's residents: whole households, numbers that check, and nobody's real number."""

from datetime import date

import numpy as np

from data.demo.people_records import CHILD, HEAD, SPOUSE, invented_dwellings, persons
from data.linkage.id_numbers import citizen, citizens_valid

TODAY = date(2026, 11, 24)
PEOPLE = persons(4_000, np.random.default_rng(11), TODAY)


def test_every_number_checks_is_unique_and_says_the_persons_birth_and_sex() -> None:
    assert citizens_valid(PEOPLE.id_number.astype(object), TODAY).all()
    assert len(np.unique(PEOPLE.id_number)) == len(PEOPLE.name)
    for number, born, male in zip(PEOPLE.id_number[:200], PEOPLE.birth_date[:200], PEOPLE.male[:200], strict=True):
        said = citizen(str(number), TODAY)
        assert said is not None
        assert said.birth_date == born.item()
        assert (said.sex == "male") == male
        assert said.place.startswith("1315")


def test_households_have_one_head_and_children_have_a_parents_surname() -> None:
    heads = np.flatnonzero(PEOPLE.relation == HEAD)
    assert PEOPLE.household[heads].tolist() == list(range(4_000))
    for child in np.flatnonzero(PEOPLE.relation == CHILD)[:300]:
        parents = np.flatnonzero((PEOPLE.household == PEOPLE.household[child]) & (PEOPLE.relation <= SPOUSE))
        dotted = "·" in str(PEOPLE.name[child])
        assert dotted or any(PEOPLE.name[child][0] == PEOPLE.name[parent][0] for parent in parents)
        assert (PEOPLE.birth_date[child] > PEOPLE.birth_date[heads[PEOPLE.household[child]]]).all()


def test_the_same_seed_gives_the_same_people_and_dwellings_fit() -> None:
    again = persons(4_000, np.random.default_rng(11), TODAY)
    assert (again.name == PEOPLE.name).all()
    assert (again.id_number == PEOPLE.id_number).all()
    dwellings = invented_dwellings(4_000, np.random.default_rng(11))
    assert len(dwellings.building) == len(dwellings.unit) == len(dwellings.room) == 4_000
