"""``needle batch``: analyses over folders of Parquet parts, on every core here or on a Dask cluster."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import h3.api.numpy_int as h3
import numpy as np
import pandas as pd
import typer
from rich.console import Console

from dashboard.batches import Done, PointColumns, cluster, count_part, locate_part, over_parts, parts_of
from dashboard.cli.layer_args import declare, parse_sources, steps_on
from geo.errors import NeedleError
from geo.files import check_writable, write_table
from geo.h3grid import h3_texts
from geo.locating import DEFAULT_ACCURACY_M
from geo.stats.counting import CellCounts, add_counts
from geo.stats.hotspots import discoveries, gi_star
from geo.stats.neighbours import h3_neighbours

R = TypeVar("R")
app = typer.Typer(
    help="Work through folders of Parquet parts, on every core here or on a Dask cluster.", no_args_is_help=True
)

Parts = Annotated[Path, typer.Argument(help="Folder of .parquet files, each a part.")]
X = Annotated[str, typer.Option(help="Column of longitudes or eastings.")]
Y = Annotated[str, typer.Option(help="Column of latitudes or northings.")]
System = Annotated[str, typer.Option(help="Of the points: EPSG:n, wgs84, cgcs2000, gcj02 or bd09. Never guessed.")]
Scheduler = Annotated[
    str | None,
    typer.Option(help="tcp://HOST:PORT of a Dask scheduler whose workers see the same folders. None: the cores here."),
]


@app.command()
def hotspots(
    parts: Parts,
    out: Annotated[Path, typer.Option(help="Where to write the cells: .parquet, .csv, .geojson or .gpkg.")],
    x: X,
    y: Y,
    crs: System,
    resolution: Annotated[int, typer.Option(min=5, max=10, help="Of the H3 cells.")] = 9,
    scheduler: Scheduler = None,
) -> None:
    """Count points by H3 cell in every part, add the counts up, and test which cells are hot (Gi*, exact permutation p-values).

    Example: needle batch hotspots cases/ --x lng --y lat --crs wgs84 --out hot.gpkg
    """
    check_writable(out)
    console = Console(stderr=True)
    work = partial(count_part, columns=PointColumns(x, y, crs), resolution=resolution)
    done = run(parts, work, scheduler, console)
    counts = add_counts(list(done.results.values()))
    write_table(tested(counts), out)
    console.print(f"{counts.counts.sum():,} points, {len(counts.cells):,} cells; written: {out}", highlight=False)
    finish(done, console)


@app.command()
def locate(
    parts: Parts,
    out: Annotated[Path, typer.Option(help="Folder for the located parts, each under its own name.")],
    x: X,
    y: Y,
    crs: System,
    layer: Annotated[list[str] | None, typer.Option(help="NAME=FILE:CODE_FIELD, once for each layer.")] = None,
    cells: Annotated[str | None, typer.Option(help="FILE:CODE_FIELD of the unit grid, which becomes “cell”.")] = None,
    layer_crs: Annotated[list[str] | None, typer.Option(help="CRS of layers whose files do not declare it.")] = None,
    accuracy_m: Annotated[float, typer.Option(help="Uncertainty of the points in metres.")] = DEFAULT_ACCURACY_M,
    scheduler: Scheduler = None,
) -> None:
    """Say for each point of every part in which area of each layer it lies: needle locate, for more than one machine.

    Example: needle batch locate calls/ --x lng --y lat --crs wgs84 --layer street=streets.gpkg:code --out located/
    """
    sources = declare(parse_sources(layer or [], cells, named=True), layer_crs or [])
    if not sources:
        raise NeedleError("layer.none")
    console = Console(stderr=True)
    out.mkdir(parents=True, exist_ok=True)
    columns = PointColumns(x, y, crs)
    work = partial(locate_part, columns=columns, sources=tuple(sources), accuracy_m=accuracy_m, out=out)
    done = run(parts, work, scheduler, console)
    rows, problems = (sum(getattr(one, name) for one in done.results.values()) for name in ("rows", "problems"))
    console.print(f"{rows:,} rows, {problems:,} with a problem; written: {out}", highlight=False)
    finish(done, console)


def run(folder: Path, work: Callable[[Path], R], scheduler: str | None, console: Console) -> Done[R]:
    """Every part of a folder through a worker, with progress."""
    parts = parts_of(folder)
    with steps_on(console) as steps:
        steps.say("starting workers")
        with cluster(scheduler) as client:
            return over_parts(client, parts, work, lambda done, of: steps.say(f"part {done} of {of}", done / of))


def tested(counts: CellCounts) -> pd.DataFrame:
    """A row a cell: its count, the score of Gi*, the p-value and the share of false discoveries at which it is hot or cold."""
    found = gi_star(counts.counts.astype(np.float64), h3_neighbours(counts.cells))
    centres = np.array([h3_centre(cell) for cell in counts.cells.tolist()]).reshape(-1, 2)
    return pd.DataFrame(
        {"cell": h3_texts(counts.cells), "count": counts.counts, "z": found.z, "p": found.p, "q": discoveries(found.p),
         "lng": centres[:, 1], "lat": centres[:, 0]}
    )  # fmt: skip


def h3_centre(cell: int) -> tuple[float, float]:
    """Latitude and longitude of a cell's middle."""
    latitude, longitude = h3.cell_to_latlng(cell)
    return latitude, longitude


def finish(done: Done[Any], console: Console) -> None:
    """Name the parts that could not be worked; exit code 1 where there are any."""
    for part, error in sorted(done.failed.items()):
        console.print(
            f"{part.name}: {error.sentence('zh')}\n{part.name}: {error.sentence('en')}", style="red", highlight=False
        )
    if done.failed:
        raise typer.Exit(1)
