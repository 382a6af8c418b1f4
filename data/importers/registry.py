"""Tables of the registry from files: XLSX, CSV, Parquet; columns known by their headings, rows cleaned, bad ones kept apart."""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pandas as pd

from data.registry.fields import EntityKind, Field, fields_of
from data.registry.sayings import KEYS
from data.registry.values import clean
from geo.errors import NeedleError

READERS: Final[Mapping[str, Callable[[Path], pd.DataFrame]]] = {
    ".csv": lambda path: pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False),
    ".xlsx": lambda path: pd.read_excel(path, dtype=str, keep_default_na=False),
    ".parquet": pd.read_parquet,
}
LINE: Final = "line"
PROBLEM_ZH: Final = "问题"
PROBLEM_EN: Final = "problem"


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be taken: its line in the file (the heading being line 1), and why."""

    line: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Rows that can be taken, as cleaned values by field, and those that cannot."""

    rows: list[dict[str, Any]]
    rejects: list[Reject]


def read_table(path: Path) -> pd.DataFrame:
    """A file's table.

    Raises
    ------
    NeedleError
        ``registry.file_kind``, ``registry.file_unreadable``.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise NeedleError("registry.file_kind", path=path, known=", ".join(READERS))
    try:
        return reader(path)
    except (OSError, ValueError, ImportError) as error:
        raise NeedleError("registry.file_unreadable", path=path, reason=str(error).splitlines()[0]) from error


def digest_of(path: Path) -> str:
    """By which a file is known again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def spellings(kind: EntityKind) -> dict[str, str]:
    """Fields by the words that head their columns: names, labels in both languages, and ``tables/headings.csv``."""
    text = files("data.registry").joinpath("tables/headings.csv").read_text(encoding="utf-8")
    fields = fields_of(kind)
    found = {plain(word): name for name, field in fields.items() for word in (name, field.zh, field.en)}
    for row in csv.DictReader(text.splitlines()):
        if row["field"] in fields:
            found |= {plain(word): row["field"] for word in row["words"].split()}
    return found


def plain(heading: str) -> str:
    """A heading without case, spaces, units and notes in brackets."""
    return re.sub(r"[\s_\-*:：]|[(（\[【].*?[)）\]】]", "", heading).lower()


def propose_mapping(headings: Sequence[str], kind: EntityKind) -> dict[str, str]:
    """Which field each column is, by its heading; a field is taken once, by its first column."""
    found: dict[str, str] = {}
    for heading in headings:
        field = spellings(kind).get(plain(str(heading)))
        if field is not None and field not in found.values():
            found[str(heading)] = field
    return found


def check(table: pd.DataFrame, kind: EntityKind, mapping: Mapping[str, str]) -> Checked:
    """Clean a table's rows.

    Parameters
    ----------
    mapping : mapping
        Fields by heading.

    Raises
    ------
    NeedleError
        ``registry.no_key_column``.
    """
    check_keys(kind, mapping)
    columns = read_columns(table, kind, mapping)
    rows: list[dict[str, Any]] = []
    rejects = []
    for place in range(len(table)):
        values = {name: column[place] for name, column in columns.items() if column[place] is not None}
        problem = problem_of(values, kind)
        if problem is None:
            rows.append(values)
        else:
            rejects.append(Reject(place + 2, *problem))
    return Checked(rows, rejects)


def check_keys(kind: EntityKind, mapping: Mapping[str, str]) -> None:
    """Refuse a mapping by which no record could be told from another: ``registry.no_key_column``."""
    if not set(KEYS[kind]) & set(mapping.values()):
        labels = "、".join(fields_of(kind)[name].zh for name in KEYS[kind])
        raise NeedleError("registry.no_key_column", known=labels)


def read_columns(table: pd.DataFrame, kind: EntityKind, mapping: Mapping[str, str]) -> dict[str, list[Any]]:
    """What each cell becomes, by field: a cleaned value, None, or the error of one that cannot be read."""
    return {field: cleaned(table[heading], fields_of(kind)[field]) for heading, field in mapping.items()}


def cleaned(column: "pd.Series[Any]", field: Field) -> list[Any]:
    """A column's values; what cannot be read is the error that says so. Equal values are read once."""
    known: dict[Any, Any] = {}
    found = []
    for value in column.tolist():
        if value not in known:
            try:
                known[value] = clean(field, value)
            except NeedleError as error:
                known[value] = error
        found.append(known[value])
    return found


def problem_of(values: Mapping[str, Any], kind: EntityKind) -> tuple[str, str] | None:
    """Why a row cannot be taken, in both languages."""
    errors = [value for value in values.values() if isinstance(value, NeedleError)]
    if errors:
        return "；".join(e.sentence("zh") for e in errors), "; ".join(e.sentence("en") for e in errors)
    if not any(key in values for key in KEYS[kind]):
        fields = [fields_of(kind)[key] for key in KEYS[kind]]
        return (
            "缺少" + "或".join(field.zh for field in fields),
            "no " + " or ".join(field.en for field in fields),
        )
    return None


def write_rejects(path: Path, table: pd.DataFrame, rejects: Sequence[Reject]) -> None:
    """Write rows that cannot be taken as they were, with their line and what is wrong, to be mended and imported again."""
    rows = table.iloc[[reject.line - 2 for reject in rejects]].copy()
    rows.insert(0, LINE, [reject.line for reject in rejects])
    rows[PROBLEM_ZH] = [reject.zh for reject in rejects]
    rows[PROBLEM_EN] = [reject.en for reject in rejects]
    rows.to_csv(path, index=False, encoding="utf-8-sig")


def batches(rows: Sequence[dict[str, Any]], size: int) -> Iterator[tuple[int, Sequence[dict[str, Any]]]]:
    """Rows by batch, with the place of each batch's first."""
    for start in range(0, len(rows), size):
        yield start, rows[start : start + size]
