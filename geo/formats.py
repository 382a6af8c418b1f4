"""File formats by suffix, and the bytes behind a suffix ``.gz``."""

import gzip
from pathlib import Path

from geo.errors import NeedleError

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".geoparquet": "parquet",
    ".json": "json",
    ".geojson": "json",
    ".gpkg": "gpkg",
    ".shp": "shp",
    ".zip": "shp",
}
GZIPPED = ("csv", "json")
"""Formats of text, which may be gzipped."""


def file_format(path: Path) -> str:
    """One of ``csv``, ``xlsx``, ``parquet``, ``json`` (GeoJSON too), ``gpkg``, ``shp``.

    Raises
    ------
    NeedleError
        ``file.format``: the suffix is none of these.
    """
    gzipped = path.suffix.lower() == ".gz"
    suffix = Path(path.stem).suffix if gzipped else path.suffix
    kind = FORMATS.get(suffix.lower(), "")
    if not kind or (gzipped and kind not in GZIPPED):
        raise NeedleError("file.format", path=path.name, known=", ".join(FORMATS) + ", .csv.gz, .geojson.gz")
    return kind


def existing_format(path: Path) -> str:
    """``file_format`` of a file that is there, else ``file.missing``."""
    if not path.is_file():
        raise NeedleError("file.missing", path=path)
    return file_format(path)


def read_bytes(path: Path) -> bytes:
    """The file's bytes, unpacked when its name ends in ``.gz``."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix.lower() == ".gz" else raw


def unreadable(path: Path, why: object) -> NeedleError:
    """The error for content that is not what the suffix says; only the first line of ``why`` is told."""
    return NeedleError("file.unreadable", path=path.name, why=str(why).partition("\n")[0])
