"""The font of posters, cut from the web font that the pages use: a poster looks the same on every machine, fonts or not.

The web font (Noto Sans SC, SIL Open Font License 1.1) comes as a hundred variable slices. For a set of characters, their outlines
are drawn at the wanted weight into one small TrueType font.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.cu2quPen import Cu2QuPen  # type: ignore[import-untyped]
from fontTools.pens.recordingPen import DecomposingRecordingPen  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from geo.errors import NeedleError

REGULAR: Final = 400
BOLD: Final = 700
FACE: Final = re.compile(r"src: url\(\./(\S+?\.woff2)\).*?unicode-range: ([^;]+);", re.DOTALL)
GETA: Final = "〓"
"""What Chinese typesetters put for a character that they have not got."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Which file draws which characters: ``starts`` sorted, each with its end and file."""

    folder: Path
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    names: tuple[str, ...]

    def file(self, character: str) -> Path | None:
        """The slice that has a character."""
        code = ord(character)
        at = bisect_right(self.starts, code) - 1
        return self.folder / self.names[at] if at >= 0 and code <= self.ends[at] else None


@cache
def read_slices(folder: Path) -> Slices:
    """The slices of a web font's folder, from its ``index.css``.

    Raises
    ------
    NeedleError
        ``poster.no_font``.
    """
    try:
        css = (folder / "index.css").read_text(encoding="utf-8")
    except OSError as error:
        raise NeedleError("poster.no_font", folder=folder) from error
    found = [(*_span(part), name) for name, ranges in FACE.findall(css) for part in ranges.split(",")]
    starts, ends, names = zip(*sorted(found), strict=True)
    return Slices(folder, starts, ends, names)


@cache
def _slice(file: Path) -> TTFont:
    return TTFont(file)


def drawable(text: str, slices: Slices) -> str:
    """The text with what no slice draws replaced."""
    return "".join(c if slices.file(c) is not None or c in " \n" else GETA for c in text)


def cut(characters: Iterable[str], weight: int, slices: Slices) -> bytes:
    """One TrueType font with these characters at this weight, its name its own: the PDF library knows fonts by theirs.

    Parameters
    ----------
    weight : int
        100 (thin) to 900 (black).
    """
    wanted = sorted({c for c in characters if slices.file(c) is not None} | {" ", GETA})
    drawn = {c: _drawn(c, weight, slices) for c in wanted}
    builder = FontBuilder(1000, isTTF=True)
    names = {c: f"u{ord(c):04X}" for c in wanted}
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(c): name for c, name in names.items()})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph()} | {names[c]: glyph for c, (glyph, _) in drawn.items()})
    builder.setupHorizontalMetrics({".notdef": (500, 0)} | {names[c]: (width, 0) for c, (_, width) in drawn.items()})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    name = f"NeedlePoster-{sha256(''.join(wanted).encode()).hexdigest()[:12]}-{weight}"
    builder.setupNameTable({"familyName": "Needle Poster", "styleName": str(weight), "psName": name})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=1160, usWinDescent=288, sCapHeight=733)
    builder.setupPost()
    out = BytesIO()
    builder.save(out)
    return out.getvalue()


def _drawn(character: str, weight: int, slices: Slices) -> tuple[Any, int]:
    """A character's outline at a weight, and how wide it runs; a space is a quarter of an em."""
    pen = TTGlyphPen(None)
    file = slices.file(character)
    if file is None:
        return pen.glyph(), 250
    font = _slice(file)
    name = font.getBestCmap().get(ord(character))
    if name is None:
        return pen.glyph(), 500
    glyphs = font.getGlyphSet(location={"wght": weight})
    recorded = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(recorded)
    recorded.replay(Cu2QuPen(pen, max_err=1.0))
    return pen.glyph(), round(glyphs[name].width)


def _span(part: str) -> tuple[int, int]:
    """The first and last code of ``U+4e00-4e0f`` or ``U+4e00``."""
    first, _, last = part.strip().removeprefix("U+").removeprefix("u+").partition("-")
    return int(first, 16), int(last or first, 16)
