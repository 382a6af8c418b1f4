"""A what-if as a file: a workbook of figures and teams, its cells as GeoJSON, a document with map, figures, teams and method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import orjson
from openpyxl import Workbook
from openpyxl.styles import Font
from PIL import Image, ImageDraw

from dashboard.export_files import harmless
from dashboard.hotspots.files import COLOURS, MARGIN, WIDTH
from dashboard.hotspots.study import EARTH_M
from dashboard.i18n import Words
from dashboard.indicators.report import FONT
from dashboard.indicators.report_sheet import Block, Heading, Note, Panel, Picture, Table, Title, build
from dashboard.paper_map import Furniture, Sign, framed
from dashboard.view_models.desk_columns import Namer
from dashboard.whatif.asked import Asked, read_asked
from dashboard.whatif.cells import LOSES, Drawn, read_cells
from data.mirror.inside import mercator_degrees
from data.stores.what_ifs import WhatIfRow
from dispatch.what_if_compare import FIGURES
from geo.mvt_columns import UNITS

FORMATS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "pdf": "application/pdf",
}
MINUTES: Final = frozenset({"reach", "reach_p90", "way"})
LISTED: Final = 40
SIDES: Final = ("before", "after", "difference")
BESIDE: Final = ("value", "low", "high")


@dataclass(frozen=True)
class Paper:
    """What a file says besides the numbers. ``filters``: in words; ``name``: names of codes."""

    say: Words
    timezone: str
    now: int
    author: str
    filters: list[str]
    name: Namer
    row: WhatIfRow

    @property
    def asked(self) -> Asked:
        """What was asked."""
        return read_asked(self.row.asked)

    @property
    def found(self) -> Mapping[str, Any]:
        """What came of it."""
        return self.row.found

    @property
    def figures(self) -> dict[str, Any]:
        """The figures in their order: what is kept has lost it."""
        kept = self.row.found["figures"]
        return {name: kept[name] for name in FIGURES if name in kept}

    def moment(self, seconds: int) -> str:
        """A moment in the city's time."""
        return f"{datetime.fromtimestamp(seconds, ZoneInfo(self.timezone)):%Y-%m-%d %H:%M}"

    @property
    def changes(self) -> list[str]:
        """What was changed, a line each."""
        asked, said = self.asked, []
        if asked.rules is not None:
            said.append(self.say("whatif.changed.rules"))
        counts = {name: len(getattr(asked, name)) for name in ("boundaries", "hours", "moved", "added", "gone")}
        return said + [self.say(f"whatif.changed.{name}", n=n) for name, n in counts.items() if n]

    def value(self, figure: str, value: float) -> str:
        """A value in minutes or per cent."""
        return f"{value / 60:.1f}" if figure in MINUTES else f"{100 * value:.1f} %"

    def interval(self, figure: str, ends: list[float]) -> str:
        """A value with its interval."""
        value, low, high = (self.value(figure, one) for one in ends)
        return f"{value} ({low} – {high})"

    def apart(self, figure: str, ends: list[float]) -> str:
        """A difference with its interval, or that it cannot be told from zero."""
        if ends[1] <= 0 <= ends[2]:
            return self.say("whatif.no_difference")
        scale, unit = (60.0, "") if figure in MINUTES else (0.01, " %")
        value, low, high = (f"{one / scale:+.2f}" for one in ends)
        return f"{value}{unit} ({low} – {high})"


def write(path: Path, form: str, paper: Paper) -> None:
    """Write the file."""
    writers: dict[str, Callable[[Path, Paper], None]] = {"xlsx": write_xlsx, "geojson": write_geojson, "pdf": write_pdf}
    writers[form](path, paper)


def write_xlsx(path: Path, paper: Paper) -> None:
    """Figures with their intervals on one sheet, in minutes and shares; teams on the next; what was asked on the last."""
    say, book = paper.say, Workbook()
    figures = book.active
    assert figures is not None
    figures.title = say("whatif.sheet.figures")
    ends = [f"{say(f'whatif.{side}')} {say(f'whatif.{end}')}" for side in SIDES for end in BESIDE]
    figures.append([say("whatif.figure"), say("whatif.unit"), *ends])
    for name, one in paper.figures.items():
        scale, unit = (60.0, say("whatif.minutes")) if name in MINUTES else (1.0, say("whatif.share"))
        figures.append([say(f"whatif.figure.{name}"), unit, *(end / scale for side in SIDES for end in one[side])])
    teams = book.create_sheet(say("whatif.sheet.teams"))
    teams.append([say(f"whatif.team.{name}") for name in TEAM_COLUMNS])
    for load in paper.found["loads"]:
        teams.append([*team_line(load, paper), *load["difference"][1:]])
    asked = book.create_sheet(say("whatif.sheet.asked"))
    for line in asked_lines(paper):
        asked.append([harmless(line)])
    for sheet in (figures, teams):
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
    book.save(path)


TEAM_COLUMNS: Final = (
    "name",
    "department",
    "before",
    "after",
    "difference",
    "open_before",
    "open_after",
    "capacity",
    "low",
    "high",
)


def team_line(load: Mapping[str, Any], paper: Paper) -> list[Any]:
    """A team's numbers, without the interval."""
    name = load["name"] + ("" if load["team"] > 0 else f" · {paper.say('whatif.new_team')}")
    department = paper.name("department", load["department"])
    return [
        harmless(name),
        harmless(department),
        *load["cases"],
        round(load["difference"][0]),
        *load["most_open"],
        load["capacity"],
    ]


def asked_lines(paper: Paper) -> list[str]:
    """What was asked and how it was reckoned."""
    say, asked = paper.say, paper.asked
    return [
        f"{paper.moment(asked.since)} – {paper.moment(asked.until)}",
        *paper.filters,
        *paper.changes,
        say("whatif.promise_of", n=asked.promise_min),
        say(f"whatif.intervals.{paper.found['groups']}"),
        *(say(f"whatif.how.{name}") for name in ("replay", "overdue", "returned", "intervals")),
    ]


def write_geojson(path: Path, paper: Paper) -> None:
    """RFC 7946: every cell with its numbers, and beside the features what was asked."""
    drawn, asked = Drawn.of(read_cells(paper.found["cells"])), paper.asked
    cells = paper.found["cells"]
    said = {
        "from": paper.moment(asked.since), "to": paper.moment(asked.until), "filters": paper.filters,
        "changes": paper.changes, "grid": asked.grid, "promise_min": asked.promise_min,
    }  # fmt: skip
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": cells["index"][k],
                "cases": cells["cases"][k],
                "before_s": _known(cells["before_s"][k]),
                "after_s": _known(cells["after_s"][k]),
                "nobody_before": cells["nobody"][k][0],
                "nobody_after": cells["nobody"][k][1],
                "class": cells["classes"][k],
            },
            "geometry": {"type": "Polygon", "coordinates": [drawn.ring(k)]},
        }
        for k in range(len(cells["index"]))
    ]
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "what_if": said, "features": features}))


def _known(seconds: int) -> int | None:
    return None if seconds < 0 else seconds


def picture(drawn: Drawn) -> Image.Image:
    """The map of differences; north is up."""
    shapes = drawn.shapes
    if not len(drawn.cells.index):
        return Image.new("RGB", (WIDTH, WIDTH // 2), "white")
    xs, ys = shapes.x.astype(np.float64), shapes.y.astype(np.float64)
    scale = min(
        (WIDTH - 2 * MARGIN) / max(1.0, float(np.ptp(xs))), (WIDTH * 1.25 - 2 * MARGIN) / max(1.0, float(np.ptp(ys)))
    )
    image = Image.new("RGB", (int(np.ptp(xs) * scale) + 2 * MARGIN, int(np.ptp(ys) * scale) + 2 * MARGIN), "white")
    pen = ImageDraw.Draw(image)
    x, y = (xs - xs.min()) * scale + MARGIN, (ys - ys.min()) * scale + MARGIN
    ends = shapes.part_points.tolist()
    for a, b, kind in zip(ends, ends[1:], drawn.cells.classes.tolist(), strict=False):
        pen.polygon(list(zip(x[a:b].tolist(), y[a:b].tolist(), strict=True)), fill=COLOURS[kind], outline="#ffffff")
    return image


def paper_map(drawn: Drawn, paper: Paper) -> Image.Image:
    """The map with what it needs to be read alone: period, changes, legend, scale, north and date."""
    image, say = picture(drawn), paper.say
    some = len(drawn.shapes.x) > 0
    wide = float(np.ptp(drawn.shapes.x.astype(np.float64))) if some else 1.0
    middle = float(drawn.shapes.y.mean()) if some else UNITS / 2
    latitude = mercator_degrees(np.array([[0.0, middle]]))[0, 1]
    metres = wide * EARTH_M / UNITS * float(np.cos(np.radians(latitude))) / (image.width - 2 * MARGIN)
    around = Furniture(
        say("whatif.legend_title"),
        [
            f"{paper.moment(paper.asked.since)} – {paper.moment(paper.asked.until)}",
            " · ".join([*paper.filters, *paper.changes]),
        ],
        [Sign(COLOURS[kind], say(f"whatif.class.{kind}")) for kind in (*range(-3, 4), LOSES)],
        [say("whatif.legend_text"), say("whatif.stamp", time=paper.moment(paper.now), author=paper.author)],
        say("hotspots.north"),
    )
    return framed(image, metres, around)


def write_pdf(path: Path, paper: Paper) -> None:
    """The document."""
    out = BytesIO()
    build(out, paper.say("whatif.title"), paper.author, FONT, list(blocks(paper)))
    path.write_bytes(out.getvalue())


def blocks(paper: Paper) -> list[Block]:
    """The document from top to bottom."""
    say, found, asked = paper.say, paper.found, paper.asked
    figures = [
        (
            say(f"whatif.figure.{name}") + (f" · {say('whatif.minutes')}" if name in MINUTES else ""),
            *(paper.interval(name, one[side]) for side in SIDES[:2]),
            paper.apart(name, one["difference"]),
        )
        for name, one in paper.figures.items()
    ]
    rows = [[str(cell) for cell in team_line(load, paper)] for load in found["loads"][:LISTED]]
    title = paper.row.name or say("whatif.title")
    stamp = say("whatif.stamp", time=paper.moment(paper.now), author=paper.author)
    return [
        Title(title, f"{paper.moment(asked.since)} – {paper.moment(asked.until)}", stamp),
        Note(" · ".join([*paper.filters, *paper.changes])),
        Panel([
            (say("whatif.cases"), f"{found['cases']:,}", say("whatif.both", n=f"{found['both']:,}")),
            (say("whatif.moved"), f"{found['moved']:,}", say("whatif.handed_over", n=f"{found['handed_over']:,}")),
        ]),
        Heading(say("whatif.sheet.figures")),
        Table([say("whatif.figure"), *(say(f"whatif.{side}") for side in SIDES)], figures, (44, 44, 44, 48)),
        Note(say(f"whatif.intervals.{found['groups']}")),
        Picture(paper_map(Drawn.of(read_cells(found["cells"])), paper)),
        Heading(say("whatif.sheet.teams")),
        Table([say(f"whatif.team.{name}") for name in TEAM_COLUMNS[:8]], rows, (40, 40, 16, 16, 18, 18, 18, 14), names=2),
        Heading(say("whatif.how")),
        *(Note(say(f"whatif.how.{name}")) for name in ("replay", "overdue", "returned", "load", "intervals", "map")),
    ]  # fmt: skip
