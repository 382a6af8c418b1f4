"""Distances of labelled pairs, by the model that compares: what a threshold is measured on."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.stores.identity_purposes import CalibrationRow
from forms.identity.calibration import Calibration, calibrate
from forms.identity.engine import Engine, describe, distance, read_picture
from geo.errors import NeedleError

PICTURES: Final = (".jpg", ".jpeg", ".png", ".bmp", ".pgm", ".webp")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures, and whether one person is on both."""

    left: Path
    right: Path
    same: bool


def read_pairs(source: Path) -> list[Pair]:
    """Pairs of a CSV (``left,right,same``: paths beside it, 1 or 0), or all pairs of a folder with a folder a person.

    Raises
    ------
    NeedleError
        ``identity.pairs_few`` where there are none.
    """
    if source.is_dir():
        found = [
            Pair(one, other, one.parent == other.parent)
            for one, other in combinations(sorted(f for f in source.rglob("*") if f.suffix.lower() in PICTURES), 2)
        ]
    else:
        with source.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        folder = source.parent
        found = [Pair(folder / r["left"], folder / r["right"], r["same"].strip() in ("1", "true", "yes")) for r in rows]
    if not found:
        raise NeedleError("identity.pairs_few", genuine=0, impostors=0, least=1)
    return found


def templates(engine: Engine, files: Sequence[Path], told: Progress) -> dict[Path, NDArray[np.float64]]:
    """A template a picture; pictures without a face are left out."""
    found = {}
    for at, file in enumerate(files, 1):
        try:
            found[file] = engine.template(read_picture(file.read_bytes()))
        except NeedleError as error:
            if error.code not in ("identity.no_face", "identity.no_picture"):
                raise
        told(at, len(files))
    return found


def measure(
    engine: Engine, pairs: Sequence[Pair], wanted_fmr: float, told: Progress = lambda _done, _all: None
) -> tuple[Calibration, int]:
    """Measure a threshold on labelled pairs; and how many pictures showed no face."""
    files = sorted({file for pair in pairs for file in (pair.left, pair.right)})
    made: Mapping[Path, NDArray[np.float64]] = templates(engine, files, told)
    used = [pair for pair in pairs if pair.left in made and pair.right in made]
    gaps = np.array([distance(made[pair.left], made[pair.right]) for pair in used])
    return calibrate(gaps, np.array([pair.same for pair in used]), wanted_fmr), len(files) - len(made)


def as_row(found: Calibration, engine: Engine, data: str) -> CalibrationRow:
    """A measurement as it is kept (number and moment come from the database)."""
    from datetime import UTC, datetime

    named = describe(engine)
    curve = [[point.threshold, point.fmr, point.fnmr] for point in found.curve]
    rates = (found.chosen.threshold, found.chosen.fmr, found.fmr_upper, found.chosen.fnmr, found.eer)
    return CalibrationRow(
        0, named["model"], named["detector"], named["library"], data, found.genuine, found.impostors, found.wanted_fmr,
        *rates, curve, datetime.now(UTC),
    )  # fmt: skip
