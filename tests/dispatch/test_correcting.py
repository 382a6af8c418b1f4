"""A place corrected on the spot moves its case: other areas, other decision, other team, all of it in the history."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import shapely

from data.database import Connection, connect, open_pool
from data.demo.city import DemoCity
from data.stores.workbench import Workbench
from dispatch.case import Case, place_row
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.ground import Ground, load_ground
from dispatch.worker import Worker
from geo.errors import NeedleError
from tests.dispatch.conftest import CheckCase

LOST = {"channel": "12345", "reported_at": "2026-11-24T03:20:00Z", "lng": None, "lat": None}
PLACE_COLUMNS = "st_asewkb(geom), uncertainty_m, cell_code, areas, borders, h3_9"
ADD = "insert into report (channel, idempotency_key, body, reported_at) values ('12345', 'lost', %s, now())"
STEP = 0.0002  # degrees: some twenty metres


@dataclass(frozen=True)
class Border:
    """A point on either side of a border, and a matter that another department's team handles beyond it."""

    here: dict[str, Any]
    there: dict[str, Any]
    matter: str
    teams: tuple[int, int]
    departments: tuple[str, str]


def sides_of(city: DemoCity) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pairs of points that hug each border between two subdistricts, one on either side."""
    layer = city.jurisdictions.layer("subdistrict")
    pairs = []
    for i, a in enumerate(layer.polygons):
        for b in layer.polygons[:i]:
            lines = shapely.get_parts(shapely.intersection(a, b))
            for line in (line for line in lines if line.length > 0):
                middle = line.interpolate(0.5, normalized=True)
                around = [
                    shapely.Point(middle.x + dx * STEP, middle.y + dy * STEP) for dx in (-1, 0, 1) for dy in (-1, 0, 1)
                ]
                here, there = (next((p for p in around if side.contains(p)), None) for side in (a, b))
                if here is not None and there is not None:
                    pairs.append(({"lng": here.x, "lat": here.y}, {"lng": there.x, "lat": there.y}))
    return pairs


def border_of(city: DemoCity, ground: Ground) -> Border:
    assert ground.matcher is not None
    for here, there in sides_of(city):
        for matter in sorted(ground.matters):
            ours, theirs = (
                ground.matcher.decide(matter, p["lng"], p["lat"], ground.atlas.locate_one(p["lng"], p["lat"]))
                for p in (here, there)
            )
            if ours.team_id and theirs.team_id and ours.department and theirs.department:
                departments = (ours.department, theirs.department)
                if departments[0] != departments[1]:
                    return Border(here, there, matter, (ours.team_id, theirs.team_id), departments)
    raise AssertionError("nobody's power ends at a border")


@dataclass
class OnSite:
    """A case whose place nobody knows, sent out to be confirmed, and the border that it turns out to lie at."""

    desk: CaseDesk
    connection: Connection
    case: int
    border: Border

    async def give(self, action: str, actor: str, reason: str = "现场核实", **data: Any) -> dict[str, Any]:
        return await self.desk.give(self.case, Command(action, actor, reason, data), datetime.now(UTC))

    def decisions(self) -> list[tuple[Any, ...]]:
        query = "select outcome, department_code, team_id from decision where case_id = %s order by id"
        return self.all(query)

    def tasks(self) -> list[tuple[Any, ...]]:
        return self.all("select team_id, outcome from task where case_id = %s order by id")

    def all(self, query: str) -> list[tuple[Any, ...]]:
        found = self.connection.execute(query.encode(), (self.case,)).fetchall()
        self.connection.commit()
        return found

    def check_place(self, point: dict[str, Any], case: Case) -> None:
        """The row lies at the point, and as the history says."""
        geom, *rest = self.all(f"select {PLACE_COLUMNS} from cases where id = %s")[0]
        expected = place_row(case)
        assert bytes(geom).hex() == expected.pop("geom")
        assert rest == list(expected.values())
        assert case.place is not None
        assert (case.place["lng"], case.place["lat"]) == pytest.approx((point["lng"], point["lat"]), abs=1e-12)


@pytest.fixture
async def on_site(city_url: str, demo_city: DemoCity) -> AsyncIterator[OnSite]:
    with connect(city_url) as connection:
        connection.execute("update team set capacity = 30000")
        connection.commit()
        ground = load_ground(connection, (), datetime.now(UTC))
        assert ground is not None
        border = border_of(demo_city, ground)
        connection.execute(ADD, (orjson.dumps(LOST | {"matter": border.matter}).decode(),))
        connection.commit()
        with Workbench(city_url) as bench:
            worker = Worker(bench)
            worker.refresh()
            worker.handle_batch()
        row = connection.execute("select case_id from report where idempotency_key = 'lost'").fetchone()
        connection.commit()
        assert row is not None
        async with open_pool(city_url) as pool:
            on_site = OnSite(CaseDesk(pool), connection, row[0], border)
            await on_site.give("verify_info", "operator:li")
            yield on_site


async def test_a_place_found_on_site_sends_the_case_to_the_team_of_that_place(
    on_site: OnSite, check_case: CheckCase
) -> None:
    border = on_site.border
    assert on_site.decisions() == [("place_unknown", None, None)]
    after = await on_site.give("confirm_info", "grid_worker:zhao", **border.here, crs="wgs84", accuracy_m=6)
    assert (after["state"], after["team"], after["department"]) == (
        "dispatched",
        border.teams[0],
        border.departments[0],
    )
    case = check_case(on_site.connection, on_site.case)
    on_site.check_place(border.here, case)
    assert on_site.decisions()[1:] == [("chosen", border.departments[0], border.teams[0])]
    assert on_site.tasks() == [(border.teams[0], None)]


async def test_a_case_across_the_border_goes_to_the_neighbours_team(on_site: OnSite, check_case: CheckCase) -> None:
    border = on_site.border
    await on_site.give("confirm_info", "grid_worker:zhao", **border.here, crs="wgs84", accuracy_m=30)
    before = on_site.all("select areas, borders from cases where id = %s")[0]
    assert any(side["ambiguous"] for side in before[1].values())
    await on_site.give("request_return", f"team:{border.teams[0]}", "现场在界线另一侧", **border.there, crs="wgs84")
    case = check_case(on_site.connection, on_site.case)
    on_site.check_place(border.there, case)
    assert case.place is not None
    assert case.place["areas"]["subdistrict"] != before[0]["subdistrict"]
    assert on_site.decisions()[-1] == ("chosen", border.departments[1], border.teams[1])

    await on_site.give("approve_return", "dispatcher:wang")
    department, team = border.departments[1], border.teams[1]
    after = await on_site.give("reassign", "dispatcher:wang", department=department, team=team)
    assert (after["state"], after["team"]) == ("dispatched", team)
    assert on_site.tasks() == [(border.teams[0], "returned"), (team, None)]
    check_case(on_site.connection, on_site.case)


async def test_a_place_that_changes_neither_area_nor_power_is_no_new_decision(
    on_site: OnSite, check_case: CheckCase
) -> None:
    here = on_site.border.here
    await on_site.give("confirm_info", "grid_worker:zhao", **here, crs="wgs84")
    decided = on_site.decisions()
    nearby = {"lng": here["lng"] + 1e-7, "lat": here["lat"]}
    await on_site.give("supervise", "leader:zhou", **nearby, crs="wgs84")
    on_site.check_place(nearby, check_case(on_site.connection, on_site.case))
    assert on_site.decisions() == decided


@pytest.mark.parametrize(
    ("point", "code"),
    [
        ({"lng": 2.35, "lat": 48.85, "crs": "wgs84"}, "coordinate.outside"),
        ({"lng": 39.9, "lat": 116.4, "crs": "wgs84"}, "coordinate.swapped"),
        ({"lng": 116.4, "lat": 39.9, "crs": "mars"}, "crs.unknown"),
        ({"lng": 116.4}, "case.command_invalid"),
        ({"lng": "116.4", "lat": "39.9"}, "case.command_invalid"),
        ({"corrected_place": {"lng": 116.4, "lat": 39.9}}, "case.command_invalid"),
    ],
)
async def test_a_place_that_cannot_be_believed_is_refused_and_changes_nothing(
    on_site: OnSite, point: dict[str, Any], code: str
) -> None:
    before = on_site.all("select seq, state, geom from cases where id = %s")
    with pytest.raises(NeedleError) as refusal:
        await on_site.give("confirm_info", "grid_worker:zhao", **point)
    assert refusal.value.code == code
    assert refusal.value.sentence("zh")
    assert refusal.value.sentence("en")
    assert on_site.all("select seq, state, geom from cases where id = %s") == before


async def test_without_a_point_the_case_waits_for_the_operator(on_site: OnSite, check_case: CheckCase) -> None:
    after = await on_site.give("confirm_info", "grid_worker:zhao")
    assert after["state"] == "reported"
    assert check_case(on_site.connection, on_site.case).place is None
