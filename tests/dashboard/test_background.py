"""Work beside requests has ended when its block is left, even where something below swallowed the first cancellation."""

import asyncio
from contextlib import suppress

import pytest

from dashboard.background import beside


async def test_work_ends_though_a_wait_below_swallowed_its_cancellation() -> None:
    begun, rest = asyncio.Event(), []

    async def deaf_once() -> None:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        rest.append("went on")
        await asyncio.Event().wait()

    async with beside(deaf_once()):
        await begun.wait()
    assert rest == ["went on"]


async def test_what_work_died_of_is_told_when_its_block_is_left() -> None:
    async def die() -> None:
        raise ValueError("of this")

    with pytest.raises(ValueError, match="of this"):
        async with beside(die()):
            await asyncio.sleep(0)
