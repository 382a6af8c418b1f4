"""The frame around every page in a real Chromium: languages, themes, keys, screens, and what is said when something fails."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.i18n import words
from dashboard.page import Page as OurPage
from dashboard.server import PAGES
from geo.errors import Language

pytestmark = pytest.mark.browser

CHINESE = re.compile(r"[\u4e00-\u9fff]")
MESSAGE_ID = re.compile(r"[a-z_]+(\.[a-z_]+)+")
#: Every text that the page shows or says to a screen reader, and what its controls are called.
READ_ALL = """() => {
  const said = [];
  const walk = document.createTreeWalker(document.querySelector('.frame'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) said.push(walk.currentNode.textContent.trim());
  for (const node of document.querySelectorAll('.frame *')) {
    said.push(...['aria-label', 'title', 'placeholder', 'alt'].map((name) => node.getAttribute(name)));
  }
  return [...said.filter(Boolean), document.title];
}"""
NAMELESS = """() => [...document.querySelectorAll('.frame a, .frame button, .frame input, .frame select')]
  .filter((node) => node.offsetParent && !(node.textContent.trim() || node.getAttribute('aria-label') || node.labels?.length))
  .map((node) => node.outerHTML.slice(0, 120))"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1600, "height": 900}, reduced_motion="reduce", color_scheme="dark")
    yield context
    context.close()


def shown(context: BrowserContext, address: str) -> Page:
    """A page whose frame has been drawn."""
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".frame")).to_be_visible()
    return page


def catalogue_texts() -> re.Pattern[str]:
    """Everything that the Chinese catalogue says, whatever is filled in; the name of the other language aside."""
    named = set(words("en").messages.values())  # what English says in Chinese too: the name of the other language
    texts = [text for text in words("zh").messages.values() if CHINESE.search(text) and text not in named]
    return re.compile("|".join(".+".join(re.escape(part) for part in re.split(r"{\w+}", text)) for text in texts))


@pytest.mark.parametrize("ours", PAGES, ids=lambda page: page.path)
def test_the_english_page_says_nothing_in_chinese_and_a_screen_reader_finds_its_way(
    context: BrowserContext, served_city: str, ours: OurPage
) -> None:
    page = shown(context, f"{served_city}{ours.path}?lang=en")
    expect(page).to_have_title(words("en")(ours.title))
    said = page.evaluate(READ_ALL)
    catalogue = catalogue_texts()
    assert len(said) > 10
    assert [text for text in said if catalogue.fullmatch(text)] == []
    assert [text for text in said if MESSAGE_ID.fullmatch(text)] == []
    expect(page.get_by_role("navigation", name=words("en")("frame.pages"))).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.locator('.rail-link[aria-current="page"]')).to_have_attribute("href", ours.path)
    assert page.evaluate(NAMELESS) == []


def test_a_language_once_chosen_stays(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none?theme=light")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.keyboard.press("l")
    page.wait_for_url("**/none?theme=light&lang=en")
    expect(page.locator(".state-title")).to_have_text("There is no page at this address")
    page.goto(f"{served_city}/none")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator('[data-frame="language"]').click()
    page.wait_for_url("**/none?lang=zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


def test_the_theme_changes_at_once_and_stays(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none")
    root, control = page.locator("html"), page.locator('[data-frame="theme"]')
    expect(control).to_have_attribute("title", re.compile("跟随系统"))
    page.keyboard.press("d")
    expect(control).to_have_attribute("title", re.compile("深色"))
    control.click()
    expect(root).to_have_attribute("data-theme", "light")
    assert page.locator("body").evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(233, 238, 244)"
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")


def test_auto_follows_the_machine(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_the_keys_are_shown_and_left_by_keyboard(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none?lang=en")
    control, help_ = page.locator('[data-frame="keys"]'), page.locator('[data-frame="keys-help"]')
    control.focus()
    page.keyboard.press("Enter")
    expect(help_).to_be_visible()
    expect(help_.locator("kbd")).to_have_text(["?", "D", "L", "Esc"])
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("l")
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    expect(control).to_be_focused()
    assert page.url.endswith("/none?lang=en")
    page.keyboard.press("?")
    expect(help_).to_be_visible()


def test_a_screen_shows_the_page_alone(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none?screen=1")
    expect(page.locator(".rail")).to_have_count(0)
    width = page.locator(".frame-body").bounding_box()
    assert width is not None
    assert width["width"] == 1600


def test_an_unknown_address_leads_to_the_pages_there_are(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none")
    ways = page.locator(".state-actions a")
    expect(ways).to_have_count(len(PAGES))
    assert [way.get_attribute("href") for way in ways.all()] == [ours.path for ours in PAGES]


def test_the_first_tab_skips_to_the_content(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_a_lost_connection_is_said_and_taken_back(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none")
    banner = page.locator('[data-frame="offline"]')
    expect(banner).to_be_hidden()
    context.set_offline(True)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text(words("zh")("frame.offline.title"))
    context.set_offline(False)
    expect(banner).to_be_hidden()


@pytest.mark.parametrize(("language", "other"), [("zh", "en"), ("en", "zh")])
def test_a_failed_action_is_said_and_said_again(
    context: BrowserContext, served_city: str, language: Language, other: Language
) -> None:
    page = shown(context, f"{served_city}/wall?lang={language}")
    expect(page.locator("main.wall")).to_be_attached()
    trouble = page.locator('[data-frame="trouble"]')
    for case in ("not a number", "nor this"):
        page.evaluate("(data) => dash_clientside.set_props('wall-selected', { data })", {"case": case})
        expect(trouble).to_be_visible()
        expect(trouble.get_by_text(words(language)("frame.trouble"))).to_be_visible()
        expect(trouble.get_by_text(words(other)("frame.trouble"))).to_be_hidden()
        trouble.get_by_role("button").click()
        expect(trouble).to_be_hidden()


def test_chinese_type_is_fetched_only_where_the_machine_has_none(context: BrowserContext, served_city: str) -> None:
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served_city}/none")
    expect(page.locator(".state-title")).to_be_visible()
    fonts = str(page.locator('script[src*="frame.mjs"]').get_attribute("src")).replace("frame", "fonts")
    bring = "async ([fonts, names]) => (await import(fonts)).bringType(names ?? undefined)"
    assert page.evaluate(bring, [fonts, None]) is False
    assert [address for address in asked if "noto" in address] == []
    with page.expect_response("**/noto-sans-sc/index.css") as answer:
        assert page.evaluate(bring, [fonts, ["No Such Type"]]) is True
    assert answer.value.status == 200


def test_on_paper_only_the_content_is_left(context: BrowserContext, served_city: str) -> None:
    page = shown(context, f"{served_city}/none")
    page.emulate_media(media="print")
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.locator(".state-title")).to_be_visible()
    ink, paper = page.evaluate(
        "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
