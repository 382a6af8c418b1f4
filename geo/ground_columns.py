"""Which column of a file of streets, landscape or buildings is what, and what its words mean.

Columns and words are guessed from common names, asked for by name otherwise; what stays unknown is refused with the column
and the rows, never guessed.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import NeedleError
from geo.layers import as_text
from geo.osm_tags import OTHER_USE, STREET_CLASSES, area_kinds, building_uses, highways, table
from geo.repair import shortened

GUESSES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "streets": {
        "code": ("code", "id", "osm_id", "osmid", "gid", "编码", "编号", "代码"),
        "name": ("name", "name_zh", "road_name", "street", "路名", "道路名称", "名称"),
        "class": ("class", "fclass", "highway", "road_class", "type", "等级", "道路等级", "类型"),
        "speed": ("speed", "speed_kmh", "maxspeed", "限速", "设计速度"),
        "oneway": ("oneway", "one_way", "单行", "单行线"),
    },
    "landscape": {
        "code": ("code", "id", "osm_id", "osmid", "gid", "编码", "编号", "代码"),
        "name": ("name", "name_zh", "名称"),
        "kind": ("kind", "fclass", "type", "class", "landuse", "natural", "类型", "类别"),
    },
    "buildings": {
        "code": ("code", "id", "osm_id", "osmid", "gid", "building_id", "编码", "编号", "代码"),
        "name": ("name", "name_zh", "楼名", "名称"),
        "address": ("address", "addr", "addr_full", "地址", "门牌", "门牌地址"),
        "use": ("use", "usage", "function", "building", "type", "用途", "功能", "类型"),
        "floors": ("floors", "floor", "levels", "building:levels", "storeys", "层数", "楼层"),
        "height": ("height", "height_m", "elevation", "高度", "楼高"),
    },
}
"""What a file holds -> field -> names of columns that are taken for it, the first that is there."""

WORDS: Final = {"class": STREET_CLASSES, "kind": ("water", "park", "square")}
USES: Final = ("residential", "commercial", "office", "industrial", "public", OTHER_USE)
ANY: Final = "*"
"""In ``values``: every word that nothing else explains."""

NONE: Final = "-"
"""A column that a field is asked to do without; a value whose rows are not wanted."""

FORWARD: Final = dict.fromkeys(("1", "1.0", "y", "yes", "true", "t", "ft", "是"), 1)
BOTH: Final = dict.fromkeys(("0", "0.0", "n", "no", "false", "f", "b", "", "否"), 0)
AGAINST: Final = dict.fromkeys(("-1", "-1.0", "tf", "reverse"), -1)
ONEWAY: Final = FORWARD | BOTH | AGAINST
GEOFABRIK: Final = {"f": 1, "t": -1, "b": 0}
"""Words of one-way columns. Geofabrik's Shapefiles say F forward, T backward, B both; elsewhere T and F are true and false."""


@dataclass(frozen=True)
class Reading:
    """How a file is read: its columns by field, what its words mean, and what to call it in errors."""

    path: str
    columns: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)


def choose_columns(frame: gpd.GeoDataFrame, content: str, asked: Mapping[str, str], path: str) -> dict[str, str]:
    """Field -> column: as asked, else the first guess that the file has.

    Raises
    ------
    NeedleError
        ``ground.field`` for a field that such a file does not have; ``file.column`` for a column that is not there;
        ``ground.column_missing`` for a landscape without kinds.
    """
    guesses = GUESSES[content]
    names = {str(column).lower(): str(column) for column in frame.columns if column != frame.geometry.name}
    for name, column in asked.items():
        if name not in guesses:
            raise NeedleError("ground.field", field=name, content=content, known=", ".join(guesses))
        if column != NONE and column.lower() not in names:
            raise NeedleError("file.column", path=path, column=column, known=", ".join(names.values()))
    chosen = {name: names[column.lower()] for name, column in asked.items() if column != NONE}
    for name, columns in guesses.items():
        found = next(
            (names[column] for column in columns if column in names and names[column] not in chosen.values()), None
        )
        if name not in asked and found is not None:
            chosen[name] = found
    if content == "landscape" and "kind" not in chosen:
        raise NeedleError("ground.column_missing", path=path, field="kind", known=", ".join(names.values()))
    return chosen


def texts(frame: gpd.GeoDataFrame, name: str, reading: Reading) -> list[str]:
    """A column as text without blanks around it; empty texts where it is null or not there."""
    if name not in reading.columns:
        return [""] * len(frame)
    return [(as_text(value) or "").strip() for value in frame[reading.columns[name]]]


def words(
    frame: gpd.GeoDataFrame, rows: NDArray[np.int64], name: str, reading: Reading, blank: str | None
) -> list[str]:
    """A column of words in our own; ``blank`` for blank ones, which are refused where it is None."""
    allowed = WORDS.get(name, USES)
    known = {word: word for word in allowed} | {
        r["word"]: r["value"] for r in table("ground_words.csv") if r["field"] == name
    }
    known = _osm_words(name) | known
    known |= reading.values
    _refuse_values(reading.values, allowed)
    words = texts(frame, name, reading)
    found = [known.get(word, known.get(word.lower(), known.get(ANY))) if word else blank for word in words]
    _refuse(words, [value is None for value in found], rows, name, reading, ", ".join(allowed))
    return [value for value in found if value is not None]


def _osm_words(name: str) -> dict[str, str]:
    """OpenStreetMap's own values, which files made of it keep."""
    if name == "class":
        return {word: meaning.street_class for word, meaning in highways().items()}
    of_areas = {word: kind for (_, word), kind in area_kinds().items()}
    of_buildings = {word: use for (key, word), use in building_uses().items() if key == "building"}
    return of_areas if name == "kind" else of_buildings


def _refuse_values(values: Mapping[str, str], allowed: Sequence[str]) -> None:
    wrong = next((value for value in values.values() if value not in (*allowed, NONE)), None)
    if wrong is not None:
        raise NeedleError("ground.word", word=wrong, known=", ".join(allowed))


def oneways(frame: gpd.GeoDataFrame, rows: NDArray[np.int64], reading: Reading) -> list[int]:
    """1 along the line, -1 against it, 0 both ways."""
    words = [word.lower() for word in texts(frame, "oneway", reading)]
    meanings = ONEWAY | GEOFABRIK if "b" in words else ONEWAY
    _refuse(words, [word not in meanings for word in words], rows, "oneway", reading, "yes, no, -1")
    return [meanings[word] for word in words]


def numbers(
    frame: gpd.GeoDataFrame, rows: NDArray[np.int64], name: str, reading: Reading, number: Callable[[str], float]
) -> list[str]:
    """A column of numbers, still as text; zeros and blanks are unknown, what is no number is refused."""
    words = texts(frame, name, reading)
    wrong = [bool(word) and number(word) == 0 and not re.fullmatch(r"-?0*(\.0*)?", word) for word in words]
    _refuse(words, wrong, rows, name, reading, "12, 12.5")
    return words


def _refuse(
    words: Sequence[str], wrong: Iterable[bool], rows: NDArray[np.int64], name: str, reading: Reading, known: str
) -> None:
    """Refuse words by column and row (``ground.value``)."""
    found: dict[str, int] = {}
    count = 0
    for word, is_wrong, row in zip(words, wrong, rows.tolist(), strict=True):
        if is_wrong:
            count += 1
            found.setdefault(word, row + 1)
    if count:
        shown = shortened([f"{word or '-'} ({row})" for word, row in found.items()])
        column = reading.columns[name]
        raise NeedleError(
            "ground.value", path=reading.path, column=column, field=name, count=count, words=shown, known=known
        )


def codes_of(
    frame: gpd.GeoDataFrame, rows: NDArray[np.int64], shapes: NDArray[np.object_], reading: Reading
) -> list[str]:
    """The column of codes, unique and never blank; without one, fingerprints of the shapes, the same at each import."""
    if "code" not in reading.columns:
        return list(_fingerprints(shapes))
    codes = texts(frame, "code", reading)
    first: dict[str, int] = {}
    for code, row in zip(codes, rows.tolist(), strict=True):
        if code == "" or code in first:
            raise NeedleError(
                "ground.code_repeated",
                path=reading.path,
                column=reading.columns["code"],
                value=code or "-",
                row=row + 1,
            )
        first[code] = row
    return codes


def _fingerprints(shapes: NDArray[np.object_]) -> Iterator[str]:
    """A code from each shape's coordinates; the second of two equal shapes has ``/2`` behind it."""
    seen: dict[str, int] = {}
    for wkb in shapely.to_wkb(shapely.normalize(shapes)):
        print_of = hashlib.sha256(wkb).hexdigest()[:20]
        seen[print_of] = seen.get(print_of, 0) + 1
        yield print_of if seen[print_of] == 1 else f"{print_of}/{seen[print_of]}"
