"""Every case as a file, in an order at random: CSV, workbook, GeoJSON, GeoPackage, as the desk writes its exports.

Measured in a process of its own beside the database: the mirror is there, as in a server. ``memory_mib`` is the most that the
process held, the mirror in it.
"""

import asyncio
import resource
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.result import Progress, Result, Size, city_bar
from benchmarks.tiles import city
from dashboard.export_batches import batches
from dashboard.export_files import FORMATS, Table
from dashboard.i18n import words
from dashboard.view_models.desk_columns import Namer, columns, heading
from data.database import connect, open_pool
from data.mirror.columns import CaseMirror
from data.mirror.loading import load_mirror
from data.stores.desk import load_names
from data.stores.reading import reading

BARS: Final = {"csv": 30.0, "xlsx": 120.0, "geojson": 60.0, "gpkg": 90.0}
BAR: Final = ", ".join(f"{form} < {bar:.0f} s" for form, bar in BARS.items())


def run(size: Size, progress: Progress) -> Result:
    """Write each format once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="needle-bench-")))
        progress("building a city", 0.0)
        url = stack.enter_context(city(folder, size))
        progress("reading the mirror", 0.3)
        mirror, names = asyncio.run(_loaded(url))
        took = {}
        for at, form in enumerate(FORMATS):
            progress(form, 0.4 + 0.15 * at)
            took[f"{form}_s"] = _write(url, mirror, names, folder / f"cases.{form}", form)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measured = {"cases": float(mirror.count), **took, "memory_mib": held}
    return Result("export", city_bar(BAR, size), all(took[f"{form}_s"] < bar for form, bar in BARS.items()), measured)


async def _loaded(url: str) -> tuple[CaseMirror, Mapping[tuple[str, str], str]]:
    async with open_pool(url) as pool, reading(pool) as connection:
        names = {(name.facet, name.code): name.zh for name in await load_names(connection)}
    async with open_pool(url) as pool, reading(pool) as connection:
        return await load_mirror(connection), names


def _write(url: str, mirror: CaseMirror, names: Mapping[tuple[str, str], str], path: Path, form: str) -> float:
    """Seconds to write one file."""
    name: Namer = lambda facet, code: names.get((facet, str(code)), str(code))  # noqa: E731
    picked, say = columns(list(mirror.areas)), words("zh")
    table = Table(picked, [heading(column, say, {}) for column in picked], say, ZoneInfo("Asia/Shanghai"))
    order = np.random.default_rng(1).permutation(mirror.count)
    begun = perf_counter()
    with connect(url, autocommit=True) as connection:
        FORMATS[form].write(path, table, batches(connection, mirror, order, picked, name))
    took = perf_counter() - begun
    path.unlink()
    return took
