"""An analysis as a file: GeoJSON and GeoPackage with every cell, a picture, and a document with picture, list and method."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import geopandas
import numpy as np
import orjson
import pyogrio
import shapely
from PIL import Image, ImageDraw

from dashboard.hotspots.analysis import Analysis, Hotspot
from dashboard.hotspots.study import EARTH_M
from dashboard.i18n import Words
from dashboard.indicators.report import FONT
from dashboard.indicators.report_sheet import Block, Heading, Note, Panel, Picture, Table, Title, build
from dashboard.paper_map import Furniture, Sign, framed
from data.mirror.inside import mercator_degrees
from geo.mvt_columns import UNITS
from geo.stats.trends import Trend

FORMATS: Final = {
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "png": "image/png",
    "pdf": "application/pdf",
}
WIDTH: Final = 1_800
MARGIN: Final = 40
#: Blue to red that hold for any colour vision, by class from -3 to 3; local Moran's outliers after them.
COLOURS: Final = {
    -3: "#2166ac", -2: "#67a9cf", -1: "#d1e5f0", 0: "#ecebe7", 1: "#fddbc7", 2: "#ef8a62", 3: "#b2182b",
    4: "#e08214", 5: "#8073ac",
}  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """What a file says besides the numbers.

    Attributes
    ----------
    filters : sequence of str
        In words.
    places : Mapping[int, str]
        Names of hotspots by number.
    city : str
    sources : sequence of str
        What must be said of where the ground came from.
    """

    say: Words
    timezone: str
    now: int
    author: str
    filters: Sequence[str]
    listed: Sequence[Hotspot]
    places: Mapping[int, str]
    city: str
    sources: Sequence[str]

    def moment(self, seconds: int) -> str:
        """A moment in the city's time."""
        return f"{datetime.fromtimestamp(seconds, ZoneInfo(self.timezone)):%Y-%m-%d %H:%M}"


def write(path: Path, form: str, found: Analysis, paper: Paper) -> None:
    """Write the file."""
    writers: dict[str, Callable[[], None]] = {
        "geojson": lambda: write_geojson(path, found, paper),
        "gpkg": lambda: pyogrio.write_dataframe(frame(found), path, layer="hotspots", driver="GPKG"),
        "png": lambda: paper_map(found, paper).save(path, format="PNG", optimize=True),
        "pdf": lambda: write_pdf(path, found, paper),
    }
    writers[form]()


def columns(found: Analysis) -> dict[str, Any]:
    """Every cell's numbers."""
    return {
        "code": list(found.study.codes),
        "cases": found.counted.now,
        "cases_before": found.counted.before,
        "value": found.values.round(6),
        "z": np.nan_to_num(found.z).round(4),
        "q": np.nan_to_num(found.q, nan=1.0),
        "class": found.classes.astype(np.int64),
        "change": found.change.astype(np.int64),
        "trend": [Trend(kind).name.lower() for kind in found.trend.tolist()],
        "density_km2": found.density.round(3),
        "hotspot": found.pieces,
    }


def frame(found: Analysis) -> geopandas.GeoDataFrame:
    """The cells with their numbers, in EPSG:4326."""
    outlines = [shapely.Polygon(found.study.polygon(cell)) for cell in range(found.study.count)]
    return geopandas.GeoDataFrame(columns(found), geometry=outlines, crs="EPSG:4326")


def write_geojson(path: Path, found: Analysis, paper: Paper) -> None:
    """RFC 7946, with the parameters of the analysis beside the features."""
    question = found.question
    said = {
        "grid": question.grid, "measure": question.measure, "method": question.method, "from": paper.moment(question.start),
        "to": paper.moment(question.end), "filters": list(paper.filters),
    }  # fmt: skip
    values = {
        name: list(column) if isinstance(column, list) else column.tolist() for name, column in columns(found).items()
    }
    features = [
        {
            "type": "Feature",
            "properties": {name: column[cell] for name, column in values.items()},
            "geometry": {"type": "Polygon", "coordinates": [found.study.polygon(cell)]},
        }
        for cell in range(found.study.count)
    ]
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "analysis": said, "features": features}))


def picture(found: Analysis) -> Image.Image:
    """The map of significance; north is up."""
    study = found.study
    if not study.count:
        return Image.new("RGB", (WIDTH, WIDTH // 2), "white")
    xs, ys = study.shapes.x.astype(np.float64), study.shapes.y.astype(np.float64)
    scale = (WIDTH - 2 * MARGIN) / max(1.0, float(np.ptp(xs)))
    scale = min(scale, (WIDTH * 1.25 - 2 * MARGIN) / max(1.0, float(np.ptp(ys))))
    size = (int(np.ptp(xs) * scale) + 2 * MARGIN, int(np.ptp(ys) * scale) + 2 * MARGIN)
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    x, y = (xs - xs.min()) * scale + MARGIN, (ys - ys.min()) * scale + MARGIN
    firsts = study.shapes.shape_parts[:-1]
    starts, ends = study.shapes.part_points[firsts].tolist(), study.shapes.part_points[firsts + 1].tolist()
    for a, b, kind in zip(starts, ends, found.classes.tolist(), strict=True):
        ring = list(zip(x[a:b].tolist(), y[a:b].tolist(), strict=True))
        pen.polygon(ring, fill=COLOURS[kind], outline="#c9c7c1" if abs(kind) == 0 else "#ffffff")
    return image


def paper_map(found: Analysis, paper: Paper) -> Image.Image:
    """The map with what it needs to be read alone: what is asked, the verdict, legend, scale, north, sources and date."""
    study, say = found.study, paper.say
    drawn = picture(found)
    wide = float(np.ptp(study.shapes.x.astype(np.float64))) if study.count else 1.0
    middle = float(study.shapes.y.mean()) if study.count else UNITS / 2
    latitude = mercator_degrees(np.array([[0.0, middle]]))[0, 1]
    metres = wide * EARTH_M / UNITS * float(np.cos(np.radians(latitude))) / (drawn.width - 2 * MARGIN)
    kinds = (3, 2, 1, 0, -1, -2, -3) if found.question.method == "gi" else (3, 2, 1, 4, 5, 0, -1, -2, -3)
    around = Furniture(
        f"{paper.city} · {say('hotspots.title')}" if paper.city else say("hotspots.title"),
        [window_of(found, paper), " · ".join([*asked_of(found, paper), *paper.filters]), verdict_of(found, paper)],
        [Sign(COLOURS[kind], say(f"hotspots.class.{kind}")) for kind in kinds],
        [say("hotspots.legend_text"), *sources_of(found, paper)],
        say("hotspots.north"),
    )
    return framed(drawn, metres, around)


def window_of(found: Analysis, paper: Paper) -> str:
    """From when to when."""
    return f"{paper.moment(found.question.start)} – {paper.moment(found.question.end)}"


def asked_of(found: Analysis, paper: Paper) -> list[str]:
    """What was asked, in words."""
    question = found.question
    return [paper.say(f"hotspots.{kind}.{getattr(question, kind)}") for kind in ("grid", "measure", "method")]


def verdict_of(found: Analysis, paper: Paper) -> str:
    """How much is significant, or that nothing is."""
    hot = int(found.hot.sum())
    if not hot:
        return paper.say("hotspots.nothing_title")
    return paper.say("hotspots.found", n=len(paper.listed), cells=hot)


def sources_of(found: Analysis, paper: Paper) -> list[str]:
    """The layers that the map was made of, where they came from, and as of when."""
    layers = paper.say(
        "hotspots.layers",
        cases=f"{int(found.counted.now.sum()):,}",
        cells=f"{found.study.count:,}",
        grid=paper.say(f"hotspots.grid.{found.question.grid}"),
    )
    return [layers, *paper.sources, paper.say("hotspots.stamp", time=paper.moment(paper.now), author=paper.author)]


def write_pdf(path: Path, found: Analysis, paper: Paper) -> None:
    """The picture with its legend, the list of hotspots, and how it was done."""
    out = BytesIO()
    build(out, paper.say("hotspots.title"), paper.author, FONT, list(blocks(found, paper)))
    path.write_bytes(out.getvalue())


def blocks(found: Analysis, paper: Paper) -> list[Block]:
    """The document from top to bottom."""
    say = paper.say
    rows = [hotspot_row(one, paper) for one in paper.listed]
    head = [say(f"hotspots.column.{name}") for name in ("place", "cases", "expected", "before", "z", "q", "trend")]
    listed: list[Block] = (
        [Heading(say("hotspots.list")), Table(head, rows, (48, 18, 20, 20, 16, 22, 24))] if rows else []
    )
    return [
        Title(
            say("hotspots.title"),
            window_of(found, paper),
            say("hotspots.stamp", time=paper.moment(paper.now), author=paper.author),
        ),
        Note(" · ".join([*asked_of(found, paper), *paper.filters])),
        Panel(
            [
                (
                    say("hotspots.cases"),
                    f"{int(found.counted.now.sum()):,}",
                    say("hotspots.cells_of", n=f"{found.study.count:,}"),
                ),
                (say("hotspots.verdict"), f"{int(found.hot.sum()):,}", verdict_of(found, paper)),
            ]
        ),
        Picture(paper_map(found, paper)),
        *(Note(line) for line in (say("hotspots.legend_text"), *sources_of(found, paper))),
        *listed,
        Heading(say("hotspots.how")),
        *(Note(say(f"hotspots.how.{name}")) for name in ("test", "fdr", "study", "trend")),
    ]


def hotspot_row(one: Hotspot, paper: Paper) -> tuple[str, ...]:
    """A line of the list."""
    q = "< 0.001" if one.q < 0.001 else f"{one.q:.3f}"
    trend = paper.say(f"hotspots.trend.{one.trend.name.lower()}")
    return (
        paper.places[one.number] or "—",
        f"{one.cases:,}",
        f"{one.expected:,.0f}",
        f"{one.before:,}",
        f"{one.z:.1f}",
        q,
        trend,
    )
