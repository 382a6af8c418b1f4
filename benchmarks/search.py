"""Search of the registry, on disk: names, initials, pinyin, addresses and ends of telephones, as somebody types them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from benchmarks.linkage import TODAY
from benchmarks.result import Progress, Result, Size, city_bar, p50_p99
from data.demo.people_records import Dwellings, Persons, invented_dwellings, persons
from data.linkage.names import initials, pinyin
from data.search.index import SearchIndex
from data.search.tokens import Entry

BAR: Final = "p99 under 50 ms among 1,000,000 entries"
HOUSEHOLDS: Final = {"small": 40_000, "city": 425_000}
ASKED: Final = 1_500
UPDATED: Final = 100


def run(size: Size, progress: Progress) -> Result:
    """Index, ask in five ways, and change a few entries."""
    progress("telling of people", 0.0)
    rng = np.random.default_rng(20261124)
    people, dwellings = persons(HOUSEHOLDS[size], rng, TODAY), invented_dwellings(HOUSEHOLDS[size], rng)
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as folder:
        progress("indexing", 0.1)
        index, start = SearchIndex(Path(folder)), perf_counter()
        index.fill(entry(people, dwellings, at) for at in range(min(1_000_000, len(people.name))))
        filled = perf_counter() - start
        progress("searching", 0.7)
        asked = list(questions(people, dwellings, rng, len(index)))
        times, found = [], 0
        for text, code in asked:
            start = perf_counter()
            hits = index.find(text)
            times.append(perf_counter() - start)
            found += code in {hit.code for hit in hits}
        start = perf_counter()
        index.update([entry(people, dwellings, at) for at in range(UPDATED)])
        updated = perf_counter() - start
        bytes_on_disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        count = len(index)
    p50, p99 = p50_p99(times)
    figures = {
        "entries": float(count),
        "fill_s": filled,
        "mib_on_disk": bytes_on_disk / 2**20,
        "p50_ms": p50 * 1000,
        "p99_ms": p99 * 1000,
        "found_in_20": found / len(asked),
        "update_100_s": updated,
    }
    return Result("search", city_bar(BAR, size), p99 < 0.05, figures)


def entry(people: Persons, dwellings: Dwellings, at: int) -> Entry:
    """A person's entry."""
    home = people.household[at]
    address = f"{dwellings.building[home]}{dwellings.unit[home]}{dwellings.room[home]}"
    return Entry(str(at), "person", str(people.name[at]), address, (str(people.phone[at]), str(people.id_number[at])))


def questions(people: Persons, dwellings: Dwellings, rng: np.random.Generator, count: int) -> Iterator[tuple[str, str]]:
    """What somebody types who looks for a person, and whom."""
    for kind, at in enumerate(rng.integers(count, size=ASKED).tolist()):
        one = entry(people, dwellings, at)
        building = str(dwellings.building[people.household[at]])
        yield (
            (
                f"{one.name} {one.numbers[0][-4:]}",
                f"{initials(one.name)[0]} {building}",
                f"{one.name} {building}",
                one.numbers[0][-7:],
                f"{pinyin(one.name)} {one.numbers[0][-4:]}",
            )[kind % 5],
            one.code,
        )
