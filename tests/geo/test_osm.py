"""Extracts of OpenStreetMap, written here byte by byte: what is torn, and what becomes of ways and relations."""

import lzma
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import NeedleError
from geo.ground import BuildingRow, GroundNotes, LandscapeRow, StreetRow
from geo.osm import is_osm, open_extract, read_areas, read_boundaries, read_streets
from geo.osm_pbf import deltas, find_torn

Tags = Mapping[str, str]
WAY = 1


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def packed(values: Iterable[int]) -> bytes:
    return b"".join(map(varint, values))


def packed_deltas(values: Iterable[int]) -> bytes:
    steps = np.diff(np.array([0, *values], dtype=np.int64))
    return packed(int(step << 1 ^ step >> 63) & (1 << 64) - 1 for step in steps.tolist())


class Extract:
    """An extract under construction: nodes by id as longitude and latitude, ways by their nodes, relations by their ways."""

    def __init__(self) -> None:
        self.words = [""]
        self.nodes: dict[int, tuple[float, float]] = {}
        self.ways: list[bytes] = []
        self.relations: list[bytes] = []

    def word(self, text: str) -> int:
        if text not in self.words:
            self.words.append(text)
        return self.words.index(text)

    def tags(self, tags: Tags) -> bytes:
        keys, values = packed(map(self.word, tags)), packed(map(self.word, tags.values()))
        return field(2, keys) + field(3, values) if tags else b""

    def way(self, way: int, nodes: Iterable[int], tags: Tags) -> None:
        self.ways.append(field(3, field(1, way) + self.tags(tags) + field(8, packed_deltas(nodes))))

    def relation(self, relation: int, members: Mapping[int, str], tags: Tags) -> None:
        roles = field(8, packed(map(self.word, members.values())))
        kinds = field(10, packed(WAY for _ in members))
        body = field(1, relation) + self.tags(tags) + roles + field(9, packed_deltas(members)) + kinds
        self.relations.append(field(4, body))

    def square(self, first: int, west: float, south: float, side: float) -> list[int]:
        """Four nodes of a square, as a closed ring."""
        corners = ((0, 0), (side, 0), (side, side), (0, side))
        for i, (x, y) in enumerate(corners):
            self.nodes[first + i] = (west + x, south + y)
        return [first, first + 1, first + 2, first + 3, first]

    def save(self, path: Path, pack: str = "zlib") -> Path:
        ids = sorted(self.nodes)
        places = np.array([self.nodes[i] for i in ids]) * 1e7
        lng, lat = np.rint(places).astype(np.int64).T.tolist()
        dense = field(1, packed_deltas(ids)) + field(8, packed_deltas(lat)) + field(9, packed_deltas(lng))
        groups = [field(2, dense), *self.ways, *self.relations]
        words = b"".join(field(1, word.encode()) for word in self.words)
        block = field(1, words) + b"".join(field(2, group) for group in groups)
        head = field(4, b"OsmSchema-V0.6") + field(4, b"DenseNodes")
        blobs = [("OSMHeader", head, "zlib"), ("OSMData", block, pack)]
        path.write_bytes(b"".join(blob(*parts) for parts in blobs))
        return path


def blob(kind: str, content: bytes, pack: str) -> bytes:
    bodies = {
        "zlib": lambda: field(2, len(content)) + field(3, zlib.compress(content)),
        "raw": lambda: field(1, content),
        "lzma": lambda: field(2, len(content)) + field(4, lzma.compress(content)),
    }
    body = bodies[pack]()
    header = field(1, kind.encode()) + field(3, len(body))
    return len(header).to_bytes(4) + header + body


@pytest.fixture
def extract() -> Extract:
    return Extract()


def streets(path: Path) -> tuple[dict[str, StreetRow], GroundNotes]:
    notes = GroundNotes()
    rows = [row for batch in read_streets(open_extract(path), notes) for row in batch]
    return {row.code: row for row in rows}, notes


def areas(path: Path) -> tuple[dict[str, LandscapeRow], dict[str, BuildingRow], GroundNotes]:
    notes = GroundNotes()
    batches = list(read_areas(open_extract(path), notes))
    landscape = {row.code: row for batch in batches for row in batch.landscape}
    return landscape, {row.code: row for batch in batches for row in batch.buildings}, notes


@given(st.lists(st.integers(-(2**61), 2**61), max_size=50))
def test_packed_differences_come_back(values: list[int]) -> None:
    assert deltas(np.frombuffer(packed_deltas(values), np.uint8)).tolist() == values


@pytest.mark.parametrize("pack", ["zlib", "raw"])
def test_what_lacks_nodes_or_members_is_torn(extract: Extract, tmp_path: Path, pack: str) -> None:
    ring = extract.square(1, 24.0, 60.0, 0.001)
    extract.way(10, ring, {"building": "yes"})
    extract.way(11, [1, 2, 99, 3], {"highway": "primary"})
    extract.relation(20, {10: "outer"}, {"type": "multipolygon", "building": "yes"})
    extract.relation(21, {10: "outer", 11: "inner"}, {"type": "multipolygon", "building": "yes"})
    extract.relation(22, {10: "outer", 77: "inner"}, {"type": "multipolygon", "building": "yes"})
    parts: list[float] = []
    torn = find_torn(extract.save(tmp_path / "x.osm.pbf", pack), parts.append)
    assert {way: there.tolist() for way, there in torn.ways.items()} == {11: [True, True, False, True]}
    assert torn.relations == {21, 22}
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_streets_with_class_speed_and_direction(extract: Extract, tmp_path: Path) -> None:
    extract.nodes = {1: (24.0, 60.0), 2: (24.001, 60.0), 3: (24.002, 60.001)}
    extract.way(1, [1, 2, 3], {"highway": "primary", "name": "Main", "maxspeed": "40", "oneway": "yes"})
    extract.way(2, [1, 2, 3], {"highway": "secondary_link", "oneway": "-1", "name": "x", "name:zh": "长安街"})
    extract.way(3, [1, 2], {"highway": "construction"})
    extract.way(4, [3, 1], {"highway": "footway", "oneway": "yes"})
    found, notes = streets(extract.save(tmp_path / "x.osm.pbf"))
    assert found["way/1"][:5] == ("way/1", "Main", "primary", 40.0, True)
    assert found["way/2"][:5] == ("way/2", "长安街", "secondary", 30.0, True)
    assert found["way/4"][1:5] == (None, "path", 5.0, False)
    assert found["way/1"].line.coords[:] == [(24.0, 60.0), (24.001, 60.0), (24.002, 60.001)]
    assert found["way/2"].line.coords[:] == found["way/1"].line.coords[::-1]
    assert notes.found == {"no_streets": ["way/3 (construction)"]}


def test_a_street_does_not_jump_over_nodes_that_are_not_there(extract: Extract, tmp_path: Path) -> None:
    extract.nodes = {n: (24.0 + n / 1000, 60.0) for n in (1, 2, 4, 5, 6, 8)}
    extract.way(1, range(1, 9), {"highway": "primary"})
    found, notes = streets(extract.save(tmp_path / "x.osm.pbf"))
    lines = {code: [round((x - 24) * 1000) for x, _ in row.line.coords] for code, row in found.items()}
    assert lines == {"way/1/1": [1, 2], "way/1/2": [4, 5, 6]}
    assert notes.found == {"torn_streets": ["way/1"]}


def test_a_building_that_is_cut_is_left_out_not_bent(extract: Extract, tmp_path: Path) -> None:
    ring = extract.square(1, 24.0, 60.0, 0.001)
    del extract.nodes[3]
    extract.way(1, ring, {"building": "yes"})
    landscape, buildings, notes = areas(extract.save(tmp_path / "x.osm.pbf"))
    assert (landscape, buildings) == ({}, {})
    assert notes.found == {"torn_areas": ["way/1"]}


def test_a_relation_keeps_its_hole(extract: Extract, tmp_path: Path) -> None:
    extract.way(1, extract.square(1, 24.0, 60.0, 0.004), {})
    extract.way(2, extract.square(5, 24.001, 60.001, 0.002), {})
    extract.relation(
        9, {1: "outer", 2: "inner"}, {"type": "multipolygon", "building": "retail", "building:levels": "3"}
    )
    _, buildings, notes = areas(extract.save(tmp_path / "x.osm.pbf"))
    row = buildings["relation/9"]
    assert row[:6] == ("relation/9", None, "", "commercial", 3, 9.0)
    assert len(row.shape.interiors) == 1
    assert row.shape.area == pytest.approx(0.004**2 - 0.002**2)
    assert notes.found == {}


def test_separate_parts_of_a_building_are_buildings_and_touching_ones_are_one(extract: Extract, tmp_path: Path) -> None:
    extract.way(1, extract.square(1, 24.0, 60.0, 0.001), {})
    extract.way(2, extract.square(5, 24.005, 60.0, 0.001), {})
    extract.way(3, extract.square(9, 24.001, 60.0, 0.001), {})
    extract.relation(8, {1: "outer", 2: "outer"}, {"type": "multipolygon", "building": "yes"})
    extract.relation(9, {1: "outer", 3: "outer"}, {"type": "multipolygon", "building": "yes"})
    _, buildings, notes = areas(extract.save(tmp_path / "x.osm.pbf"))
    assert set(buildings) == {"relation/8/1", "relation/8/2", "relation/9"}
    assert buildings["relation/9"].shape.area == pytest.approx(2e-6)
    assert notes.found == {"repaired_rings": ["relation/9"]}


def test_rings_that_cross_themselves_or_have_two_points(extract: Extract, tmp_path: Path) -> None:
    a, b, c, d, _ = extract.square(1, 24.0, 60.0, 0.001)
    extract.way(1, [a, c, b, d, a], {"natural": "water", "name": "湖"})
    extract.way(2, [a, b, a], {"building": "yes"})
    landscape, buildings, notes = areas(extract.save(tmp_path / "x.osm.pbf"))
    assert landscape["way/1"].kind == "water"
    assert landscape["way/1"].shape.is_valid
    assert landscape["way/1"].shape.area == pytest.approx(0.5e-6)
    assert buildings == {}
    assert notes.found == {"repaired_rings": ["way/1"], "broken_rings": ["way/2"]}


def test_squares_are_areas_and_no_streets(extract: Extract, tmp_path: Path) -> None:
    ring = extract.square(1, 24.0, 60.0, 0.001)
    extract.way(1, ring, {"highway": "pedestrian", "area": "yes", "name": "广场"})
    extract.way(2, ring, {"highway": "residential"})
    path = extract.save(tmp_path / "x.osm.pbf")
    assert set(streets(path)[0]) == {"way/2"}
    assert {code: row.kind for code, row in areas(path)[0].items()} == {"way/1": "square"}


def test_administrative_areas_by_level(extract: Extract, tmp_path: Path) -> None:
    extract.way(1, extract.square(1, 24.0, 60.0, 0.01), {})
    extract.way(2, extract.square(5, 24.02, 60.0, 0.01), {})
    for relation, level, members in ((7, "6", {1: "outer"}), (8, "8", {2: "outer"}), (9, "8", {3: "outer"})):
        tags = {"type": "boundary", "boundary": "administrative", "admin_level": level, "name": f"区{relation}"}
        extract.relation(relation, members, tags)
    path, notes = extract.save(tmp_path / "x.osm.pbf"), GroundNotes()
    found = read_boundaries(open_extract(path), notes)
    assert found[["level", "code", "name"]].to_numpy().tolist() == [
        ["6", "relation/7", "区7"],
        ["8", "relation/8", "区8"],
    ]
    assert found.geometry.iloc[0].equals(shapely.box(24.0, 60.0, 24.01, 60.01))


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "file.missing"), (b"\0\0\0\x10rubbish", "file.unreadable"), (b"<osm/>", "file.unreadable")],
)
def test_files_that_are_none(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "x.osm.pbf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NeedleError) as refused:
        find_torn(path)
    assert refused.value.code == code


def test_a_file_cut_short_is_refused(extract: Extract, tmp_path: Path) -> None:
    extract.way(1, extract.square(1, 24.0, 60.0, 0.001), {"building": "yes"})
    path = extract.save(tmp_path / "x.osm.pbf")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(NeedleError, match="cannot be read"):
        find_torn(path)


def test_packing_that_we_do_not_read_is_said(extract: Extract, tmp_path: Path) -> None:
    extract.way(1, extract.square(1, 24.0, 60.0, 0.001), {"building": "yes"})
    with pytest.raises(NeedleError, match="osmium cat"):
        find_torn(extract.save(tmp_path / "x.osm.pbf", "lzma"))


def test_what_gdal_cannot_read_is_refused_not_left_out(extract: Extract, tmp_path: Path) -> None:
    """GDAL refuses blocks that unpack to more than a hundred times their size, and its streams then just end."""
    extract.way(1, extract.square(1, 24.0, 60.0, 0.001), {"building": "x" * 3_000_000})
    with pytest.raises(NeedleError) as refused:
        open_extract(extract.save(tmp_path / "x.osm.pbf"))
    assert refused.value.code == "file.unreadable"


@pytest.mark.parametrize(("name", "answer"), [("a.osm.pbf", True), ("B.PBF", True), ("a.gpkg", False)])
def test_extracts_by_name(name: str, answer: bool) -> None:
    assert is_osm(Path(name)) is answer
