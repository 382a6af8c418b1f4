"""Columns of foreign tables as plain values: texts without blanks, aware moments, coordinates, verbatim rows. Pure."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

Texts = NDArray[np.object_]
OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")


def texts(table: pd.DataFrame, column: str | None) -> Texts:
    """A column as stripped texts, ``None`` where it is null or blank; all ``None`` for no column. Whole floats lose
    ``.0``."""
    if column is None:
        return np.full(len(table), None, dtype=object)
    return np.array([text(value) for value in table[column].tolist()], dtype=object).reshape(len(table))


def text(value: Any) -> str | None:
    """One value as text, or ``None`` when there is nothing to say."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def recorded_codes(table: pd.DataFrame, column: str, kind: str) -> Texts:
    """Recorded area codes; of kind ``number`` they lose a decimal part that says nothing (``12.0`` is ``12``)."""
    codes = texts(table, column)
    if kind != "number":
        return codes
    return np.array([code.removesuffix(".0") if code else None for code in codes], dtype=object)


def numbers(table: pd.DataFrame, column: str | None) -> NDArray[np.float64]:
    """A column as floats, NaN where it is null or no number."""
    if column is None:
        return np.full(len(table), np.nan)
    return np.asarray(pd.to_numeric(table[column], errors="coerce"), dtype=np.float64)


def moments(table: pd.DataFrame, column: str | None, form: str, zone: str) -> "pd.Series[pd.Timestamp]":
    """A column as moments in UTC, NaT where it cannot be read.

    A moment that names no offset is local in ``zone``; of the hour that autumn repeats the first is meant, and a time
    in the hour that spring leaves out moves forward.
    """
    if column is None:
        return pd.Series(pd.NaT, index=table.index, dtype="datetime64[us, UTC]")
    values = table[column]
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return in_utc(values)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return in_utc(localised(values, zone))
    said = values.astype("str").str.strip()
    offset = said.str.contains(OFFSET, na=False) if form == "ISO8601" else pd.Series(False, index=values.index)
    naive = localised(pd.to_datetime(said.mask(offset), format=form, errors="coerce"), zone)
    aware = pd.to_datetime(said.where(offset), format=form, errors="coerce", utc=True)
    return in_utc(naive).fillna(in_utc(aware))


def in_utc(values: "pd.Series[pd.Timestamp]") -> "pd.Series[pd.Timestamp]":
    """The same moments in UTC, to the microsecond."""
    return values.dt.tz_convert("UTC").astype("datetime64[us, UTC]")


def datetimes(values: "pd.Series[pd.Timestamp]") -> list[datetime | None]:
    """UTC moments as aware datetimes, ``None`` for NaT."""
    plain: list[datetime | None] = values.dt.tz_localize(None).to_numpy("datetime64[us]").astype(object).tolist()
    return [None if value is None else value.replace(tzinfo=UTC) for value in plain]


def localised(values: "pd.Series[pd.Timestamp]", zone: str) -> "pd.Series[pd.Timestamp]":
    """Local times as moments."""
    first = np.ones(len(values), dtype=bool)
    return values.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")


def verbatim(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Each row as a JSON object, null where there is nothing; PostgreSQL's ``jsonb`` holds no NUL, so that goes."""
    records = table.to_dict("records")
    return [{str(name): plain(value) for name, value in record.items()} for record in records]


def plain(value: Any) -> Any:
    """One value as JSON has it."""
    if value is None or (isinstance(value, float) and value != value) or value is pd.NaT:
        return None
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, bool | int | float | list | dict) else str(value)


def fingerprint(row: dict[str, Any]) -> str:
    """A key for a row that brings none: the same content gives the same one."""
    return "row-" + hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]
