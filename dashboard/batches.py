"""Batch work over a folder of Parquet parts, on this machine's cores or a Dask cluster, with the functions that serve pages.

A part is read, worked and written where a worker is; only names and small results travel. What a part needs besides, an atlas of
boundaries, is built once a process. A part that cannot be read is told of by name and stops no other.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from distributed import Client, LocalCluster, as_completed

from dashboard.cli.layer_args import LayerSource
from geo.atlas import Atlas
from geo.crs import parse_crs
from geo.errors import NeedleError
from geo.files import check_columns, read_layer_file, read_table, write_table
from geo.layers import Layer, make_layer
from geo.locating import Points, locate_on, points_of_columns
from geo.stats.counting import CellCounts, count_cells

R = TypeVar("R")
Told = Callable[[int, int], None]
"""Takes how many parts are done, and of how many."""


@dataclass(frozen=True)
class PointColumns:
    """Where a part keeps its points: names of columns, and the coordinate system by name."""

    x: str
    y: str
    crs: str


@dataclass(frozen=True)
class Located:
    """What became of a part."""

    rows: int
    problems: int


@dataclass(frozen=True)
class Done(Generic[R]):
    """Results by part, and what was wrong with those that have none."""

    results: dict[Path, R]
    failed: dict[Path, NeedleError]


def parts_of(folder: Path) -> list[Path]:
    """The Parquet files of a folder, by name.

    Raises
    ------
    NeedleError
        ``batch.no_parts``.
    """
    parts = sorted(folder.glob("*.parquet"))
    if not parts:
        raise NeedleError("batch.no_parts", path=folder)
    return parts


@contextmanager
def cluster(scheduler: str | None) -> Iterator[Client]:
    """A client of the Dask scheduler at an address (``tcp://host:8786``), or of one process a core here."""
    if scheduler:
        with Client(scheduler) as client:
            yield client
        return
    cores = os.cpu_count() or 1
    with (
        LocalCluster(n_workers=cores, threads_per_worker=1, dashboard_address=None) as here,
        Client(here) as client,
    ):
        yield client


def over_parts(client: Client, parts: Sequence[Path], work: Callable[[Path], R], told: Told) -> Done[R]:
    """Work each part on some worker; a part's ``NeedleError`` is kept beside the others' results."""
    results: dict[Path, R] = {}
    failed: dict[Path, NeedleError] = {}
    futures = {client.submit(work, part, pure=False): part for part in parts}
    for done, future in enumerate(as_completed(futures), start=1):
        error = future.exception()
        if error is None:
            results[futures[future]] = future.result()
        elif isinstance(error, NeedleError):
            failed[futures[future]] = error
        else:
            raise error
        told(done, len(parts))
    return Done(results, failed)


def count_part(part: Path, columns: PointColumns, resolution: int) -> CellCounts:
    """A part's points counted by H3 cell."""
    _, points = read_part(part, columns)
    return count_cells(*points.good_coordinates(), resolution)


def locate_part(
    part: Path, columns: PointColumns, sources: tuple[LayerSource, ...], accuracy_m: float, out: Path
) -> Located:
    """Write the part with where each of its points lies, under its own name in ``out``."""
    table, points = read_part(part, columns)
    layers, atlas = ground(sources)
    located = locate_on(atlas, table, points, layers, accuracy_m)
    write_table(located, out / part.name)
    return Located(len(located), int(located["problem"].notna().sum()))


def read_part(part: Path, columns: PointColumns) -> tuple[Any, Points]:
    """The rows of a part and their points."""
    table = read_table(part)
    check_columns(table, (columns.x, columns.y), part)
    return table, points_of_columns(table, columns.x, columns.y, parse_crs(columns.crs, part.name), part.name)


@lru_cache(maxsize=1)
def ground(sources: tuple[LayerSource, ...]) -> tuple[list[Layer], Atlas]:
    """The layers and their atlas, once for all parts of a process."""
    layers = [make_layer(read_layer_file(one.path, one.crs), one.name, one.field)[0] for one in sources]
    return layers, Atlas.build(layers)
