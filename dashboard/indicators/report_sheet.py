"""How a report is set: A4, our own font, tables that break over pages with their heads, small charts. It knows no indicator."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from PIL import Image
from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer
from reportlab.platypus import Image as Drawn
from reportlab.platypus import Table as Grid

from forms.posters.fonts import BOLD, REGULAR, cut, drawable, read_slices

MARGIN: Final = 15 * mm
INK, SOFT, FAINT, LINE, DEEP = (HexColor(code) for code in ("#12202f", "#4a5b70", "#8794a5", "#d5dde6", "#0b3a66"))
ALWAYS: Final = "".join(map(chr, range(32, 127))) + "—–·"


@dataclass(frozen=True)
class Title:
    """The head of the report."""

    title: str
    period: str
    stamp: str


@dataclass(frozen=True)
class Panel:
    """Figures side by side: (name, value, what is beside it)."""

    figures: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Heading:
    """A heading."""

    text: str


@dataclass(frozen=True)
class Note:
    """A small paragraph."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table. ``widths``: millimetres a column; ``names``: columns that stand left; rows from ``faint_from`` on are set back."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    names: int = 1
    faint_from: int | None = None


@dataclass(frozen=True)
class Chart:
    """Small lines side by side: (name, names of the moments, per cent or None a moment)."""

    lines: Sequence[tuple[str, Sequence[str], Sequence[float | None]]]


@dataclass(frozen=True)
class Picture:
    """A picture as wide as the page allows, at most half its height."""

    image: Image.Image


Block = Title | Panel | Heading | Note | Table | Chart | Picture


@dataclass(frozen=True)
class Faces:
    """The regular and the bold face, by the names that the PDF library knows them by."""

    regular: str
    bold: str

    def style(self, size: float, colour: Color = INK, bold: bool = False, **more: Any) -> ParagraphStyle:
        """A style of paragraphs that breaks lines as Chinese does."""
        face = self.bold if bold else self.regular
        leading = more.pop("leading", size * 1.5)
        return ParagraphStyle(
            face, fontName=face, fontSize=size, leading=leading, textColor=colour, wordWrap="CJK", **more
        )


def build(out: BytesIO, title: str, author: str, font: Path, blocks: Sequence[Block]) -> None:
    """Set the blocks into a PDF.

    Raises
    ------
    NeedleError
        ``poster.no_font``.
    """
    slices = read_slices(font)
    faces = cut_faces(frozenset(ALWAYS + title + author + "".join(texts(blocks))), font)
    document = BaseDocTemplate(out, pagesize=A4, title=title, author=author, lang="zh-CN", invariant=1)
    frame = Frame(MARGIN, 16 * mm, A4[0] - 2 * MARGIN, A4[1] - 30 * mm, 0, 0, 0, 0)

    def foot(canvas: Any, _document: Any) -> None:
        canvas.setFont(faces.regular, 8)
        canvas.setFillColor(FAINT)
        canvas.drawString(MARGIN, 9 * mm, drawable(title, slices))
        canvas.drawRightString(A4[0] - MARGIN, 9 * mm, f"{canvas.getPageNumber()}")

    document.addPageTemplates([PageTemplate(frames=[frame], onPage=foot)])
    document.build([part for block in blocks for part in set_block(block, faces)])


def texts(blocks: Sequence[Block]) -> Iterable[str]:
    """Every text of the blocks: the font is cut for them."""
    for block in blocks:
        if isinstance(block, Title):
            yield from (block.title, block.period, block.stamp)
        elif isinstance(block, Panel):
            yield from ("".join(figure) for figure in block.figures)
        elif isinstance(block, Table):
            yield from ("".join(row) for row in (block.head, *block.rows))
        elif isinstance(block, Chart):
            yield from (name + "".join(moments) for name, moments, _ in block.lines)
        elif isinstance(block, Heading | Note):
            yield block.text


def cut_faces(characters: frozenset[str], font: Path) -> Faces:
    """Faces with these characters, registered with the PDF library."""
    names, slices = [], read_slices(font)
    for weight in (REGULAR, BOLD):
        content = cut(characters, weight, slices)
        names.append(f"needle-report-{weight}-{sha256(content).hexdigest()[:12]}")
        pdfmetrics.registerFont(TTFont(names[-1], BytesIO(content)))
    return Faces(*names)


# --- blocks -----------------------------------------------------------------------------------------------------


def set_block(block: Block, faces: Faces) -> list[Flowable]:
    """A block as what the PDF library places."""
    if isinstance(block, Title):
        return [
            Paragraph(escape(block.title), faces.style(21, DEEP, bold=True, leading=28)),
            Paragraph(escape(block.period), faces.style(13, INK, bold=True)),
            Paragraph(escape(block.stamp), faces.style(9, SOFT)),
            Spacer(0, 4 * mm),
        ]
    if isinstance(block, Heading):
        return [
            Spacer(0, 5 * mm),
            Paragraph(escape(block.text), faces.style(13, DEEP, bold=True, keepWithNext=1)),
            Spacer(0, 2 * mm),
        ]
    if isinstance(block, Note):
        return [Spacer(0, 1 * mm), Paragraph(escape(block.text), faces.style(8.2, SOFT, leading=12.5))]
    if isinstance(block, Panel):
        return [panel(block, faces)]
    if isinstance(block, Table):
        return [grid(block, faces)]
    if isinstance(block, Picture):
        return [Spacer(0, 4 * mm), placed(block.image)]
    return [chart(block, faces)]


def panel(block: Panel, faces: Faces) -> Flowable:
    """Figures side by side in boxes."""
    cells = [
        [
            Paragraph(escape(name), faces.style(9, SOFT)),
            Paragraph(escape(value), faces.style(19, DEEP, bold=True, leading=25)),
            Paragraph(escape(beside), faces.style(8.5, SOFT)),
        ]
        for name, value, beside in block.figures
    ]
    width = (A4[0] - 2 * MARGIN) / len(cells)
    style = [("BOX", (k, 0), (k, 0), 0.6, LINE) for k in range(len(cells))]
    return Grid(
        [cells],
        [width] * len(cells),
        style=[*style, ("TOPPADDING", (0, 0), (-1, -1), 6), ("BOTTOMPADDING", (0, 0), (-1, -1), 7)],
    )


def grid(block: Table, faces: Faces) -> Flowable:
    """A table whose head comes again on each page; numbers stand right, names left."""
    left, right = faces.style(8.6, leading=12), faces.style(8.6, alignment=2, leading=12)
    faint = faces.style(8.6, FAINT, leading=12), faces.style(8.6, FAINT, alignment=2, leading=12)
    head = [
        Paragraph(escape(t), faces.style(8.4, white, bold=True, alignment=0 if k < block.names else 2, leading=12))
        for k, t in enumerate(block.head)
    ]
    body = []
    for at, row in enumerate(block.rows):
        styles = faint if block.faint_from is not None and at >= block.faint_from else (left, right)
        body.append([Paragraph(escape(text), styles[0 if k < block.names else 1]) for k, text in enumerate(row)])
    scale = (A4[0] - 2 * MARGIN) / (sum(block.widths) * mm)
    style: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, 0), DEEP),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 2.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.4),
    ]
    return Grid([head, *body], [width * mm * scale for width in block.widths], repeatRows=1, style=style)


def placed(image: Image.Image) -> Flowable:
    """A picture in the page's width, or in half its height."""
    out = BytesIO()
    image.save(out, format="PNG")
    out.seek(0)
    scale = min((A4[0] - 2 * MARGIN) / image.width, A4[1] / 2 / image.height)
    return Drawn(out, image.width * scale, image.height * scale)


# --- charts -----------------------------------------------------------------------------------------------------

CHART_WIDTH, CHART_HEIGHT = 88 * mm, 40 * mm


def chart(block: Chart, faces: Faces) -> Flowable:
    """Two charts a row."""
    drawn: list[Any] = [small_chart(*line, faces) for line in block.lines]
    rows = [drawn[k : k + 2] + [""] * (2 - len(drawn[k : k + 2])) for k in range(0, len(drawn), 2)]
    return Grid(rows, [(A4[0] - 2 * MARGIN) / 2] * 2, style=[("LEFTPADDING", (0, 0), (-1, -1), 0)])


def small_chart(name: str, moments: Sequence[str], values: Sequence[float | None], faces: Faces) -> Drawing:
    """A line over the moments on a scale of its own, which is written beside it; gaps where nothing is known."""
    made = Drawing(CHART_WIDTH, CHART_HEIGHT)
    made.add(String(0, CHART_HEIGHT - 10, name, fontName=faces.bold, fontSize=9, fillColor=INK))
    known = [value for value in values if value is not None]
    if not known:
        made.add(String(0, CHART_HEIGHT / 2, "—", fontName=faces.regular, fontSize=9, fillColor=FAINT))
        return made
    low, high = scale_of(known)
    left, right, bottom, top = 30.0, CHART_WIDTH - 24, 16.0, CHART_HEIGHT - 22
    x = [left + (right - left) * k / max(1, len(values) - 1) for k in range(len(values))]
    y = [None if v is None else bottom + (top - bottom) * (v - low) / (high - low) for v in values]
    for value, at in ((low, bottom), (high, top)):
        made.add(Line(left, at, right, at, strokeColor=LINE, strokeWidth=0.6))
        made.add(
            String(
                left - 4, at - 3, f"{value:g}%", fontName=faces.regular, fontSize=7, fillColor=FAINT, textAnchor="end"
            )
        )
    for part in stretches(x, y):
        made.add(PolyLine(part, strokeColor=DEEP, strokeWidth=1.5))
    ends = [(k, at) for k, at in enumerate(y) if at is not None]
    last, height = ends[-1]
    made.add(Circle(x[last], height, 2.2, fillColor=DEEP, strokeColor=white))
    made.add(String(x[last] + 4, height - 3, f"{known[-1]:.1f}", fontName=faces.bold, fontSize=8, fillColor=DEEP))
    made.add(String(left, 4, moments[0], fontName=faces.regular, fontSize=7, fillColor=FAINT))
    made.add(String(right, 4, moments[-1], fontName=faces.regular, fontSize=7, fillColor=FAINT, textAnchor="end"))
    return made


def scale_of(values: Sequence[float]) -> tuple[float, float]:
    """A round lower and upper end, in per cent."""
    low, high = min(values), max(values)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if high - low <= 3 * step)
    below = max(0.0, low // step * step)
    return below, max(below + step, -(-high // step) * step)


def stretches(x: Sequence[float], y: Sequence[float | None]) -> list[list[float]]:
    """The points between gaps, flat; a lone point is a short stroke."""
    found: list[list[float]] = [[]]
    for at, height in zip(x, y, strict=True):
        if height is None:
            found.append([])
        else:
            found[-1] += [at, height]
    return [part if len(part) > 2 else [part[0] - 2, part[1], part[0] + 2, part[1]] for part in found if part]
