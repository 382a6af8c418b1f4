"""Addresses found among a million, written with slips, beside ``rapidfuzz`` over every one of them; levels against NAACL's truth.

The million are made: streets of forty towns, numbers, buildings. A query leaves out the county or the town's word, drops,
swaps or replaces a character. The levels are those of the open set of 2019 (Neural Chinese Address Parsing), development
part, of which the grammar has seen nothing.
"""

import gzip
import random
from collections import defaultdict
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from rapidfuzz import process
from rapidfuzz.fuzz import ratio

from benchmarks.result import Progress, Result, Size, p50_p99
from data.gazetteer.index import Gazetteer, Place
from data.settings import get_settings
from geo.addresses.parsing import parse

BAR: Final = "top five among 1,000,000 p99 < 25 ms, recall@5 >= 0.99 on noisy queries"
BAR_MS: Final = 25.0
ROADS: Final = [
    a + b + c for a in "中建和新人光解平长安东西南北文兴" for b in "华国平民" for c in ("路", "大街", "东路", "西路")
]
TOWNS: Final = [
    f"{a}{b}街道"
    for a in ("望河", "文昌", "鼓楼", "城关", "南门", "沙岭", "柳林", "石佛", "王庄", "向阳")
    for b in "山河湖桥"
]
LEVEL_OF: Final = {
    "prov": "province", "city": "city", "district": "county", "town": "town", "community": "community", "road": "road",
    "roadno": "number", "houseno": "building", "cellno": "unit", "floorno": "floor", "roomno": "room",
}  # fmt: skip
"""Labels of the set that are levels of ours."""


def run(size: Size, progress: Progress) -> Result:
    """Build, ask, and ask the peer a part of the same."""
    dice = random.Random(1)
    progress("writing addresses", 0.0)
    places = make_places(dice, 1_000_000 if size == "city" else 100_000)
    progress("building the gazetteer", 0.1)
    start = perf_counter()
    gazetteer = Gazetteer(places)
    built = perf_counter() - start
    asked = [(place.code, noisy(dice, place.address)) for place in dice.choices(places, k=1_000)]
    progress("asking", 0.7)
    times, hits = [], 0
    for code, text in asked:
        start = perf_counter()
        found = gazetteer.search(text)
        times.append((perf_counter() - start) * 1000)
        hits += any(one.place.code == code for one in found)
    progress("asking the peer", 0.9)
    theirs = ask_peer([place.address for place in places], [text for _, text in asked[:20]])
    p50, p99 = p50_p99(times)
    ours = {
        "addresses": float(len(places)),
        "built_s": built,
        "p50_ms": p50,
        "p99_ms": p99,
        "recall_at_5": hits / len(asked),
    }
    ours |= level_accuracy()
    met = p99 < BAR_MS and ours["recall_at_5"] >= 0.99
    return Result("geocode", BAR, met, ours, {"rapidfuzz over all": {"p50_ms": theirs, "ratio": theirs / p50}})


def make_places(dice: random.Random, count: int) -> list[Place]:
    """Distinct addresses."""
    texts: dict[str, None] = {}
    while len(texts) < count:
        street = f"{dice.choice(TOWNS)}{dice.choice(ROADS)}{dice.randint(1, 400)}号"
        texts[f"安宁区{street}{dice.randint(1, 30)}号楼"] = None
    return [Place(str(at), text, 116.9, 39.7) for at, text in enumerate(texts)]


def noisy(dice: random.Random, text: str) -> str:
    """The address with one slip."""
    at = dice.randrange(len(text) - 1)
    slips = (
        text.replace("安宁区", ""),
        text[:at] + text[at + 1 :],
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        text[:at] + "某" + text[at + 1 :],
        text.replace("号楼", "栋").replace("街道", ""),
    )
    return dice.choice(slips)


def ask_peer(texts: list[str], asked: list[str]) -> float:
    """Median milliseconds of a look through all."""
    times = []
    for text in asked:
        start = perf_counter()
        process.extract(text, texts, scorer=ratio, limit=5)
        times.append((perf_counter() - start) * 1000)
    return median(times)


def level_accuracy() -> dict[str, float]:
    """For each level the share of its gold pieces that the grammar takes out exactly; nothing where the set is not at hand."""
    path = get_settings().data / "addresses" / "naacl2019_dev.txt.gz"
    if not path.exists():
        return {}
    right: dict[str, list[bool]] = defaultdict(list)
    for text, pieces in read_gold(path):
        found = parse(text)
        for level, said in pieces.items():
            right[level].append(found.level(level) == said)
    every = [one for ones in right.values() for one in ones]
    return {f"level_{level}": sum(ones) / len(ones) for level, ones in right.items()} | {
        "level_all": sum(every) / len(every)
    }


def read_gold(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Each address with the pieces of our levels; one that says a level twice leaves it out."""
    addresses = []
    for block in gzip.decompress(path.read_bytes()).decode().strip().split("\n\n"):
        tagged = [line.split() for line in block.splitlines()]
        pieces: list[tuple[str, str]] = []
        for sign, tag in tagged:
            kind, _, label = tag.partition("-")
            if kind == "B" or not pieces or pieces[-1][0] != label:
                pieces.append((label, sign))
            else:
                pieces[-1] = (label, pieces[-1][1] + sign)
        names = [LEVEL_OF[label] for label, _ in pieces if label in LEVEL_OF]
        gold = {
            LEVEL_OF[label]: said.upper()
            for label, said in pieces
            if label in LEVEL_OF and names.count(LEVEL_OF[label]) == 1
        }
        addresses.append(("".join(sign for sign, _ in tagged), gold))
    return addresses
