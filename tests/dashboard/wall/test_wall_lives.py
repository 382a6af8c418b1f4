"""What happens in the city is seen on the wall: arrivals, states, alarms, gaps."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.wall.conftest import (
    SETTLED,
    Wall,
    acknowledge_standing,
    case_of,
    new_wall,
    open_wall,
    report,
    send,
    static_of,
    work_on,
)

pytestmark = pytest.mark.browser

URGENT_MATTER = "2026:event:09006"
"""Trading on the street: to be dealt with in two urgent hours."""

PALETTE = """async (assets) => {
  const { TONE } = await import(`${assets}/modules/palette.mjs`);
  return TONE;
}"""


def test_a_report_appears_without_reload_and_its_case_says_why_this_team(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en")
    before, told = wall.number("today"), report(1, matter=URGENT_MATTER)
    send(address, told)
    expect(wall.row(told["address"])).to_be_visible()
    expect(wall.figure("today")).to_have_text(f"{before + 1:,}")

    wall.row(told["address"]).click()
    drawer = wall.slot("drawer")
    expect(drawer).to_be_visible()
    expect(drawer.locator(".address")).to_have_text(told["address"])
    expect(drawer.locator(".part-why h3")).to_have_text("Why this team")
    expect(drawer.locator(".part-why .candidate.is-chosen")).to_have_count(1)
    expect(drawer.locator(".candidate-reason").first).not_to_be_empty()

    wall.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert wall.troubles == []


def colour_at(wall: Wall, eye: Page) -> str:
    """The colour in the middle of the selected case's mark, as ``#rrggbb``."""
    box = wall.page.locator(".selection").bounding_box()
    assert box is not None
    middle = {"x": box["x"] + box["width"] / 2 - 1, "y": box["y"] + box["height"] / 2 - 1, "width": 3.0, "height": 3.0}
    pixel = wall.pixels(middle, eye)[4]
    return f"#{pixel & 255:02x}{pixel >> 8 & 255:02x}{pixel >> 16 & 255:02x}"


def wait_for_colour(wall: Wall, eye: Page, wanted: str) -> None:
    """Until the mark has about this colour (its edges are blended with what lies below)."""
    near = [int(wanted[i : i + 2], 16) for i in (1, 3, 5)]
    for _ in range(200):
        wall.page.evaluate(SETTLED)
        wall.page.evaluate(
            "() => new Promise((done) => { needleWall.map.once('render', done); needleWall.map.triggerRepaint(); })"
        )
        seen = [int(colour_at(wall, eye)[i : i + 2], 16) for i in (1, 3, 5)]
        if all(abs(a - b) < 24 for a, b in zip(seen, near, strict=True)):
            return
    raise AssertionError(f"the mark is {seen}, not {near}")


def test_a_case_moves_through_its_states_and_map_feed_and_figures_follow(wall: Wall, address: str, eye: Page) -> None:
    open_wall(wall, f"{address}/wall?lang=en&layers=cases")
    tones, told = wall.page.evaluate(PALETTE, "/" + static_of(wall)), report(2)
    before = wall.number("open")
    send(address, told)
    case = case_of(wall, told)
    expect(wall.figure("open")).to_have_text(f"{before + 1:,}")
    wall.row(told["address"]).click()
    expect(wall.slot("drawer")).to_have_attribute("data-loading", "false")
    dot = wall.row(told["address"]).locator(".mark")
    expect(dot).to_have_class(re.compile("mark-work"))
    wait_for_colour(wall, eye, tones["work"])
    work_on(address, case, until="handled")
    expect(dot).to_have_class(re.compile("mark-check"))
    wait_for_colour(wall, eye, tones["check"])
    work_on(address, case, until="closed")
    expect(dot).to_have_class(re.compile("mark-done"))
    expect(wall.figure("open")).to_have_text(f"{before:,}")
    assert wall.troubles == []


def test_an_urgent_case_sounds_on_every_wall_until_one_acknowledges(wall: Wall, address: str, browser: Browser) -> None:
    other = new_wall(browser)
    for one in (wall, other):
        open_wall(one, f"{address}/wall?lang=en")
    acknowledge_standing(address)
    told = report(3, matter=URGENT_MATTER)
    send(address, told)
    alarms = [one.slot("alarm-list").locator("li", has_text=told["address"]) for one in (wall, other)]
    for one, alarm in zip((wall, other), alarms, strict=True):
        expect(one.slot("alarm")).to_be_visible()
        expect(alarm).to_have_count(1)
    alarms[0].locator(".alarm-acknowledge").dispatch_event("click")
    for one, alarm in zip((wall, other), alarms, strict=True):
        expect(alarm).to_have_count(0)
        expect(one.slot("alarm-said")).to_contain_text("系统管理员 acknowledged")
    wall.page.reload()
    expect(wall.slot("link")).to_have_attribute("data-state", "live")
    expect(wall.slot("alarm-list").locator("li", has_text=told["address"])).to_have_count(0)
    other.page.context.close()


def test_a_lost_connection_is_said_and_nothing_is_missed(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en")
    wall.page.context.set_offline(True)
    wall.page.evaluate("() => needleWall.live.socket.close()")
    expect(wall.slot("link")).to_have_attribute("data-state", "offline")
    expect(wall.slot("stale")).to_be_visible()
    told = report(5)
    send(address, told)
    wall.page.context.set_offline(False)
    expect(wall.slot("link")).to_have_attribute("data-state", "live")
    expect(wall.slot("stale")).to_be_hidden()
    expect(wall.row(told["address"])).to_be_visible()


def test_a_case_that_is_selected_stays_so_while_others_arrive(wall: Wall, address: str) -> None:
    open_wall(wall, f"{address}/wall?lang=en")
    first = report(6)
    send(address, first)
    case = case_of(wall, first)
    wall.row(first["address"]).click()
    expect(wall.slot("drawer")).to_have_attribute("data-loading", "false")
    for number in (7, 8, 9):
        send(address, report(number))
        expect(wall.row(f"Needle Lane {number}")).to_be_visible()
    expect(wall.row(first["address"])).to_have_class(re.compile("is-selected"))
    assert f"case={case}" in wall.page.url
    expect(wall.page.locator(".selection")).to_be_visible()


def test_a_new_row_is_whole_at_once(wall: Wall, address: str) -> None:
    """No hole at the top of the feed while a row arrives, with motion as most walls have it."""
    wall.page.emulate_media(reduced_motion="no-preference")
    open_wall(wall, f"{address}/wall?lang=en")
    told = report(10)
    send(address, told)
    expect(wall.row(told["address"])).to_be_visible()
    assert wall.row(told["address"]).evaluate(
        "(row) => row.getAnimations().every((a) => a.effect.getKeyframes().every((k) => k.opacity === undefined))"
    )
