"""The icon that a home screen shows, drawn at any size from the needle of ``assets/icon.svg``."""

import io
from functools import cache
from typing import Final

from PIL import Image, ImageDraw

SIZES: Final = (180, 192, 512)
GROUND, STEEL = "#0a1422", "#56b4e9"
FINE: Final = 4
#: The needle in a square of 32, as in icon.svg: its tip below, its eye above.
BLADE: Final = (
    (16.0, 3.0),
    (17.05, 5.2),
    (17.4, 7.6),
    (17.4, 21.6),
    (16.0, 29.0),
    (14.6, 21.6),
    (14.6, 7.6),
    (14.95, 5.2),
)
EYE: Final = (15.45, 6.9, 16.55, 10.3)
SAFE: Final = 0.72
"""A launcher may cut a maskable icon to a circle: the needle stays within its middle."""


@cache
def icon_png(size: int, *, maskable: bool = False) -> bytes:
    """The icon as PNG, ``size`` pixels a side; ``maskable``: without round corners, with a margin."""
    side = size * FINE
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, side - 1, side - 1), 0 if maskable else side * 7 / 32, fill=GROUND)
    share = SAFE if maskable else 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        return ((x - 16) * share / 32 + 0.5) * side, ((y - 16) * share / 32 + 0.5) * side

    pen.polygon([at(x, y) for x, y in BLADE], fill=STEEL)
    pen.ellipse((*at(EYE[0], EYE[1]), *at(EYE[2], EYE[3])), fill=GROUND)
    out = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
