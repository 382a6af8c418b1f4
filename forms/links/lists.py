"""Lists of persons or households to ask: a CSV file, one a row.

Columns: ``key`` and ``label``; optionally ``name``, ``phone``, ``email``, ``language`` (zh, en) for messages, ``building`` (its
code, which gives the place), and ``prefill.<question>`` for what is already known and travels sealed.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import orjson

from data.stores.links import Recipient, Target
from geo.errors import NeedleError

PREFILL: Final = "prefill."
NEEDED: Final = ("key", "label")
PHONE: Final = re.compile(r"\+?[0-9]{5,15}")
EMAIL: Final = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")


def read_list(path: Path, kind: str, buildings: Mapping[str, Target]) -> Iterator[Target]:
    """Targets of a list.

    Parameters
    ----------
    kind : str
        ``person`` or ``household``.
    buildings : Mapping
        The buildings that rows may name, by code.

    Raises
    ------
    NeedleError
        ``link.list_columns``; ``link.list_row`` naming the row, its heading being row 1.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise NeedleError("link.list_columns", missing=", ".join(missing))
        for number, row in enumerate(rows, start=2):
            yield read_row(
                {name: (value or "").strip() for name, value in row.items() if name}, number, kind, buildings
            )


def codes_in(path: Path) -> list[str]:
    """The buildings that a list names."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sorted({code for row in csv.DictReader(file) if (code := (row.get("building") or "").strip())})


def read_row(row: Mapping[str, str], number: int, kind: str, buildings: Mapping[str, Target]) -> Target:
    """One row of a list."""
    if not row["key"] or not row["label"]:
        raise NeedleError("link.list_row", row=number, problem="key, label")
    code = row.get("building", "")
    if code and code not in buildings:
        raise NeedleError("link.list_row", row=number, problem=f"building: {code}")
    house = buildings.get(code)
    place = (house.lng, house.lat, {**house.areas, "building": code}) if house is not None else (None, None, {})
    known = {name.removeprefix(PREFILL): value for name, value in row.items() if name.startswith(PREFILL) and value}
    return Target(
        kind, row["key"], row["label"], *place, read_recipient(row, number), orjson.dumps(known) if known else None
    )


def read_recipient(row: Mapping[str, str], number: int) -> Recipient | None:
    """Whom messages of a row go to; None: nobody."""
    phone, email = re.sub(r"[\s()-]", "", row.get("phone", "")), row.get("email", "").lower()
    for value, shape, name in ((phone, PHONE, "phone"), (email, EMAIL, "email")):
        if value and not shape.fullmatch(value):
            raise NeedleError("link.list_row", row=number, problem=f"{name}: {value}")
    language = row.get("language", "") or "zh"
    if language not in ("zh", "en"):
        raise NeedleError("link.list_row", row=number, problem=f"language: {language}")
    return Recipient(row.get("name", ""), phone or None, email or None, language) if phone or email else None
