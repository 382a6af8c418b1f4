"""Where incidents lie in every layer, from the atlas, and how that is written down."""

from dataclasses import dataclass, replace

import numpy as np

from data.demo.city import DemoCity
from data.demo.incidents import Incidents
from data.demo.lattice import Floats, Ints
from geo.atlas import Atlas


@dataclass(frozen=True)
class Whereabouts:
    """The atlas's answers for n incidents; -1 and NaN where an incident has no place.

    Attributes
    ----------
    where, other : ndarray of int, shape (layers, n)
        Area of each layer, and the one across its nearest border.
    border_m : ndarray of float, shape (layers, n)
    """

    where: Ints
    other: Ints
    border_m: Floats


def locate(city: DemoCity, incidents: Incidents) -> tuple[Incidents, Whereabouts]:
    """Ask the atlas; what fell outside the city goes back to its house."""
    atlas = Atlas.build(city.layers)
    where = atlas.locate(incidents.lng, incidents.lat)
    astray = np.flatnonzero((where[-1] < 0) & np.isfinite(incidents.lng))
    lng, lat = incidents.lng.copy(), incidents.lat.copy()
    lng[astray], lat[astray] = city.buildings.middle()[incidents.building[astray]].round(7).T
    where[:, astray] = atlas.locate(lng[astray], lat[astray])
    borders = atlas.border(lng, lat, where)
    return replace(incidents, lng=lng, lat=lat), Whereabouts(where, borders.other, borders.distance_m)


def areas_json(city: DemoCity, where: Ints) -> list[str]:
    """``{"layer":"code",…}`` of each incident, cells apart; ``{}`` without a place."""
    pieces = []
    for layer, index in zip(city.layers[:-1], where[:-1], strict=True):
        said = np.array([f'"{layer.name}":"{code}"' for code in layer.codes], object)
        pieces.append(said[index].tolist())
    known = (where[0] >= 0).tolist()
    rows = zip(*pieces, strict=True)
    return ["{" + ",".join(row) + "}" if is_known else "{}" for row, is_known in zip(rows, known, strict=True)]


def borders_json(city: DemoCity, found: Whereabouts, uncertainty_m: Floats) -> list[str]:
    """``{"layer":{"m":…,"other":…,"ambiguous":…},…}`` of each incident; ``{}`` without a place."""
    pieces = []
    for k, layer in enumerate(city.layers):
        codes = np.array([*(f'"{code}"' for code in layer.codes), "null"], object)
        metres, doubt = np.round(found.border_m[k], 1).tolist(), (found.border_m[k] <= uncertainty_m).tolist()
        other = codes[found.other[k]].tolist()
        name = layer.name
        pieces.append(
            [
                f'"{name}":{{"ambiguous":{"true" if d else "false"},"m":{m},"other":{o}}}'
                for m, d, o in zip(metres, doubt, other, strict=True)
            ]
        )
    known = (found.where[0] >= 0).tolist()
    rows = zip(*pieces, strict=True)
    return ["{" + ",".join(row) + "}" if is_known else "{}" for row, is_known in zip(rows, known, strict=True)]
