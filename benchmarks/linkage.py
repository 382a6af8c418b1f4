"""Linkage of a million synthetic Chinese records of which the truth is known, and of open labelled sets beside Splink's models.

The records are those of `data.demo.person_tellings`, where it stands how often each kind of error occurs. Linking runs in a
process of its own, so that its memory is its own.
"""

import json
import subprocess
import sys
from datetime import date
from time import perf_counter
from typing import Final

import numpy as np

from benchmarks.linkage_open import open_sets, ours_f1, tutorial_f1
from benchmarks.result import Progress, Result, Size, city_bar
from data.demo.people_records import invented_dwellings, persons
from data.demo.person_tellings import Tellings, tellings
from data.linkage.evaluating import evaluate
from data.linkage.linking import link_frame
from data.settings import get_settings

BAR: Final = "1,000,000 records under 60 s and 3 GiB, F1 >= 0.97; on open sets at least Splink's tutorial models"
HOUSEHOLDS: Final = {"small": 15_000, "city": 147_000}
TODAY: Final = date(2026, 11, 24)
LINK: Final = "from benchmarks.linkage import link_and_say; link_and_say({households})"


def run(size: Size, progress: Progress) -> Result:
    """Link the synthetic records, then every open set in both ways."""
    progress("linking synthetic records", 0.0)
    command = [sys.executable, "-c", LINK.format(households=HOUSEHOLDS[size])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    ours: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    peers: dict[str, dict[str, float]] = {"Splink's tutorial models": {}, "the same with our blocks": {}}
    at_least = True
    for at, of in enumerate(open_sets(get_settings().data / "linkage")):
        progress(f"linking {of.name}", 0.6 + 0.08 * at)
        ours[f"{of.name}_f1"] = mine = ours_f1(of)
        theirs = (tutorial_f1(of, None), tutorial_f1(of, of.ours.blocks))
        for peer, f1 in zip(peers.values(), theirs, strict=True):
            peer[f"{of.name}_f1"] = f1
        at_least &= mine >= max(theirs) - 5e-5
    met = ours["seconds"] < 60 and ours["gib"] < 3 and ours["clusters_f1"] >= 0.97 and at_least
    return Result("linkage", city_bar(BAR, size), met, ours, peers)


def told(households: int) -> Tellings:
    """Records of the people of so many households, at most a million."""
    rng = np.random.default_rng(20261124)
    found = tellings(persons(households, rng, TODAY), invented_dwellings(households, rng), rng)
    return Tellings(found.records.iloc[:1_000_000], found.person[:1_000_000])


def link_and_say(households: int) -> None:
    """Link, and print the figures as JSON: the memory is the most that this process ever held, records and all."""
    import resource

    records = told(households)
    start = perf_counter()
    links = link_frame(records.records, TODAY)
    spent = perf_counter() - start
    quality = evaluate(links.clusters.reindex(records.records["id"]).to_numpy(), records.person).pairs
    row = {name: at for at, name in enumerate(records.records["id"])}
    linked = links.pairs[links.pairs["linked"]]
    left, right = (records.person[linked[side].map(row).to_numpy()] for side in ("id_l", "id_r"))
    counts = np.bincount(records.person)
    precision, recall = float((left == right).mean()), float((left == right).sum() / (counts * (counts - 1) // 2).sum())
    figures = {
        "records": float(len(records.records)),
        "seconds": spent,
        "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "pairs_f1": 2 * precision * recall / (precision + recall),
        "clusters_precision": quality.precision,
        "clusters_recall": quality.recall,
        "clusters_f1": quality.f1,
        "doubtful_pairs": float(links.pairs["doubtful"].sum()),
    }
    print(json.dumps(figures))
