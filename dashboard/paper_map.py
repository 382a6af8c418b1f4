"""A map on paper: what a drawn map needs to be read away from the screen: title, legend, scale, north, source and date."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from dashboard.indicators.report import FONT
from forms.posters.fonts import BOLD, REGULAR, cut, drawable, read_slices

MARGIN: Final = 40
INK, SOFT, LINE = "#12202f", "#4a5b70", "#c9cfd6"
TITLE, BODY, SMALL = 38, 25, 21
SWATCH: Final = 26
STEPS: Final = (1, 2, 5)


@dataclass(frozen=True)
class Sign:
    """A line of the legend: a colour and what it says; ``line``: drawn as a stroke."""

    colour: str
    words: str
    line: bool = False


@dataclass(frozen=True)
class Furniture:
    """What stands around a map. ``said``: lines beneath the title; ``sources``: lines at the foot; ``north``: its letter."""

    title: str
    said: Sequence[str]
    legend: Sequence[Sign]
    sources: Sequence[str]
    north: str


def framed(drawn: Image.Image, metres_a_pixel: float, around: Furniture) -> Image.Image:
    """The map with everything around it; north is up. ``metres_a_pixel``: in the middle of the map."""
    pens = Pens(around)
    signs = rows_of(around.legend, pens, drawn.width - 2 * MARGIN)
    head = MARGIN + int(TITLE * 1.5) + len(around.said) * int(BODY * 1.45) + 12
    foot = 24 + len(signs) * int(SWATCH * 1.7) + len(around.sources) * int(SMALL * 1.45) + MARGIN
    image = Image.new("RGB", (drawn.width, head + drawn.height + foot), "white")
    image.paste(drawn, (0, head))
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, MARGIN), pens.clean(around.title), INK, pens.bold(TITLE))
    for at, line in enumerate(around.said):
        pen.text(
            (MARGIN, MARGIN + int(TITLE * 1.5) + at * int(BODY * 1.45)), pens.clean(line), SOFT, pens.regular(BODY)
        )
    draw_north(pen, pens, drawn.width - MARGIN - 30, head + 14, around.north)
    draw_scale(pen, pens, MARGIN, head + drawn.height - 26, metres_a_pixel, drawn.width / 4)
    top = head + drawn.height + 24
    for at, row in enumerate(signs):
        draw_signs(pen, pens, top + at * int(SWATCH * 1.7), row)
    top += len(signs) * int(SWATCH * 1.7) + 6
    for at, line in enumerate(around.sources):
        pen.text((MARGIN, top + at * int(SMALL * 1.45)), pens.clean(line), SOFT, pens.regular(SMALL))
    return image


class Pens:
    """Our own font, cut to what is written."""

    def __init__(self, around: Furniture) -> None:
        self.slices = read_slices(FONT)
        texts = [around.title, *around.said, *(sign.words for sign in around.legend), *around.sources, around.north]
        characters = frozenset("".join(texts) + "0123456789 km·—")
        self.faces = {weight: cut(characters, weight, self.slices) for weight in (REGULAR, BOLD)}
        self.regular = cache(lambda size: ImageFont.truetype(BytesIO(self.faces[REGULAR]), size))
        self.bold = cache(lambda size: ImageFont.truetype(BytesIO(self.faces[BOLD]), size))

    def clean(self, text: str) -> str:
        """What of a text the font can draw."""
        return drawable(text, self.slices)

    def width(self, text: str, size: int) -> int:
        """How wide a text is."""
        return int(self.regular(size).getlength(text))


def rows_of(legend: Sequence[Sign], pens: Pens, width: int) -> list[list[tuple[Sign, int]]]:
    """The legend in rows no wider than the map: signs and where each begins."""
    rows: list[list[tuple[Sign, int]]] = [[]]
    x = MARGIN
    for sign in legend:
        wide = SWATCH + 12 + pens.width(sign.words, BODY) + 36
        if rows[-1] and x + wide > width + MARGIN:
            rows.append([])
            x = MARGIN
        rows[-1].append((sign, x))
        x += wide
    return rows


def draw_signs(pen: ImageDraw.ImageDraw, pens: Pens, top: int, row: Sequence[tuple[Sign, int]]) -> None:
    """A row of the legend."""
    for sign, x in row:
        if sign.line:
            pen.line((x, top + SWATCH / 2, x + SWATCH, top + SWATCH / 2), fill=sign.colour, width=6)
        else:
            pen.rectangle((x, top, x + SWATCH, top + SWATCH), fill=sign.colour, outline=LINE)
        pen.text((x + SWATCH + 12, top - 4), pens.clean(sign.words), INK, pens.regular(BODY))


def draw_north(pen: ImageDraw.ImageDraw, pens: Pens, x: float, y: float, letter: str) -> None:
    """An arrow to the north."""
    pen.polygon([(x, y), (x - 15, y + 46), (x, y + 36), (x + 15, y + 46)], fill=INK)
    pen.text((x, y + 50), letter, INK, pens.bold(BODY), anchor="ma")


def scale_of(metres_a_pixel: float, most_pixels: float) -> tuple[int, float]:
    """The longest round length (1, 2 or 5 times a power of ten metres) that fits, and its pixels."""
    lengths = [step * 10**power for power in range(6) for step in STEPS]
    fitting = [length for length in lengths if length / metres_a_pixel <= most_pixels] or lengths[:1]
    return fitting[-1], fitting[-1] / metres_a_pixel


def draw_scale(
    pen: ImageDraw.ImageDraw, pens: Pens, x: float, y: float, metres_a_pixel: float, most_pixels: float
) -> None:
    """A bar of a round length."""
    metres, pixels = scale_of(metres_a_pixel, most_pixels)
    words = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
    pen.rectangle((x - 8, y - 36, x + pixels + 8, y + 12), fill="white")
    pen.line([(x, y - 8), (x, y), (x + pixels, y), (x + pixels, y - 8)], fill=INK, width=3)
    pen.text((x + pixels / 2, y - 6), words, INK, pens.regular(SMALL), anchor="mb")
