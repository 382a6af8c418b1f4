"""The ground as it travels from files to the base: streets, landscape and buildings, one tuple a thing, in EPSG:4326.

What a reader leaves out or mends on the way is noted by kind and told in words.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from shapely import LineString, MultiPolygon, Polygon

from geo.errors import Language
from geo.repair import shortened

SENTENCES: Final = {
    "torn_streets": (
        "{count} 条道路在文件边缘缺少节点，只保留文件里有的路段:{codes}",
        "{count} streets lack nodes at the file's edge; what the file has of them is kept: {codes}",
    ),
    "torn_areas": (
        "{count} 个面在文件边缘缺少节点或边界，形状不可信，已略去:{codes}",
        "{count} areas lack nodes or borders at the file's edge, so their shape cannot be trusted; left out: {codes}",
    ),
    "broken_rings": (
        "{count} 个面的环无法闭合或没有面积，已略去:{codes}",
        "{count} areas have rings that do not close or hold no area; left out: {codes}",
    ),
    "repaired_rings": (
        "{count} 个面的环无效(自相交等),已修复:{codes}",
        "{count} areas with an invalid ring (crossing itself, say) were repaired: {codes}",
    ),
    "no_length": (
        "{count} 条道路没有长度，已略去:{codes}",
        "{count} streets have no length; left out: {codes}",
    ),
    "no_streets": (
        "{count} 条线不是通行的道路(在建、站台等),已略去:{codes}",
        "{count} lines tagged as highways are no streets (under construction, platforms); left out: {codes}",
    ),
    "not_wanted": (
        "{count} 行按 --value …=- 不要，已略去:第 {codes} 行",
        "{count} rows are not wanted (--value …=-) and were left out: rows {codes}",
    ),
    "wrong_shape": (
        "{count} 行的几何类型不对(道路须为线，水体、绿地与建筑须为面),已略去:第 {codes} 行",
        "{count} rows are of the wrong kind of geometry (streets are lines, all else areas); left out: rows {codes}",
    ),
    "dropped_empty": (
        "{count} 行没有几何，已略去:第 {codes} 行",
        "{count} rows without geometry were left out: rows {codes}",
    ),
}
"""Kind of note -> (Chinese, English) template."""


class StreetRow(NamedTuple):
    """A street, or a piece of one; ``oneway``: only from the first to the last point."""

    code: str
    name: str | None
    street_class: str
    speed_kmh: float
    oneway: bool
    line: LineString


class LandscapeRow(NamedTuple):
    """Water, a park or a square."""

    code: str
    kind: str
    name: str | None
    shape: MultiPolygon


class BuildingRow(NamedTuple):
    """A building; 0 floors, 0 m: not known."""

    code: str
    name: str | None
    address: str
    use: str
    floors: int
    height_m: float
    shape: Polygon


GroundRow = StreetRow | LandscapeRow | BuildingRow
"""Its first field is the code, its last the shape."""


@dataclass
class GroundNotes:
    """What a reader left out or mended: codes, or numbers of rows, by kind of ``SENTENCES``."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, code: object) -> None:
        """Note one thing."""
        self.found.setdefault(kind, []).append(str(code))

    def count(self, kind: str) -> int:
        """How many things were noted."""
        return len(self.found.get(kind, ()))

    def sentences(self, language: Language) -> Iterator[str]:
        """One sentence for each kind that was noted."""
        for kind, codes in self.found.items():
            template = SENTENCES[kind][0 if language == "zh" else 1]
            yield template.format(count=len(codes), codes=shortened(codes))
