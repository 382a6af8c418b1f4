"""An error of a workbook is shown in its place: every sentence that names a row finds its cell."""

import pytest

from forms.xlsform.spots import Spot, spot_of
from geo.errors import NeedleError

ROWS = [{"type": "text", "name": f"q{n}", "label": f"Question {n}"} for n in range(2, 12)]
BOOK = {"survey": ROWS, "survey_header": [{"type": None, "name": None, "label": None}], "choices": [{"list_name": "a"}]}


@pytest.mark.parametrize(
    ("error", "row", "column", "lines"),
    [
        (NeedleError("form.type_unknown", row=5, type="txt", like="text"), 5, "type", [3, 4, 5, 6, 7]),
        (NeedleError("form.no_type", row=2), 2, "type", [2, 3, 4]),
        (NeedleError("form.refused_row", row=11, reason="?"), 11, "", [9, 10, 11]),
        (
            NeedleError("form.reference_unknown", sheet="survey", row=6, column="relevant", name="x", like="y"),
            6,
            "relevant",
            [4, 5, 6, 7, 8],
        ),
    ],
)
def test_the_cell_is_shown_with_the_lines_around_it(
    error: NeedleError, row: int, column: str, lines: list[int]
) -> None:
    spot = spot_of(error, BOOK)
    assert isinstance(spot, Spot)
    assert (spot.sheet, spot.row, spot.column) == ("survey", row, column)
    assert [number for number, _ in spot.lines] == lines
    assert not column or column in spot.columns
    assert dict(spot.lines)[row][1] == f"q{row}"


@pytest.mark.parametrize(
    "error",
    [
        NeedleError("form.not_a_form"),
        NeedleError("form.sheet_missing", sheet="survey"),
        NeedleError("form.type_unknown", row="?", type="txt", like="text"),
        NeedleError("form.choice_no_name", row=40),
    ],
)
def test_what_names_no_row_of_the_book_has_no_place(error: NeedleError) -> None:
    assert spot_of(error, BOOK) is None
