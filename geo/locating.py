"""Locating a whole table: each row's polygon in every layer, how near its border, the H3 cell, and what is wrong.

This is the form for files, columns in and columns out; ``geo.atlas`` does the geometry.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.atlas import Atlas
from geo.crs import Crs, check_lnglat, refuse_contradiction
from geo.defaults import default_spots
from geo.errors import NeedleError
from geo.h3grid import h3_cells, h3_texts
from geo.layers import Layer

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]
Progress = Callable[[str, float], None]

DEFAULT_ACCURACY_M = 10.0
"""Uncertainty of a point that brings none of its own: class C of the unit grid's survey, and a phone in the open."""


@dataclass(frozen=True, eq=False)
class Points:
    """Points in WGS84 degrees, and the error code of what is wrong with each, ``""`` for a good one; shapes (n,).

    A good point has finite coordinates; another may have them (a default spot) or NaN.
    """

    lng: FloatArray
    lat: FloatArray
    problem: NDArray[np.object_]

    @property
    def good(self) -> Mask:
        """Which points can be located."""
        return np.asarray(self.problem == "", dtype=bool)

    def good_coordinates(self) -> tuple[FloatArray, FloatArray]:
        """Longitudes and latitudes, NaN for the points that cannot be located."""
        return np.where(self.good, self.lng, np.nan), np.where(self.good, self.lat, np.nan)


def points_of_columns(table: pd.DataFrame, x: str, y: str, crs: Crs, what: str) -> Points:
    """The points of two columns of numbers (or texts of numbers) in a declared coordinate system.

    Raises
    ------
    NeedleError
        ``coordinate.range``, ``coordinate.swapped``, ``crs.contradicted`` when no point at all agrees with the
        declaration; ``what`` names the source.
    """
    return points_of(numbers(table[x]), numbers(table[y]), crs, what)


def points_of_geometry(frame: gpd.GeoDataFrame, what: str) -> Points:
    """The points of a frame in EPSG:4326; a line or an area is taken at a point on it."""
    geometry = shapely.point_on_surface(frame.geometry.to_numpy())
    return points_of(shapely.get_x(geometry), shapely.get_y(geometry), Crs("wgs84"), what)


def points_of(x: FloatArray, y: FloatArray, crs: Crs, what: str) -> Points:
    """Points of coordinates in a declared system, checked one by one and as a whole."""
    refuse_contradiction(crs, x, y, what)
    problem = np.full(len(x), "", dtype=object)
    problem[~(np.isfinite(x) & np.isfinite(y)) | ((x == 0) & (y == 0))] = "coordinate.missing"
    if crs.is_degrees:
        problem[:] = check_lnglat(x, y)
    usable = problem == ""
    lng, lat = crs.to_wgs84(np.where(usable, x, np.nan), np.where(usable, y, np.nan))
    problem[usable & np.isnan(lng)] = "coordinate.bd09" if crs.tag == "bd09" else "coordinate.range"
    problem[(problem == "") & default_spots(x, y)] = "coordinate.default_spot"
    return Points(lng, lat, problem)


def numbers(values: pd.Series) -> FloatArray:
    """A column as float64; NaN for what is no number."""
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def locate_table(
    table: pd.DataFrame,
    points: Points,
    layers: Sequence[Layer],
    accuracy_m: ArrayLike = DEFAULT_ACCURACY_M,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Add to a table where each of its points lies.

    Parameters
    ----------
    table : DataFrame
        The rows; a column whose name the result needs is kept with ``_in`` behind its name.
    points : Points
        One a row.
    layers : sequence of Layer
        The unit grid is a layer like the others, by the name of ``cell``.
    accuracy_m : float or ndarray of shape (n,)
        Uncertainty of the points.

    Returns
    -------
    DataFrame
        The table with, for each layer, ``NAME`` (code, null outside), ``NAME_border_m`` (metres to the nearest border),
        ``NAME_ambiguous`` (the border is within the accuracy and an area lies across it) and ``NAME_other`` (that
        area's code, only where ambiguous), then ``h3_9``, ``lng``, ``lat`` (WGS84) and ``problem`` (error code or
        null). A row with a problem other than ``coordinate.outside`` has null everywhere else but its coordinates.

    Raises
    ------
    NeedleError
        ``coordinate.swapped`` when every point only falls on the layers with its axes swapped.
    """
    return locate_on(Atlas.build(layers, progress), table, points, layers, accuracy_m)


def locate_on(
    atlas: Atlas,
    table: pd.DataFrame,
    points: Points,
    layers: Sequence[Layer],
    accuracy_m: ArrayLike = DEFAULT_ACCURACY_M,
) -> pd.DataFrame:
    """The same on the layers' atlas, which is built once for many tables."""
    points = with_swapped(points, atlas)
    lng, lat = points.good_coordinates()
    where = atlas.locate(lng, lat)
    border_m, other = atlas.border(lng, lat, where)
    ambiguous = (border_m <= np.asarray(accuracy_m, dtype=np.float64)) & (other >= 0)
    outside = points.good & ((where < 0) & ~ambiguous).all(axis=0)
    columns: dict[str, Any] = {}
    for i, layer in enumerate(layers):
        columns[layer.name] = codes_at(layer, where[i])
        columns[f"{layer.name}_border_m"] = np.where(np.isfinite(border_m[i]), border_m[i], np.nan)
        columns[f"{layer.name}_ambiguous"] = pd.Series(ambiguous[i], dtype="boolean").where(points.good).array
        columns[f"{layer.name}_other"] = codes_at(layer, np.where(ambiguous[i], other[i], -1))
    columns["h3_9"] = h3_texts(h3_cells(lng, lat))
    columns["lng"], columns["lat"] = points.lng, points.lat
    columns["problem"] = np.array([code or None for code in points.problem], dtype=object)
    columns["problem"][outside] = "coordinate.outside"
    return beside(table, pd.DataFrame(columns))


def with_swapped(points: Points, atlas: Atlas) -> Points:
    """Mark the points that fall among the layers only with their axes swapped; a file of nothing else is refused."""
    west, south, east, north = atlas.bounds

    def among(lng: FloatArray, lat: FloatArray) -> Mask:
        return np.asarray((lng >= west) & (lng <= east) & (lat >= south) & (lat <= north), dtype=bool)

    swapped = points.good & ~among(points.lng, points.lat) & among(points.lat, points.lng)
    if swapped.any() and swapped.sum() == points.good.sum():
        first = int(np.flatnonzero(swapped)[0])
        raise NeedleError("coordinate.swapped", x=points.lng[first], y=points.lat[first])
    return replace(points, problem=np.where(swapped, "coordinate.swapped", points.problem).astype(object))


def codes_at(layer: Layer, where: NDArray[np.int32]) -> NDArray[np.object_]:
    """The layer's code at each index; None at -1."""
    return np.array([*layer.codes, None], dtype=object)[where]


def beside(table: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """The table with new columns behind its own, which give way where the names clash."""
    taken = {*table.columns, *columns.columns}
    names = {name: free_name(str(name), taken) for name in table.columns if name in columns.columns}
    kept = table.rename(columns=names)
    return kept.assign(**{str(name): columns[name].array for name in columns.columns})


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name`` with ``_in`` behind it, as often as it takes to be free."""
    while name in taken:
        name += "_in"
    return name
