"""Vector tiles read back into plain values: how tests prove the encoder, and benchmarks compare tiles of two servers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from struct import unpack
from typing import Any, Final

Point = tuple[int, int]
FLOATS: Final = {1: (8, "<d"), 5: (4, "<f")}


@dataclass(frozen=True)
class Feature:
    """A feature. ``parts``: its points, or its lines or rings as lists of points (a ring's first point is not repeated)."""

    id: int | None
    kind: int
    parts: list[list[Point]]
    properties: dict[str, Any]


@dataclass(frozen=True)
class TileLayer:
    """A layer of a tile."""

    version: int
    extent: int
    features: list[Feature] = field(default_factory=list)


def read_tile(tile: bytes) -> dict[str, TileLayer]:
    """The layers of a tile by name.

    Raises
    ------
    ValueError
        The bytes are no tile.
    """
    layers: dict[str, TileLayer] = {}
    for number, value in _fields(tile):
        if number == 3:
            name, layer = _layer(value)
            if name in layers:
                raise ValueError(f"layer {name} comes twice")
            layers[name] = layer
    return layers


def _layer(body: bytes) -> tuple[str, TileLayer]:
    fields = list(_fields(body))
    one = dict(fields)
    keys = [value.decode() for number, value in fields if number == 3]
    values = [_value(value) for number, value in fields if number == 4]
    features = [_feature(value, keys, values) for number, value in fields if number == 2]
    return one[1].decode(), TileLayer(one[15], one.get(5, 4096), features)


def _value(body: bytes) -> Any:
    ((number, value),) = _fields(body)
    if number == 1:
        return value.decode()
    if number == 6:
        return _signed(value)
    return bool(value) if number == 7 else value


def _feature(body: bytes, keys: list[str], values: list[Any]) -> Feature:
    one = dict(_fields(body))
    tags = list(_varints(one.get(2, b"")))
    properties = {keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)}
    return Feature(one.get(1), one[3], _parts(list(_varints(one[4]))), properties)


def _parts(commands: list[int]) -> list[list[Point]]:
    parts: list[list[Point]] = []
    at = x = y = 0
    while at < len(commands):
        what, times = commands[at] & 7, commands[at] >> 3
        at += 1
        if what == 7:
            continue
        for _ in range(times):
            x, y = x + _signed(commands[at]), y + _signed(commands[at + 1])
            at += 2
            if what == 1:
                parts.append([])
            parts[-1].append((x, y))
    return parts


def twice_area(ring: list[Point]) -> int:
    """Twice the area of a ring by the surveyor's formula: positive for an exterior ring of a tile."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*ring, ring[0]]))


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _varints(body: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in body:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0
    if shift:
        raise ValueError("a number is cut short")


def _fields(body: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, value) of a message: numbers, or bytes of what has a length."""
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        if tag & 7 == 0:
            value, at = _varint(body, at)
            yield tag >> 3, value
        elif tag & 7 == 2:
            length, at = _varint(body, at)
            if at + length > len(body):
                raise ValueError("a field is cut short")
            yield tag >> 3, body[at : at + length]
            at += length
        elif tag & 7 in FLOATS:
            size, form = FLOATS[tag & 7]
            yield tag >> 3, unpack(form, body[at : at + size])[0]
            at += size
        else:
            raise ValueError(f"wire type {tag & 7}")


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (body[at] & 127) << shift
        at += 1
        if body[at - 1] < 128:
            return value, at
        shift += 7
