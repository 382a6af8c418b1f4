"""Limits: enough for a person, too little for a flood; and nobody's address can be read from what is kept."""

from forms.courier import Allowance
from forms.limits import DAY_S, Buckets, Pseudonyms


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_minute_and_fills_again() -> None:
    clock = Clock()
    buckets = Buckets(10, clock)
    assert sum(buckets.allows(b"a") for _ in range(50)) == 10
    assert buckets.allows(b"b")
    clock.now = 30
    assert sum(buckets.allows(b"a") for _ in range(50)) == 5


def test_pseudonyms_are_steady_for_a_day_and_differ_between_days_and_processes() -> None:
    clock = Clock()
    here, there = Pseudonyms(clock), Pseudonyms(clock)
    first = here.address("203.0.113.7")
    assert here.address("203.0.113.7") == first != here.address("203.0.113.8")
    assert there.address("203.0.113.7") != first
    clock.now = DAY_S + 1.0
    assert here.address("203.0.113.7") != first


def test_a_household_of_ipv6_is_one_address() -> None:
    names = Pseudonyms()
    assert names.address("2001:db8:1:2::5") == names.address("2001:db8:1:2:ffff::9") != names.address("2001:db8:1:3::5")


def test_the_couriers_allowance_bounds_what_a_flood_can_do() -> None:
    clock = Clock()
    allowance = Allowance(600, clock)
    taken = 0
    for second in range(60):
        clock.now = float(second)
        count = allowance.take(10_000)
        allowance.used(count)
        taken += count
    assert 590 <= taken <= 600 + 100
