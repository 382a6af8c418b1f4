"""Whether a picture shows one face well enough to be compared, from measures that are cheap to take. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Problem = Literal["no_face", "many_faces", "small", "dark", "bright", "blurred", "turned", "off_centre"]
LEAST_FACE_PX: Final = 60
LEAST_LIGHT: Final = 45.0
MOST_LIGHT: Final = 215.0
LEAST_SHARPNESS: Final = 15.0
MOST_YAW: Final = 0.30
MOST_OFF_CENTRE: Final = 0.6
SIDE: Final = 96
"""Pixels that a face is made small to before its sharpness is measured: so that size does not count as sharpness."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured of a picture.

    Attributes
    ----------
    faces : int
    side_px : float
        Of the largest face's box.
    light : float
        Mean grey of the face, 0 to 255.
    sharpness : float
        Variance of the Laplacian of the face.
    yaw : float
        How far the nose stands from the middle of the eyes, in distances of the eyes; negative to the picture's left.
    off_centre : float
        Distance of the face's middle from the picture's, in halves of its shorter side.
    """

    faces: int
    side_px: float = 0.0
    light: float = 0.0
    sharpness: float = 0.0
    yaw: float = 0.0
    off_centre: float = 0.0

    def as_json(self) -> Mapping[str, float]:
        """For the record of a comparison: numbers, no picture."""
        return {name: round(float(value), 3) for name, value in asdict(self).items()}


def problems(measured: Measured, *, is_document: bool = False) -> tuple[Problem, ...]:
    """What is wrong with a picture. On a document the portrait is small and stands anywhere."""
    if measured.faces == 0:
        return ("no_face",)
    wrong: dict[Problem, bool] = {
        "many_faces": measured.faces > 1 and not is_document,
        "small": measured.side_px < (LEAST_FACE_PX / 2 if is_document else LEAST_FACE_PX),
        "dark": measured.light < LEAST_LIGHT,
        "bright": measured.light > MOST_LIGHT,
        "blurred": measured.sharpness < LEAST_SHARPNESS,
        "turned": abs(measured.yaw) > MOST_YAW,
        "off_centre": measured.off_centre > MOST_OFF_CENTRE and not is_document,
    }
    return tuple(name for name, is_so in wrong.items() if is_so)


def light_and_sharpness(grey: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean grey, and the variance of the 4-neighbour Laplacian of a face of about ``SIDE`` pixels."""
    if min(grey.shape) < 3:
        return float(grey.mean()) if grey.size else 0.0, 0.0
    wide = grey.astype(np.float32)
    ring = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]
    return float(wide.mean()), float((ring - 4 * wide[1:-1, 1:-1]).var())
