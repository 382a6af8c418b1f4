"""The map of a weekly sheet: a worker's cells, or one cell, with the streets that were seen and those that were not."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dashboard.paper_map import MARGIN, Furniture, Sign, framed
from data.mirror.patrol import Bools, PatrolPicture
from data.mirror.patrol_ground import CELL, degrees_of
from geo.patrol_kernels import ONE

Floats = NDArray[np.float64]
WIDTH, HIGHEST = 1_100, 820
SEEN, UNSEEN, AREA, EDGE = "#1f67ad", "#d1541f", "#eef1f4", "#aab4bf"


def drawn(picture: PatrolPicture, fits: Bools, around: Furniture) -> Image.Image | None:
    """Some cells with their streets, and everything around a map; None without any."""
    rings = rings_of(picture, fits)
    if not rings:
        return None
    low, high = np.min([r.min(axis=0) for r in rings], axis=0), np.max([r.max(axis=0) for r in rings], axis=0)
    wide, tall = (high - low).tolist()
    metres = max(wide / (WIDTH - 2 * MARGIN), tall / (HIGHEST - 2 * MARGIN), 0.05)
    image = Image.new("RGB", (WIDTH, int(tall / metres) + 2 * MARGIN), "white")
    pen = ImageDraw.Draw(image)
    left = (WIDTH - wide / metres) / 2

    def at(points: Floats) -> list[tuple[float, float]]:
        x, y = (points[:, 0] - low[0]) / metres + left, (high[1] - points[:, 1]) / metres + MARGIN
        return list(zip(x.tolist(), y.tolist(), strict=True))

    for ring in rings:
        pen.polygon(at(ring), fill=AREA, outline=EDGE)
    for ends, seen in pieces_of(picture, fits):
        pen.line(at(ends), fill=SEEN if seen else UNSEEN, width=5)
    return framed(image, metres, around)


def signs(seen: str, unseen: str) -> tuple[Sign, Sign]:
    """The legend of such a map."""
    return Sign(SEEN, seen, line=True), Sign(UNSEEN, unseen, line=True)


def rings_of(picture: PatrolPicture, fits: Bools) -> list[Floats]:
    """The outer rings of cells, metres in the plane."""
    ground, shapes = picture.ground, picture.ground.ground.layer(CELL).columns.shapes
    points = degrees_of(shapes)
    x, y = ground.plane.to_xy(points[:, 0], points[:, 1])
    xy, firsts = np.column_stack((x, y)), shapes.shape_parts[np.flatnonzero(fits)]
    return [xy[shapes.part_points[part] : shapes.part_points[part + 1]] for part in firsts.tolist()]


def pieces_of(picture: PatrolPicture, fits: Bools) -> list[tuple[Floats, bool]]:
    """The pieces of streets of cells as lines, metres in the plane, and whether each was seen; the seen ones above."""
    ground, pieces = picture.ground, picture.ground.pieces
    units = np.flatnonzero(fits[ground.streets.cell_of])
    which = ground.streets.source[units] % max(len(pieces.x), 1)
    seen = picture.seen.streets[units] == ONE
    half = pieces.metres[which] / 2
    middle = np.column_stack((pieces.x[which], pieces.y[which]))
    step = np.column_stack((pieces.dx[which] * half, pieces.dy[which] * half))
    lines = np.stack((middle - step, middle + step), axis=1)
    return [(lines[k], bool(seen[k])) for k in np.argsort(seen, kind="stable").tolist()]
