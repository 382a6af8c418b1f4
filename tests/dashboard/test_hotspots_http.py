"""Hotspots over HTTP: planted ones are found and open to just their cases; nothing is said of nothing; tiles and files agree."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import httpx
import numpy as np
import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageColor

from dashboard.hotspots.analysis import Question, analyse, count, hotspots
from dashboard.hotspots.files import COLOURS
from dashboard.hotspots.study import Study
from data.cluster import Cluster
from data.database import Connection, connect
from data.mirror.inside import mercator_units
from geo.h3grid import h3_cells
from geo.mvt import Shapes
from geo.mvt_reading import read_tile
from geo.stats.neighbours import neighbours_of
from geo.stats.trends import Trend
from tests.dashboard.conftest import Served, reading
from tests.patience import until

PUT = """
update cases set geom = ST_SetSRID(ST_MakePoint(lng, lat), 4326), h3_9 = hex
  from unnest(%s::bigint[], %s::float8[], %s::float8[], %s::bigint[]) as put (id, lng, lat, hex) where cases.id = put.id
"""


def plant(connection: Connection) -> None:
    """All cases anywhere in ten kilometres, but a third of the latest within half a kilometre of one place."""
    random = np.random.default_rng(9)
    rows = connection.execute("select id, reported_at > now() - interval '20 days' from cases order by id").fetchall()
    ids, late = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    lng, lat = random.uniform(116.30, 116.42, len(ids)), random.uniform(39.85, 39.94, len(ids))
    here = late & (random.random(len(ids)) < 1 / 3)
    lng[here] = 116.36 + random.normal(0, 0.004, here.sum())
    lat[here] = 39.90 + random.normal(0, 0.003, here.sum())
    hexes = h3_cells(lng, lat)
    connection.execute(PUT, (ids.tolist(), lng.tolist(), lat.tolist(), hexes.tolist()))


@pytest.fixture(scope="module")
def city(cluster: Cluster, block_template: str) -> Iterator[httpx.Client]:
    url = cluster.copy_database(block_template, "city_with_hotspots")
    with connect(url) as connection:
        plant(connection)
    with Served(url) as server, reading(server.address) as client:
        yield client
    cluster.drop_database("city_with_hotspots")


def asked(client: httpx.Client, **query: Any) -> dict[str, Any]:
    def ready() -> httpx.Response | None:
        answer = client.get("/api/hotspots", params={"lang": "en", "grid": "h3-9", **query})
        return None if answer.status_code == 503 else answer

    answer = until(ready, "hotspots")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("grid", ["h3-9", "h3-8"])
@pytest.mark.parametrize("method", ["gi", "moran"])
def test_a_planted_hotspot_is_found_and_opens_to_its_cases(city: httpx.Client, grid: str, method: str) -> None:
    said = asked(city, grid=grid, method=method)
    first = said["hotspots"][0]
    assert said["hot"] > 0
    assert first["cases"] > 2 * first["expected"]
    where = {key: ",".join(values) for key, values in first["where"].items()}
    window = {"from": said["question"]["since"], "to": said["question"]["until"]}
    rows = city.get("/api/desk/rows", params={**where, **window, "end": 1}).json()
    assert rows["total"] == first["cases"]


def test_unit_cells_are_analysed_too(city: httpx.Client) -> None:
    said = asked(city, grid="cell", measure="rate")
    assert said["cells"] > 10
    assert said["cases"] > 0
    behind = [city.get(f"/tiles/hotspots/5/{x}/12.mvt", params={"grid": "cell", "measure": "rate"}) for x in (26, 27)]
    assert {answer.status_code for answer in behind} <= {200, 204}


def test_behind_a_hotspot_are_its_matters_departments_teams_and_streets(city: httpx.Client) -> None:
    said = asked(city)
    first = said["hotspots"][0]
    behind = city.get(f"/api/hotspots/{first['number']}/behind", params={"lang": "zh", "grid": "h3-9"}).json()
    assert 0 < sum(n for _, _, n in behind["matters"]) <= first["cases"]
    assert behind["departments"]
    assert behind["teams"]
    assert all(length > 0 for _, length in behind["streets"])
    assert city.get("/api/hotspots/9999/behind", params={"grid": "h3-9"}).status_code == 404


def test_tiles_show_the_cells_that_the_list_counts(city: httpx.Client) -> None:
    said = asked(city)
    asking = {"grid": "h3-9"}
    assert city.get("/tiles/hotspots/8/0/0.mvt", params=asking).status_code == 204
    west, south, east, north = said["bounds"]
    column, row = (int(at) >> 20 for at in mercator_units(np.array([[(west + east) / 2, (south + north) / 2]]))[0])
    found: dict[Any, dict[str, Any]] = {}
    for x, y in ((column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
        tile = city.get(f"/tiles/hotspots/12/{x}/{y}.mvt", params=asking)
        if tile.status_code == 200:
            found |= {one.id: one.properties for one in read_tile(tile.content)["spot"].features}
            seen = {"if-none-match": tile.headers["etag"]}
            assert city.get(f"/tiles/hotspots/12/{x}/{y}.mvt", params=asking, headers=seen).status_code == 304
    assert sum(one["n"] for one in found.values()) == said["cases"]
    assert sum(one["c"] > 0 for one in found.values()) == said["hot"]


@pytest.mark.parametrize("form", ["geojson", "gpkg", "png", "pdf"])
def test_an_analysis_is_a_file(city: httpx.Client, form: str, tmp_path: Path) -> None:
    said = asked(city)
    begun = city.post("/api/hotspots/files", params={"lang": "zh", "grid": "h3-9", "format": form})
    assert begun.status_code == 202, begun.text
    told = begun.json()
    while not told.get("ready"):
        assert "error" not in told, json.dumps(told, ensure_ascii=False)
        told = city.get(f"/api/hotspots/files/{begun.json()['id']}").json()
    file = city.get(f"/api/hotspots/files/{begun.json()['id']}/file").content
    if form == "png":
        drawn = Image.open(io.BytesIO(file)).convert("RGB")
        assert drawn.size[0] > 300
        shown = {
            drawn.getpixel((x, y))
            for x in range(0, drawn.width, 3)
            for y in range(drawn.height * 3 // 4, drawn.height, 3)
        }
        assert {ImageColor.getrgb(COLOURS[kind]) for kind in (3, 2, 1, 0, -1, -2, -3)} <= shown, "the legend"
    elif form == "pdf":
        document = pypdfium2.PdfDocument(io.BytesIO(file))
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
        assert "热点分析" in text
        assert "错误发现率" in text
        assert f"图层：案件库（本期 {said['cases']:,} 件）" in text.replace("\r\n", "")
        document.close()
    else:
        path = tmp_path / f"analysis.{form}"
        path.write_bytes(file)
        frame = geopandas.read_file(path)
        assert len(frame) == said["cells"]
        assert int((frame["class"] > 0).sum()) == said["hot"]
        assert int(frame["cases"].sum()) == said["cases"]


@pytest.mark.parametrize("query", [{"grid": "h3-4"}, {"method": "eye"}, {"days": "x"}, {"since": "9", "until": "8"}])
def test_what_cannot_be_analysed_is_refused(city: httpx.Client, query: dict[str, str]) -> None:
    assert city.get("/api/hotspots", params=query).status_code == 422


# --- without a server ---------------------------------------------------------------------------------------------

SIDE = 24


def study() -> Study:
    """A square city."""
    at = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    pairs = [np.column_stack((a.ravel(), b.ravel())) for a, b in ((at[:, 1:], at[:, :-1]), (at[1:], at[:-1]))]
    both = np.concatenate([*pairs, *(pair[:, ::-1] for pair in pairs)])
    along = np.arange(SIDE, dtype=np.float64) * 3_000 + 3_500_000_000
    x, y = np.tile(along, SIDE), np.repeat(along, SIDE)
    nothing = np.zeros(0, np.uint32)
    shapes = Shapes(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(0, np.bool_), nothing, nothing)
    return Study("cell", [str(k) for k in at.ravel()], at.ravel(), neighbours_of(both, SIDE * SIDE), x, y, shapes)


def analysed(cells: Any, reported: Any) -> Any:
    question = Question("cell", "count", "gi", 12_000, 24_000)
    everything = np.ones(len(cells), np.bool_)
    counted = count(study(), cells, reported, everything, everything, question)
    return analyse(study(), counted, question)


def test_cases_without_a_pattern_are_no_hotspot() -> None:
    random = np.random.default_rng(2)
    found = [analysed(random.integers(0, SIDE * SIDE, 3000), random.integers(0, 24_000, 3000)) for _ in range(12)]
    assert sum(bool(one.hot.any()) for one in found) <= 1


def test_what_begins_emerges_and_is_new_and_what_ends_fades() -> None:
    random = np.random.default_rng(3)
    plain = random.integers(0, SIDE * SIDE, 6000), random.integers(0, 24_000, 6000)
    corner = np.array([0, 1, SIDE, SIDE + 1])
    late = random.choice(corner, 300), random.integers(20_000, 24_000, 300)
    far = SIDE * SIDE - 1 - corner
    early = random.choice(far, 600), random.integers(0, 17_000, 600)
    found = analysed(np.concatenate((plain[0], late[0], early[0])), np.concatenate((plain[1], late[1], early[1])))
    assert (found.change[corner] == 1).all()
    assert (found.trend[corner] == Trend.EMERGING).all()
    assert (found.trend[far] == Trend.FADING).all()
    first = hotspots(found, 5)[0]
    assert set(corner.tolist()) <= set(first.cells)
    assert first.cases > 300
