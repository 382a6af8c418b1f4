"""The process that links what is new and notes what has grown old: it sleeps until something is written in the registry."""

import asyncio
import os
from contextlib import suppress
from typing import Final

import structlog

from data.database import AsyncPool, open_pool
from data.linkage.follower import Follower
from data.stores.notices import Lost, listen
from data.stores.reading import reading
from data.stores.registry_claims import CHANNEL
from data.stores.registry_linking import note_stale
from geo.errors import NeedleError

REST_SECONDS: Final = 60.0
"""It looks by itself so often; notices are only quicker."""
AGE_SECONDS: Final = 3_600.0
NICENESS: Final = 5
"""Whoever waits for an answer comes first."""
RETRY_SECONDS: Final = 1.0

log = structlog.get_logger("linker")


async def run_linker(url: str) -> None:
    """Link what is new; runs until cancelled."""
    os.nice(NICENESS)
    wake = asyncio.Event()
    async with open_pool(url, size=3) as base:
        await asyncio.gather(hear(url, wake), link(Follower(base), wake), age(base))


async def hear(url: str, wake: asyncio.Event) -> None:
    """Wake whoever links when something was written."""
    async for notice in listen(url, (CHANNEL,)):
        if not isinstance(notice, Lost):
            wake.set()


async def age(base: AsyncPool) -> None:
    """Note from time to time whose values have become stale since they were written."""
    while True:
        try:
            async with reading(base) as connection:
                await note_stale(connection)
        except NeedleError as error:
            log.warning("linker.waiting", problem=error.code, reason=error.sentence("en"))
        await asyncio.sleep(AGE_SECONDS)


async def link(follower: Follower, wake: asyncio.Event) -> None:
    """Link round after round, and sleep when nothing waits; a database that is away is waited for."""
    while True:
        wake.clear()
        try:
            done = await follower()
        except NeedleError as error:
            log.warning("linker.waiting", problem=error.code, reason=error.sentence("en"))
            await asyncio.sleep(RETRY_SECONDS)
            continue
        if not done:
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), REST_SECONDS)
