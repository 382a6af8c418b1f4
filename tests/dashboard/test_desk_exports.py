"""Exports: each format read back by a foreign reader, formulas made harmless, bounds kept, jobs stopped."""

import asyncio
import csv
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas
import numpy as np
import openpyxl
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import workbook
from dashboard.export_batches import Batch, Names, Values, batches
from dashboard.export_files import FORMATS, Table, harmless
from dashboard.export_times import local_texts
from dashboard.exports import write
from dashboard.file_jobs import FileJob, FileJobs, make
from dashboard.i18n import words
from dashboard.view_models.desk_columns import chosen, columns, heading
from data.database import Connection, connect
from data.mirror.loading import load_mirror
from geo.errors import Language, NeedleError
from tests.patience import PATIENCE_S

AT = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
WANTED = ("number", "title", "state", "urgent", "area:district", "due", "reported", "returns", "lng", "lat")


def table(language: Language) -> Table:
    say = words(language)
    picked = chosen(columns(["district"]), WANTED)
    headings = [heading(column, say, {"district": "区"}) for column in picked]
    return Table(picked, headings, say, ZoneInfo("Asia/Shanghai"))


def case(number: int, title: str, place: tuple[float, float] | None, *, urgent: bool, due: int) -> Batch:
    """One case as the mirror and the database give it."""
    lng, lat = (np.array([at], np.float64) for at in (place or (np.nan, np.nan)))
    said: list[Values] = [
        [f"20261124-{number}"],
        [title],
        Names(np.array([1]), ("state/filed", "state/handling")),
        np.array([urgent]),
        Names(np.array([0]), ("area:district/110101",)),
        np.array([due], np.int64),
        np.array([int(AT.timestamp())], np.int64),
        np.array([1], np.int16),
        lng,
        lat,
    ]
    return Batch([number], lng, lat, said)


BATCHES = [
    case(7, "=1+1", (116.4, 39.9), urgent=True, due=0),
    case(8, "井盖", None, urgent=False, due=int(AT.timestamp())),
]


def written(form: str, folder: Path, found: Sequence[Batch] = BATCHES, language: Language = "zh") -> Path:
    path = folder / f"cases.{form}"
    FORMATS[form].write(path, table(language), iter(found))
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


def test_what_a_sheet_cannot_hold_goes_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    book = openpyxl.load_workbook(written("xlsx", tmp_path, BATCHES * 4))
    rows = [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    assert [len(sheet) - 1 for sheet in rows] == [3, 3, 2]
    assert len({sheet[0] for sheet in rows}) == 1
    assert [str(row[0]) for sheet in rows for row in sheet[1:]] == ["20261124-7", "20261124-8"] * 4


@pytest.mark.parametrize("text", ["a<b & c", " 前后有空格 ", "]]>", '"引号"', "行\n行", "😀", "a\x00b\x0bc\uffff"])
def test_a_workbook_holds_any_text_that_xml_can(text: str, tmp_path: Path) -> None:
    path = written("xlsx", tmp_path, [case(1, text, None, urgent=False, due=0)])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert sheet["B2"].value == "".join(sign for sign in text if sign not in "\x00\x0b\uffff")


@given(
    st.lists(st.integers(1, 4_000_000_000), min_size=1, max_size=9),
    st.sampled_from(["Asia/Shanghai", "America/New_York"]),
)
def test_moments_are_those_of_the_citys_clock(seconds: list[int], zone: str) -> None:
    local = [datetime.fromtimestamp(at, ZoneInfo(zone)) for at in seconds]
    moments = np.array([*seconds, 0], np.int64)
    assert local_texts(moments, ZoneInfo(zone)) == [*(f"{at:%Y-%m-%d %H:%M:%S}" for at in local), None]
    assert local_texts(moments, ZoneInfo(zone), iso=True) == [*(at.isoformat() for at in local), None]


ROWS = "select id, number, address, state, team_id, areas ->> 'district', due_at, st_x(geom), returns from cases"


async def test_batches_are_the_rows_of_the_table(block_url: str) -> None:
    """Columns from the mirror and words from the database say what each case's own row says."""
    async with await psycopg.AsyncConnection.connect(block_url, options="-c timezone=UTC") as connection:
        mirror = await load_mirror(connection)
    picked = columns(list(mirror.areas))
    order = np.random.default_rng(1).permutation(mirror.count)
    with connect(block_url) as base:
        (batch,) = batches(base, mirror, order, picked, lambda facet, code: f"{facet}/{code}")
        rows = {row[0]: row for row in base.execute(ROWS).fetchall()}
    assert batch.ids == mirror.id[order].tolist()
    said: dict[str, Any] = {column.key: values for column, values in zip(picked, batch.columns, strict=True)}
    texts = {key: values.texts() for key, values in said.items() if isinstance(values, Names)}
    for at, case_id in enumerate(batch.ids):
        _, number, address, state, team, district, due, lng, returns = rows[case_id]
        told = [
            said["number"][at],
            said["address"][at],
            *(texts[key][at] for key in ("state", "team", "area:district")),
        ]
        names = [f"state/{state}", team and f"team/{team}", district and f"area:district/{district}"]
        assert told == [number, address, *names]
        assert said["due"][at] == (0 if due is None else int(due.timestamp()))
        assert (bool(batch.lng[at] == lng), said["returns"][at]) == (lng is not None, returns)


def writing(form: str, url: str, found: Callable[[Connection], Iterator[Batch]]) -> Callable[[FileJob], None]:
    """What writes an export."""
    return partial(write, form=FORMATS[form], url=url, table=table("zh"), found=found)


def job_of(form: str, folder: Path) -> FileJob:
    return FileJob(path=folder / f"cases.{form}", name=f"cases.{form}", media_type="", total=10_000, owner=1)


async def test_jobs_are_bounded_stopped_and_leave_no_file(database_url: str) -> None:
    go, exports = threading.Event(), FileJobs("export")

    def found(_connection: Connection) -> Iterator[Batch]:
        assert go.wait(PATIENCE_S)
        yield from BATCHES

    told = [exports.begin(1, f"cases.{form}", "", writing(form, database_url, found), 2) for form in FORMATS]
    ids = [each["id"] for each in told]
    with pytest.raises(NeedleError) as raised:
        exports.begin(1, "cases.csv", "", writing("csv", database_url, found), 2)
    assert raised.value.code == "export.busy"
    stopped = exports.jobs[ids[0]]
    exports.drop(ids[0])
    with pytest.raises(NeedleError) as gone:
        exports.find(ids[0], 1)
    assert gone.value.code == "export.unknown"
    go.set()
    folder = exports.folder
    await asyncio.gather(*exports.tasks)
    assert [(exports.find(job, 1).ready, exports.find(job, 1).done) for job in ids[1:]] == [(True, 2)] * 3
    assert (stopped.ready, stopped.error, stopped.path.exists()) == (False, None, False)
    await exports.close()
    assert not folder.exists()


@pytest.mark.parametrize("form", FORMATS)
def test_a_job_that_nobody_wants_any_more_stops_in_the_middle(form: str, tmp_path: Path, database_url: str) -> None:
    job = job_of(form, tmp_path)
    given: list[int] = []

    def found(_connection: Connection) -> Iterator[Batch]:
        for k in range(10_000):
            given.append(k)
            job.stopped = k == 20
            yield BATCHES[k % 2]

    make(job, writing(form, database_url, found))
    assert len(given) == 21
    assert (job.ready, job.error, job.path.exists()) == (False, None, False)


def test_what_fails_in_the_thread_is_told(tmp_path: Path) -> None:
    job = job_of("csv", tmp_path)
    make(job, writing("csv", "postgresql://nobody@/none?host=/nowhere", lambda _connection: iter(BATCHES)))
    assert job.error is not None
    assert not job.path.exists()
