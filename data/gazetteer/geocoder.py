"""The gazetteer behind geopy's ``Geocoder``, and geocoders of the network behind the same, with their datum declared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from geopy.geocoders.base import Geocoder
from geopy.location import Location
from geopy.point import Point
from scipy.spatial import cKDTree

from data.gazetteer.index import Found, Gazetteer
from geo.crs import Crs

LEAST_SCORE: Final = 45.0
"""Below this likeness an answer would be a guess."""
EARTH_M: Final = 6_371_008.8


class GazetteerGeocoder(Geocoder):  # type: ignore[misc]  # geopy is untyped
    """Geocodes from the city's own addresses: no network, no key, WGS84."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        super().__init__(user_agent="needle")
        self.gazetteer = gazetteer
        spots = np.array([(place.lng, place.lat) for place in gazetteer.places], np.float64).reshape(-1, 2)
        self._tree = cKDTree(on_sphere(spots[:, 0], spots[:, 1])) if len(spots) else None

    def geocode(self, query: str, *, exactly_one: bool = True, limit: int = 5) -> Location | list[Location] | None:
        """The place of an address, or the likeliest ones; None where nothing is like it.

        ``Location.raw``: ``code``, ``score`` (0 to 100) and ``level``, the narrowest level that agrees.
        """
        found = self.likeliest(query, limit)
        if not found:
            return None
        return location(found[0]) if exactly_one else [location(one) for one in found]

    def likeliest(self, query: str, limit: int = 5) -> list[Found]:
        """The same as values of ours: the places that are like enough, the best first."""
        return [one for one in self.gazetteer.search(query, limit) if one.score >= LEAST_SCORE]

    def reverse(self, query: Any, *, exactly_one: bool = True, limit: int = 5) -> Location | list[Location] | None:
        """The addresses nearest to a point (latitude first, as geopy has it), with ``metres`` in ``raw``."""
        if self._tree is None:
            return None
        point = Point(query)
        metres, rows = self._tree.query(
            on_sphere(np.array([point.longitude]), np.array([point.latitude]))[0],
            k=range(1, min(limit, len(self.gazetteer.places)) + 1),
        )
        near = [
            nearby(self.gazetteer.places[int(row)], float(away))
            for row, away in zip(np.atleast_1d(rows), np.atleast_1d(metres), strict=True)
        ]
        return near[0] if exactly_one else near


@dataclass(frozen=True)
class Declared:
    """A geocoder of the network with the datum that its answers are in, brought to WGS84. Nothing makes one by itself.

    Attributes
    ----------
    ask : callable
        ``geocode`` of any geopy geocoder.
    crs : Crs
        The datum of its answers: gcj02 for 高德 and 腾讯, bd09 for 百度.
    """

    ask: Callable[..., Any]
    crs: Crs

    def geocode(self, query: str) -> Location | None:
        """Its best answer in WGS84; None where it has none or where the answer lies outside its datum."""
        answer = self.ask(query, exactly_one=True)
        if answer is None:
            return None
        lng, lat = self.crs.to_wgs84(np.array([answer.longitude]), np.array([answer.latitude]))
        if not np.isfinite(lng[0]):
            return None
        return Location(answer.address, Point(float(lat[0]), float(lng[0])), answer.raw)


def location(found: Found) -> Location:
    """A found place as geopy gives it."""
    place = found.place
    raw = {"code": place.code, "score": round(found.score, 1), "level": found.level}
    return Location(place.address, Point(place.lat, place.lng), raw)


def nearby(place: Any, metres: float) -> Location:
    """A place beside a point as geopy gives it."""
    return Location(place.address, Point(place.lat, place.lng), {"code": place.code, "metres": round(metres, 1)})


def on_sphere(lng: np.ndarray[Any, Any], lat: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Points of a sphere in metres, shape (n, 3): chords are distances as long as they are short."""
    x, y = np.radians(lng), np.radians(lat)
    return EARTH_M * np.column_stack((np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)))
