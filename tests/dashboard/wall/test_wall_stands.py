"""The wall stands: without trouble, in both languages, on every screen, before there is a city, for a week."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from data.cluster import Cluster
from tests.dashboard.wall.conftest import SETTLED, Wall, middle, open_wall, serving

pytestmark = pytest.mark.browser

PUSH = """async ({ batches, rows }) => {
  const { live, feed, cases } = window.needleWall;
  const [pattern] = [...feed.rows.values()].map((row) => row.data).filter((row) => row.at);
  window.pushed ??= 0;
  for (let batch = 0; batch < batches; batch += 1) {
    const sent = Array.from({ length: rows }, () => {
      window.pushed += 1;
      const [n, reported] = [window.pushed, pattern.reported + window.pushed];
      return { ...pattern, id: 10_000_000 + (n % 3000), seq: n, urgent: n % 7 === 0, reported };
    });
    live.receive({ kind: 'cases', event: 0, rows: sent });
    await new Promise((done) => setTimeout(done));
    await (SETTLED)();
  }
  await cases.refresh();
}""".replace("SETTLED", SETTLED)


def test_the_wall_stands_without_trouble_and_asks_no_other_host(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall")
    expect(wall.slot("feed").locator("li").first).to_be_visible()
    expect(wall.slot("hours").locator("svg")).to_be_visible()
    expect(wall.slot("ranking").locator(".ranking-row").first).to_be_visible()
    assert wall.troubles == []
    assert wall.hosts - {""} == {urlsplit(address).netloc}


def test_the_map_is_drawn(wall: Wall, address: str, eye: Page) -> None:
    open_wall(wall, f"{address}/wall")
    assert len(set(wall.pixels({"x": 660, "y": 260, "width": 700, "height": 560}, eye))) > 200


@pytest.mark.parametrize(
    ("query", "title", "feed", "language"),
    [
        ("", "态势大屏 · 一根针", "实时案件", "zh"),
        ("?lang=zh", "态势大屏 · 一根针", "实时案件", "zh"),
        ("?lang=en", "Wall · Needle", "Live cases", "en"),
    ],
)
def test_both_languages_are_shown(wall: Wall, address: str, query: str, title: str, feed: str, language: str) -> None:
    open_wall(wall, f"{address}/wall{query}")
    expect(wall.page).to_have_title(title)
    expect(wall.slot("feed-title")).to_have_text(feed)
    expect(wall.page.locator("main.wall")).to_have_attribute("lang", language)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (3840, 1080)])
def test_every_panel_fits_every_screen(wall: Wall, address: str, width: int, height: int) -> None:
    wall.page.set_viewport_size({"width": width, "height": height})
    open_wall(wall, f"{address}/wall?lang=en")
    boxes = {name: wall.page.locator(f".{name}").bounding_box() for name in ("topbar", "feed", "right", "slider")}
    for name, box in boxes.items():
        assert box, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, name
        assert box["y"] + box["height"] <= height, name
    assert wall.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    clipped = (
        "() => [...document.querySelectorAll('.figure-value')].filter((f) => f.scrollWidth > f.clientWidth + 1).length"
    )
    assert wall.page.evaluate(clipped) == 0


def test_a_wall_before_there_is_a_city_says_what_to_do(
    wall: Wall, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = cluster.copy_database("template", "wall_empty")
    with serving(url, tmp_path_factory.mktemp("empty")) as address:
        wall.page.goto(f"{address}/wall?lang=en")
        expect(wall.slot("curtain-title")).to_have_text("No city yet")
        expect(wall.slot("curtain-text")).to_contain_text("needle demo")
    cluster.drop_database("wall_empty")


def test_a_week_of_changes_leaves_nothing_behind(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en#14/{middle(wall, address)}")
    expect(wall.slot("feed").locator("li").first).to_be_visible()
    tools = wall.page.context.new_cdp_session(wall.page)
    tools.send("Performance.enable")

    def held() -> dict[str, float]:
        tools.send("HeapProfiler.collectGarbage")
        metrics = {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}
        return {name: metrics[name] for name in ("Nodes", "JSEventListeners", "JSHeapUsedSize")}

    wall.page.evaluate(PUSH, {"batches": 20, "rows": 100})
    before = held()
    wall.page.evaluate(PUSH, {"batches": 60, "rows": 100})
    after = held()
    assert after["Nodes"] < before["Nodes"] + 200
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 10
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 8e6
    assert wall.slot("feed").locator("li").count() <= 80
    assert wall.page.evaluate("() => needleWall.cases.fresh.size") <= 5000
