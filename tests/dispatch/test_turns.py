"""Turns of commands: one a case, a few at once, the oldest first, and nobody who goes away takes a place along."""

import asyncio

import pytest

from dispatch.turns import Turns
from tests.patience import PATIENCE_S


async def test_one_a_case_and_a_few_at_once_each_in_its_order() -> None:
    turns, inside, most, done = Turns(3), set[int](), 0, list[tuple[int, int]]()

    async def command(case: int, number: int) -> None:
        nonlocal most
        async with turns.turn(case):
            assert case not in inside, "alone on its case"
            inside.add(case)
            most = max(most, len(inside))
            for _ in range(3):
                await asyncio.sleep(0)
            inside.remove(case)
            done.append((case, number))

    await asyncio.gather(*(command(number % 5, number) for number in range(40)))
    assert most == 3
    assert len(done) == 40
    for case in range(5):
        assert [n for c, n in done if c == case] == list(range(case, 40, 5))
    assert (turns.free, turns.ready, turns.cases) == (3, [], {})


async def test_who_waited_for_a_case_goes_before_those_who_came_later() -> None:
    turns, order = Turns(1), list[str]()
    gate = asyncio.Event()

    async def command(case: int, name: str) -> None:
        async with turns.turn(case):
            if name == "first":
                await gate.wait()
            order.append(name)

    tasks = []
    for case, name in ((1, "first"), (1, "second on it"), (2, "later"), (3, "last")):
        tasks.append(asyncio.create_task(command(case, name)))
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert order == ["first", "second on it", "later", "last"]


@pytest.mark.parametrize("case", [1, 2])
async def test_a_command_that_is_given_up_keeps_no_place(case: int) -> None:
    turns, gate = Turns(1), asyncio.Event()

    async def hold() -> None:
        async with turns.turn(1):
            await gate.wait()

    async def wait() -> None:
        async with turns.turn(case):
            pass

    holder, waiter = asyncio.create_task(hold()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    gate.set()
    await holder
    assert (turns.free, turns.cases) == (1, {})
    await asyncio.wait_for(wait(), PATIENCE_S)
