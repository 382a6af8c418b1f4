"""A layer of polygons with codes: the one form in which boundaries travel through Needle."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Layer:
    """The polygons of one layer in one generation, in a fixed order that indices elsewhere refer to.

    ``polygons[i]`` is a valid, non-empty Shapely Polygon or MultiPolygon in EPSG:4326, longitude first. ``codes`` are
    unique and never blank. ``parents[i]`` is the code of the area above, ``None`` at the top or where the file does not
    say.

    Raises
    ------
    ValueError
        The columns differ in length: a mistake of the programmer. Files are checked by ``make_layer``.
    """

    name: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[str | None, ...]
    polygons: NDArray[np.object_] = field(repr=False)
    generation: int = 1

    def __post_init__(self) -> None:
        lengths = {len(self.codes), len(self.names), len(self.parents), len(self.polygons)}
        if len(lengths) > 1:
            raise ValueError(f"layer {self.name}: columns of different lengths {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.codes)
