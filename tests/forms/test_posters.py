"""QR codes and posters: decoded again from what would be printed, also torn and dirty; words read back from the PDF."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from data.database import Connection
from data.stores.links import Asking, Target, add_outreach, load_links, load_outreach
from forms.links import qr
from forms.links.issuing import issue
from forms.links.tokens import LinkSecret
from forms.posters.archive import posters_of, stream_zip
from forms.posters.fonts import BOLD, GETA, cut, drawable, read_slices
from forms.posters.sheet import HEIGHT, WIDTH, Poster, balanced, faces_for, pieces, render
from geo.errors import NeedleError

FONT = Path(__file__).parents[2] / "dashboard/assets/vendor/fonts/noto-sans-sc"
URL = "https://ask.example.gov.cn/f/7K3M9QXA2BCD7K3M9QXA2BCD7K"
SEALED = f"{URL}#7K3M9QXA2BCD7K3M9QXA2BCD7K"
POSTER = Poster(
    asks="幸福里社区居委会",
    title="独居老人冬季取暖与用气安全摸排",
    label="朝阳区幸福里小区 1 号楼",
    until=datetime(2026, 11, 25, 18, 0, tzinfo=UTC),
    url=URL,
    typed="ask.example.gov.cn/f/7K3M-9QXA-2BCD",
)
LONG = replace(
    POSTER,
    asks="东城区安定门街道办事处城市管理办公室",
    title="居民满意度与社区公共服务设施使用情况年度综合问卷调查（第二轮）",
    label="安定门街道花园胡同社区安定门内大街甲 124 号院 3 号楼（北侧，靠近菜市场）",
    url=SEALED,
)


def decoded(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


def page(pdf: bytes, dpi: int = 150) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1
        image: Image.Image = document[0].render(scale=dpi / 72).to_pil()
        return image


def words(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        text: str = document[0].get_textpage().get_text_range()
        return "".join(text.split())


@given(st.text("ABCDEFGHJKMNPQRSTVWXYZ0123456789abc-./:#", min_size=1, max_size=120))
def test_a_code_is_read_back(text: str) -> None:
    assert decoded(Image.open(io.BytesIO(qr.png(text, 30, 150)))) == [text]


def test_a_png_has_whole_modules_a_quiet_zone_and_its_size_on_paper() -> None:
    image = Image.open(io.BytesIO(qr.png(SEALED, 90)))
    assert (image.mode, image.width >= 90 / 25.4 * 600) == ("1", True)
    assert image.info["dpi"] == pytest.approx((600, 600), abs=1)
    size = image.width // len(qr.modules(SEALED))
    assert image.width == size * len(qr.modules(SEALED))
    dark = np.argwhere(~np.asarray(image))
    assert dark.min(axis=0).tolist() == [qr.QUIET * size] * 2


def test_the_svg_draws_the_same_modules() -> None:
    shapes = np.zeros_like(qr.modules(URL))
    for row, column, length in qr.bars(qr.modules(URL)):
        shapes[row, column : column + length] = True
    assert np.array_equal(shapes, qr.modules(URL))
    drawn = qr.svg(URL, 90)
    assert 'width="90mm"' in drawn
    assert drawn.count("M") == len(qr.bars(qr.modules(URL))) + 1


def test_a_torn_and_dirty_code_is_still_read() -> None:
    image = Image.open(io.BytesIO(qr.png(URL, 60, 150))).convert("L")
    pen, size = ImageDraw.Draw(image), image.width
    pen.rectangle((size * 0.45, size * 0.45, size * 0.65, size * 0.65), fill=255)
    assert decoded(image.filter(ImageFilter.GaussianBlur(1.5))) == [URL]


@pytest.mark.parametrize("poster", [POSTER, LONG], ids=["short", "long"])
@pytest.mark.parametrize("dpi", [72, 150])
def test_a_poster_is_an_a4_sheet_whose_code_leads_where_it_should(poster: Poster, dpi: int) -> None:
    image = page(render(poster, faces_for([poster], read_slices(FONT))), dpi)
    assert (image.width, image.height) == pytest.approx((WIDTH * dpi / 72, HEIGHT * dpi / 72), abs=2)
    assert decoded(image) == [poster.url]
    assert decoded(image.convert("1")) == [poster.url], "in black and white"


@pytest.mark.parametrize("poster", [POSTER, LONG], ids=["short", "long"])
def test_a_poster_says_who_asks_what_where_and_until_when(poster: Poster) -> None:
    said = words(render(poster, faces_for([poster], read_slices(FONT))))
    for part in (poster.asks, poster.title, poster.typed, "2026年11月25日18:00", "只有发起单位能够打开"):
        assert "".join(part.split()) in said
    assert "".join(poster.label.split())[:20] in said


@pytest.mark.parametrize("poster", [POSTER, LONG], ids=["short", "long"])
def test_nothing_runs_over_the_margins(poster: Poster) -> None:
    """White all around but for the band at the top: a printer that cannot reach the edge cuts nothing off."""
    ink = np.asarray(page(render(poster, faces_for([poster], read_slices(FONT))), 72).convert("L")) < 200
    edge = 40
    assert not ink[60:, :edge].any()
    assert not ink[60:, -edge:].any()
    assert not ink[-30:].any()


def test_a_poster_carries_its_own_fonts_and_is_the_same_each_time() -> None:
    faces = faces_for([POSTER], read_slices(FONT))
    first = render(POSTER, faces)
    assert first == render(POSTER, faces)
    assert first.count(b"/FontFile2") >= 2
    assert len(first) < 80_000


def test_a_character_that_no_font_has_is_marked_as_missing() -> None:
    slices = read_slices(FONT)
    assert drawable("𠮷野家", slices) == f"{GETA}野家"
    assert cut("幸福", BOLD, slices) != cut("幸福", 400, slices)


def test_a_font_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(NeedleError) as told:
        read_slices(tmp_path)
    assert told.value.code == "poster.no_font"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好，世界！", ["你", "好，", "世", "界！"]),
        ("甲 124 号", ["甲 ", "124 ", "号"]),
        ("open me", ["open ", "me"]),
    ],
)
def test_lines_break_where_a_typesetter_would(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_no_character_stands_alone_on_a_second_line() -> None:
    assert balanced(["一二三四五六七八", "九"]) == ["一二三四五", "六七八九"]


def test_a_grids_posters_come_as_a_zip_while_they_are_made(connection: Connection) -> None:
    until = datetime.now(UTC) + timedelta(days=3)
    outreach = load_outreach(connection, add_outreach(connection, Asking("f1", "满意度调查", "幸福里居委会", until)))
    doors = [Target("building", f"b{n}", f"幸福里 {n}/{n + 1} 号楼", None, None, {}) for n in range(5)]
    issue(connection, outreach, doors, LinkSecret(bytes(32)), None, until)
    links = load_links(connection, outreach.id)
    posters = posters_of(outreach, links, LinkSecret(bytes(32)), "https://ask.example", ZoneInfo("Asia/Shanghai"))
    heard: list[tuple[int, int]] = []
    parts = list(stream_zip(posters, read_slices(FONT), lambda done, of: heard.append((done, of))))
    assert heard == [(n, 5) for n in range(1, 6)]
    assert len(parts) == 6
    assert all(parts), "something is sent after each poster"
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names[0] == "00001 幸福里 0 1 号楼.pdf"
        found = [decoded(page(archive.read(name))) for name in names]
    assert found == [[poster.url] for poster in posters]
    assert len({url for (url,) in found}) == 5
