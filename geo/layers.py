"""A layer of polygons with codes, the one form in which boundaries travel through Needle, and its making of a file."""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import check_lnglat, is_place
from geo.errors import NeedleError
from geo.repair import Repair, RepairReport, shortened, united, valid_polygons


@dataclass(frozen=True, eq=False)
class Layer:
    """The polygons of one layer in one generation, in a fixed order that indices elsewhere refer to.

    ``polygons[i]`` is a valid, non-empty Shapely Polygon or MultiPolygon in EPSG:4326, longitude first. ``codes`` are
    unique and never blank. ``parents[i]`` is the code of the area above, ``None`` at the top or where the file does not
    say.

    Raises
    ------
    ValueError
        The columns differ in length: a mistake of the programmer. Files are checked by ``make_layer``.
    """

    name: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[str | None, ...]
    polygons: NDArray[np.object_] = field(repr=False)
    generation: int = 1

    def __post_init__(self) -> None:
        lengths = {len(self.codes), len(self.names), len(self.parents), len(self.polygons)}
        if len(lengths) > 1:
            raise ValueError(f"layer {self.name}: columns of different lengths {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.codes)


def make_layer(
    frame: gpd.GeoDataFrame,
    name: str,
    code_field: str,
    name_field: str | None = None,
    parent_field: str | None = None,
    generation: int = 1,
) -> tuple[Layer, RepairReport]:
    """Make a layer of the rows of a file, repairing what can be repaired safely.

    Repaired and reported: invalid rings, several pieces of one code, exact duplicates, rows that are no areas, blanks
    around codes. Numeric codes become text (12.0 is "12"). Order is that of first appearance.

    Parameters
    ----------
    frame : GeoDataFrame
        In EPSG:4326, as ``geo.files.read_layer_file`` gives it.
    code_field, name_field, parent_field : str
        Columns of the file. Without a name the code is the name.

    Raises
    ------
    NeedleError
        ``layer.field`` for an absent column; ``layer.no_areas``; ``layer.blank_code`` with the rows of areas that have
        no code; ``layer.duplicate_code`` for one code on areas of different names or parents;
        ``coordinate.range``, ``coordinate.swapped`` for polygons that are not on the earth.
    """
    repairs: list[Repair] = []
    table = pd.DataFrame({"row": np.arange(1, len(frame) + 1), "polygon": frame.geometry.to_numpy()})
    for column, label in (("code", code_field), ("name", name_field), ("parent", parent_field)):
        table[column] = column_texts(frame, label, name)
    table = keep_areas(table, name, repairs)
    table = trim_codes(table, name, repairs)
    table = repair_rings(table, repairs)
    table = unite_pieces(table, name, repairs)
    return as_layer(table, name, generation), RepairReport(name, len(frame), len(table), tuple(repairs))


def column_texts(frame: gpd.GeoDataFrame, label: str | None, layer: str) -> NDArray[np.object_]:
    """A column as text, None where it is null; all None without a label."""
    if label is None:
        return np.full(len(frame), None, dtype=object)
    if label not in frame.columns:
        known = ", ".join(str(c) for c in frame.columns if c != frame.geometry.name)
        raise NeedleError("layer.field", layer=layer, field=label, known=known)
    return np.array([as_text(value) for value in frame[label]], dtype=object)


def as_text(value: Any) -> str | None:
    """A code or name as text: whole numbers without ".0", null as None."""
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def keep_areas(table: pd.DataFrame, layer: str, repairs: list[Repair]) -> pd.DataFrame:
    """Only the rows that are areas; the others are noted."""
    polygons = table["polygon"].to_numpy()
    empty = shapely.is_missing(polygons) | shapely.is_empty(polygons)
    areal: NDArray[np.bool_] = ~empty & (shapely.get_dimensions(polygons) == 2)
    note(repairs, "dropped_empty", table[empty])
    note(repairs, "dropped_not_polygon", table[~empty & ~areal])
    if not areal.any():
        raise NeedleError("layer.no_areas", layer=layer)
    return table.loc[areal]


def trim_codes(table: pd.DataFrame, layer: str, repairs: list[Repair]) -> pd.DataFrame:
    """Codes without blanks around them; areas without a code are refused, for a gap would be left where one is."""
    codes = table["code"].fillna("").str.strip()
    blank = table["row"][codes == ""].tolist()
    if blank:
        raise NeedleError("layer.blank_code", layer=layer, count=len(blank), rows=shortened(blank))
    note(repairs, "trimmed_code", table[codes != table["code"]])
    return table.assign(code=codes)


def repair_rings(table: pd.DataFrame, repairs: list[Repair]) -> pd.DataFrame:
    """Valid polygons of some size, on the earth."""
    polygons, repaired = valid_polygons(table["polygon"].to_numpy())
    refuse_off_earth(table["polygon"].to_numpy())
    sized: NDArray[np.bool_] = shapely.area(polygons) > 0
    note(repairs, "repaired_ring", table[repaired & sized])
    note(repairs, "dropped_collapsed", table[~sized])
    return table.assign(polygon=polygons).loc[sized]


def refuse_off_earth(polygons: NDArray[np.object_]) -> None:
    """Refuse polygons whose boxes are not in longitude and latitude."""
    bounds = shapely.bounds(polygons)
    x, y = bounds[:, ::2].ravel(), bounds[:, 1::2].ravel()
    wrong = ~is_place(x, y)
    if wrong.any():
        raise NeedleError(str(check_lnglat(x[wrong], y[wrong])[0]), x=x[wrong][0], y=y[wrong][0])


def unite_pieces(table: pd.DataFrame, layer: str, repairs: list[Repair]) -> pd.DataFrame:
    """One row a code: exact duplicates are dropped, other pieces united, contradictions refused."""
    repeated = table[table["code"].duplicated(keep=False)]
    refuse_contradicting(repeated, layer)
    same = repeated.assign(wkb=shapely.to_wkb(shapely.normalize(repeated["polygon"].to_numpy())))
    duplicate = same.duplicated(subset=["code", "wkb"])
    note(repairs, "dropped_duplicate", repeated[duplicate])
    pieces = repeated[~duplicate]
    pieces = pieces[pieces["code"].duplicated(keep=False)]
    note(repairs, "united_pieces", pieces)
    table = table.copy()
    for rows in pieces.groupby("code", sort=False).indices.values():
        group = pieces.iloc[rows]
        table.at[group.index[0], "polygon"] = united(group["polygon"].to_numpy())
    for column in ("name", "parent"):
        table[column] = table.groupby("code", sort=False)[column].transform("first") if len(repeated) else table[column]
    return table.drop_duplicates("code")


def refuse_contradicting(repeated: pd.DataFrame, layer: str) -> None:
    """Refuse a code that stands on areas of different names or parents: two areas, not two pieces."""
    variants = repeated.groupby("code", sort=False)[["name", "parent"]].nunique()
    codes = variants.index[(variants > 1).any(axis=1)].tolist()
    if codes:
        rows = repeated["row"][repeated["code"].isin(codes)].tolist()
        raise NeedleError("layer.duplicate_code", layer=layer, codes=shortened(codes), rows=shortened(rows))


def note(repairs: list[Repair], kind: str, touched: pd.DataFrame) -> None:
    """Add a repair if it touched any row."""
    if len(touched):
        codes = dict.fromkeys(str(code).strip() for code in touched["code"] if isinstance(code, str))
        repairs.append(Repair(kind, tuple(touched["row"].tolist()), tuple(codes)))


def as_layer(table: pd.DataFrame, name: str, generation: int) -> Layer:
    """The finished table as a layer; an area without a name goes by its code."""
    parents = (parent.strip() if isinstance(parent, str) else None for parent in table["parent"])
    names = table["name"].where(table["name"].notna(), table["code"])
    return Layer(
        name=name,
        codes=tuple(table["code"]),
        names=tuple(names.str.strip()),
        parents=tuple(parents),
        polygons=table["polygon"].to_numpy(dtype=object),
        generation=generation,
    )
