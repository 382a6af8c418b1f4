"""Where events lie: areas, borders and hexagons of a whole table at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.importers.events import EventTable
from geo.atlas import Atlas


@dataclass(frozen=True, eq=False)
class Whereabouts:
    """Answers of the atlas for n events; -1 and NaN where an event has no location.

    Attributes
    ----------
    where, other : int32 arrays (layers, n)
        Polygon of the point, and the one across its nearest border.
    border_m : float array (layers, n)
    ambiguous : bool array (layers, n)
        The nearest border lies within the location's uncertainty, and an area lies across it.
    """

    atlas: Atlas
    where: NDArray[np.int32]
    other: NDArray[np.int32]
    border_m: NDArray[np.float64]
    ambiguous: NDArray[np.bool_]

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Which events have a location that lies in no area of any layer, shape (n,)."""
        nowhere = ((self.where < 0) & ~self.ambiguous).all(axis=0)
        return np.asarray(nowhere & np.isfinite(self.border_m).any(axis=0))

    def areas(self, i: int) -> dict[str, str]:
        """``layer -> code`` of event ``i``, as a case keeps it."""
        found = zip(self.atlas.layers, self.where[:, i].tolist(), strict=True)
        return {layer.name: layer.codes[k] for layer, k in found if k >= 0}

    def borders(self, i: int) -> dict[str, dict[str, Any]]:
        """``layer -> {m, other, ambiguous}`` of event ``i``; layers in which it lies nowhere and near nothing are
        left out."""
        found: dict[str, dict[str, Any]] = {}
        for rank, layer in enumerate(self.atlas.layers):
            metres, k, doubt = self.border_m[rank, i], int(self.other[rank, i]), bool(self.ambiguous[rank, i])
            if np.isfinite(metres) and (self.where[rank, i] >= 0 or doubt):
                beyond = layer.codes[k] if k >= 0 else None
                found[layer.name] = {"m": round(float(metres), 1), "other": beyond, "ambiguous": doubt}
        return found


def locate_events(events: EventTable, atlas: Atlas, uncertainty_m: float) -> Whereabouts:
    """Ask the atlas where each event lies; events without a location lie nowhere."""
    where = atlas.locate(events.lng, events.lat)
    borders = atlas.border(events.lng, events.lat, where)
    known = np.isfinite(events.lng)
    ambiguous = known & (borders.distance_m <= uncertainty_m) & (borders.other >= 0)
    return Whereabouts(atlas, where, borders.other, np.where(known, borders.distance_m, np.nan), ambiguous)
