"""The registry as people see it: the map and its side, finding a record, why a value stands, deciding a pair by keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data.cluster import Cluster
from tests.dashboard.conftest import Served
from tests.dashboard.registry_block import Block, fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def filled(cluster: Cluster, block_template: str) -> Iterator[tuple[str, Block]]:
    url = cluster.copy_database(block_template, "registry_browser")
    block = fill(url)
    with Served(url) as server:
        yield server.address, block
    cluster.drop_database("registry_browser")


def test_a_steward_looks_finds_reads_corrects_and_decides(page: Page, filled: tuple[str, Block]) -> None:
    address, block = filled
    page.goto(f"{address}/registry?lang=en&theme=dark")
    page.wait_for_function("() => document.body.dataset.ready")
    expect(page.locator('.registry-card[data-kind="person"] b')).to_have_text("20")
    expect(page.locator('.registry-card[data-kind="household"] b')).to_have_text("withheld")
    page.keyboard.press("u")
    expect(page.locator('[data-switch="unit:cell"]')).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("g")
    expect(page.locator(".registry-graph .main-svg").first).to_be_visible()
    page.reload()
    expect(page.locator('[data-switch="unit:cell"]')).to_have_attribute("aria-pressed", "true")

    page.wait_for_function("() => document.body.dataset.ready")
    page.keyboard.press("/")
    page.keyboard.type("王建国")
    expect(page.locator(".registry-hit")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".record-who h2")).to_have_text("王建国")
    phone = page.locator('[data-field="phone"]')
    expect(phone.locator("b.is-masked")).to_have_text("138••••2222")
    phone.locator("summary").click()
    expect(phone.locator(".record-claim.is-outdated")).to_have_count(1)
    page.select_option(".record-purpose select", "elderly_care")
    expect(phone.locator("summary b")).to_have_text("13811112222")
    phone.locator(".record-correct").click()
    page.fill('.record-edit [name="value"]', "13700001111")
    page.fill('.record-edit [name="reason"]', "seen at a visit")
    page.click('.record-edit [type="submit"]')
    expect(phone.locator("summary b")).to_have_text("13700001111")

    page.goto(f"{address}/registry/review?lang=en")
    expect(page.locator(".review-pair")).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator(".review-pair")).to_have_count(0)
    page.keyboard.press("u")
    expect(page.locator(".review-pair")).to_be_visible()

    page.keyboard.press("m")
    expect(page.locator(".review-pair")).to_have_count(0)
    page.goto(f"{address}/registry/{block.persons[1]}?lang=en")
    expect(page.locator(".record-lines li.is-merged small").first).to_contain_text("same telephone +9")
    page.locator(".merge-undo").click()
    page.locator(".forms-confirm .is-heavy").click()
    expect(page.locator(".record-lines li.is-split")).to_have_count(1)
    expect(page.locator(".merge-undo")).to_have_count(0)


def test_a_steward_brings_a_table_and_sees_what_becomes_of_it(
    page: Page, filled: tuple[str, Block], tmp_path: Path
) -> None:
    address, _ = filled
    table = tmp_path / "走访登记.csv"
    table.write_text(
        "姓名,身份证,出生年月日,备注\n孙悟空,11010119000101009X,1900/1/1,a\n猪八戒,1234,,b\n,,1960-01-01,c\n",
        encoding="utf-8",
    )
    page.goto(f"{address}/registry/import?lang=en&theme=light")
    page.wait_for_function("() => document.body.dataset.ready")
    page.set_input_files(".import-drop input", table)
    expect(page.locator(".import-summary p")).to_have_text("Of 3 rows: 1 can be taken, 2 cannot.")
    expect(page.locator('[name="kind"]')).to_have_value("person")
    expect(page.locator('[name="field:身份证"]')).to_have_value("id_number")
    page.select_option('[name="field:出生年月日"]', "birth_date")
    page.select_option('[name="field:备注"]', "id_number")
    expect(page.locator('[name="field:身份证"]')).to_have_value("")
    page.select_option('[name="field:身份证"]', "id_number")
    expect(page.locator('[name="field:备注"]')).to_have_value("")
    expect(page.locator("td.is-fault b")).to_have_text("1234")
    expect(page.locator("td.is-fault small")).to_contain_text("18 characters")
    expect(page.locator(".import-sheet tbody tr").first).to_contain_text("1900-01-01")
    page.fill('[name="label"]', "Visits of November")
    page.check('[name="purpose"][value="elderly_care"]')
    page.click(".import-begin")
    expect(page.locator('[data-outcome="new"] b')).to_have_text("1")
    expect(page.locator('[data-outcome="rejected"] b')).to_have_text("2")
    with page.expect_download() as taken:
        page.click(".import-acts a[download]")
    assert "猪八戒" in Path(taken.value.path()).read_text(encoding="utf-8-sig")
