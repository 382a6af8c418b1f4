"""The wall stands: without trouble, in both languages, on every screen, before there is a city, for a week."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from data.cluster import Cluster
from tests.dashboard.conftest import Served
from tests.dashboard.wall.conftest import SETTLED, Wall, middle, open_wall

pytestmark = pytest.mark.browser

PUSH = """async ({ batches, rows }) => {
  const { live, feed, cases, teams } = window.needleWall;
  const [pattern] = [...feed.rows.values()].map((row) => row.data).filter((row) => row.at);
  window.pushed ??= 0;
  for (let batch = 0; batch < batches; batch += 1) {
    const sent = Array.from({ length: rows }, () => {
      window.pushed += 1;
      const [n, reported] = [window.pushed, pattern.reported + window.pushed];
      return { ...pattern, id: 10_000_000 + (n % 3000), seq: n, urgent: n % 7 === 0, reported };
    });
    const moved = [...teams.byId.values()].slice(0, 5);
    const told = [{ kind: 'cases', event: 0, rows: sent }, { kind: 'teams', all: false, teams: moved, gone: [] }];
    if (batch % 10 === 0) told.push({ kind: 'alarm', row: { ...sent[0], cause: 'urgent', since: sent[0].reported } });
    for (const message of told) live.socket.onmessage({ data: JSON.stringify(message) });
    await new Promise((done) => setTimeout(done));
    await (SETTLED)();
  }
  await cases.refresh();
}""".replace("SETTLED", SETTLED)

LABELS = (
    ".figure-name, .figure-value, .layer-title, .legend dd, .chart-legend span, .panel-title, .span, .slider-text,"
    " .link-state, .clock-date, .rail-link"
)
CLIPPED = """(labels) => {
  const cut = (e) => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2;
  const boxes = [...document.querySelectorAll(labels)].filter((e) => e.checkVisibility() && e.clientWidth);
  return boxes.filter(cut).map((e) => e.textContent);
}"""
#: The longest numbers of a city of 25 million: each must find room wherever it stands.
FULL_FIGURES = """() => {
  const wall = window.needleWall;
  const figures = { today: 100_000, open: 999_999, overdue: 88_888, undispatched: 8_888, dispatched: 35_990, late: 1 };
  wall.figures.take({ figures: { ...figures, tightest: wall.page.now() + 599 * 60 } });
}"""
LAPTOPS = ((1440, 900), (1366, 768))
SCREENS = ((1920, 1080), (3840, 1080), (3840, 2160))
CONTROL_ROLES = {"button", "link", "searchbox", "textbox", "slider", "checkbox", "combobox", "application", "region"}
MARK_REACHABLE = """() => {
  const all = [...document.querySelectorAll('button, a[href], input, select, [tabindex="0"]')];
  const there = all.filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }));
  for (const e of there) e.dataset.unreached = '';
  window.unseen = [];
  document.activeElement.blur();
  return there.length;
}"""
#: A chart's row shows it by the edge of its ground, a field by its border.
REACH = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return;
  delete e.dataset.unreached;
  const { outlineStyle, boxShadow, borderColor } = getComputedStyle(e);
  const edge = e.querySelector('.chart-reach');
  const accent = getComputedStyle(document.querySelector('.search-input:focus') ?? document.body).borderColor;
  const field = e.matches('.search-input') && borderColor === accent;
  const row = edge && getComputedStyle(edge).stroke !== 'none';
  if (outlineStyle === 'none' && boxShadow === 'none' && !field && !row) window.unseen.push(e.outerHTML);
}"""


def test_the_wall_stands_without_trouble_and_asks_no_other_host(wall: Wall, address: str, eye: Page) -> None:
    open_wall(wall, f"{address}/wall")
    expect(wall.page).to_have_title("态势大屏 · 一根针")
    expect(wall.slot("feed").locator("li").first).to_be_visible()
    expect(wall.slot("hours").locator("svg")).to_be_visible()
    expect(wall.slot("ranking").locator(".ranking-row").first).to_be_visible()
    assert len(set(wall.pixels({"x": 660, "y": 260, "width": 700, "height": 560}, eye))) > 1_000, "the map is drawn"
    assert wall.troubles == []
    assert wall.hosts - {""} == {urlsplit(address).netloc}


@pytest.mark.parametrize(
    ("query", "title", "feed", "language", "sizes"),
    [
        ("?lang=zh", "态势大屏 · 一根针", "实时案件", "zh", SCREENS + LAPTOPS),
        ("?lang=en", "Wall · Needle", "Live cases", "en", SCREENS + LAPTOPS),
        ("?lang=en&screen=1", "Wall · Needle", "Live cases", "en", SCREENS),
    ],
)
def test_both_languages_fit_every_screen(
    wall: Wall, address: str, query: str, title: str, feed: str, language: str, sizes: tuple[tuple[int, int], ...]
) -> None:
    open_wall(wall, f"{address}/wall{query}")
    expect(wall.page).to_have_title(title)
    expect(wall.slot("feed-title")).to_have_text(feed)
    expect(wall.page.locator("main.wall")).to_have_attribute("lang", language)
    expect(wall.slot("layers").locator(".layer-title").last).to_be_attached()
    for width, height in sizes:
        wall.page.set_viewport_size({"width": width, "height": height})
        wall.page.evaluate(FULL_FIGURES)
        check_fit(wall.page, width, height)


def check_fit(page: Page, width: int, height: int) -> None:
    """Every panel stands inside the screen, and every label inside its panel."""
    for name in ("topbar", "feed", "right", "slider"):
        box = page.locator(f".{name}").bounding_box()
        assert box, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, name
        assert box["y"] + box["height"] <= height, name
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CLIPPED, LABELS) == [], (width, height)


def test_every_control_has_a_name_and_is_reached_by_tab_with_a_visible_focus(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en")
    expect(wall.slot("ranking").locator(".ranking-row").first).to_be_visible()
    tools = wall.page.context.new_cdp_session(wall.page)
    nodes = tools.send("Accessibility.getFullAXTree")["nodes"]
    controls = [node for node in nodes if not node["ignored"] and node["role"]["value"] in CONTROL_ROLES]
    assert len(controls) > 30
    assert [node for node in controls if not node["name"]["value"].strip()] == []
    waiting = wall.page.evaluate(MARK_REACHABLE)
    for _ in range(waiting + 20):
        wall.page.keyboard.press("Tab")
        wall.page.evaluate(REACH)
    assert wall.page.evaluate("() => [...document.querySelectorAll('[data-unreached]')].map((e) => e.outerHTML)") == []
    assert wall.page.evaluate("() => window.unseen") == []


def test_a_wall_before_there_is_a_city_says_what_to_do(wall: Wall, cluster: Cluster) -> None:
    with Served(cluster.copy_database("template", "wall_empty")) as server:
        wall.page.goto(f"{server.address}/wall?lang=en")
        expect(wall.slot("curtain-title")).to_have_text("No city yet")
        expect(wall.slot("curtain-text")).to_contain_text("needle demo")
    cluster.drop_database("wall_empty")


def test_a_week_of_changes_leaves_nothing_behind(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en#14/{middle(wall, address)}")
    expect(wall.slot("feed").locator("li").first).to_be_visible()
    tools = wall.page.context.new_cdp_session(wall.page)
    tools.send("Performance.enable")

    def held() -> dict[str, float]:
        """What is still there when all that waits is written: the least of a few collections."""
        wall.page.wait_for_function("() => needleWall.feed.waiting.size === 0")
        counts = []
        for _ in range(4):
            tools.send("HeapProfiler.collectGarbage")
            counts.append(
                {metric["name"]: metric["value"] for metric in tools.send("Performance.getMetrics")["metrics"]}
            )
        return {name: min(count[name] for count in counts) for name in ("Nodes", "JSEventListeners", "JSHeapUsedSize")}

    wall.page.evaluate(PUSH, {"batches": 20, "rows": 100})
    before = held()
    wall.page.evaluate(PUSH, {"batches": 60, "rows": 100})
    after = held()
    assert after["Nodes"] < before["Nodes"] + 200
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 10
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 5e6
    assert wall.slot("feed").locator("li").count() <= 80
    assert wall.page.evaluate("() => needleWall.cases.fresh.size") <= 5000
