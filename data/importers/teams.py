"""Teams of a profile: who is based where, for which area, on which shifts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.importers.columns import Texts, numbers, texts
from data.importers.sources import check_columns
from data.profile_model import DepartmentSource, Profile, TeamSource
from geo.atlas import Atlas
from geo.crs import check_lnglat, parse_crs
from geo.errors import NeedleError
from geo.files import read_layer_file, read_table


@dataclass(frozen=True, eq=False)
class Bases:
    """The n rows of one file of bases; ``lng`` and ``lat`` are WGS84 degrees."""

    code: Texts
    name: Texts
    scope: Texts
    lng: NDArray[np.float64]
    lat: NDArray[np.float64]


@dataclass(frozen=True)
class TeamPlan:
    """One team as it goes into the base."""

    code: str
    name: str
    department: str
    scope_layer: str | None
    scope_code: str | None
    skills: tuple[str, ...]
    capacity: int
    speed_kmh: float
    lng: float
    lat: float
    shifts: tuple[tuple[int, time, time], ...]


def read_teams(profile: Profile, folder: Path, atlas: Atlas) -> list[TeamPlan]:
    """All teams of a profile.

    Raises
    ------
    NeedleError
        ``profile.column_missing``; ``coordinate.…`` for a base that is nowhere.
    """
    departments = {entry.code: entry for entry in profile.department}
    plans = []
    for source in profile.team:
        bases = read_bases(source, folder)
        plans += list(staff(source, bases, departments, atlas))
    return plans


def read_bases(source: TeamSource, folder: Path) -> Bases:
    """The bases of one file: its geometry, or two columns of coordinates in the declared system."""
    path, columns = folder / source.file, source.columns
    asked = (columns.code, columns.name, source.scope.column if source.scope else None)
    if columns.x is None or columns.y is None:
        frame = read_layer_file(path, source.crs)
        check_columns(frame.columns, asked, path.name)
        points = frame.geometry.representative_point()
        lng, lat = points.x.to_numpy(), points.y.to_numpy()
        table = frame.drop(columns=frame.geometry.name)
    else:
        table = read_table(path)
        check_columns(table.columns, (*asked, columns.x, columns.y), path.name)
        crs = parse_crs(source.crs, f'[team "{source.name}"] crs')
        lng, lat = crs.to_wgs84(numbers(table, columns.x), numbers(table, columns.y))
    refuse_nowhere(lng, lat)
    scope = texts(table, source.scope.column if source.scope else None)
    return Bases(texts(table, columns.code), texts(table, columns.name), scope, lng, lat)


def refuse_nowhere(lng: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
    """Refuse a file with a base that has no place: a team that cannot be found cannot be sent."""
    problems = check_lnglat(lng, lat)
    for i in np.flatnonzero(problems != "")[:1]:
        raise NeedleError(str(problems[i]), x=lng[i], y=lat[i])


def staff(
    source: TeamSource, bases: Bases, departments: dict[str, DepartmentSource], atlas: Atlas
) -> Iterator[TeamPlan]:
    """The teams on the bases of one file: one of each department, or the departments in turn."""
    codes, areas = scopes(source, bases, atlas)
    shifts = tuple((day, s.starts, s.ends) for s in source.shifts for day in s.weekdays)
    for i in range(len(bases.code)):
        turn = source.departments[i % len(source.departments)]
        for department in source.departments if source.assign == "every" else (turn,):
            base = bases.name[i] or " ".join(filter(None, (areas[i], source.title.zh, bases.code[i])))
            yield TeamPlan(
                code=f"{source.name}-{bases.code[i]}-{department}",
                name=f"{base} · {departments[department].title.zh}",
                department=department,
                scope_layer=source.scope.layer if source.scope and codes[i] else None,
                scope_code=codes[i],
                skills=source.skills,
                capacity=source.capacity,
                speed_kmh=source.speed_kmh,
                lng=float(bases.lng[i]),
                lat=float(bases.lat[i]),
                shifts=shifts,
            )


def scopes(source: TeamSource, bases: Bases, atlas: Atlas) -> tuple[list[str | None], list[str | None]]:
    """Code and name of the area that each base's teams work in: as the file says, else where the base stands.

    ``None``: the whole city. A code that the layer does not have counts as none.
    """
    if source.scope is None:
        return [None] * len(bases.code), [None] * len(bases.code)
    rank = atlas.names.index(source.scope.layer)
    layer = atlas.layers[rank]
    names = dict(zip(layer.codes, layer.names, strict=True))
    if source.scope.column is not None:
        codes = [code if code in names else None for code in bases.scope]
    else:
        where = atlas.locate(bases.lng, bases.lat)[rank]
        codes = [layer.codes[i] if i >= 0 else None for i in where.tolist()]
    return codes, [names[code] if code else None for code in codes]
