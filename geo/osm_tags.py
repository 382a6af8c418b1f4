"""What OpenStreetMap's tags mean here. Pure functions of a thing's tags; the tables beside them are the mapping.

Meanings follow the OpenStreetMap wiki: Key:highway, Key:oneway, Key:maxspeed, Key:building:levels, Key:height, Key:addr.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

Tags = Mapping[str, str | None]

STREET_CLASSES: Final = ("motorway", "primary", "secondary", "tertiary", "residential", "path")
"""Widest first."""

STOREY_M: Final = 3.0
"""Height of a storey where only storeys or only metres are known (wiki, Key:building:levels)."""

MILE_KM: Final = 1.609344
FOOT_M: Final = 0.3048
MOST_KMH: Final = 150.0
MOST_M: Final = 1000.0
OTHER_USE: Final = "other"
"""Use of a building whose tags do not say it, ``building=yes`` alone for one."""


class Highway(NamedTuple):
    """What a value of ``highway`` means: one of ``STREET_CLASSES``, and the speed where none is posted."""

    street_class: str
    speed_kmh: float


class Size(NamedTuple):
    """A building's storeys and height; 0 where the tags do not say."""

    floors: int
    height_m: float


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table beside this file."""
    text = files("geo").joinpath("tables", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def highways() -> Mapping[str, Highway]:
    """Value of ``highway`` -> its meaning; what is absent is no street (planned, being built, a platform)."""
    return {row["highway"]: Highway(row["class"], float(row["speed_kmh"])) for row in table("osm_highways.csv")}


@cache
def area_kinds() -> Mapping[tuple[str, str], str]:
    """Key and value of an area -> water, park or square, the first row first."""
    return {(row["key"], row["value"]): row["kind"] for row in table("osm_areas.csv")}


@cache
def building_uses() -> Mapping[tuple[str, str], str]:
    """Key and value -> a building's use; an empty value stands for any. The first row that fits counts."""
    return {(row["key"], row["value"]): row["use"] for row in table("osm_buildings.csv")}


def name_of(tags: Tags) -> str | None:
    """The name, in Chinese where the map has one."""
    name = (tags.get("name:zh") or tags.get("name") or "").strip()
    return name or None


def speed_of(tags: Tags, default_kmh: float) -> float:
    """The posted speed in km/h, the class's where none is posted or where it is no number (``CN:urban``, ``none``)."""
    found = re.match(r"\s*(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?\s*(?:;|$)", tags.get("maxspeed") or "")
    if not found:
        return default_kmh
    speed = float(found[1]) * (MILE_KM if found[2] == "mph" else 1.0)
    return speed if 0 < speed <= MOST_KMH else default_kmh


def oneway_of(tags: Tags) -> int:
    """1: only along the way's nodes; -1: only against them; 0: both ways.

    Roundabouts and motorways are one-way where nothing else is said. A footway's ``oneway`` binds only those on wheels,
    so paths are both ways but for cycleways.
    """
    highway, said = tags.get("highway") or "", (tags.get("oneway") or "").lower()
    meaning = highways().get(highway)
    if meaning is not None and meaning.street_class == "path" and highway != "cycleway":
        return 0
    if said in ("-1", "reverse"):
        return -1
    if said in ("yes", "true", "1"):
        return 1
    implied = tags.get("junction") in ("roundabout", "circular") or highway == "motorway"
    return 1 if implied and said == "" else 0


def kind_of(tags: Tags) -> str | None:
    """An area's kind: water, park, square; None for all others. Water comes before what grows in it."""
    found = {kind for (key, value), kind in area_kinds().items() if tags.get(key) == value}
    return next((kind for kind in ("water", "park", "square") if kind in found), None)


def use_of(tags: Tags) -> str:
    """A building's use: residential, commercial, office, industrial, public, or other where no tag says it."""
    uses = building_uses()
    said = next((use for (key, value), use in uses.items() if value and tags.get(key) == value), None)
    return said or next((use for (key, value), use in uses.items() if not value and tags.get(key)), OTHER_USE)


def size_of(tags: Tags) -> Size:
    """Storeys and height; each from the other where only one is said, by ``STOREY_M``."""
    levels, height = levels_of(tags.get("building:levels")), metres_of(tags.get("height"))
    floors = levels or height / STOREY_M
    return Size(max(1, int(floors + 0.5)) if floors else 0, height or levels * STOREY_M)


def levels_of(text: str | None) -> float:
    """Storeys, 0 where the text is no number: "6", "1.5"."""
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*", text or "")
    return float(found[1]) if found else 0.0


def metres_of(text: str | None) -> float:
    """A height in metres, 0 where the text is none: "12", "12.13 m", "40 ft", "6'2\\""."""
    feet = re.fullmatch(r"""\s*(\d+)'(?:(\d+(?:\.\d+)?)")?\s*""", text or "")
    if feet:
        return (int(feet[1]) + float(feet[2] or 0) / 12) * FOOT_M
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(m|ft)?\s*", text or "")
    metres = float(found[1]) * (FOOT_M if found[2] == "ft" else 1.0) if found else 0.0
    return metres if metres <= MOST_M else 0.0


def address_of(tags: Tags) -> str:
    """The address as its country writes it: 长安街1号 without a blank, Fredrikinkatu 40 with one; empty where none is said."""
    if full := (tags.get("addr:full") or "").strip():
        return full
    street = (tags.get("addr:street") or tags.get("addr:place") or "").strip()
    number = (tags.get("addr:housenumber") or "").strip()
    chinese = bool(re.search(r"[\u3400-\u9fff]$", street))
    if chinese and number.isdigit():
        number += "号"
    return (street + ("" if chinese else " ") + number).strip() if street else ""
