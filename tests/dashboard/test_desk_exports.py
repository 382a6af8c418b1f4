"""Exports: each format read back by a foreign reader, formulas made harmless, bounds kept, jobs stopped."""

import asyncio
import csv
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas
import openpyxl
import pytest

from dashboard.export_files import FORMATS, Format, Table, harmless
from dashboard.exports import Exports, Job, write
from dashboard.i18n import words
from dashboard.view_models.desk_columns import chosen, columns, heading
from data.stores.desk import DeskRow
from geo.errors import Language, NeedleError

AT = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
PLACED = DeskRow(
    7, "20261124-7", "=1+1", "长安街1号", "12345", 17, "handling", True, None, 3, {"district": "110101"}, None, 116.4, 39.9,
    AT, None, AT, None, None, AT, 1, 0,
)  # fmt: skip
UNPLACED = replace(PLACED, id=8, number="20261124-8", title="井盖", lng=None, lat=None, urgent=False, due_at=AT)
ROWS = [PLACED, UNPLACED]
WANTED = ("number", "title", "state", "urgent", "area:district", "due", "reported", "returns", "lng", "lat")


def table(language: Language) -> Table:
    say = words(language)
    picked = chosen(columns(["district"]), WANTED)
    headings = [heading(column, say, {"district": "区"}) for column in picked]
    return Table(picked, headings, lambda facet, code: f"{facet}/{code}", say, ZoneInfo("Asia/Shanghai"))


def written(form: str, folder: Path, rows: Sequence[DeskRow] = ROWS, language: Language = "zh") -> Path:
    path = folder / f"cases.{form}"
    writer = FORMATS[form].writer(path, table(language))
    for row in rows:
        writer.write([row])
    writer.close()
    return path


SHEET: list[list[Any]] = [
    ["20261124-7", "'=1+1", "state/handling", "是", "area:district/110101", "", "2026-11-24 09:02:03", 1, 116.4, 39.9],
    [
        "20261124-8",
        "井盖",
        "state/handling",
        "否",
        "area:district/110101",
        "2026-11-24 09:02:03",
        "2026-11-24 09:02:03",
        1,
        "",
        "",
    ],
]


def test_csv_opens_in_excel_and_says_headings_in_the_language_of_the_page(tmp_path: Path) -> None:
    path = written("csv", tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        headings, *lines = csv.reader(file)
    assert headings == ["案卷号", "标题", "状态", "紧急", "区", "截止时间", "上报时间", "退单次数", "经度", "纬度"]
    assert lines == [[str(value) for value in line] for line in SHEET]


def test_csv_in_english(tmp_path: Path) -> None:
    first = written("csv", tmp_path, language="en").read_text(encoding="utf-8-sig").splitlines()[0]
    assert first.startswith("Number,Title,State,Urgent,")


def test_xlsx_holds_values_and_no_formula(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written("xlsx", tmp_path)).active
    assert sheet is not None
    _headings, *lines = sheet.iter_rows(values_only=True)
    assert [["" if value is None else value for value in line] for line in lines] == SHEET
    assert {cell.data_type for line in sheet.iter_rows() for cell in line}.isdisjoint({"f"})
    assert sheet.freeze_panes == "A2"


def test_geojson_is_read_by_gdal(tmp_path: Path) -> None:
    path = written("geojson", tmp_path)
    placed, unplaced = json.loads(path.read_text(encoding="utf-8"))["features"]
    assert placed["geometry"] == {"type": "Point", "coordinates": [116.4, 39.9]}
    assert unplaced["geometry"] is None
    assert placed["properties"]["title"] == "=1+1"
    assert placed["properties"]["reported"] == "2026-11-24T09:02:03+08:00"
    frame = geopandas.read_file(path)
    assert frame["district"].tolist() == ["area:district/110101"] * 2


def test_geopackage_keeps_points_times_and_flags(tmp_path: Path) -> None:
    frame = geopandas.read_file(written("gpkg", tmp_path), layer="cases")
    assert frame.crs is not None
    assert frame.crs.to_epsg() == 4326
    assert (frame.geometry[0].x, frame.geometry[0].y) == (116.4, 39.9)
    assert frame.geometry[1] is None
    assert frame["reported"][0] == AT
    assert frame["due"].isna().tolist() == [True, False]
    assert frame["urgent"].tolist() == [True, False]


@pytest.mark.parametrize("form", FORMATS)
def test_a_filter_that_finds_nothing_is_a_whole_file_too(form: str, tmp_path: Path) -> None:
    path = written(form, tmp_path, [])
    found = {
        "csv": lambda: len(path.read_text(encoding="utf-8-sig").splitlines()) - 1,
        "xlsx": lambda: (openpyxl.load_workbook(path).active or pytest.fail("no sheet")).max_row - 1,
        "geojson": lambda: len(json.loads(path.read_text(encoding="utf-8"))["features"]),
        "gpkg": lambda: len(geopandas.read_file(path, layer="cases")),
    }
    assert found[form]() == 0


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(start: str) -> None:
    assert harmless(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize("value", ["占道经营", "", -3, 116.4, "1=1"])
def test_other_values_stay(value: str | float) -> None:
    assert harmless(value) == value


async def test_a_sheet_of_excel_takes_no_more_rows_than_it_holds() -> None:
    exports = Exports()
    with pytest.raises(NeedleError, match="use CSV") as raised:
        exports.begin("", [1] * 1_048_576, table("zh"), FORMATS["xlsx"], 1)
    assert raised.value.code == "export.too_long"
    await exports.close()


class Held:
    """A writer that waits until it is let go."""

    def __init__(self, path: Path, _table: Table) -> None:
        path.touch()
        self.go = GO

    def write(self, _rows: Sequence[DeskRow]) -> None:
        assert self.go.wait(20)

    def close(self) -> None:
        """Nothing to finish."""


GO = threading.Event()


async def test_jobs_are_bounded_stopped_and_leave_no_file(database_url: str) -> None:
    GO.clear()
    exports = Exports()
    form = Format("txt", "text/plain", Held)
    ids = [exports.begin(database_url, [1], table("zh"), form, 1) for _ in range(4)]
    with pytest.raises(NeedleError) as raised:
        exports.begin(database_url, [1], table("zh"), form, 1)
    assert raised.value.code == "export.busy"
    exports.drop(ids[0])
    with pytest.raises(NeedleError) as gone:
        exports.find(ids[0], 1)
    assert gone.value.code == "export.unknown"
    GO.set()
    folder = exports.folder
    await asyncio.gather(*exports.tasks)
    assert [exports.find(job, 1).ready for job in ids[1:]] == [True] * 3
    await exports.close()
    assert not folder.exists()


def test_what_fails_in_the_thread_is_told(tmp_path: Path) -> None:
    job = Job(FORMATS["csv"], tmp_path / "cases.csv", 1, 1)
    write(job, "postgresql://nobody@/none?host=/nowhere", [1], table("zh"))
    assert job.error is not None
    assert not job.path.exists()
