"""What an extract of OpenStreetMap lacks: ways without some of their nodes, relations without some of their members.

GDAL draws a way from the nodes that the file has and says nothing of the others, so that a building at the extract's edge
comes out bent and a road jumps over its gap. This module reads only the ids of a ``.osm.pbf`` file, twice over the file
with one block in memory at a time, and says what is torn. Memory is 8 bytes a node and 8 a way, whatever the file's size.

Format: https://wiki.openstreetmap.org/wiki/PBF_Format (fileformat.proto, osmformat.proto).
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.errors import NeedleError
from geo.formats import unreadable

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Bools = NDArray[np.bool_]
Progress = Callable[[float], None]
"""Told which part of the work is done, 0 to 1."""

NODES, DENSE, WAYS, RELATIONS = 1, 2, 3, 4
"""Fields of a PrimitiveGroup."""

WAY_MEMBER: Final = 1


@dataclass(frozen=True, eq=False)
class Torn:
    """What an extract does not hold whole.

    Attributes
    ----------
    ways : mapping
        Id of a way that lacks nodes -> which of its nodes are there, shape (nodes,), in the way's order.
    relations : frozenset of int
        Relations with a way that is absent or torn.
    """

    ways: Mapping[int, Bools]
    relations: frozenset[int]

    def has_way(self, way: int) -> bool:
        """Whether the way lacks nodes."""
        return way in self.ways

    def has_relation(self, relation: int) -> bool:
        """Whether the relation lacks a way, or a node of one."""
        return relation in self.relations


def find_torn(path: Path, progress: Progress | None = None) -> Torn:
    """Read the ids of a ``.osm.pbf`` file and say what is torn.

    Raises
    ------
    NeedleError
        ``file.missing``, ``file.unreadable``.
    """
    if not path.is_file():
        raise NeedleError("file.missing", path=path)
    tell = progress or (lambda _: None)
    try:
        nodes = np.unique(np.concatenate([np.empty(0, np.int64), *_node_ids(path, lambda part: tell(part / 2))]))
        return _torn_of(path, nodes, lambda part: tell(0.5 + part / 2))
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, zlib.error) as error:
        raise unreadable(path, error) from error


def _node_ids(path: Path, progress: Progress) -> Iterator[Longs]:
    for kind, group in _groups(path, progress):
        if kind == DENSE:
            yield deltas(_bytes(_fields(group)[1][0]))
        elif kind == NODES:
            yield np.array([zigzag(int(_fields(group)[1][0]))], np.int64)


def _torn_of(path: Path, nodes: Longs, progress: Progress) -> Torn:
    torn: dict[int, Bools] = {}
    whole: list[Longs] = []
    members: list[tuple[int, Longs]] = []
    for kind, message in _groups(path, progress):
        if kind == WAYS:
            way, refs = _way(message)
            there = _among(refs, nodes)
            if there.all():
                whole.append(way)
            else:
                torn[int(way[0])] = there
        elif kind == RELATIONS:
            members.append(_relation(message))
    ways = np.unique(np.concatenate([np.empty(0, np.int64), *whole]))
    lacking = frozenset(relation for relation, of in members if not _among(of, ways).all())
    return Torn(torn, lacking)


def _way(message: memoryview) -> tuple[Longs, Longs]:
    """A way's id, shape (1,), and its nodes."""
    fields = _fields(message)
    refs = fields.get(8)
    return np.array(fields[1], np.int64), deltas(_bytes(refs[0])) if refs else np.empty(0, np.int64)


def _relation(message: memoryview) -> tuple[int, Longs]:
    """A relation's id and those of its members that are ways."""
    fields = _fields(message)
    if 9 not in fields:
        return int(fields[1][0]), np.empty(0, np.int64)
    ids, kinds = deltas(_bytes(fields[9][0])), varints(_bytes(fields[10][0]))
    return int(fields[1][0]), ids[kinds == WAY_MEMBER]


def _among(ids: Longs, known: Longs) -> Bools:
    """Which ids are among the known ones, which are sorted."""
    if len(known) == 0:
        return np.zeros(len(ids), np.bool_)
    at = np.searchsorted(known, ids)
    at[at == len(known)] = 0
    found: Bools = known[at] == ids
    return found


def _groups(path: Path, progress: Progress) -> Iterator[tuple[int, memoryview]]:
    """Every node message, dense block, way and relation: the field's number and its bytes."""
    for block in _blocks(path, progress):
        for group in _fields(memoryview(block)).get(2, ()):
            for kind, messages in _fields(_message(group)).items():
                for message in messages:
                    yield kind, _message(message)


def _blocks(path: Path, progress: Progress) -> Iterator[bytes]:
    """The unpacked blocks of data, one at a time."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while length := file.read(4):
            header = _fields(memoryview(file.read(int.from_bytes(length))))
            blob = _fields(memoryview(file.read(int(header[3][0]))))
            progress(file.tell() / size)
            if bytes(_message(header[1][0])) == b"OSMData":
                yield _unpacked(blob)


def _unpacked(blob: Mapping[int, list[int | memoryview]]) -> bytes:
    """A blob's content: raw or zlib, the two that every writer of such files knows."""
    if 1 in blob:
        return bytes(_message(blob[1][0]))
    if 3 in blob:
        return zlib.decompress(_message(blob[3][0]))
    raise ValueError("packed by neither zlib nor raw; write it anew with osmium cat")


def _fields(message: memoryview) -> dict[int, list[int | memoryview]]:
    """The fields of a message by number: numbers as they are, all else as bytes."""
    found: dict[int, list[int | memoryview]] = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: int | memoryview
        if key & 7 == 0:
            value, at = _varint(message, at)
        else:
            length, at = _varint(message, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            value, at = message[at : at + length], at + length
        found.setdefault(key >> 3, []).append(value)
    if at > len(message):
        raise ValueError("a message is cut short")
    return found


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise TypeError("a number where a message belongs")
    return value


def _bytes(value: int | memoryview) -> Bytes:
    return np.frombuffer(_message(value), np.uint8)


def zigzag(value: int) -> int:
    """A signed number from its unsigned code."""
    return (value >> 1) ^ -(value & 1)


@njit(cache=True, nogil=True)
def varints(packed: Bytes) -> Longs:
    """The numbers of a packed field."""
    values = np.empty(len(packed), np.int64)
    count = 0
    value = np.int64(0)
    shift = np.int64(0)
    for byte in packed:
        value |= np.int64(byte & 127) << shift
        shift += 7
        if byte < 128:
            values[count] = value
            count += 1
            value = shift = np.int64(0)
    return values[:count].copy()


@njit(cache=True, nogil=True)
def deltas(packed: Bytes) -> Longs:
    """The numbers of a packed field of signed differences, each added to the one before."""
    values = varints(packed)
    total = np.int64(0)
    for i in range(len(values)):
        total += (values[i] >> 1) ^ -(values[i] & 1)
        values[i] = total
    return values
