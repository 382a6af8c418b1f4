"""Links what is new, one entity after the other, beside the requests: what is sure is merged, what is doubtful goes to a person.

The queue is in the database (`data.stores.registry_unlinked`), the index in memory (`data.linkage.one`): whoever kills the
process loses nothing, and two of them do no harm. An entity and what became of it are written in one transaction, as the batch
writes it; its notes say by what it was merged, and a merge can be undone for good.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from multiprocessing import get_context
from typing import Any, Final

import structlog

from data.database import AsyncPool, connect
from data.linkage.deciding import Decision, Home, Pair, decide, same_home
from data.linkage.id_numbers import citizen_fault, credit_fault, modern
from data.linkage.kinds import LINKABLE
from data.linkage.learning import first_weights, learn
from data.linkage.names import normalise
from data.linkage.one import OneLinker
from data.linkage.preparing import part_of
from data.linkage.weights import FEWEST_TO_LEARN, Weights
from data.stores import registry_unlinked as store
from data.stores.reading import reading
from data.stores.registry_changes import load_changes, load_position
from data.stores.registry_doubts import FoundDoubt, save_doubts
from data.stores.registry_linking import keep_links

LINKER: Final = "linker"
GROWTH: Final = 10
"""Chances are learned anew when there are so many times as many records as they were learned from."""
MOST_CHANGES: Final = 20_000
"""After more changes than this the index is filled anew, which is quicker."""

log = structlog.get_logger("linker")


@dataclass
class Index:
    """Who is there, by kind, as of a position of the registry. ``learned_from``: records of each kind that taught its chances."""

    position: int
    linkers: dict[str, OneLinker]
    learned_from: dict[str, int]

    @property
    def is_outgrown(self) -> bool:
        """Whether there are far more records than chances were learned from."""
        return any(is_outgrown(self.learned_from[kind], len(linker)) for kind, linker in self.linkers.items())


class Follower:
    """Links what waits. ``clock``: decides which birth dates there can be."""

    def __init__(self, base: AsyncPool, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.base, self.clock = base, clock
        self._index: Index | None = None

    async def __call__(self) -> int:
        """Link the next that wait; how many."""
        index = await self._caught_up()
        async with reading(self.base) as connection:
            waiting = await store.load_waiting(connection)
        if not waiting:
            return 0
        index = await self._caught_up()
        records = await self._records(waiting)
        alone: list[store.Waiting] = []
        for one in waiting:
            decision = await self._decide(index, one, records.get(one.entity))
            if decision == Decision():
                alone.append(one)
            else:
                await self._keep(one, decision)
        async with reading(self.base) as connection:
            await store.note_linked(connection, alone)
        return len(waiting)

    # --- the index --------------------------------------------------------------------------------------------------

    async def _caught_up(self) -> Index:
        """The index, with everything in it that is committed."""
        if self._index is None:
            self._index = await self._filled()
            return self._index
        index = self._index
        async with reading(self.base) as connection:
            position = await load_position(connection)
            changes = await load_changes(connection, index.position, MOST_CHANGES)
            if len(changes) == MOST_CHANGES or index.is_outgrown:
                self._index = None
                return await self._caught_up()
            for kind, linker in index.linkers.items():
                of_kind = [change for change in changes if change.kind == kind]
                linker.remove(str(change.entity) for change in of_kind if change.erased)
                linker.add(await store.load_records_of(connection, kind, [change.entity for change in of_kind]))
        index.position = position
        return index

    async def _filled(self) -> Index:
        """Everybody who is there."""
        url, linkers = str(self.base.conninfo), {}
        known = {kind: await asyncio.to_thread(known_weights, url, kind, self._today) for kind in LINKABLE}
        async with reading(self.base) as connection:
            position = await load_position(connection)
            for kind, linkable in LINKABLE.items():
                records = await store.load_every_record(connection, kind)
                linkers[kind] = await asyncio.to_thread(OneLinker, records, known[kind][1], self._today, linkable)
        log.info("linker.filled", **{kind: len(linker) for kind, linker in linkers.items()})
        return Index(position, linkers, {kind: count for kind, (count, _) in known.items()})

    @property
    def _today(self) -> date:
        return self.clock().date()

    # --- one entity -------------------------------------------------------------------------------------------------

    async def _records(self, waiting: Sequence[store.Waiting]) -> dict[int, dict[str, str | None]]:
        """What linkage takes of those that wait, by number."""
        found: dict[int, dict[str, str | None]] = {}
        async with reading(self.base) as connection:
            for kind in LINKABLE:
                ids = [one.entity for one in waiting if one.kind == kind]
                records = await store.load_records_of(connection, kind, ids) if ids else []
                found |= {int(str(record["id"])): record for record in records}
        return found

    async def _decide(self, index: Index, one: store.Waiting, record: dict[str, str | None] | None) -> Decision:
        if one.kind == "household":
            return await self._decide_home(one.entity)
        if record is None:
            return Decision()
        candidates = index.linkers[one.kind].candidates(record)
        if not candidates:
            return Decision()
        pairs = [Pair(int(c.id), c.weight, tuple(c.evidence), c.linked) for c in candidates]
        return await self._sorted_out(one.entity, pairs)

    async def _decide_home(self, household: int) -> Decision:
        async with reading(self.base) as connection:
            rows = await store.load_homes(connection, household)
        homes = {
            number: Home(part_of(unit) if unit else None, part_of(room), normalise(head) if head else None)
            for number, unit, room, head, _ in rows
        }
        found = [same_home(homes[household], home, number) for number, home in homes.items() if number != household]
        pairs = sorted((pair for pair in found if pair), key=lambda pair: -pair.weight)
        return await self._sorted_out(household, pairs) if pairs else Decision()

    async def _sorted_out(self, entity: int, pairs: Sequence[Pair]) -> Decision:
        async with reading(self.base) as connection:
            roots = await store.load_standing(connection, [entity, *(pair.other for pair in pairs)])
            numbers = await store.load_numbers(connection, list(set(roots.values())))
        if entity not in roots:
            return Decision()
        valid = {root: frozenset(n for n in map(modern, said) if self._is_valid(n)) for root, said in numbers.items()}
        return decide(roots[entity], pairs, roots, valid)

    def _is_valid(self, number: str) -> bool:
        return citizen_fault(number, self._today) is None or credit_fault(number) is None

    async def _keep(self, one: store.Waiting, decision: Decision) -> None:
        """Write what was decided, and that the entity waits no more."""
        merges = [(one.entity, pair.other, pair.weight, kept(pair)) for pair in decision.merges]
        doubts = [FoundDoubt(one.entity, pair.other, pair.weight, kept(pair)) for pair in decision.doubts]
        async with reading(self.base) as connection:
            merged, apart = await keep_links(connection, merges, LINKER)
            doubtful = await save_doubts(connection, doubts)
            await store.note_linked(connection, [one])
        log.info("linker.linked", entity=one.entity, merged=merged, apart=apart, doubtful=doubtful)


def kept(pair: Pair) -> list[dict[str, Any]]:
    """Evidence as it is kept."""
    return [one.as_json() for one in pair.evidence]


def is_outgrown(learned_from: int, count: int) -> bool:
    """Whether chances of so many records are to be learned anew now that there are so many."""
    return count >= max(GROWTH * learned_from, FEWEST_TO_LEARN)


def known_weights(url: str, kind: str, today: date) -> tuple[int, Weights]:
    """What was learned of a kind, and of how many records; learned in a process of its own where that was of far fewer.

    Of fewer than ``FEWEST_TO_LEARN`` nothing is learned: the chances that the house brings along stand. So they do, or those that
    were learned before, where learning fails.
    """
    with connect(url) as connection:
        learned = store.load_weights(connection, kind)
        count = store.count_records(connection, kind)
    if learned is not None and not is_outgrown(learned[0], count):
        return learned
    if count < FEWEST_TO_LEARN:
        return 0, first_weights(kind, count)
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as child:
            return count, child.submit(learn, url, kind, today).result()
    except Exception as error:  # noqa: BLE001 - whatever a strange registry makes Splink stumble over, linking goes on
        log.warning("linker.not_learned", kind=kind, records=count, reason=str(error)[:200])
        return count, learned[1] if learned else first_weights(kind, count)
