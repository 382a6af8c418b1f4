"""A random challenge, and how far a few frames bear it out: a risk from 0 to 1, reported and never a promise. Pure.

What is looked at: whether the movements that were asked for are there, whether anything moves at all, whether a frame
came before,
whether one person is in all frames, and whether the picture carries the grid of a screen. None of it stops a good mask
or a film
made for the challenge; docs/identity.md says what was tried. Landmarks are the 68 of iBUG 300-W, 0-based, x to the right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Action = Literal["turn_left", "turn_right", "blink"]
Sign = Literal["not_done", "still", "replayed", "two_people", "screen"]

ACTIONS: Final[tuple[Action, ...]] = ("turn_left", "turn_right", "blink")
ASKED: Final = 2
TURNED: Final = 0.18
"""A nose so far from the eyes' middle, in distances of the eyes, beyond where it stands in the frontal frame."""
CLOSED: Final = 0.80
"""An eye opened to less than this share of its widest in the frames has blinked."""
STILL: Final = 0.004
SCREEN: Final = 60.0
"""Faces with the noise of a camera measured up to 10, without any up to 41; a screen's grid of 3 to 10 % from 112."""
WEIGHTS: Final[Mapping[Sign, float]] = {
    "not_done": 0.45,
    "still": 0.75,
    "replayed": 0.95,
    "two_people": 0.95,
    "screen": 0.60,
}
LEFT_EYE: Final = slice(36, 42)
RIGHT_EYE: Final = slice(42, 48)
NOSE: Final = 30


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame: for which step it was taken (``front`` or an action), its landmarks (68 × 2, pixels), what else was measured.

    ``screen``: the highest peak of its spectrum over what is usual there; ``person``: distance of its template to the
    frontal one,
    None where it was not taken.
    """

    step: str
    points: NDArray[np.float64]
    screen: float = 0.0
    person: float | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Liveness:
    """What the frames say: the risk that nobody stood there, and the signs for it."""

    risk: float
    signs: tuple[Sign, ...]
    done: Mapping[Action, bool]


def challenge(draw: int) -> tuple[Action, ...]:
    """The movements that a random number asks for: two different ones, in an order; always a turn among them."""
    pairs = [(one, other) for one in ACTIONS for other in ACTIONS if one != other]
    return pairs[draw % len(pairs)]


def yaw(points: NDArray[np.float64]) -> float:
    """How far the nose's tip stands from the middle of the eyes, in distances of the eyes; negative: to the picture's left."""
    left, right = points[LEFT_EYE].mean(0), points[RIGHT_EYE].mean(0)
    across = right - left
    return float((points[NOSE] - (left + right) / 2) @ across / (across @ across))


def openness(points: NDArray[np.float64]) -> float:
    """How wide the eyes stand open: the eye aspect ratio (Soukupová and Čech 2016), the mean of both."""
    return float(np.mean([_aspect(points[eye]) for eye in (LEFT_EYE, RIGHT_EYE)]))


def _aspect(eye: NDArray[np.float64]) -> float:
    height = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
    return float(height / (2 * np.linalg.norm(eye[0] - eye[3])))


def judge(frames: Sequence[Frame], asked: Sequence[Action], most_distance: float) -> Liveness:
    """Judge the frames of a challenge. ``most_distance``: up to which two templates are one person's."""
    done = {action: is_done(action, frames) for action in asked}
    found: dict[Sign, bool] = {
        "still": is_still(frames),
        "replayed": any(frame.is_known for frame in frames),
        "two_people": any(frame.person is not None and frame.person > most_distance for frame in frames),
        "screen": any(frame.screen > SCREEN for frame in frames),
    }
    missing = sum(not is_there for is_there in done.values())
    undone: list[Sign] = ["not_done"] * missing
    signs: tuple[Sign, ...] = (*undone, *(sign for sign, is_so in found.items() if is_so))
    return Liveness(round(1 - float(np.prod([1 - WEIGHTS[sign] for sign in signs])), 3), signs, done)


def is_done(action: Action, frames: Sequence[Frame]) -> bool:
    """Whether a movement is to be seen. A mirror image turns the other way: the person's own left is the picture's right."""
    shown = [frame for frame in frames if frame.step == action]
    front = [frame for frame in frames if frame.step == "front"]
    if not shown or not front:
        return False
    if action == "blink":
        widest = max(openness(frame.points) for frame in frames)
        return min(openness(frame.points) for frame in shown) < CLOSED * widest
    base, towards = yaw(front[0].points), 1 if action == "turn_left" else -1
    return max(towards * (yaw(frame.points) - base) for frame in shown) > TURNED


def is_still(frames: Sequence[Frame]) -> bool:
    """Whether nothing moves: a photo that is sent again and again."""
    if len(frames) < 2:
        return True
    shapes = np.array([_shape(frame.points) for frame in frames])
    return bool(np.abs(shapes - shapes[0]).mean(axis=(1, 2)).max() < STILL)


def _shape(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Landmarks without place and size."""
    centred = points - points.mean(0)
    return np.asarray(centred / np.sqrt((centred**2).sum(1).mean()))


def screen_peak(grey: NDArray[np.uint8]) -> float:
    """How far a spectrum's highest peak stands out of its ring of frequencies: a screen's grid makes a few sharp ones.

    ``grey``: a face at full size, at least 32 pixels each way. The lower half of the frequencies, where faces are, is left out.
    """
    if min(grey.shape) < 32:
        return 0.0
    height, width = grey.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    level = grey.astype(np.float64)
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2((level - level.mean()) * window)))
    y, x = np.indices(grey.shape)
    radius = np.hypot((y - height // 2) / height, (x - width // 2) / width)
    worst = 0.0
    for inner in np.arange(0.15, 0.5, 0.05):
        ring = spectrum[(radius >= inner) & (radius < inner + 0.05)]
        if ring.size:
            worst = max(worst, float(ring.max() / (np.median(ring) + 1e-9)))
    return worst
