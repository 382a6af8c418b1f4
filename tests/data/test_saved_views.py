"""Saved views in a real database."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from data.stores.saved_views import change_view, delete_view, load_views, save_view
from geo.errors import NeedleError


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """An asynchronous connection to the test's database."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        yield connection


async def test_own_views_come_first_then_what_others_share(database: Any) -> None:
    await save_view(database, "li", "b", "open=1", False)
    await save_view(database, "li", "a", "open=1", False)
    await save_view(database, "wang", "shared", "urgent=1", True)
    await save_view(database, "wang", "private", "urgent=1", False)
    assert [view.name for view in await load_views(database, "li")] == ["a", "b", "shared"]


async def test_saving_again_under_a_name_replaces(database: Any) -> None:
    first = await save_view(database, "li", "mine", "open=1", False)
    again = await save_view(database, "li", "mine", "open=0&sort=-due", True)
    assert (again.id, again.query, again.shared) == (first.id, "open=0&sort=-due", True)


async def test_a_view_is_renamed_and_shared_by_its_owner(database: Any) -> None:
    view = await save_view(database, "li", "mine", "open=1", False)
    assert (await change_view(database, view.id, "li", "ours", None)).name == "ours"
    assert (await change_view(database, view.id, "li", None, True)).shared


@pytest.mark.parametrize("owner", ["wang", ""])
async def test_nobody_else_changes_or_deletes_it(database: Any, owner: str) -> None:
    view = await save_view(database, "li", "mine", "open=1", True)
    with pytest.raises(NeedleError) as changing:
        await change_view(database, view.id, owner, "theirs", None)
    with pytest.raises(NeedleError) as deleting:
        await delete_view(database, view.id, owner)
    assert changing.value.code == deleting.value.code == "view.unknown"
    await delete_view(database, view.id, "li")
    assert await load_views(database, "li") == []


async def test_two_views_of_one_owner_have_two_names(database: Any) -> None:
    await save_view(database, "li", "a", "", False)
    view = await save_view(database, "li", "b", "", False)
    with pytest.raises(NeedleError) as raised:
        await change_view(database, view.id, "li", "a", None)
    assert raised.value.code == "view.name_taken"


async def test_each_page_has_views_of_its_own(database: Any) -> None:
    await save_view(database, "li", "mine", "open=1", False)
    await save_view(database, "li", "mine", "grid=cell", False, "hotspots")
    assert [view.query for view in await load_views(database, "li")] == ["open=1"]
    assert [view.query for view in await load_views(database, "li", "hotspots")] == ["grid=cell"]
