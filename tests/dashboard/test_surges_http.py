"""A burst main in the served block is offered as one incident within moments, and opens to its cases."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from data.cluster import Cluster
from data.database import connect
from tests.dashboard.conftest import Served, reading
from tests.patience import until

#: Seven residents report the same within ten minutes and some fifty metres.
BURST = """
insert into cases (id, number, channel, matter_id, title, geom, h3_9, areas, state, reported_at, seq, hash, updated_at)
select 900000 + k, 'burst-' || k, channel, matter_id, '水管爆裂路面积水', ST_Translate(geom, 0.0001 * k, 0), h3_9, areas,
       'reported', now() - make_interval(mins => k), 1, hash, now()
  from (select * from cases where geom is not null order by id limit 1) as like_it, generate_series(1, 7) as k
"""


def standing(client: httpx.Client) -> list[dict[str, Any]]:
    answer = client.get("/api/surges", params={"lang": "zh"})
    return list(answer.json()["surges"]) if answer.status_code == 200 else []


@pytest.fixture(scope="module")
def burst(cluster: Cluster, block_template: str) -> Iterator[str]:
    """The address of a served block in which a main has burst."""
    url = cluster.copy_database(block_template, "city_with_a_burst")
    with connect(url) as connection:
        connection.execute("update cases set reported_at = reported_at - interval '2 hours'")
        connection.execute(BURST)
    with Served(url) as server:
        yield server.address
    cluster.drop_database("city_with_a_burst")


def test_a_burst_main_is_offered_as_one_incident(burst: str) -> None:
    with reading(burst) as client:
        found = until(lambda: standing(client), "the surge")
        assert len(found) == 1
        assert len(found[0]["cases"]) == 7
        assert found[0]["expected"] < 1
        rows = client.get("/api/desk/rows", params={**found[0]["where"], "end": 20})
        assert {row["id"] for row in rows.json()["rows"]} == set(found[0]["cases"])


@pytest.mark.browser
def test_the_wall_offers_it_and_leads_to_its_cases(page: Page, burst: str) -> None:
    with reading(burst) as client:
        until(lambda: standing(client), "the surge")
    page.goto(f"{burst}/wall?lang=en")
    page.wait_for_function("() => document.body.dataset.ready")
    line = page.locator(".wall-surge")
    expect(line).to_have_count(1)
    expect(line.locator("b")).to_contain_text("7 reports")
    line.locator("a").click()
    page.wait_for_url("**/desk?**")
    page.wait_for_function("() => document.body.dataset.ready")
    expect(page.locator(".desk-total")).to_contain_text("7")
