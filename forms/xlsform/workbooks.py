"""Workbooks: the sheets of an XLSForm as text, read from ``.xlsx`` or ``.xls`` by pyxform's own readers, written by openpyxl."""

import struct
import warnings
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

from openpyxl import Workbook as Book
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from pyxform import constants  # type: ignore[import-untyped]
from pyxform.errors import PyXFormError  # type: ignore[import-untyped]
from pyxform.xls2json_backends import get_xlsform  # type: ignore[import-untyped]
from xlrd import XLRDError  # type: ignore[import-untyped]
from xlrd.compdoc import CompDocError  # type: ignore[import-untyped]

from forms.xlsform.problems import explain
from geo.errors import NeedleError

Workbook = dict[str, Any]
"""As pyxform takes it: ``survey``: rows as dictionaries by column, ``survey_header``: one of the columns, and so on."""
MAX_BYTES: Final = 16 << 20
#: What the readers of spreadsheets raise for bytes that only begin like one.
BROKEN: Final = (
    BadZipFile,
    XLRDError,
    CompDocError,
    struct.error,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    AssertionError,
    TypeError,
)
#: Our own column, and how it is written by authors who think in binds.
FIELD_COLUMN: Final = "needle_field"
FIELD_SPELLINGS: Final = ("bind::needle:field", "bind::needle_field")
WIDTHS: Final = {"type": 24, "name": 20, "relevant": 28, "constraint": 28, "calculation": 28}


def read_workbook(source: Path | bytes, name: str = "") -> Workbook:
    """The sheets of a file.

    Parameters
    ----------
    source : Path or bytes
        The file, or what it contains.
    name : str
        What the form is called where it does not say; a path's own name by default.

    Raises
    ------
    NeedleError
        ``form.not_a_form``, ``form.too_large``, or what pyxform says of the sheets' headers, as ``form.*``.
    """
    content = source if isinstance(source, bytes) else read_file(source)
    if len(content) > MAX_BYTES:
        raise NeedleError("form.too_large", megabytes=MAX_BYTES >> 20)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's remarks on styles and properties that nobody reads
            book: Workbook = asdict(get_xlsform(content, file_type=file_type(source)))
    except PyXFormError as error:
        raise explain(error, {}) from error
    except BROKEN as error:
        raise NeedleError("form.not_a_form") from error
    stem = name or (source.stem if isinstance(source, Path) else "")
    return with_field_column(book) | {"fallback_form_name": stem or None}


def read_file(path: Path) -> bytes:
    """The bytes of a file; ``form.no_file`` where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NeedleError("form.no_file", path=str(path), reason=error.strerror or "") from error


def file_type(source: Path | bytes) -> str | None:
    """What a file's name says that it is; None: found out by reading it."""
    known = isinstance(source, Path) and source.suffix.lower() in constants.SUPPORTED_FILE_EXTENSIONS
    return source.suffix.lower() if isinstance(source, Path) and known else None


def with_field_column(book: Workbook) -> Workbook:
    """The registry field in our own column: as a bind it would need a namespace that other tools do not know."""
    known = dict.fromkeys(FIELD_SPELLINGS, FIELD_COLUMN)
    out = deepcopy(book)
    for key in ("survey", "survey_header"):
        rows = out.get(key)
        out[key] = None if rows is None else [{known.get(c, c): v for c, v in row.items()} for row in rows]
    return out


def write_workbook(book: Mapping[str, Any]) -> bytes:
    """A workbook as ``.xlsx``: a bold, frozen header on every sheet."""
    out = Book(write_only=True)
    for name in (*ORDER, *(n for n in constants.SUPPORTED_SHEET_NAMES if n not in ORDER)):
        if book.get(f"{name}_header"):
            write_sheet(out, name, list(book[f"{name}_header"][0]), book.get(name) or ())
    buffer = BytesIO()
    out.save(buffer)
    return buffer.getvalue()


ORDER: Final = ("survey", "choices", "settings")


def write_sheet(book: Book, name: str, columns: list[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Add one sheet; every cell is text, so that nothing turns into a date."""
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns):
        sheet.column_dimensions[letters(number)].width = WIDTHS.get(column, 32 if "::" in column else 16)
    heads = [WriteOnlyCell(sheet, value=column) for column in columns]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in rows:
        cells = [WriteOnlyCell(sheet, value=row.get(column)) for column in columns]
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a text that begins with = is no formula
        sheet.append(cells)


def letters(number: int) -> str:
    """The name of a column in a spreadsheet: 0 is A, 26 is AA."""
    before, rest = divmod(number, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + rest)
