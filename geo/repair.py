"""What a reader repaired in a layer, said in words, and the repairs of geometry themselves."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import Language

SENTENCES = {
    "repaired_ring": (
        "{count} 个多边形的环无效(自相交等),已修复:{codes}",
        "{count} polygons with an invalid ring (crossing itself, say) were repaired: {codes}",
    ),
    "united_pieces": (
        "{count} 块同编码的面(如被瓦片切开)已合并为 {areas} 个:{codes}",
        "{count} pieces of one code each (cut at tile edges, say) were united into {areas} areas: {codes}",
    ),
    "dropped_duplicate": (
        "{count} 行与同编码的另一行完全相同，已略去:第 {rows} 行",
        "{count} rows repeat another row of the same code exactly and were left out: rows {rows}",
    ),
    "dropped_empty": (
        "{count} 行没有几何，已略去:第 {rows} 行",
        "{count} rows without geometry were left out: rows {rows}",
    ),
    "dropped_not_polygon": (
        "{count} 行是点或线，不是面，已略去:第 {rows} 行",
        "{count} rows are points or lines, not areas, and were left out: rows {rows}",
    ),
    "dropped_collapsed": (
        "{count} 行的面没有面积，已略去:第 {rows} 行",
        "{count} rows are areas of no size and were left out: rows {rows}",
    ),
    "trimmed_code": (
        "{count} 个编码前后有空格，已去掉:{codes}",
        "{count} codes had blanks around them, which were removed: {codes}",
    ),
}
"""Kind of repair -> (Chinese, English) template."""

SHOWN = 5
"""How many rows or codes a sentence names before it says "and more"."""


@dataclass(frozen=True)
class Repair:
    """One kind of repair with what it touched: ``rows`` count the features of the file from 1."""

    kind: str
    rows: tuple[int, ...]
    codes: tuple[str, ...]

    def sentence(self, language: Language = "zh") -> str:
        """The repair for a person."""
        template = SENTENCES[self.kind][0 if language == "zh" else 1]
        counts = {"count": len(self.rows), "areas": len(self.codes)}
        return template.format(**counts, rows=shortened(self.rows), codes=shortened(self.codes))


@dataclass(frozen=True)
class RepairReport:
    """Everything a reader changed to make a layer of a file's rows; empty when nothing was."""

    layer: str
    rows_read: int
    areas: int
    repairs: tuple[Repair, ...]

    def sentences(self, language: Language = "zh") -> tuple[str, ...]:
        """One sentence for each kind of repair."""
        return tuple(repair.sentence(language) for repair in self.repairs)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON keeps it."""
        return asdict(self)


def shortened(values: Sequence[object]) -> str:
    """The first few values, comma separated, and "…" for the rest."""
    shown = ", ".join(str(v) for v in values[:SHOWN])
    return f"{shown}, …" if len(values) > SHOWN else shown


def valid_polygons(geometries: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Make areal geometries valid.

    Rings that cross or touch themselves are rebuilt by GEOS's "structure" method, which keeps shells shells and holes
    holes; points and lines that a repair or a collection leaves are dropped.

    Returns
    -------
    polygons : ndarray of Polygon or MultiPolygon, shape (n,)
        Empty where nothing of any size was left.
    repaired : ndarray of bool, shape (n,)
        Where a ring was invalid.
    """
    invalid = ~shapely.is_valid(geometries)
    result = geometries.copy()
    result[invalid] = shapely.make_valid(geometries[invalid], method="structure", keep_collapsed=False)
    for i in np.flatnonzero(shapely.get_type_id(result) == shapely.GeometryType.GEOMETRYCOLLECTION):
        result[i] = united(result[i : i + 1])
    return result, invalid


def united(pieces: NDArray[np.object_]) -> shapely.Geometry:
    """The areas among the pieces as one polygon or multipolygon."""
    return shapely.union_all(areal_parts(shapely.union_all(areal_parts(pieces))))


def areal_parts(geometries: NDArray[np.object_] | shapely.Geometry) -> NDArray[np.object_]:
    """The single polygons in geometries of any kind, collections within collections included."""
    parts: NDArray[np.object_] = shapely.get_parts(geometries)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)
    polygons: NDArray[np.object_] = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return polygons
