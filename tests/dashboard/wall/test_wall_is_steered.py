"""Filters, time, tour and layers: what the wall shows, by hand, by key and by address."""

import re
import time
from collections import Counter

import httpx
import pytest
from playwright.sync_api import expect

from data.database import connect
from data.mirror.tones import tone_of
from tests.dashboard.wall.conftest import Wall, middle, open_wall, report, send, static_of

pytestmark = pytest.mark.browser

COMPARED = """async ({ assets, queries }) => {
  const { readWhere, tester } = await import(`${assets}/modules/where.mjs`);
  const ask = (query) => fetch(`/api/wall/behind/latest?${query}`).then((answer) => answer.json()).then(({ rows }) => rows);
  const { cases, page } = window.needleWall;
  const all = await ask('');
  return Promise.all(queries.map(async (query) => {
    const fits = tester(readWhere(new URLSearchParams(query)), (matter) => cases.majors[matter], () => page.now());
    const theirs = new Set((await ask(query)).map(({ id }) => id));
    const ids = (rows) => rows.map(({ id }) => id);
    return { query, ours: ids(all.filter(fits)), theirs: ids(all.filter(({ id }) => theirs.has(id))) };
  }));
}"""
MOVED = """(first) => new Promise((done) => {
  const look = () => (needleWall.map.getGlobalState().to === first ? setTimeout(look, 20) : done());
  look();
})"""

TONES_AT = """async ({ assets, at }) => {
  const read = (name) => import(`${assets}/modules/${name}.mjs`);
  const [{ CASE }, { toneAt }] = [await read('case_style'), await read('case_marks')];
  const { cases, map } = window.needleWall;
  await cases.loaded();
  cases.setStretch({ from: 0, to: at });
  const marks = (...filter) => map.querySourceFeatures('cases', { sourceLayer: 'case', filter: ['all', CASE.shown, ...filter] });
  const painted = [0, 1, 2, 3].flatMap((tone) => marks(['==', CASE.tone, tone]).map(({ id }) => [id, tone]));
  return { painted, said: marks().map(({ id, properties }) => [id, toneAt(properties, cases.minute())]) };
}"""
STOOD = """
select distinct on (case_id) case_id, stage, terminal
  from cases join case_event on case_id = cases.id join case_state on code = to_state
 where geom is not null and reported_at < to_timestamp(%(at)s) and at < to_timestamp(%(at)s) + interval '1 minute'
 order by case_id, case_event.seq desc
"""


def test_a_filter_acts_on_feed_figures_and_address_at_once(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en&channel=sensor")
    expect(wall.slot("filter-chips").locator("button")).to_have_text(re.compile("Sensor"))
    narrow = wall.number("open")
    told = report(4)
    send(address, told)
    wall.slot("filter-chips").locator("button").click()
    expect(wall.row(told["address"])).to_be_visible()
    assert "channel" not in wall.page.url
    expect(wall.figure("open")).not_to_have_text(f"{narrow:,}")

    wall.page.keyboard.press("f")
    wall.slot("filter-panel").get_by_text("Channel", exact=True).click()
    wall.slot("filter-panel").get_by_label("Sensor", exact=True).check()
    expect(wall.figure("open")).to_have_text(f"{narrow:,}")
    expect(wall.row(told["address"])).to_have_count(0)
    wall.page.wait_for_url(re.compile("channel=sensor"))
    assert wall.troubles == []


def test_the_wall_and_the_server_mean_the_same_by_a_filter(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en")
    rows = httpx.get(f"{address}/api/wall/behind/latest", trust_env=False).json()["rows"]
    one = next(row for row in rows if row["team_id"] and row["areas"] and row["at"])
    area = ",".join(f"{layer}:{code}" for layer, code in list(one["areas"].items())[:2])
    lng, lat = one["at"]
    around = [(lng - 0.004, lat - 0.003), (lng + 0.005, lat - 0.001), (lng + 0.001, lat + 0.004)]
    queries = [
        *(f"{flag}={value}" for flag in ("urgent", "open", "overdue") for value in "01"),
        *(f"{key}={one[key]}" for key in ("channel", "state", "department")),
        *(f"matter={one['matter_id']}", f"team={one['team_id']}", f"area={area}"),
        *(f"from={one['reported']}", f"to={one['reported']}", f"text={one['number'][-5:]}"),
        f"box={lng - 0.003},{lat - 0.003},{lng + 0.003},{lat + 0.003}",
        "polygon=" + ";".join(f"{x:.6f} {y:.6f}" for x, y in around),
        f"channel=grid,{one['channel']}&open=1&from={one['reported'] - 7200}",
    ]
    compared = wall.page.evaluate(COMPARED, {"assets": f"/{static_of(wall)}", "queries": queries})
    assert [said for said in compared if said["ours"] != said["theirs"]] == []
    assert any(said["ours"] for said in compared)


def test_the_time_slider_moves_by_keyboard_and_holds_its_stretch_in_the_address(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en")
    handle = wall.page.locator('[data-edge="to"]')
    expect(wall.slot("slider-track").locator(".slider-bars rect").first).to_be_attached()
    handle.focus()
    for _ in range(5):
        wall.page.keyboard.press("Shift+ArrowLeft")
    wall.page.wait_for_url(re.compile(r"from=\d+&to=\d+"))
    expect(wall.slot("slider")).to_have_attribute("data-live", "false")
    shown = wall.page.evaluate("() => needleWall.map.getGlobalState()")
    assert shown["past"] == 1
    assert shown["now"] == shown["to"]
    wall.slot("slider-live").click()
    wall.page.wait_for_url(re.compile(r"^(?!.*from=)"))
    assert wall.page.evaluate("() => needleWall.map.getGlobalState().past") == 0
    assert wall.troubles == []


def test_an_earlier_moment_shows_each_case_as_it_stood(wall: Wall, address: str, city_url: str) -> None:
    """The tone that the map paints at a moment is that of the state which the event log has for it."""
    now = int(time.time())
    open_wall(wall, f"{address}/wall?lang=en&from={now - 90 * 86_400}&to={now}#14/{middle(wall, address)}")
    seen: Counter[int] = Counter()
    differing = compared = 0
    for hours in (1, 5, 24, 72, 240, 720):
        at = (now - hours * 3600) // 60 * 60
        told = wall.page.evaluate(TONES_AT, {"assets": f"/{static_of(wall)}", "at": at})
        painted, said = dict(told["painted"]), dict(told["said"])
        with connect(city_url) as connection:
            rows = connection.execute(STOOD, {"at": at}).fetchall()
        stood = {case: tone_of(stage, terminal=terminal) for case, stage, terminal in rows}
        assert painted == said
        assert len(painted) == len(said) > 0.9 * len(stood)
        seen.update(painted.values())
        compared += len(painted)
        differing += sum(stood.get(case) != tone for case, tone in painted.items())
    assert seen.keys() == {0, 1, 2, 3}
    assert differing < 0.005 * compared
    assert wall.troubles == []


def test_playback_walks_through_time_without_asking_for_tiles(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en#15/{middle(wall, address)}")
    expect(wall.slot("slider-track").locator(".slider-bars rect").first).to_be_attached()
    wall.slot("slider-play").click()
    wall.page.evaluate("() => needleWall.cases.loaded()")
    asked: list[str] = []
    wall.page.on("request", lambda request: asked.append(request.url) if "/tiles/cases" in request.url else None)
    first = wall.page.evaluate("() => needleWall.map.getGlobalState().to")
    expect(wall.slot("slider-text")).not_to_have_text(wall.slot("slider-text").inner_text())
    wall.page.evaluate(MOVED, first)
    assert asked == []
    wall.slot("slider-play").click()
    expect(wall.slot("slider-play")).to_have_attribute("aria-pressed", "false")


def test_the_tour_visits_and_a_touch_ends_it(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en&tour=1&screen=1")
    expect(wall.slot("tour")).to_be_visible()
    expect(wall.slot("tour-what")).to_contain_text("open")
    expect(wall.slot("tour-cases").locator("li").first).to_be_visible()
    wall.page.mouse.click(960, 500)
    expect(wall.slot("tour")).to_be_hidden()


def test_layers_their_strength_and_the_legend_follow_the_address(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en&layers=cases,teams:40#14/{middle(wall, address)}")
    shown = wall.slot("layers").locator('[aria-pressed="true"]')
    expect(shown).to_have_text(["Cases", "Teams"])
    assert wall.page.evaluate("() => needleWall.map.getLayoutProperty('building', 'visibility')") == "none"
    expect(wall.slot("legend")).to_contain_text("Overdue")
    wall.slot("layers").get_by_text("Cases").click()
    expect(wall.slot("legend")).not_to_contain_text("Overdue")
    wall.page.wait_for_url(re.compile("layers=teams:40"))
