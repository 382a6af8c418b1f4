"""The tables that travel with the code: every row has a cell for each heading, and none that nobody reads."""

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLES = sorted(
    path.relative_to(ROOT)
    for room in ("geo", "data", "dispatch", "forms", "dashboard")
    for path in ROOT.glob(f"{room}/**/*.csv")
)
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff”）][,;:]")


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_row_has_as_many_cells_as_the_table_has_headings(table: Path) -> None:
    with (ROOT / table).open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert rows
    assert [row for row in rows if len(row) != len(head)] == []


@pytest.mark.parametrize(
    "table", ["geo/errors.csv", "dispatch/reasons.csv", "forms/tables/answer_problems.csv", "forms/tables/pages.csv"]
)
def test_chinese_sentences_have_chinese_punctuation(table: str) -> None:
    with (ROOT / table).open(encoding="utf-8", newline="") as file:
        said = [row["zh"] for row in csv.DictReader(file)]
    assert [text for text in said if HALF_WIDTH.search(text)] == []
