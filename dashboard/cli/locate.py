"""``needle locate``: put a file of points on layers of boundaries, without a database."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from dashboard.cli.layer_args import declare, parse_sources, read_layers, steps_on
from geo.crs import parse_crs
from geo.errors import NeedleError
from geo.files import check_columns, check_writable, read_layer_file, read_table, write_table
from geo.locating import DEFAULT_ACCURACY_M, Points, locate_table, numbers, points_of_columns, points_of_geometry


def locate(
    points: Annotated[Path, typer.Argument(help="CSV, XLSX, Parquet, GeoParquet, GeoJSON, GeoPackage or Shapefile.")],
    out: Annotated[Path, typer.Option(help="Where to write: .parquet, .csv, .geojson or .gpkg.")],
    x: Annotated[str | None, typer.Option(help="Column of longitudes or eastings. None: the file's geometry.")] = None,
    y: Annotated[str | None, typer.Option(help="Column of latitudes or northings.")] = None,
    crs: Annotated[
        str | None, typer.Option(help="Of the points: EPSG:n, wgs84, cgcs2000, gcj02 or bd09. Never guessed.")
    ] = None,
    layer: Annotated[list[str] | None, typer.Option(help="NAME=FILE:CODE_FIELD, once for each layer.")] = None,
    cells: Annotated[str | None, typer.Option(help="FILE:CODE_FIELD of the unit grid, which becomes “cell”.")] = None,
    layer_crs: Annotated[
        list[str] | None, typer.Option(help="CRS of the layers whose files do not declare it; NAME=CRS for one.")
    ] = None,
    accuracy_m: Annotated[
        str, typer.Option(help="Uncertainty of the points in metres: a number or a column.")
    ] = f"{DEFAULT_ACCURACY_M:g}",
) -> None:
    """Say for each point in which area of each layer it lies, and how near the border.

    The file's columns are kept. Each layer adds NAME (the area's code), NAME_border_m, NAME_ambiguous (the border is
    within the uncertainty) and NAME_other (the code across it); then come h3_9, lng and lat (WGS84), and problem (an
    error code, or null).

    Example: needle locate requests.csv --x LONGITUDE --y LATITUDE --crs wgs84
    --layer police=police_districts.geojson.gz:DISTRICT --out located.parquet
    """
    console = Console(stderr=True)
    check_writable(out)
    sources = declare(parse_sources(layer or [], cells, named=True), layer_crs or [])
    if not sources:
        raise NeedleError("layer.none")
    with steps_on(console) as steps:
        layers = read_layers(sources, console, steps)
        steps.say(f"reading {points.name}")
        table, where = read_points(points, x, y, crs)
        accuracy = accuracies(table, accuracy_m, points)
        located = locate_table(table, where, layers, accuracy, lambda name, done: steps.say(f"indexing {name}", done))
        steps.say(f"writing {out.name}")
        write_table(located, out)
    show_summary(located, [source.name for source in sources], console)
    console.print(f"written: {out}", highlight=False, soft_wrap=True)


def read_points(path: Path, x: str | None, y: str | None, crs: str | None) -> tuple[pd.DataFrame, Points]:
    """The table and its points: of two columns, or of the file's own geometry.

    Raises
    ------
    NeedleError
        ``locate.columns`` for one column without the other, or none for a file that has no geometry;
        ``crs.missing`` for columns without ``--crs``.
    """
    if x and y:
        declared = parse_crs(crs, path.name)
        table = read_table(path)
        check_columns(table, (x, y), path)
        return table, points_of_columns(table, x, y, declared, path.name)
    if x or y:
        raise NeedleError("locate.columns", path=path.name)
    try:
        frame = read_layer_file(path, crs)
    except NeedleError as error:
        raise NeedleError("locate.columns", path=path.name) if error.code == "file.no_geometry" else error from error
    return frame, points_of_geometry(frame, path.name)


def accuracies(table: pd.DataFrame, text: str, path: Path) -> NDArray[np.float64]:
    """Metres of uncertainty, one for all or one a row; a row that says none gets the default."""
    try:
        return np.array(float(text))
    except ValueError:
        check_columns(table, (text,), path)
        column = numbers(table[text])
        return np.where(np.isfinite(column), column, DEFAULT_ACCURACY_M)


def show_summary(located: pd.DataFrame, layers: list[str], console: Console) -> None:
    """Print how many rows each layer located, how many near a border, and the problems by code."""
    rows = len(located)
    table = Table(title=f"{rows:,} rows", title_justify="left")
    for heading, justify in (("layer", "left"), ("located", "right"), ("", "right"), ("ambiguous", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for name in layers:
        found = int(located[name].notna().sum())
        ambiguous = int(located[f"{name}_ambiguous"].sum())
        table.add_row(name, f"{found:,}", share(found, rows), f"{ambiguous:,}")
    console.print(table)
    problems = located["problem"].value_counts()
    for code, count in problems.items():
        console.print(f"  {count:>9,}  {share(count, rows):>6}  {code}", style="yellow", highlight=False)
    if problems.empty:
        console.print("  no problems", highlight=False)


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` as a percentage."""
    return f"{part / whole:.1%}" if whole else ""
