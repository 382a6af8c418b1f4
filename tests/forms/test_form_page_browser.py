"""A resident with a cheap phone answers a form: skips, repeats, photo, place, no connection, and the mail lies there once."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from lxml import etree  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import Browser, Page, Response, expect

from data.database import connect
from forms.answers.judging import Good, judge
from forms.keys import KeyRing
from forms.portal.guard import POLICY
from forms.sealing import mail_id_of
from forms.xlsform.compiling import compile_workbook
from tests.browsing import faults
from tests.forms.conftest import Mailbox
from tests.forms.form_site import HOUSE, Site, open_site, workbook
from tests.forms.household_form import BOOK, KNOWN, TITLE

pytestmark = pytest.mark.browser
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
HERE: Final = "[data-page].current "
FORBIDDEN: Final = "Content Security Policy directive 'script-src"
"""Styles in attributes, which Enketo Core sets where a kept answer is merged, are refused without harm."""
CODE: Final = re.compile(r"[0-9A-Z]{20}")


@pytest.fixture
def site(mailbox: Mailbox, keys: KeyRing) -> Iterator[Site]:
    """The household's form on a portal."""
    with open_site(mailbox, keys, "household") as site:
        site.do(site.publish(BOOK, TITLE))
        yield site


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A small phone that knows where it is; an error in a page, or something that its policy forbids, fails the test."""
    context = browser.new_context(**PHONE, permissions=["geolocation"])
    context.set_geolocation({"longitude": 116.930, "latitude": 39.770, "accuracy": 35})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if FORBIDDEN in said.text else None)
    yield page
    context.close()
    assert errors == []


def picture(width: int = 2400, height: int = 1800) -> bytes:
    """A large photo that says where it was taken."""
    image = Image.effect_noise((width, height), 40).convert("RGB")
    exif = image.getexif()
    exif[0x010E] = "a secret"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def opened(phone: Page, address: str) -> None:
    phone.goto(address)
    phone.wait_for_selector("body[data-ready]")


def onward(phone: Page, text: str) -> None:
    """Go on to the page whose question begins so."""
    phone.click(".next-page")
    expect(phone.locator(f"{HERE}.question-label.active").first).to_contain_text(text)


def answer_all(phone: Page) -> None:
    """Fill in everything from the second page on, as an old woman who lives with her son would."""
    phone.fill(f"{HERE}input", "200")
    phone.click(".next-page")
    expect(phone.locator(f"{HERE}.or-constraint-msg.active")).to_be_visible()
    assert faults(phone) == []
    phone.fill(f"{HERE}input", "82")
    onward(phone, "您和谁一起住")
    phone.click(".next-page")
    expect(phone.locator(f"{HERE}.or-required-msg.active")).to_have_text("此题必填")
    phone.click(f"{HERE}label:has-text('和家人住')")
    onward(phone, "姓名")
    phone.fill(f"{HERE}[name='/data/people/who']", "王强")
    phone.fill(f"{HERE}[name='/data/people/years']", "51")
    phone.click(".add-repeat-btn:visible")
    phone.fill(f"{HERE}[name='/data/people/who']", "李梅")
    assert faults(phone) == []
    onward(phone, "需要哪些帮助")
    phone.click(f"{HERE}label:has-text('其他')")
    onward(phone, "其他帮助")
    phone.fill(f"{HERE}input", "修水管 <&>")
    onward(phone, "哪天上门方便")
    phone.fill(f"{HERE}input", "2026-12-24")
    onward(phone, "健康状况")
    phone.locator(f"{HERE}input[type=range]").press("ArrowRight")
    onward(phone, "家门口的位置")
    phone.click(f"{HERE}.place button >> nth=0")
    phone.click(f"{HERE}.houses button")
    expect(phone.locator(f"{HERE}.place [role=status]")).to_contain_text(HOUSE[2])
    chosen = phone.input_value("input[name='/data/place']").split()
    assert [float(each) for each in chosen[:2]] == pytest.approx([HOUSE[1], HOUSE[0]], abs=2e-5)
    phone.click(f"{HERE}.place button >> nth=0")
    expect(phone.locator(f"{HERE}.place [role=status]")).to_contain_text("39.77")
    assert faults(phone) == []
    onward(phone, "拍一张门口的照片")
    phone.set_input_files(f"{HERE}input[type=file]", {"name": "IMG.JPG", "mimeType": "image/jpeg", "buffer": picture()})
    phone.wait_for_selector(f"{HERE}.kept-file img")


def test_an_answer_survives_everything_and_arrives_once(site: Site, phone: Page) -> None:
    received: list[Response] = []
    phone.on("response", lambda answer: received.append(answer))
    path = site.do(site.link(TITLE, known=KNOWN, uses=1))
    opened(phone, site.address + path)
    assert phone.inner_text("#title") == TITLE
    assert "幸福里社区居委会" in phone.inner_text("#asks")
    assert "截止" in phone.inner_text("#until")
    assert phone.input_value("[name='/data/name']") == "王小明"
    assert "2026年3月1日" in phone.inner_text(".known")
    assert faults(phone) == []
    assert all(answer.url.startswith(site.address) or answer.url.startswith("blob:") for answer in received)
    page = next(answer for answer in received if "/f/" in answer.url)
    assert page.headers["content-security-policy"] == POLICY
    assert "'unsafe" not in POLICY

    phone.fill("[name='/data/name']", "王小民")
    phone.press("[name='/data/name']", "Tab")
    expect(phone.locator(".known")).to_have_text("您已改正")
    onward(phone, "您的年龄")
    answer_all(phone)
    onward(phone, "王小民，您办老年卡了吗")
    phone.click(f"{HERE}label:has-text('办了')")
    expect(phone.locator("#saved:not([data-waiting])")).to_have_text("已保存在手机上")
    phone.evaluate("() => navigator.serviceWorker.ready.then(() => true)")

    phone.context.set_offline(True)
    phone.reload()
    phone.wait_for_selector("body[data-ready]")
    expect(phone.locator(f"{HERE}.question-label.active").first).to_contain_text("老年卡")
    phone.click(".previous-page")
    expect(phone.locator(f"{HERE}.kept-file img")).to_be_visible()
    onward(phone, "老年卡")
    onward(phone, "还想说什么")
    phone.fill(f"{HERE}textarea", "谢谢")
    phone.click("#send")
    expect(phone.locator("#receipt-title")).to_have_text("已保存在手机上")
    assert site.letters() == []
    phone.context.set_offline(False)
    expect(phone.locator("#receipt-title")).to_have_text("已提交")
    code = phone.inner_text("#code").replace("-", "")
    assert CODE.fullmatch(code)
    assert faults(phone) == []

    ((mail, head, files),) = site.letters()
    assert mail == mail_id_of(code) == mail_id_of(head["code"])
    assert (head["form"], head["version"], head["language"]) == ("household", "1", "zh")
    said = etree.fromstring(head["instance"].encode())
    assert [(said.xpath(f"string(//{name})")) for name in ("name", "age", "living", "needs_other", "card", "words")] == [
        "王小民", "82", "family", "修水管 <&>", "yes", "谢谢",
    ]  # fmt: skip
    assert said.xpath("//people/who/text()") == ["王强", "李梅"]
    assert said.xpath("string(//visit)") == "2026-12-24"
    assert said.xpath("string(//place)").split()[:2] == ["39.770000", "116.930000"]
    (photo,) = files
    assert [file["name"] for file in head["files"]] == [said.xpath("string(//photo)")]
    assert max(Image.open(io.BytesIO(photo)).size) <= 1600
    assert b"a secret" not in photo
    named = {file["name"]: file["name"] for file in head["files"]}
    verdict = judge(compile_workbook(BOOK).xform, head["instance"], datetime.now(ZoneInfo("Asia/Shanghai")), named)
    assert isinstance(verdict, Good), verdict
    with connect(site.mailbox.owner) as connection:
        assert connection.execute("select uses from mailbox.link").fetchall() == [(1,)]


def turn_to_the_end(phone: Page) -> None:
    """Page by page, to where it is sent."""
    while phone.is_visible(".next-page"):
        before = phone.inner_text("#far")
        phone.click(".next-page")
        expect(phone.locator("#far")).not_to_have_text(before)


def instance_of(answer: Any) -> str:
    """The id that an answer has."""
    return str(answer.xpath("string(//*[local-name() = 'instanceID'])"))


def test_what_comes_back_is_corrected_at_its_question_and_sent_again(site: Site, phone: Page) -> None:
    path = site.do(site.link(TITLE))
    opened(phone, f"{site.address}{path}?lang=en")
    phone.click("#large")
    assert phone.inner_text(".question-label.active >> nth=0") == "Your name"
    assert not re.search(r"[\u4e00-\u9fff]", phone.inner_text("#form-box"))
    assert faults(phone) == []
    phone.fill("[name='/data/name']", "Wang")
    phone.press("[name='/data/name']", "Enter")
    expect(phone.locator(f"{HERE}.question-label.active")).to_have_text("Your age")
    phone.fill(f"{HERE}input", "30")
    onward(phone, "Whom do you live with")
    phone.click(f"{HERE}label:has-text('Alone')")
    for text in ("What help", "Which day", "How well", "Where your door", "A photo", "Anything else"):
        onward(phone, text)
    phone.click("#send")
    expect(phone.locator("#receipt-title")).to_have_text("Sent")
    first = phone.inner_text("#code").replace("-", "")
    assert faults(phone) == []

    problem = {
        "path": "/data/age",
        "label": "Your age",
        "message_zh": "与户籍不符",
        "message_en": "The register says otherwise",
    }
    site.do(site.answer(first, {"state": "rejected", "receipt": None, "problems": [problem]}))
    expect(phone.locator("#receipt-title")).to_have_text("A few answers need a change")
    assert faults(phone) == []
    phone.click("#correct")
    expect(phone.locator(f"{HERE}.said")).to_have_text("The register says otherwise")
    assert phone.input_value(f"{HERE}input") == "30"
    assert faults(phone) == []
    phone.fill(f"{HERE}input", "31")
    turn_to_the_end(phone)
    phone.click("#send")
    expect(phone.locator("#receipt-title")).to_have_text("Sent")
    second = phone.inner_text("#code").replace("-", "")
    assert second != first
    ((mail, head, _),) = site.letters()
    assert mail == mail_id_of(second)
    assert etree.fromstring(head["instance"].encode()).xpath("string(//age)") == "31"

    site.do(site.answer(second, {"state": "filed", "receipt": "H-7K3M", "problems": [], "title": TITLE}))
    expect(phone.locator(".receipt-number")).to_contain_text("H-7K3M")
    phone.click("#edit")
    expect(phone.locator("#editing")).to_be_visible()
    assert faults(phone) == []
    phone.click("#unedit")
    expect(phone.locator("#editing")).to_be_hidden()
    phone.click("#edit")
    expect(phone.locator("#editing")).to_be_visible()
    turn_to_the_end(phone)
    phone.click("#send")
    expect(phone.locator("#receipt-title")).to_have_text("Sent")
    third = phone.inner_text("#code").replace("-", "")
    ((mail, edited, _),) = site.letters()
    assert (mail, edited["replaces"]) == (mail_id_of(third), second)
    before, now = (etree.fromstring(each["instance"].encode()) for each in (head, edited))
    assert now.xpath("string(//*[local-name() = 'deprecatedID'])") == instance_of(before)
    assert instance_of(now) not in ("", instance_of(before))
    with connect(site.mailbox.owner) as connection:
        row = connection.execute(
            "select replaces, (select count(*) from mailbox.link_use) from mailbox.mail"
        ).fetchone()
    assert row == (mail_id_of(second), 2), "an edit is no other use"
    site.do(site.answer(third, {"state": "filed", "receipt": "H-7K3M", "problems": [], "title": TITLE}))
    phone.click("#forget")
    expect(phone.locator("#edit")).to_have_count(0)
    phone.goto(f"{site.address}/track?lang=en#{second}")
    expect(phone.locator("#story .now")).to_contain_text("Received")
    expect(phone.locator("#story")).to_contain_text("H-7K3M")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"revoked": True}, "已停用"),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, "填报已截止"),
        ({"uses": 0}, "链接无效"),
    ],
)
def test_a_closed_link_says_why(site: Site, phone: Page, state: dict[str, Any], says: str) -> None:
    path = site.do(site.link(TITLE, **{name: value for name, value in state.items() if name != "uses"}))
    opened(phone, site.address + ("/f/" + "0" * 26 if "uses" in state else path))
    expect(phone.locator("#told")).to_contain_text(says)
    assert faults(phone) == []


def test_a_note_is_words_without_a_field(site: Site, phone: Page) -> None:
    asked = [
        {"type": "note", "name": "hello", "label": "不记名"},
        {"type": "text", "name": "wish", "label": "您的愿望"},
    ]
    site.do(site.publish(workbook(asked), TITLE))
    opened(phone, site.address + site.do(site.link(TITLE)))
    expect(phone.locator(".note")).to_have_text("不记名")
    expect(phone.locator(".note input")).to_be_hidden()
    expect(phone.locator("[name$='/wish']")).to_be_visible()
