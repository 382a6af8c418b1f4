"""A form is composed from a template, tried on the phone, published, answered, and read as table, charts and map."""

from base64 import b64decode
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from data.cluster import Cluster
from data.database import connect
from data.stores.forms import load_version
from forms.xlsform.publishing import keep_submission
from tests.dashboard.conftest import watched
from tests.patience import PATIENCE_MS

READY = "() => document.body.dataset.ready"
#: The map in the phone beside the builder shows more than bare ground.
STREETS_ARE_DRAWN = """() => {
  const map = document.querySelector('.phone-screen').contentDocument.querySelector('.place canvas');
  const { data } = map.getContext('2d').getImageData(0, 0, map.width, map.height);
  const tones = new Set();
  for (let at = 0; at < data.length; at += 4) tones.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
  return tones.size > 30;
}"""
PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """A page of the office, wide enough for the phone beside it."""
    with watched(browser, 1680, 980, base_url=served) as page:
        yield page


def test_a_form_is_composed_published_and_read(page: Page, cluster: Cluster) -> None:
    page.goto("/forms")
    page.wait_for_function(READY)
    page.locator('.forms-body [data-template="flood_check"]').click()
    page.wait_for_url("**/forms/*/edit")
    page.wait_for_function(READY)
    lines = page.locator(".outline-line")
    expect(lines).to_have_count(10)

    page.locator(".builder-title").fill("Pumps")
    lines.last.click()
    page.locator(".builder-add").click()
    page.locator('[data-kind="begin_repeat"]').click()
    page.locator(".builder-add").click()
    page.locator('[data-kind="integer"]').click()
    page.locator('.builder-editor [data-field="labels"]').fill("Power")
    expect(page.locator('.outline-line.depth-1[aria-selected="true"] b')).to_have_text("Power")
    page.locator(".rule-relevant").click()
    page.locator(".rule-relevant-field .rule-of").select_option("risk")
    page.locator(".rule-relevant-field .rule-value").select_option("red")
    phone = page.frame_locator(".phone-screen")
    asked = phone.locator('.question:has(input[name$="/repeat/q"])')
    expect(asked).to_be_hidden()
    phone.locator('input[data-name$="/risk"][value="red"], input[name$="/risk"][value="red"]').check()
    expect(asked).to_be_visible()
    phone.locator("#send").click()
    expect(phone.locator("#trouble")).to_contain_text("还有")
    phone.locator('input[name$="/risk"][value="red"]').focus()
    expect(page.locator('.outline-line[aria-selected="true"]')).to_have_attribute("data-name", "risk")
    lines.filter(has_text="Power").click()
    page.locator(".builder-speak").click()
    page.locator(".language-new").fill("藏语 (bo)")
    page.locator(".language-add").click()
    expect(page.locator(".language-line")).to_have_count(4)
    page.keyboard.press("Escape")
    page.locator('.builder-editor [data-language="藏语 (bo)"]').first.fill("གློག")
    expect(page.locator(".phone-languages button")).to_have_count(3)
    page.locator('.media-field input[type="file"]').set_input_files(
        {"name": "roof.png", "mimeType": "image/png", "buffer": PNG}
    )
    expect(phone.locator('img[src*="/media/of/"]').first).to_be_attached()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator(".builder-state")).to_have_text("已保存")
    expect(page.locator(".builder-problem")).to_have_count(0)

    phone.locator("#form-box .place button >> nth=1").click()
    expect(phone.locator(".place canvas")).to_be_visible()
    expect(phone.locator(".place .soft.got, .place [role='status']").first).to_be_visible()
    page.wait_for_function(STREETS_ARE_DRAWN, timeout=PATIENCE_MS)
    page.locator(".builder-identity-open").click()
    page.locator('.builder-identity input[value="without_face"]').check()
    page.keyboard.press("Escape")
    expect(page.locator(".builder-identity-open")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".builder-state")).to_have_text("已保存")

    page.locator(".builder-publish").click()
    page.locator(".publish-now").click()
    expect(page.locator(".publish-done")).to_be_visible()
    answer(cluster)
    page.goto("/forms/flood_check")
    page.wait_for_function(READY)
    rows = page.locator(".answer-grid tbody tr")
    expect(rows).to_have_count(3)
    rows.first.click()
    expect(page.locator(".answer-repeat li dd")).to_have_text(["3", "4"])
    expect(page.locator(".answer-said > dl > dt").first).to_have_text("点位")
    page.locator('.review-act[data-state="approved"]').click()
    expect(page.locator('.answer-reviews [data-review="approved"] .answer-n')).to_have_text("1")
    page.locator('[data-view="charts"]').click()
    expect(page.locator('[data-chart="risk"] .js-plotly-plot')).to_be_visible()
    page.locator('[data-view="map"]').click()
    expect(page.locator('.answer-map .map[data-points="3"]')).to_be_visible()
    page.locator(".file-menu summary").click()
    with page.expect_download() as fetched:
        page.locator('.file-menu [data-format="xlsx"]').click()
    assert fetched.value.suggested_filename.endswith(".xlsx")


def answer(cluster: Cluster) -> None:
    """Three answers, in the middle of the city."""
    with connect(cluster.url("wall_copy"), autocommit=True) as connection:
        version = load_version(connection, "flood_check")
        asked = connection.execute("select identity from form_version where id = %s", (version.id,)).fetchone()
        assert asked == ("without_face",)
        row = connection.execute(
            "select st_y(p), st_x(p) from (select st_centroid(st_extent(geom)) p from area) x"
        ).fetchone()
        assert row is not None
        for number in range(3):
            text = f"""<data xmlns:orx="http://openrosa.org/xforms" id="flood_check" version="{version.version}">
              <spot>{row[0] + number / 1000} {row[1]}</spot><spot_kind>low</spot_kind><risk>red</risk>
              <evacuees>{number}</evacuees>
              <repeat><q>3</q></repeat><repeat><q>4</q></repeat>
              <meta><orx:instanceID>uuid:{number}</orx:instanceID></meta></data>"""
            keep_submission(connection, version, text, ZoneInfo("Asia/Shanghai"))
