"""The city as people name it: codes and names of areas, and the departments' own boundaries that unite communities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.demo.areas import Shape, Shapes, unite
from data.demo.ground import Ground
from data.demo.growth import Graph, grow
from data.demo.lattice import Floats, Ints, Lattice
from data.demo.names import DISTRICTS, PREFIX, community_names, subdistrict_name
from geo.layers import Layer

RURAL = 0.20
"""Mean urbanity below which a subdistrict is a 镇 and a community a 村."""
POLICE, ENFORCEMENT = "police", "enforcement"
LAYERS: tuple[tuple[str, str, str, str, int], ...] = (
    ("district", "area", "区", "District", 0),
    ("subdistrict", "area", "街道(镇)", "Subdistrict", 1),
    (POLICE, "jurisdiction", "派出所辖区", "Police station area", 2),
    (ENFORCEMENT, "jurisdiction", "城管中队辖区", "Enforcement squad area", 3),
    ("community", "area", "社区(村)", "Community", 4),
    ("cell", "grid", "单元网格", "Unit grid cell", 5),
)
"""Name, kind, Chinese and English title, rank."""


@dataclass(frozen=True)
class Jurisdictions:
    """All layers of the city, in the order of ``LAYERS``, and which area of each layer every community belongs to."""

    layers: tuple[Layer, ...]
    of_community: dict[str, Ints]

    def layer(self, name: str) -> Layer:
        """The layer of a name."""
        return next(layer for layer in self.layers if layer.name == name)


def mean_by(group: Ints, value: Floats, count: int) -> Floats:
    """Mean of a value over the squares of each group."""
    inside = group >= 0
    total = np.bincount(group[inside], value[inside], count)
    return np.asarray(total / np.maximum(np.bincount(group[inside], minlength=count), 1))


def numbered(parent: Ints, kind: NDArray[np.bool_], first: int, other_first: int) -> list[int]:
    """Serial numbers within each parent: one row for kind False, another for True."""
    counters: dict[tuple[int, bool], int] = {}
    numbers = []
    for p, k in zip(parent.tolist(), kind.tolist(), strict=True):
        start = other_first if k else first
        numbers.append(counters.setdefault((p, k), start))
        counters[p, k] += 1
    return numbers


def community_graph(lattice: Lattice, ground: Ground) -> tuple[Graph, Floats]:
    """Which communities touch, and their centres in metres."""
    label, count = ground.community, len(ground.community_parent)
    pairs = []
    for a, b in ((label[:, :-1], label[:, 1:]), (label[:-1], label[1:])):
        meet = (a != b) & (a >= 0) & (b >= 0)
        pairs.append(np.column_stack([a[meet], b[meet]]))
    pair = np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
    v, u = np.mgrid[0 : lattice.n, 0 : lattice.n] * lattice.size.spacing_m
    xy = np.column_stack([mean_by(label, u, count), mean_by(label, v, count)])
    cost = np.hypot(*(xy[pair[:, 0]] - xy[pair[:, 1]]).T)
    return Graph(pair[:, 0].astype(np.int32), pair[:, 1].astype(np.int32), cost, count), xy


def make_jurisdictions(lattice: Lattice, ground: Ground, shape: Shape) -> Jurisdictions:
    """Codes, names and polygons of every layer."""
    size, rng = lattice.size, np.random.default_rng([lattice.size.seed, 50])
    parent, grand = ground.community_parent, ground.subdistrict_parent
    density = mean_by(ground.community, ground.density, len(parent))
    district = _district(grand, shape.districts)
    subdistrict = _subdistrict(ground, district, shape.subdistricts)
    community = _community(density, parent, subdistrict, shape.communities, rng)
    graph, xy = community_graph(lattice, ground)
    weight = 0.2 + density
    of_district = grand[parent].astype(np.int32)
    police = grow(graph, of_district, xy, weight, max(size.districts + 1, round(1.05 * size.subdistricts)), rng)
    squads = grow(graph, of_district, xy, weight, max(size.districts + 1, round(1.10 * size.subdistricts)), rng)
    layers = (
        district,
        subdistrict,
        _united(POLICE, "派出所", "PS", police, shape.communities, parent, subdistrict, of_district, district),
        _united(
            ENFORCEMENT, "城管执法中队", "CG", squads, shape.communities, parent, subdistrict, of_district, district
        ),
        community,
        _cells(ground, community, shape.cells),
    )
    own = np.arange(len(parent), dtype=np.int32)
    of_community = {
        "district": of_district,
        "subdistrict": parent,
        POLICE: police,
        ENFORCEMENT: squads,
        "community": own,
    }
    return Jurisdictions(layers, of_community)


def _district(grand: Ints, polygons: Shapes) -> Layer:
    count = int(grand.max()) + 1
    codes = tuple(f"{PREFIX}{k + 2:02d}000000" for k in range(count))
    return Layer("district", codes, tuple(DISTRICTS[k][0] for k in range(count)), (None,) * count, polygons)


def _subdistrict(ground: Ground, district: Layer, polygons: Shapes) -> Layer:
    grand = ground.subdistrict_parent
    density = mean_by(ground.subdistrict, ground.density, len(grand))
    town = density < RURAL
    serial = numbered(grand, town, 1, 100)
    codes = tuple(f"{district.codes[d][:6]}{n:03d}000" for d, n in zip(grand, serial, strict=True))
    k_town: Ints = np.cumsum(town) - town
    k_street: Ints = np.cumsum(~town) - ~town
    names = tuple(
        subdistrict_name(s, t, town=is_town)
        for s, t, is_town in zip(k_street.tolist(), k_town.tolist(), town.tolist(), strict=True)
    )
    return Layer("subdistrict", codes, names, tuple(district.codes[d] for d in grand), polygons)


def _community(density: Floats, parent: Ints, subdistrict: Layer, polygons: Shapes, rng: np.random.Generator) -> Layer:
    rural = density < 0.7 * RURAL
    serial = numbered(parent, rural, 1, 200)
    codes = tuple(f"{subdistrict.codes[p][:9]}{n:03d}" for p, n in zip(parent, serial, strict=True))
    return Layer(
        "community", codes, tuple(community_names(rural, rng)), tuple(subdistrict.codes[p] for p in parent), polygons
    )


def _cells(ground: Ground, community: Layer, polygons: Shapes) -> Layer:
    of = ground.cell_community
    first = np.r_[0, np.flatnonzero(np.diff(of)) + 1]
    serial = np.arange(len(of)) - np.repeat(first, np.diff(np.r_[first, len(of)])) + 1
    codes = tuple(f"{community.codes[c]}{s:03d}" for c, s in zip(of.tolist(), serial.tolist(), strict=True))
    return Layer("cell", codes, codes, tuple(community.codes[c] for c in of.tolist()), polygons)


def _united(
    name: str,
    title: str,
    mark: str,
    of_community: Ints,
    communities: Shapes,
    parent: Ints,
    subdistrict: Layer,
    of_district: Ints,
    district: Layer,
) -> Layer:
    """A department's layer: areas named after the subdistrict that most of each lies in."""
    count = int(of_community.max()) + 1
    polygons = unite(communities, of_community, count)
    codes, names, parents, used = [], [], [], dict[str, int]()
    for k in range(count):
        members = np.flatnonzero(of_community == k)
        main = int(np.bincount(parent[members]).argmax())
        stem = subdistrict.names[main].removesuffix("街道").removesuffix("镇")
        d = int(of_district[members[0]])
        used[stem] = used.get(stem, 0) + 1
        codes.append(f"{district.codes[d][:6]}{mark}{k + 1:03d}")
        names.append(stem + ("", "二", "三", "四", "五", "六", "七")[min(used[stem] - 1, 6)] + title)
        parents.append(district.codes[d])
    return Layer(name, tuple(codes), tuple(names), tuple(parents), polygons)
