"""One poster: an A4 sheet for a door, in black on white, read from two metres and scanned from one.

From the top: who asks, what, the code as large as the sheet allows, the address to type for who has no camera, for which building
and until when, and what happens to the answers. Chinese, with English beneath.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from forms.links.qr import bars, modules
from forms.posters.fonts import BOLD, REGULAR, Slices, cut, drawable

WIDTH, HEIGHT = A4
MARGIN: Final = 20 * mm
QR_SIZE: Final = 122 * mm
BAND: Final = 17 * mm
GREY: Final = 0.35

SCAN: Final = ("手机扫一扫，在线填写", "Scan with your phone to answer")
TYPE: Final = ("扫不了码？在浏览器中输入", "No camera? Type this address")
PLACE: Final = ("填报对象", "For")
UNTIL: Final = ("截止时间", "Until")
PRIVACY: Final = (
    "您的回答在手机上加密后才发出，只有发起单位能够打开。无需登录，不收费用，不会打电话索要密码和验证码。",
    "Answers are sealed on your phone; only the office named above can open them. No sign-in, no fee, no passwords asked.",
)
FIXED: Final = "".join((*SCAN, *TYPE, *PLACE, *UNTIL, *PRIVACY)) + "年月日时分"
ASCII: Final = "".join(map(chr, range(33, 127)))


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on a sheet. ``url`` is in the code, ``typed`` below it; ``until`` in the city's own time."""

    asks: str
    title: str
    label: str
    until: datetime
    url: str
    typed: str


@dataclass(frozen=True, slots=True)
class Faces:
    """A regular and a bold face, by the names that the PDF library knows them by; the slices that they are cut from."""

    regular: str
    bold: str
    slices: Slices


def faces_for(posters: list[Poster], slices: Slices) -> Faces:
    """Faces with every character of these posters: cut once for all of them."""
    words = "".join(f"{p.asks}{p.title}{p.label}{p.typed}" for p in posters)
    return _faces(frozenset(FIXED + ASCII + words), slices)


@lru_cache(maxsize=4)
def _faces(characters: frozenset[str], slices: Slices) -> Faces:
    names = []
    for weight in (REGULAR, BOLD):
        content = cut(characters, weight, slices)
        names.append(f"needle-{weight}-{sha256(content).hexdigest()[:12]}")
        pdfmetrics.registerFont(TTFont(names[-1], BytesIO(content)))
    return Faces(names[0], names[1], slices)


def render(poster: Poster, faces: Faces) -> bytes:
    """The sheet as a PDF of one page, the same bytes each time."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, lang="zh-CN", pageCompression=1)
    canvas.setTitle(f"{poster.title} · {poster.label}")
    canvas.setAuthor(poster.asks)
    sheet = Sheet(canvas, faces)
    sheet.head(poster)
    sheet.code(poster)
    sheet.facts(poster)
    canvas.save()
    return out.getvalue()


class Sheet:
    """Draws the parts of a sheet from the top down; ``y`` is how far it has come."""

    def __init__(self, canvas: Canvas, faces: Faces) -> None:
        self.canvas, self.faces, self.y = canvas, faces, HEIGHT

    def head(self, poster: Poster) -> None:
        """Who asks, white in a black band, and what, as large as two lines allow."""
        self.canvas.rect(0, HEIGHT - BAND, WIDTH, BAND, stroke=0, fill=1)
        self.y = HEIGHT - BAND / 2 - 6.5
        self.centred(poster.asks, self.faces.bold, self.fitting(poster.asks, self.faces.bold, (18, 15, 12, 10, 8)), 1)
        size, lines = self.title_lines(poster.title)
        self.y = HEIGHT - BAND - 12 * mm - size * 0.85 - (0 if len(lines) > 1 else 5 * mm)
        for line in lines:
            self.centred(line, self.faces.bold, size)
            self.y -= size * 1.25

    def code(self, poster: Poster) -> None:
        """The call to scan, the code, and the address to type."""
        top = HEIGHT - 82 * mm
        self.y = top + 6 * mm
        self.centred(SCAN[0], self.faces.bold, 20)
        self.y = top
        self.centred(SCAN[1], self.faces.regular, 11, GREY)
        left, bottom = (WIDTH - QR_SIZE) / 2, top - QR_SIZE
        code = modules(poster.url)
        unit = QR_SIZE / len(code)
        path = self.canvas.beginPath()
        for row, column, length in bars(code):
            path.rect(left + column * unit, bottom + (len(code) - row - 1) * unit, length * unit, unit)
        self.canvas.drawPath(path, stroke=0, fill=1)
        self.y = bottom - 3 * mm
        self.centred(f"{TYPE[0]}  {TYPE[1]}", self.faces.regular, 10.5, GREY)
        self.y -= 9.5 * mm
        self.centred(
            poster.typed, self.faces.bold, self.fitting(poster.typed, self.faces.bold, (22, 20, 18, 16, 13, 10))
        )

    def facts(self, poster: Poster) -> None:
        """For which building, until when, and what happens to the answers."""
        top, middle = 64 * mm, WIDTH * 0.56
        self.canvas.setLineWidth(1.2)
        self.canvas.line(MARGIN, top, WIDTH - MARGIN, top)
        self.fact(MARGIN, top, PLACE, poster.label, middle - MARGIN - 6 * mm)
        until = f"{poster.until:%Y}年{poster.until.month}月{poster.until.day}日 {poster.until:%H:%M}"
        self.fact(middle, top, UNTIL, until, WIDTH - MARGIN - middle)
        self.canvas.setLineWidth(0.4)
        self.canvas.line(MARGIN, 35 * mm, WIDTH - MARGIN, 35 * mm)
        self.y = 27.5 * mm
        for text, size, grey in ((PRIVACY[0], 10.2, 0.0), (PRIVACY[1], 8.4, GREY)):
            for line in self.wrapped(text, self.faces.regular, size, WIDTH - 2 * MARGIN):
                self.left(MARGIN, line, self.faces.regular, size, grey)
                self.y -= size * 1.5
            self.y -= 1.5

    def fact(self, x: float, top: float, name: tuple[str, str], words: str, width: float) -> None:
        """A small name over what it names, in two lines at most."""
        self.y = top - 7.5 * mm
        self.left(x, f"{name[0]}  {name[1]}", self.faces.regular, 9.5, GREY)
        lines = self.wrapped(words, self.faces.bold, 16, width)
        size = 16 if len(lines) == 1 else 13
        for line in self.wrapped(words, self.faces.bold, size, width)[:2]:
            self.y -= size * 1.35
            self.left(x, line, self.faces.bold, size)

    def title_lines(self, title: str) -> tuple[float, list[str]]:
        """The largest size at which a title fits two lines, and the lines; beyond all reason it is cut."""
        for size in (40, 36, 32, 28, 24, 20, 17):
            lines = self.wrapped(title, self.faces.bold, size, WIDTH - 2 * MARGIN)
            if len(lines) <= 2:
                return size, lines
        return 17, lines[:2]

    def fitting(self, text: str, face: str, sizes: tuple[float, ...]) -> float:
        """The first size at which a line fits between the margins; the last where none does."""
        return next((s for s in sizes if self.width(text, face, s) <= WIDTH - 2 * MARGIN), sizes[-1])

    def wrapped(self, text: str, face: str, size: float, width: float) -> list[str]:
        """Lines no wider than ``width``: Chinese breaks anywhere but before closing punctuation, words at spaces."""
        lines = [""]
        for piece in pieces(text):
            if lines[-1] and self.width(lines[-1] + piece.rstrip(), face, size) > width:
                lines.append("")
            lines[-1] += piece if lines[-1] else piece.lstrip()
        return balanced([line.rstrip() for line in lines])

    def width(self, text: str, face: str, size: float) -> float:
        """How wide a line runs, in points."""
        return float(pdfmetrics.stringWidth(drawable(text, self.faces.slices), face, size))

    def centred(self, text: str, face: str, size: float, grey: float = 0) -> None:
        """A line in the middle of the sheet, at ``y``."""
        self.left((WIDTH - self.width(text, face, size)) / 2, text, face, size, grey)

    def left(self, x: float, text: str, face: str, size: float, grey: float = 0) -> None:
        """A line from ``x`` on, at ``y``."""
        self.canvas.setFillGray(grey)
        self.canvas.setFont(face, size)
        self.canvas.drawString(x, self.y, drawable(text, self.faces.slices))
        self.canvas.setFillGray(0)


def pieces(text: str) -> list[str]:
    """What a line may be broken between: single Chinese characters with the punctuation behind them, and words."""
    found: list[str] = []
    for character in text:
        joins = found and (
            character in "，。、；：？！）》”’" or character == " " or (character.isascii() and found[-1][-1].isascii())
        )
        if joins and not (found[-1].endswith(" ") and character != " "):
            found[-1] += character
        else:
            found.append(character)
    return found


def balanced(lines: list[str]) -> list[str]:
    """Two lines of Chinese made about equally long, so that no single character stands alone."""
    whole = "".join(lines)
    if len(lines) != 2 or len(lines[1]) * 2 >= len(lines[0]) or whole.isascii():
        return lines
    parts, first = pieces(whole), ""
    while parts and len(first) < len(whole) / 2:
        first += parts.pop(0)
    return [first.rstrip(), "".join(parts)]
