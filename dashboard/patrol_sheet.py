"""The weekly sheet of a cell or a worker: what was seen, against earlier weeks and neighbours, day by day; PDF and workbook."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from PIL import Image

from dashboard.file_jobs import FileJob
from dashboard.i18n import Words
from dashboard.indicators.report import FONT
from dashboard.indicators.report_sheet import Block, Chart, Heading, Note, Panel, Picture, Table, Title, build
from dashboard.workbook import Workbook, number_cell, text_cell

FORMATS: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
NOTHING: Final = "—"
MOST_ROWS: Final = 60
COLUMNS: Final = (
    "name", "streets", "before", "around", "buildings", "last", "opened", "closed", "overdue", "self_found", "answered",
)  # fmt: skip
SHARES: Final = ("streets", "before", "around", "buildings", "self_found", "answered")


@dataclass(frozen=True)
class Day:
    """A day of the week: the share of streets seen, cells visited, and who was out."""

    day: str
    share: float | None
    cells: int
    who: str


@dataclass(frozen=True)
class WeeklySheet:
    """What a sheet says.

    Attributes
    ----------
    about : str
        The cell, the worker.
    total : dict
        Figures as ``view_models.patrol_view.figures`` gives them.
    weeks : sequence of (str, float or None)
        The last weeks and the share of streets seen in each, the oldest first.
    rows : sequence of dict
        The worker's cells, or the cell and its neighbours: figures with ``name``.
    picture : Image or None
        The map with its legend.
    """

    say: Words
    city: str
    about: str
    week: str
    timezone: str
    now: int
    author: str
    total: dict[str, Any]
    weeks: Sequence[tuple[str, float | None]]
    days: Sequence[Day]
    rows: Sequence[dict[str, Any]]
    picture: Image.Image | None

    def tell(self, key: str, **values: object) -> str:
        """A message of the sheet."""
        return self.say(f"cells.patrol.{key}", **values)


def write(job: FileJob, kind: str, sheet: WeeklySheet) -> None:
    """Write a job's file."""
    if kind == "pdf":
        write_pdf(job.path, sheet)
    else:
        write_xlsx(job.path, sheet)


def write_pdf(path: Path, sheet: WeeklySheet) -> None:
    """A4, our own font."""
    out = BytesIO()
    build(out, f"{sheet.tell('sheet.title')} · {sheet.about} · {sheet.week}", sheet.author, FONT, blocks(sheet))
    path.write_bytes(out.getvalue())


def write_xlsx(path: Path, sheet: WeeklySheet) -> None:
    """A workbook: the days first, then the cells, each a line that says what it is of."""
    headings = [sheet.tell("sheet.of"), *(sheet.tell(f"sheet.column.{name}") for name in COLUMNS)]
    with Workbook(path, sheet.about, headings) as book:
        lines = [day_line(sheet, day) for day in sheet.days] + [cell_line(sheet, row) for row in sheet.rows]
        if lines:
            book.write([list(column) for column in zip(*lines, strict=True)])


def day_line(sheet: WeeklySheet, day: Day) -> list[str]:
    """A day in the workbook."""
    rest = [number_cell(None)] * (len(COLUMNS) - 2)
    return [
        text_cell(f"{sheet.tell('sheet.day')} {day.who}".strip()),
        text_cell(day.day),
        number_cell(day.share),
        *rest,
    ]


def cell_line(sheet: WeeklySheet, row: dict[str, Any]) -> list[str]:
    """A cell in the workbook: shares as numbers between 0 and 1, moments as text."""
    values = [moment(sheet, row["last"]) if name == "last" else row[name] for name in COLUMNS]
    return [
        text_cell(sheet.tell("sheet.cell")),
        *(text_cell(value) if isinstance(value, str) else number_cell(value) for value in values),
    ]


def blocks(sheet: WeeklySheet) -> list[Block]:
    """The document from top to bottom."""
    stamp = sheet.tell("sheet.stamp", time=moment(sheet, sheet.now), author=sheet.author)
    days = [(day.day, percent(day.share), f"{day.cells}", day.who or NOTHING) for day in sheet.days]
    columns = ("name", "streets", "before", "around", "last", "opened", "overdue", "self_found")
    names = [sheet.tell(f"sheet.column.{name}") for name in columns]
    cells = [tuple(value(sheet, row, name) for name in columns) for row in sheet.rows[:MOST_ROWS]]
    more = len(sheet.rows) - MOST_ROWS
    found: list[Block] = [
        Title(sheet.tell("sheet.title"), f"{sheet.city} · {sheet.about} · {sheet.week}", stamp),
        Panel(panel(sheet)),
        *([Picture(sheet.picture)] if sheet.picture else []),
        Heading(sheet.tell("sheet.days")),
        Table([sheet.tell(f"sheet.day_{name}") for name in ("day", "share", "cells", "who")], days, (30, 24, 24, 102)),
        Heading(sheet.tell("sheet.weeks")),
        Chart([(sheet.tell("sort.streets"), *series(sheet.weeks))]),
        Heading(sheet.tell("sheet.cells")),
        Table(names, cells, (46, 20, 20, 20, 32, 18, 18, 24)),
        *([Note(sheet.tell("sheet.more", n=more))] if more > 0 else []),
        Note(sheet.tell("sheet.how")),
    ]
    return found


def panel(sheet: WeeklySheet) -> list[tuple[str, str, str]]:
    """The figures at the top."""
    total = sheet.total
    return [
        (sheet.tell("figure.streets"), percent(total["streets"]), sheet.tell("than_before", points=points(total))),
        (
            sheet.tell("figure.buildings"),
            percent(total["buildings"]),
            sheet.tell("of", a=total["buildings_seen"], b=total["buildings_all"]),
        ),
        (
            sheet.tell("figure.cases"),
            f"{total['opened']:,}",
            sheet.tell("cases_more", closed=total["closed"], overdue=total["overdue"]),
        ),
        (
            sheet.tell("figure.self_found"),
            percent(total["self_found"]),
            sheet.tell("self_more", share=percent(None if total["self_found"] is None else 1 - total["self_found"])),
        ),
    ]


def series(weeks: Sequence[tuple[str, float | None]]) -> tuple[list[str], list[float | None]]:
    """Names and per cents of weeks."""
    return [name for name, _ in weeks], [None if share is None else share * 100 for _, share in weeks]


def value(sheet: WeeklySheet, row: dict[str, Any], name: str) -> str:
    """A figure as it is printed."""
    if name == "last":
        return moment(sheet, row["last"])
    return percent(row[name]) if name in SHARES else str(row[name])


def percent(share: float | None) -> str:
    """A share in per cent."""
    return NOTHING if share is None else f"{share * 100:.0f}%"


def points(total: dict[str, Any]) -> str:
    """Against the week before, in points of per cent."""
    if total["streets"] is None or total["before"] is None:
        return NOTHING
    by = round((total["streets"] - total["before"]) * 100)
    return f"{by:+d}" if by else "±0"


def moment(sheet: WeeklySheet, seconds: int | None) -> str:
    """A moment in the city's time."""
    return NOTHING if seconds is None else f"{datetime.fromtimestamp(seconds, ZoneInfo(sheet.timezone)):%m-%d %H:%M}"
