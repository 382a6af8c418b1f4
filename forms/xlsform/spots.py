"""Where in a workbook an error is: the cell that its sentence names, with the lines around it, to be shown in its place. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from geo.errors import NeedleError

#: The catalogue says sheet, row and column in one form of words: 工作表「survey」第 3 行「type」列.
SAID: Final = re.compile(r"工作表「(?P<sheet>\w+)」(?:第 (?P<row>\d+) 行)?(?:「(?P<column>[^」]+)」列)?")
AROUND: Final = 2
MOST_COLUMNS: Final = 8
LONGEST: Final = 80


@dataclass(frozen=True)
class Spot:
    """A piece of a sheet.

    Attributes
    ----------
    row : int
        The one that is meant, the header being row 1.
    column : str
        The one that is meant; empty: the row as a whole.
    lines : tuple
        Row numbers with their cells, in the order of ``columns``; the header is none of them.
    """

    sheet: str
    row: int
    column: str
    columns: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]

    def as_json(self) -> dict[str, Any]:
        """The piece for a page."""
        lines = [{"row": number, "cells": list(cells)} for number, cells in self.lines]
        where = {"sheet": self.sheet, "row": self.row, "column": self.column}
        return {**where, "columns": list(self.columns), "lines": lines}


def spot_of(error: NeedleError, book: Mapping[str, Any]) -> Spot | None:
    """Where an error is; None where its sentence names no row, or the book has none such."""
    said = SAID.search(error.sentence("zh"))
    if said is None or said["row"] is None:
        return None
    rows, row = book.get(said["sheet"]) or [], int(said["row"])
    if not 1 <= row <= len(rows) + 1:
        return None
    column = said["column"] or ""
    columns = columns_of(book, said["sheet"], column)
    near = range(max(2, row - AROUND), min(len(rows) + 1, row + AROUND) + 1)
    lines = tuple((n, tuple(str(rows[n - 2].get(name) or "")[:LONGEST] for name in columns)) for n in near)
    return Spot(said["sheet"], row, column, columns, lines)


def columns_of(book: Mapping[str, Any], sheet: str, meant: str) -> tuple[str, ...]:
    """The columns to show: the first ones, and among them the one that is meant, if it is there or not."""
    header = (book.get(f"{sheet}_header") or [{}])[0]
    known = [name for name in header if name]
    shown = known[:MOST_COLUMNS]
    if meant and meant not in shown:
        shown = [*shown[: MOST_COLUMNS - 1], meant]
    return tuple(shown)
