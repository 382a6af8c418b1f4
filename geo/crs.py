"""Coordinate systems by tag. A coordinate enters Needle with its tag or not at all; nothing is guessed from the
values.

Values may contradict a tag, though: degrees beyond the range, axes swapped, feet declared as metres. Single points
that do are marked with an error code; a whole file that does is refused.
"""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from geo import datums
from geo.errors import NeedleError

FloatArray = NDArray[np.float64]

DATUM_NAMES = ("wgs84", "cgcs2000", "gcj02", "bd09")
SAME_AS_WGS84 = {4326, 4490, 4979, 4480}
"""EPSG codes whose degrees are taken as WGS84: itself and CGCS2000, which differ by centimetres at most."""

USE_MARGIN_DEG = 2.0
"""How far beyond its published area of use a coordinate system is still believed."""

SOUTHERNMOST_CITY_DEG = -60.0
"""Nobody reports from further south: such a latitude is a longitude in the wrong place (Boston's -71, say)."""


@dataclass(frozen=True)
class Crs:
    """A declared coordinate system: ``tag`` is ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` or ``EPSG:n``."""

    tag: str

    @property
    def epsg(self) -> int | None:
        """The EPSG number, None for the named datums."""
        return int(self.tag[5:]) if self.tag.startswith("EPSG:") else None

    @property
    def is_degrees(self) -> bool:
        """Whether values are longitude and latitude in degrees."""
        return self.epsg is None or bool(crs_of(self.epsg).is_geographic)

    def to_wgs84(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Convert coordinates of this system to WGS84 degrees.

        Parameters
        ----------
        x, y : ndarray of float, shape (n,)
            Longitude and latitude, or easting and northing in the system's own unit; x first whatever the authority
            says.

        Returns
        -------
        lng, lat : ndarray of float, shape (n,)
            Degrees; NaN where the input is not finite or has no place on the earth in this system.
        """
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        usable = np.isfinite(x) & np.isfinite(y)
        if self.is_degrees:
            usable &= (np.abs(x) <= 180) & (np.abs(y) <= 90)
        lng, lat = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
        lng[usable], lat[usable] = self.convert(x[usable], y[usable])
        lost = ~(np.isfinite(lng) & np.isfinite(lat))
        lng[lost] = lat[lost] = np.nan
        return lng, lat

    def convert(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``to_wgs84`` for values already known to be finite and, in degrees, within range."""
        if self.tag == "gcj02":
            return datums.gcj02_to_wgs84(x, y)
        if self.tag == "bd09":
            return datums.bd09_to_wgs84(x, y)
        if self.epsg is None or self.epsg in SAME_AS_WGS84:
            return x, y
        lng, lat = transformer(self.epsg).transform(x, y)
        return np.asarray(lng), np.asarray(lat)


def parse_crs(tag: str | None, what: str = "--crs") -> Crs:
    """Read a tag in any case: ``wgs84``, ``CGCS2000``, ``GCJ-02``, ``bd09``, ``EPSG:n``.

    ``what`` names the thing that should have declared it, for the error.

    Raises
    ------
    NeedleError
        ``crs.missing`` for none or a blank one; ``crs.unknown`` for any other text, an EPSG code that does not
        exist, or one that is neither geographic nor projected (heights, geocentric).
    """
    text = (tag or "").strip()
    if not text:
        raise NeedleError("crs.missing", what=what)
    name = re.sub(r"[-_ ]", "", text).lower()
    if name in DATUM_NAMES:
        return Crs(name)
    match = re.fullmatch(r"epsg:{1,2}(\d{1,6})", text.lower())
    if not match or not is_horizontal(int(match[1])):
        raise NeedleError("crs.unknown", crs=text)
    return Crs(f"EPSG:{int(match[1])}")


def check_lnglat(lng: FloatArray, lat: FloatArray) -> NDArray[np.str_]:
    """Say for each point in degrees what makes it unusable.

    Returns
    -------
    ndarray of str, shape (n,)
        ``""`` for a good point; ``coordinate.missing`` for NaN and for the placeholder (0, 0);
        ``coordinate.swapped`` where only the swapped order is a place; ``coordinate.range`` where neither order is
        (metres, feet).
    """
    lng, lat = np.atleast_1d(np.asarray(lng, dtype=np.float64)), np.atleast_1d(np.asarray(lat, dtype=np.float64))
    missing = ~(np.isfinite(lng) & np.isfinite(lat)) | ((lng == 0) & (lat == 0))
    impossible = ~missing & ~is_place(lng, lat)
    codes = np.full(lng.shape, "", dtype="U20")
    codes[missing] = "coordinate.missing"
    codes[impossible] = "coordinate.range"
    codes[impossible & is_place(lat, lng)] = "coordinate.swapped"
    return codes


def is_place(lng: FloatArray, lat: FloatArray) -> NDArray[np.bool_]:
    """Whether degrees are where somebody could report from: in range and not in Antarctica. False for NaN."""
    return (np.abs(lng) <= 180) & (lat <= 90) & (lat >= SOUTHERNMOST_CITY_DEG)


def refuse_contradiction(crs: Crs, x: FloatArray, y: FloatArray, what: str) -> None:
    """Refuse a whole file whose every coordinate contradicts its declared system.

    Raises
    ------
    NeedleError
        ``coordinate.swapped`` or ``coordinate.range`` for a system in degrees; ``crs.contradicted`` for a projected
        system whose values are degrees, or fall far outside its area of use (feet taken for metres, another zone).
    """
    present = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
    x, y = x[present], y[present]
    if len(x) == 0:
        return
    if crs.is_degrees:
        codes = check_lnglat(x, y)
        if (codes != "").all():
            code = "coordinate.swapped" if (codes == "coordinate.swapped").all() else "coordinate.range"
            raise NeedleError(code, x=x[0], y=y[0])
    if not plausible(crs, x, y).any():
        raise NeedleError("crs.contradicted", what=what, crs=crs.tag, x=x[0], y=y[0])


def plausible(crs: Crs, x: FloatArray, y: FloatArray) -> NDArray[np.bool_]:
    """Whether each point agrees with its declared system: its unit, and roughly its area of use."""
    lng, lat = crs.to_wgs84(x, y)
    on_earth = np.isfinite(lng)
    if crs.is_degrees:
        return on_earth
    west, south, east, north = use_bounds(crs)
    looks_like_degrees = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    in_use = (lng >= west) & (lng <= east) & (lat >= south) & (lat <= north)
    return on_earth & in_use & ~looks_like_degrees


def use_bounds(crs: Crs) -> tuple[float, float, float, float]:
    """West, south, east, north of a system's area of use with a margin, in degrees; the world where unknown."""
    use = crs_of(crs.epsg).area_of_use if crs.epsg is not None else None
    if use is None or use.west > use.east:
        return (-180.0, -90.0, 180.0, 90.0)
    margin = USE_MARGIN_DEG
    return (use.west - margin, use.south - margin, use.east + margin, use.north + margin)


def is_horizontal(epsg: int) -> bool:
    """Whether an EPSG code exists and places things on the ground."""
    try:
        crs = crs_of(epsg)
    except CRSError:
        return False
    return bool(crs.is_geographic or crs.is_projected)


@cache
def crs_of(epsg: int) -> CRS:
    """pyproj's description of an EPSG code."""
    return CRS.from_epsg(epsg)


@cache
def transformer(epsg: int) -> Transformer:
    """Transformation from an EPSG code to WGS84 degrees, x first on both sides."""
    return Transformer.from_crs(crs_of(epsg), crs_of(4326), always_xy=True)
