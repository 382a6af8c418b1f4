"""Pages of answers: whatever they are sorted by, each answer comes once, also while others arrive."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from data.database import Connection
from data.stores.form_answers import Answers, store_answers
from data.stores.form_paging import load_page
from data.stores.form_reading import AnsweredForm, Asked, count_answers, load_answered
from data.stores.forms import PublishedForm, publish_form
from forms.xlsform.compiling import compile_form
from forms.xlsform.model import Choice, ChoiceList, FormDefinition, Question
from forms.xlsform.publishing import to_publication

NEEDS = ChoiceList("needs", tuple(Choice(name, (("", name),)) for name in ("food", "care")))
QUESTIONS = (
    Question("age", (("", "Age"),), type="integer"),
    Question("weight", (("", "Weight"),), type="decimal"),
    Question("day", (("", "Day"),), type="date"),
    Question("needs", (("", "Needs"),), type="select_multiple", list_name="needs"),
    Question("note", (("", "Note"),), type="text"),
)
SAID: list[dict[str, Any]] = [
    {"age": 3, "weight": Decimal("1.5"), "note": "乙"},
    {"age": 3, "weight": Decimal("1.5"), "day": date(2026, 1, 2), "needs": ["care"]},
    {},
    {"age": 41, "day": date(2025, 12, 31), "note": "'; drop"},
    {"weight": Decimal("-2"), "needs": ["care", "food"], "note": "甲"},
    {"age": 3, "day": date(2026, 1, 2), "note": "乙"},
    {"note": ""},
]
SORTS = ("received", "review", "version", "from", "a.age", "a.weight", "a.day", "a.needs", "a.note")
AT = datetime(2026, 11, 24, 1, 2, 3, 456_789, tzinfo=UTC)


def arrive(connection: Connection, version: PublishedForm, number: int, said: dict[str, Any]) -> None:
    """An answer comes; two of them in each second."""
    values = {f"/data/{name}": value for name, value in said.items()}
    kept = store_answers(connection, version, f"uuid:{number}", "<data/>", "/data", Answers(values))
    at = AT + timedelta(seconds=number // 2)
    connection.execute("update form_submission set received_at = %s where id = %s", (at, kept))
    connection.commit()


@pytest.fixture
def version(connection: Connection) -> PublishedForm:
    """A form with some answers, several of them alike."""
    form = FormDefinition("visit", "Visit", "1", children=QUESTIONS, lists=(NEEDS,))
    version = publish_form(connection, to_publication(compile_form(form)))
    for number, said in enumerate(SAID):
        arrive(connection, version, number, said)
    return version


@pytest.fixture
async def reader(version: PublishedForm, database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Somebody who reads them."""
    assert version.id
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        yield connection


async def paged(reader: psycopg.AsyncConnection[Any], form: AnsweredForm, sort: str, most: int) -> list[int]:
    """The ids of all answers, page by page."""
    ids, end = [], None
    while True:
        rows, end = await load_page(reader, form, Asked(), sort, end, most)
        ids += [row.id for row in rows]
        if end is None:
            return ids


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
async def test_small_pages_hold_what_one_large_page_holds(reader: psycopg.AsyncConnection[Any], sort: str) -> None:
    form = await load_answered(reader, "visit")
    whole = await paged(reader, form, sort, 100)
    assert len(whole) == len(set(whole)) == len(SAID)
    assert [await paged(reader, form, sort, most) for most in (1, 2, 3, len(SAID))] == [whole] * 4
    ages = {row.id: row.values[0] for row in (await load_page(reader, form, Asked(), "", None, 100))[0]}
    if sort.removeprefix("-") == "a.age":
        there = [ages[number] for number in whole if ages[number] is not None]
        assert there == sorted(there, reverse=sort.startswith("-"))
        assert [ages[number] for number in whole[len(there) :]] == [None] * 3


async def test_what_comes_meanwhile_moves_nothing(
    reader: psycopg.AsyncConnection[Any], connection: Connection, version: PublishedForm
) -> None:
    form = await load_answered(reader, "visit")
    before = await paged(reader, form, "-received", 100)
    rows, end = await load_page(reader, form, Asked(), "-received", None, 3)
    for number in range(100, 104):
        arrive(connection, version, number, {"age": number})
    later, _ = await load_page(reader, form, Asked(), "-received", end, 100)
    assert [row.id for row in (*rows, *later)] == before


async def test_counts_agree_with_what_is_listed(reader: psycopg.AsyncConnection[Any]) -> None:
    form = await load_answered(reader, "visit")
    for asked in (Asked(), Asked(values={"age": "3"}), Asked(text="乙"), Asked(version=1), Asked(version=2)):
        rows, _ = await load_page(reader, form, asked, "", None, 100)
        assert sum((await count_answers(reader, form, asked)).values()) == len(rows)
