"""The search index outlives its server: what was written meanwhile is read, nothing is filled in twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.background import beside
from dashboard.registry_finding import Finder
from data.database import AsyncPool, open_pool
from data.registry.claims import NewClaim, Source
from data.search.tokens import Entry
from data.settings import get_settings
from data.stores.reading import reading
from data.stores.registry_claims import add_claims, create_entities
from data.stores.registry_merges import merge
from tests.patience import PATIENCE_S

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
async def pool(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AsyncPool]:
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path))
    get_settings.cache_clear()
    async with open_pool(database_url, size=3) as pool:
        yield pool
    get_settings.cache_clear()


async def say(pool: AsyncPool, *names: str) -> list[int]:
    """Somebody new of each name."""
    async with reading(pool) as connection:
        numbers = [number for number, _ in await create_entities(connection, "person", len(names))]
        said = {number: [NewClaim("name", name, NOW)] for number, name in zip(numbers, names, strict=True)}
        await add_claims(connection, Source("form", names[0]), said)
    return numbers


@asynccontextmanager
async def finder_of(pool: AsyncPool) -> AsyncIterator[Finder]:
    """A finder at work beside a desk that stands."""
    finder, prepared = Finder(pool), asyncio.Event()
    prepared.set()
    async with beside(finder.listen(), finder.follow(prepared)):
        yield finder


async def found(finder: Finder, text: str, wanted: list[int]) -> None:
    """Wait until a text finds these."""
    async with asyncio.timeout(PATIENCE_S):
        while await finder.find(text) != wanted:
            await asyncio.sleep(0.05)


async def test_the_index_is_followed_kept_and_not_filled_again(pool: AsyncPool) -> None:
    first, second = await say(pool, "欧阳无双", "诸葛正我")
    async with finder_of(pool) as finder:
        await found(finder, "oyws", [first])
        (third,) = await say(pool, "司马南飞")
        await found(finder, "smnf", [third])
        assert finder.kept is not None
        assert finder.kept.state is not None
        finder.kept.index.update([Entry(str(second), "person", "独孤求败")])
    (fourth,) = await say(pool, "慕容秋水")
    async with reading(pool) as connection:
        await merge(connection, first, third, "steward")
    async with finder_of(pool) as finder:
        await found(finder, "mrqs", [fourth])
        await found(finder, "smnf", [])
        assert await finder.find("dgqb") == [second], "what the first server wrote is there still"


async def test_an_index_that_holds_another_number_is_filled_anew(pool: AsyncPool) -> None:
    (known,) = await say(pool, "欧阳无双")
    async with finder_of(pool) as finder:
        await found(finder, "oyws", [known])
        assert finder.kept is not None
        finder.kept.index.update([], gone=[str(known)])
    async with finder_of(pool) as finder:
        await found(finder, "oyws", [known])
