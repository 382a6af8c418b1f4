"""How large a demo city is: the presets, from a few blocks for tests to a whole city for benchmarks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoSize:
    """What to generate. Counts are targets that the generator meets exactly or nearly (see each field).

    Attributes
    ----------
    name : str
        Of the preset.
    seed : int
        Same seed, size and reference date: same bytes.
    lines : int
        Lattice columns and rows; the bent square that the city is cut from.
    spacing_m : float
        Between lattice lines: the side of the smallest unit cell.
    cells : int
        Unit cells, met within 3 %. Below the number of lattice squares, squares are merged away from the centre.
    coverage : float
        Share of the lattice inside the city limits.
    districts, subdistricts, communities : int
        Areas of each level, met exactly.
    buildings : int
        Met exactly.
    days, cases : int
        Length of the history and the number of its cases, met exactly.
    growth : float
        How much busier the city gets meanwhile: its last day has ``exp(growth)`` times the cases of its first.
    """

    name: str
    seed: int
    lines: int
    spacing_m: float
    cells: int
    coverage: float
    districts: int
    subdistricts: int
    communities: int
    buildings: int
    days: int
    cases: int
    growth: float


BLOCK = DemoSize("block", 7, 9, 112.0, 60, 1.0, 1, 2, 6, 300, 60, 300, 0.1)
DISTRICT = DemoSize("district", 20261124, 88, 106.0, 2700, 0.80, 1, 12, 76, 25_000, 60, 48_000, 1.2)
CITY = DemoSize("city", 20261124, 452, 133.0, 160_000, 0.783147, 17, 400, 4_000, 1_000_000, 60, 1_000_000, 0.1)
PRESETS = {size.name: size for size in (BLOCK, DISTRICT, CITY)}
