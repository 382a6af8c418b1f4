"""Indicators over HTTP: the same as the database counts, and every number opens to just its cases."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pypdfium2  # type: ignore[import-untyped]
import pytest

from data.cluster import Cluster
from data.database import connect
from tests.dashboard.conftest import Served, reading
from tests.patience import until

#: Counted from the event log and the cases, by the words of the definitions.
DUE_IN_MONTH = """
with extended as (select distinct case_id from case_event where action = 'approve_extension'),
     owed as (select c.*, coalesce(answered_at, case when state in ('closed', 'forced_closed') then closed_at end) as done
                from cases c
               where due_at >= %(from)s and due_at < %(to)s
                 and state not in ('draft', 'reported', 'verifying_info', 'accepted', 'rejected', 'void', 'merged'))
select count(*) as owed,
       count(*) filter (where done is not null) as disposed,
       count(*) filter (where floor(extract(epoch from done)) <= floor(extract(epoch from due_at))) as in_time,
       count(*) filter (where done is null) as todo_late,
       count(*) filter (where state in ('closed', 'forced_closed')) as closed,
       count(*) filter (where id in (select case_id from extended)) as extended,
       count(*) filter (where reworks > 0) as reworked
  from owed
"""


COUNTED = {
    "dispose_rate": "disposed",
    "ontime_dispose_rate": "in_time",
    "close_rate": "closed",
    "overtime_todo_rate": "todo_late",
    "extension_rate": "extended",
    "rework_rate": "reworked",
}


@pytest.fixture(scope="module")
def city(cluster: Cluster, block_template: str) -> Iterator[tuple[httpx.Client, str]]:
    url = cluster.copy_database(block_template, "city_to_count")
    with Served(url) as server, reading(server.address) as client:
        yield client, url
    cluster.drop_database("city_to_count")


def asked(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/indicators", params={"lang": "en", **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def cell(said: dict[str, Any], code: str, cells: list[Any] | None = None) -> list[Any]:
    at = [one["code"] for one in said["definitions"]].index(code)
    return list((cells or said["total"])[at])


def whole_month(client: httpx.Client) -> str:
    """The month before this one: in the history from end to end on whatever day the tests run."""
    return str(asked(client, period="month")["run"][-2]["key"])


def test_a_month_is_what_the_database_counts(city: tuple[httpx.Client, str]) -> None:
    client, url = city
    owed = 0
    for month in ("month", whole_month(client)):
        said = asked(client, period=month)
        window = {
            "from": datetime.fromtimestamp(said["period"]["from"], UTC),
            "to": datetime.fromtimestamp(said["due_to"], UTC),
        }
        with connect(url) as connection, connection.cursor() as cursor:
            row = cursor.execute(DUE_IN_MONTH, window).fetchone()
            names = [column.name for column in cursor.description or ()]
        counts = dict(zip(names, row or (), strict=True))
        owed += counts["owed"]
        for code, quantity in COUNTED.items():
            assert cell(said, code)[:2] == [counts[quantity], counts["owed"]], code
    assert owed > 100


@pytest.mark.parametrize("basis", ["due", "opened"])
def test_every_number_opens_to_just_its_cases(city: tuple[httpx.Client, str], basis: str) -> None:
    client, _ = city
    said = asked(client, basis=basis, by="department", period=whole_month(client))
    row = max(said["rows"], key=lambda one: one["reported"])
    for definition in said["definitions"]:
        opened = (definition["basis"] or basis) == "opened"
        period = said["period"]
        times = (
            {"from": period["from"], "to": period["to"]}
            if opened
            else {"due_from": period["from"], "due_to": said["due_to"]}
        )
        for cells, more in ((said["total"], {}), (row["cells"], {"department": row["code"]})):
            for quantity, count in zip(
                (definition["numerator"], definition["denominator"]),
                cell(said, definition["code"], cells),
                strict=False,
            ):
                rows = client.get("/api/desk/rows", params={**times, **more, "judged": quantity, "end": 1}).json()
                assert rows["total"] == count, (definition["code"], quantity, more)


@pytest.mark.parametrize("by", ["area:subdistrict", "department", "team", "major", "channel"])
def test_a_league_adds_up(city: tuple[httpx.Client, str], by: str) -> None:
    client, _ = city
    said = asked(client, by=by, period=whole_month(client))
    assert said["rows"]
    for at in range(len(said["definitions"])):
        assert sum(row["cells"][at][1] for row in said["rows"]) <= said["total"][at][1]
    if by in ("major", "channel"):
        assert sum(row["reported"] for row in said["rows"]) == said["reported"]


def test_a_run_ends_with_the_period_itself(city: tuple[httpx.Client, str]) -> None:
    client, _ = city
    said = asked(client, period="week")
    earlier = asked(client, period=said["run"][-2]["key"])
    assert said["run"][-1]["cells"] == said["total"]
    assert said["run"][-2]["cells"] == earlier["total"]


def test_a_filter_narrows_and_is_named(city: tuple[httpx.Client, str]) -> None:
    client, _ = city
    month = whole_month(client)
    whole = asked(client, by="department", period=month)
    code = whole["rows"][0]["code"]
    said = asked(client, department=code, by="channel", period=month)
    assert [one[:2] for one in said["filters"]] == [["department", code]]
    assert cell(said, "close_rate")[:2] == cell(whole, "close_rate", whole["rows"][0]["cells"])[:2]


@pytest.mark.parametrize("query", [{"period": "2026-13"}, {"basis": "guess"}, {"by": "moon"}])
def test_what_cannot_be_counted_is_refused(city: tuple[httpx.Client, str], query: dict[str, str]) -> None:
    assert city[0].get("/api/indicators", params=query).status_code == 422


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("运行指标报告", "按期处置率", "公平性")), ("en", ("Indicators", "Handled in time"))]
)
def test_the_report_is_a_document_in_words(
    city: tuple[httpx.Client, str], language: str, words: tuple[str, ...]
) -> None:
    client, _ = city
    begun = client.post("/api/indicators/report", params={"lang": language, "period": "month"})
    assert begun.status_code == 202, begun.text

    def is_ready() -> bool:
        told = client.get(f"/api/indicators/report/{begun.json()['id']}").json()
        assert "error" not in told, json.dumps(told, ensure_ascii=False)
        return bool(told.get("ready"))

    until(is_ready, "the report")
    file = client.get(f"/api/indicators/report/{begun.json()['id']}/file")
    document = pypdfium2.PdfDocument(io.BytesIO(file.content))
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert len(document) >= 2
    assert all(word in text for word in words)
    assert "〓" not in text
    document.close()
