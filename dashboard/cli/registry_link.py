"""``needle registry link`` and ``follow``: who is one and the same, of all at once, or of each that is new."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console

from dashboard.cli.layer_args import Steps, steps_on
from data.cluster import ensure_database
from data.database import connect, open_pool
from data.linkage.kinds import LINKABLE
from data.settings import get_settings
from data.stores.registry_changes import position_now
from data.stores.registry_doubts import FoundDoubt, save_doubts
from data.stores.registry_linking import keep_links, load_records, mark_stale
from data.stores.registry_unlinked import note_all_linked, save_weights

MERGES_A_COMMIT: Final = 200
LINKER: Final = "linker"


def link() -> None:
    """Find records of one and the same person or enterprise: merge what is sure, put what is doubtful before a person."""
    url = ensure_database(get_settings())
    with connect(url) as connection:
        mark_stale(connection)
        connection.commit()
    for kind in LINKABLE:
        link_kind(url, kind)


def link_kind(url: str, kind: str) -> None:
    """Link all of one kind; whatever was new before now waits no more."""
    from data.linkage.linking import link_frame

    with connect(url) as connection:
        position, records = position_now(connection), load_records(connection, kind)
    with steps_on(Console()) as steps:
        links = link_frame(records, datetime.now(UTC).date(), steps.say, kind=LINKABLE[kind])
        merged, apart, doubts = asyncio.run(keep(url, links, steps))
    with connect(url) as connection:
        save_weights(connection, kind, len(records), links.weights)
        note_all_linked(connection, [kind], position)
    Console().print(
        f"{kind}: {len(records)} records: {merged} merged, {apart} kept apart as decided before, {doubts} doubtful."
    )


async def keep(url: str, links: Any, steps: Steps) -> tuple[int, int, int]:
    """Keep merges in small transactions, then doubts; how many merged, kept apart, doubtful."""
    pairs = links.pairs
    sure, doubtful = [list(pairs.index[pairs[name]]) for name in ("linked", "doubtful")]
    merged = apart = 0
    async with open_pool(url, size=1) as pool, pool.connection() as base:
        for start in range(0, len(sure), MERGES_A_COMMIT):
            some = [pair_of(links, row) for row in sure[start : start + MERGES_A_COMMIT]]
            joined, refused = await keep_links(base, some, LINKER)
            await base.commit()
            merged, apart = merged + joined, apart + refused
            done = start + len(some)
            steps.say(f"merging {done:,} of {len(sure):,}", done / len(sure))
        doubts = [FoundDoubt(*pair_of(links, row), cluster_of(links, row)) for row in doubtful]
        kept = await save_doubts(base, doubts)
    return merged, apart, kept


def pair_of(links: Any, row: int) -> tuple[int, int, float, list[dict[str, Any]]]:
    """A pair of ``Links.pairs``: two numbers, weight, evidence as it is kept."""
    left, right, weight = (links.pairs[name].iloc[row] for name in ("id_l", "id_r", "weight"))
    return int(left), int(right), float(weight), [one.as_json() for one in links.evidence(row)]


def cluster_of(links: Any, row: int) -> int:
    """What a doubtful pair hangs together with: the lesser of both."""
    return min(int(links.pairs["id_l"].iloc[row]), int(links.pairs["id_r"].iloc[row]))


def follow() -> None:
    """Link what is new as it comes, in the foreground; one process."""
    from dashboard.registry_linker import run_linker

    asyncio.run(run_linker(ensure_database(get_settings())))
