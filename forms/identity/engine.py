"""DeepFace, called for real and offline: faces found, measured and made into templates.

Its dlib model reads the weights that the package ``face_recognition_models`` ships; they are linked into DeepFace's
folder under
``NEEDLE_HOME``. Whatever it would download is refused instead. Nothing here is imported before a face is to be compared,
and only
in the process that does so (``forms.identity.comparing``): DeepFace turns Python's warnings off and reads its folder
from the environment.
"""

import importlib
import importlib.util
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forms.identity.liveness import screen_peak, yaw
from forms.identity.quality import SIDE, Measured, light_and_sharpness
from geo.errors import NeedleError

PACKAGE: Final = "face_recognition_models"
SHIPPED: Final = ("dlib_face_recognition_resnet_model_v1.dat", "shape_predictor_5_face_landmarks.dat")
LANDMARKS: Final = "shape_predictor_68_face_landmarks.dat"
MODELS: Final = (
    "Dlib", "ArcFace", "Facenet", "Facenet512", "VGG-Face", "SFace", "GhostFaceNet", "OpenFace", "DeepFace", "DeepID",
    "Buffalo_L",
)  # fmt: skip
MOST_SIDE: Final = 1_600
LEAST_SIDE: Final = 160
"""A picture smaller than this is enlarged first: the detector knows faces from 80 pixels."""
EXPANDED: Final = 25
"""The margin of DeepFace's crop around a face in per cent: dlib's network was trained on faces with a quarter of room
around."""

FACE_PX: Final = 130
"""A face is brought to about this width before DeepFace looks for it anew: its detector's time grows with the picture."""
ROOM: Final = 0.6

Picture = NDArray[np.uint8]
"""Height × width × 3, blue first, as OpenCV and DeepFace have it."""


@dataclass(frozen=True, slots=True)
class Box:
    """A face in a picture, pixels from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Seen:
    """The largest face of a picture: where, how well, its 68 landmarks (pixels); ``points`` is empty where there is none."""

    measured: Measured
    box: Box | None
    points: NDArray[np.float64]
    screen: float


def shipped_weights() -> Path:
    """The folder of the package's weights; the package itself is not imported: it warns.

    Raises
    ------
    NeedleError
        ``identity.weights_missing``.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise NeedleError("identity.weights_missing", file=PACKAGE)
    return Path(next(iter(found.submodule_search_locations))) / "models"


def place_weights(home: Path) -> Path:
    """Link the shipped weights into DeepFace's folder (``home/deepface/.deepface/weights``); that folder."""
    folder, source = home / "deepface" / ".deepface" / "weights", shipped_weights()
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHIPPED:
        link = folder / name
        if not link.is_file():
            link.unlink(missing_ok=True)
            link.symlink_to(source / name)
    return folder


class Engine:
    """One model and one detector, loaded when they are first needed and kept.

    Parameters
    ----------
    home : Path
        The installation's folder.
    model : str
        A model of DeepFace; its weights must lie in DeepFace's folder.
    """

    def __init__(self, home: Path, model: str = "Dlib", detector: str = "dlib") -> None:
        if model not in MODELS:
            raise NeedleError("identity.model_unknown", model=model, known=", ".join(MODELS))
        self.home, self.model, self.detector = home, model, detector

    @cached_property
    def deepface(self) -> Any:
        """The library, its folder set, its downloads refused, the warnings of this process left as they were."""
        weights = place_weights(self.home)
        os.environ |= {"DEEPFACE_HOME": str(weights.parents[1]), "DEEPFACE_LOG_LEVEL": "50"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library = importlib.import_module("deepface.DeepFace")
            refuse_downloads(importlib.import_module("deepface.commons.weight_utils"), weights)
        return library

    @cached_property
    def dlib(self) -> tuple[Any, Any]:
        """dlib's own detector of frontal faces, and its predictor of 68 landmarks."""
        dlib = importlib.import_module("dlib")
        return dlib.get_frontal_face_detector(), dlib.shape_predictor(str(shipped_weights() / LANDMARKS))

    def look(self, picture: Picture) -> Seen:
        """Find and measure the largest face."""
        detect, predict = self.dlib
        colours = np.ascontiguousarray(picture[:, :, ::-1])
        found = sorted(detect(colours, 1 if min(colours.shape[:2]) < 400 else 0), key=lambda box: -box.area())
        if not found:
            return Seen(Measured(0), None, np.empty((0, 2)), 0.0)
        shape = predict(colours, found[0])
        points = np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float64)
        return measured(picture, len(found), found[0], points)

    def framed(self, picture: Picture) -> Picture:
        """The largest face with room around it, of a size that is quick to search; the whole picture where none is found."""
        import cv2

        detect, _ = self.dlib
        found = detect(np.ascontiguousarray(picture[:, :, ::-1]), 1 if min(picture.shape[:2]) < 400 else 0)
        if not found:
            return picture
        face = max(found, key=lambda box: box.area())
        room = int(face.width() * ROOM)
        top, left = max(0, face.top() - room), max(0, face.left() - room)
        cut = picture[top : face.bottom() + room, left : face.right() + room]
        scale = FACE_PX / face.width()
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=how), np.uint8)

    def template(self, picture: Picture) -> NDArray[np.float64]:
        """The template of the largest face, of length 1; the picture is cut to that face first.

        Raises
        ------
        NeedleError
            ``identity.no_face``.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = self.deepface.represent(
                    self.framed(picture),
                    model_name=self.model,
                    detector_backend=self.detector,
                    enforce_detection=True,
                    max_faces=1,
                    expand_percentage=EXPANDED,
                )
            except ValueError as error:
                raise NeedleError("identity.no_face") from error
        made = np.asarray(found[0]["embedding"], dtype=np.float64)
        return made / np.linalg.norm(made)


def refuse_downloads(weight_utils: ModuleType, weights: Path) -> None:
    """Have DeepFace use what lies in its folder and never fetch anything."""

    def installed(file_name: str, source_url: str | Sequence[str], compress_type: str | None = None) -> str:
        del source_url, compress_type
        if not (weights / file_name).is_file():
            raise NeedleError("identity.weights_missing", file=weights / file_name)
        return str(weights / file_name)

    weight_utils.__dict__["download_weights_if_necessary"] = installed


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Euclidean distance of two templates of length 1: 0 to 2, small for one person."""
    return float(np.linalg.norm(one - other))


def read_picture(content: bytes) -> Picture:
    """A picture from a file's bytes, upright as far as its EXIF says, made smaller or larger to what the detector knows.

    Raises
    ------
    NeedleError
        ``identity.no_picture``.
    """
    import cv2

    try:
        read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    except cv2.error:
        read = None
    if read is None:
        raise NeedleError("identity.no_picture")
    side = max(read.shape[:2])
    scale = min(1.0, MOST_SIDE / side) if side >= LEAST_SIDE else LEAST_SIDE * 2 / side
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(read, None, fx=scale, fy=scale, interpolation=how) if scale != 1 else read, np.uint8)


def measured(picture: Picture, faces: int, found: Any, points: NDArray[np.float64]) -> Seen:
    """Measure a face that was found."""
    import cv2

    height, width = picture.shape[:2]
    left, top = max(0, found.left()), max(0, found.top())
    box = Box(left, top, min(width, found.right()) - left, min(height, found.bottom()) - top)
    grey = np.asarray(
        cv2.cvtColor(picture[top : top + box.height, left : left + box.width], cv2.COLOR_BGR2GRAY), np.uint8
    )
    small = np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    light, sharpness = light_and_sharpness(small)
    middle = np.array([left + box.width / 2, top + box.height / 2]) - np.array([width, height]) / 2
    off = float(np.linalg.norm(middle) / (min(width, height) / 2))
    values = Measured(faces, float(min(box.width, box.height)), light, sharpness, yaw(points), off)
    return Seen(values, box, points, screen_peak(grey))


def describe(engine: Engine) -> Mapping[str, str]:
    """What a record names: model, detector, the library's version."""
    from importlib.metadata import version

    return {"model": engine.model, "detector": engine.detector, "library": f"deepface {version('deepface')}"}
