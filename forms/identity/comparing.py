"""One comparison, from pictures to numbers: what the process with the model does. It reads no database and keeps nothing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forms.identity import engine as faces
from forms.identity.letters import DOCUMENT
from forms.identity.liveness import Action, Frame, judge, yaw
from forms.identity.quality import problems
from geo.errors import NeedleError

MOST_BYTES: Final = 3 * 2**30
"""Memory that the process may take; beyond that it dies, and another one starts."""
LENIENT: Final = 1.25
"""A turned face is farther from the frontal one than two frontal ones are from each other."""


@dataclass(frozen=True)
class Job:
    """What is compared: (step, picture), with ``document`` or a ``reference`` template; the challenge; the threshold.

    ``known``: which of the pictures came before, by number.
    """

    pictures: tuple[tuple[str, bytes], ...]
    asked: tuple[Action, ...]
    threshold: float
    reference: NDArray[np.float64] | None = None
    known: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Found:
    """What came out. ``distance``: None with ``why`` where a picture cannot be used; ``template``: of the frontal frame."""

    distance: float | None
    risk: float
    signs: tuple[str, ...]
    why: tuple[str, ...]
    measured: dict[str, Any]
    template: NDArray[np.float64] | None
    seconds: float


@cache
def engine_of(home: Path, model: str, detector: str) -> faces.Engine:
    """The engine of this process."""
    return faces.Engine(home, model, detector)


def bound_memory(most: int = MOST_BYTES) -> None:
    """Let this process take no more memory than this; where a system knows no limits, nothing happens."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def compare(home: Path, model: str, detector: str, job: Job) -> Found:
    """Compare.

    Raises
    ------
    NeedleError
        ``identity.weights_missing``, ``identity.model_unknown``: nobody's pictures are at fault.
    """
    began = time.perf_counter()
    engine = engine_of(home, model, detector)
    seen = look_at_all(engine, job)
    numbers = {f"{step}-{at}": one.measured.as_json() for at, (step, one, _) in enumerate(seen)}
    why = faults(seen, job)
    if why:
        return Found(None, 0.0, (), why, numbers, None, time.perf_counter() - began)
    front = next(picture for step, _, picture in seen if step == "front")
    template = engine.template(front)
    reference = job.reference if job.reference is not None else engine.template(portrait(seen))
    frames = frames_of(engine, seen, template, job)
    alive = judge(frames, job.asked, job.threshold * LENIENT)
    gap = faces.distance(template, reference)
    return Found(gap, alive.risk, alive.signs, (), numbers, template, time.perf_counter() - began)


Looked = Sequence[tuple[str, faces.Seen, faces.Picture]]


def look_at_all(engine: faces.Engine, job: Job) -> Looked:
    """Each picture, read and looked at; one that is none counts as one without a face."""
    found = []
    for step, content in job.pictures:
        try:
            picture = faces.read_picture(content)
        except NeedleError:
            picture = np.zeros((faces.LEAST_SIDE, faces.LEAST_SIDE, 3), np.uint8)
        found.append((step, engine.look(picture), picture))
    return found


def faults(seen: Looked, job: Job) -> tuple[str, ...]:
    """What keeps the pictures from being compared: of the frontal frame, of the document, or missing."""
    by_step: Mapping[str, faces.Seen] = {step: one for step, one, _ in reversed(seen)}
    if "front" not in by_step:
        return ("no_face",)
    wrong: list[str] = list(problems(by_step["front"].measured))
    if job.reference is None:
        if DOCUMENT not in by_step:
            return (*wrong, "no_document")
        wrong += [f"document_{one}" for one in problems(by_step[DOCUMENT].measured, is_document=True)]
    return tuple(wrong)


def portrait(seen: Looked) -> faces.Picture:
    """The document's portrait with room around, so that it is as large as a face that was taken."""
    one, picture = next((one, picture) for step, one, picture in seen if step == DOCUMENT)
    assert one.box is not None
    room = one.box.width // 2
    top, left = max(0, one.box.top - room), max(0, one.box.left - room)
    cut = picture[top : one.box.top + one.box.height + room, left : one.box.left + one.box.width + room]
    import cv2

    scale = max(1.0, 320 / min(cut.shape[:2]))
    return np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def frames_of(engine: faces.Engine, seen: Looked, template: NDArray[np.float64], job: Job) -> list[Frame]:
    """The frames of the challenge; the one that is turned most is looked at for another person."""
    shown = [(at, *rest) for at, rest in enumerate(seen) if rest[0] != DOCUMENT and len(rest[1].points)]
    turned = max(shown, key=lambda each: abs(yaw(each[2].points)))[0]
    return [
        Frame(
            step,
            one.points,
            one.screen,
            person_in(engine, picture, template) if at == turned and step != "front" else None,
            at in job.known,
        )
        for at, step, one, picture in shown
    ]


def person_in(engine: faces.Engine, picture: faces.Picture, template: NDArray[np.float64]) -> float | None:
    """How far a frame's face is from the frontal one; None where the model finds none."""
    try:
        return faces.distance(engine.template(picture), template)
    except NeedleError as error:
        if error.code != "identity.no_face":
            raise
        return None
