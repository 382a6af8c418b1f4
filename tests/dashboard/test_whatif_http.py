"""What-ifs over HTTP: what is changed is what changes, within what an account sees; sitings, results, tiles and files agree."""

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import openpyxl
import pypdfium2  # type: ignore[import-untyped]
import pytest
import shapely

from data.cluster import Cluster
from data.database import connect
from data.mirror.inside import mercator_units
from geo.mvt_reading import read_tile
from tests.dashboard.conftest import Served, reading
from tests.patience import until

DAYS = 400
CHIEF = {"X-Actor": "planner:wei"}
OTHER = {"X-Actor": "planner:lin"}


@pytest.fixture(scope="module")
def city(cluster: Cluster, block_template: str) -> Iterator[tuple[httpx.Client, str]]:
    url = cluster.copy_database(block_template, "city_to_plan")
    with Served(url) as server, reading(server.address) as client:
        client.headers.update(CHIEF)
        yield client, url
    cluster.drop_database("city_to_plan")


@pytest.fixture(scope="module")
def api(city: tuple[httpx.Client, str]) -> httpx.Client:
    return city[0]


def plan(api: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = api.get("/api/whatif", params={"lang": "en", "days": DAYS, **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def finished(api: httpx.Client, begun: httpx.Response, **headers: Any) -> dict[str, Any]:
    assert begun.status_code == 202, begun.text
    told: dict[str, Any] = {}

    def ready() -> bool:
        told.update(api.get(f"/api/whatif/runs/{begun.json()['id']}", **headers).json())
        assert "error" not in told, json.dumps(told, ensure_ascii=False)
        return bool(told.get("made") or told.get("answer"))

    until(ready, "the work is done")
    return told


def ran(api: httpx.Client, where: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    said = plan(api)
    asked = {"since": said["since"], "until": said["until"], **changes}
    told = finished(api, api.post("/api/whatif/runs", params=where or {}, json=asked))
    return dict(api.get(f"/api/whatif/{told['made']}", params={"lang": "en"}).json())


def busiest(api: httpx.Client) -> dict[str, Any]:
    """The team with most cases, as a what-if that changes next to nothing says."""
    team = plan(api)["teams"][0]
    found = ran(api, moved=[{"team": team["id"], "at": team["at"]}])["found"]
    assert found["moved"] == 0
    return dict(max(found["loads"], key=lambda load: load["cases"][0]))


# --- runs ---------------------------------------------------------------------------------------------------------


def test_a_team_that_goes_leaves_its_cases_to_others_or_nobody(api: httpx.Client) -> None:
    team = busiest(api)
    kept = ran(api, gone=[team["team"]])
    found = kept["found"]
    assert found["moved"] == team["cases"][0]
    assert next(load for load in found["loads"] if load["team"] == team["team"])["cases"] == [team["cases"][0], 0]
    gained = sum(max(0, load["cases"][1] - load["cases"][0]) for load in found["loads"])
    assert gained + found["nobody"][1] - found["nobody"][0] == team["cases"][0]
    assert found["cases"] == plan(api)["cases"]
    assert found["groups"] in ("days", "cases")
    assert found["likeness"][0] > 0.5
    for figure in found["figures"].values():
        for value, low, high in figure.values():
            assert (
                low <= value <= high or value == pytest.approx(low, abs=1e-6) or value == pytest.approx(high, abs=1e-6)
            )


def test_a_filter_replays_its_cases_only(api: httpx.Client) -> None:
    team = plan(api)["teams"][0]
    where = {"channel": "12345"}
    said = plan(api, **where)
    kept = ran(api, where, gone=[team["id"]])
    assert kept["found"]["cases"] == said["cases"] < plan(api)["cases"]
    assert [key for key, _, _ in kept["filters"]] == ["channel"]


def test_no_rule_for_a_department_leaves_its_cases_to_nobody(api: httpx.Client) -> None:
    team = busiest(api)
    text = api.get("/api/whatif/rules").json()["text"]
    parts = text.split("[[rule]]")
    without = "[[rule]]".join([parts[0], *(part for part in parts[1:] if f'"{team["department"]}"' not in part)])
    checked = api.post("/api/whatif/rules", params={"lang": "en"}, json={"text": without}).json()
    assert checked["problems"] == []
    assert len(checked["said"]) == without.count("[[rule]]")
    found = ran(api, rules=without)["found"]
    assert found["nobody"][1] > found["nobody"][0] or found["handed_over"] > 0
    assert next(load for load in found["loads"] if load["team"] == team["team"])["cases"][1] == 0


def test_rules_with_mistakes_are_told_by_line_and_not_run(api: httpx.Client) -> None:
    text = (
        '[[rule]]\nname = "甲"\nmatter = ["2026:event:*"]\narea = ["moon:1"]\ndepartment = "nobody"\nlevel = "street"\n'
    )
    told = api.post("/api/whatif/rules", params={"lang": "zh"}, json={"text": text}).json()
    assert {line for line, _ in told["problems"]} == {1}
    assert api.post("/api/whatif/rules", json={"text": "not toml ["}).json()["problems"]
    said = plan(api)
    begun = api.post("/api/whatif/runs", json={"since": said["since"], "until": said["until"], "rules": text}).json()

    def refused() -> Any:
        return api.get(f"/api/whatif/runs/{begun['id']}").json().get("error")

    assert until(refused, "the refusal")["code"] == "rules.invalid"


def test_boundaries_are_brought_checked_and_tried(api: httpx.Client) -> None:
    said = plan(api)
    west, south, east, north = said["ground"]["city"]["bounds"]
    layer = next(name for name in said["tried"] if name == "subdistrict")
    areas = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "all"},
                "geometry": shapely.geometry.mapping(shapely.box(west, south, east, north)),
            }
        ],
    }
    query = {"layer": layer, "file": "../whole.geojson", "code": "code"}
    made = api.post("/api/whatif/boundaries", params=query, content=json.dumps(areas)).json()
    assert (made["areas"], made["new"]) == (1, ["all"])
    assert made["gone"]
    kept = ran(api, boundaries=[made["id"]])
    assert kept["tried"] == [[made["id"], layer, "whole.geojson", 1]]
    assert kept["found"]["moved"] > 0
    assert api.post("/api/whatif/boundaries", params={**query, "layer": "moon"}, content=b"{}").status_code == 422


def test_a_run_can_be_stopped(api: httpx.Client) -> None:
    said = plan(api)
    asked = {"since": said["since"], "until": said["until"], "gone": [said["teams"][0]["id"]]}
    job = api.post("/api/whatif/runs", json=asked).json()["id"]
    assert api.delete(f"/api/whatif/runs/{job}").status_code == 204
    assert api.get(f"/api/whatif/runs/{job}").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"gone": ["x"]},
        {"moved": [{"team": 1, "at": [500, 0]}]},
        {"hours": [{"department": "*", "days": [9], "starts": "08:00", "ends": "10:00"}]},
        {"hours": [{"department": "*", "days": [1], "starts": "8", "ends": "25:00"}]},
        {"gone": [1], "promise_min": 0},
        {"gone": [1], "grid": "h3-4"},
        {"gone": [1], "until": 1},
    ],
)
def test_what_cannot_be_asked_is_refused(api: httpx.Client, changes: dict[str, Any]) -> None:
    said = plan(api)
    answer = api.post("/api/whatif/runs", json={"since": said["since"], "until": said["until"]} | changes)
    assert answer.status_code == 422


# --- who sees what ------------------------------------------------------------------------------------------------


def test_only_planners_supervisors_and_administrators_may(api: httpx.Client) -> None:
    for actor in ("operator:01", "dispatcher:01", "grid_worker:01", "screen"):
        assert api.get("/api/whatif", headers={"X-Actor": actor}).status_code == 403
    assert api.get("/api/whatif", headers={"X-Actor": "centre:01"}).status_code == 200


def test_a_street_replays_its_own_cases_and_sees_no_whole_city(city: tuple[httpx.Client, str]) -> None:
    api, url = city
    with connect(url) as base:
        street, n = base.execute(
            "select areas ->> 'subdistrict', count(*) from cases where areas ? 'subdistrict' and reported_at > now() - "
            "interval '400 days' group by 1 order by 2 desc limit 1"
        ).fetchall()[0]
    own = {"X-Actor": f"street:{street}"}
    said = api.get("/api/whatif", params={"days": DAYS}, headers=own).json()
    assert said["cases"] == n < plan(api)["cases"]
    asked = {"since": said["since"], "until": said["until"], "gone": [said["teams"][0]["id"]]}
    elsewhere = {"area": "subdistrict:none"}
    begun = api.post("/api/whatif/runs", json=asked, headers=own, params=elsewhere)
    until(
        lambda: api.get(f"/api/whatif/runs/{begun.json()['id']}", headers=own).json().get("error"), "nothing to replay"
    )
    told = finished(api, api.post("/api/whatif/runs", json=asked, headers=own), headers=own)
    assert api.get(f"/api/whatif/{told['made']}", headers=own).json()["found"]["cases"] == n
    whole = ran(api, gone=[said["teams"][0]["id"]])
    api.patch(f"/api/whatif/{whole['id']}", json={"name": "全市", "shared": True})
    assert api.get(f"/api/whatif/{whole['id']}", headers=own).status_code == 404
    assert api.get(f"/tiles/whatif/{whole['id']}/5/26/12.mvt", headers=own).status_code == 404
    assert api.get("/api/whatif/saved", headers=own).json()["saved"] == []


def test_what_is_saved_is_ones_own_until_it_is_shared(api: httpx.Client) -> None:
    kept = ran(api, gone=[plan(api)["teams"][0]["id"]])
    at = f"/api/whatif/{kept['id']}"
    assert api.get(at, headers=OTHER).status_code == 404
    assert api.patch(at, json={"name": " 撤一队 "}).status_code == 200
    assert "撤一队" in [one["name"] for one in api.get("/api/whatif/saved").json()["saved"]]
    assert api.get(at, headers=OTHER).status_code == 404
    assert api.patch(at, json={"name": "撤一队", "shared": True}).status_code == 200
    seen = api.get(at, headers=OTHER, params={"lang": "en"}).json()
    assert (seen["mine"], seen["found"], seen["asked"]) == (False, kept["found"], kept["asked"])
    assert api.delete(at, headers=OTHER).status_code == 404
    another = ran(api, gone=[plan(api)["teams"][1]["id"]])
    assert api.patch(f"/api/whatif/{another['id']}", json={"name": "撤一队"}).status_code == 409
    assert api.delete(at).status_code == 204
    assert api.get(at).status_code == 404


# --- siting -------------------------------------------------------------------------------------------------------


def sited(api: httpx.Client, **wanted: Any) -> dict[str, Any]:
    said = plan(api)
    siting = {"department": busiest(api)["department"], **wanted}
    asked = {"since": said["since"], "until": said["until"], "siting": siting}
    return dict(finished(api, api.post("/api/whatif/sitings", json=asked))["answer"])


def test_places_are_better_than_none_and_become_teams(api: httpx.Client) -> None:
    found = sited(api, aim="mean", k=2)
    assert found["value"] <= found["before"]
    assert found["bound"] <= found["value"]
    assert found["proved"] == (found["gap"] == 0)
    assert found["by_road"]
    assert len(found["chosen"]) == 2
    assert {one["area"] for one in found["chosen"]} <= {"城关街道", "东关街道"}
    added = [{"like": one["like"], "at": one["at"]} for one in found["chosen"]]
    kept = ran(api, added=added)
    assert [load["team"] for load in kept["found"]["loads"] if load["team"] < 0]
    way = kept["found"]["figures"]["way"]["difference"][0]
    assert way <= 0


def test_covering_and_the_fewest_agree(api: httpx.Client) -> None:
    fewest = sited(api, aim="fewest", share=0.9, limit_min=8, anew=True, places="stations")
    assert fewest["before"] == 0
    if fewest["reached"]:
        assert fewest["value"] >= 0.9
        n = len(fewest["chosen"])
        most = sited(api, aim="most", k=n, limit_min=8, anew=True, places="stations")
        assert most["value"] >= fewest["value"] - 1e-9
        if n > 1 and fewest["proved"]:
            assert sited(api, aim="most", k=n - 1, limit_min=8, anew=True, places="stations")["value"] < 0.9


@pytest.mark.parametrize(
    "wanted", [{"aim": "best"}, {"aim": "mean", "k": 0}, {"aim": "most", "share": 2}, {"aim": "mean", "department": ""}]
)
def test_what_cannot_be_sought_is_refused(api: httpx.Client, wanted: dict[str, Any]) -> None:
    said = plan(api)
    asked = {"since": said["since"], "until": said["until"], "siting": {"department": "x", **wanted}}
    assert api.post("/api/whatif/sitings", json=asked).status_code == 422


# --- tiles and files ----------------------------------------------------------------------------------------------


def test_tiles_show_the_cells_that_the_result_counts(api: httpx.Client) -> None:
    kept = ran(api, gone=[busiest(api)["team"]], grid="h3-9")
    west, south, east, north = kept["cells"]["bounds"]
    column, row = (int(at) >> 21 for at in mercator_units(np.array([[(west + east) / 2, (south + north) / 2]]))[0])
    found: dict[Any, dict[str, Any]] = {}
    for x, y in ((column + dx, row + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
        tile = api.get(f"/tiles/whatif/{kept['id']}/11/{x}/{y}.mvt")
        if tile.status_code == 200:
            found |= {one.id: one.properties for one in read_tile(tile.content)["spot"].features}
            seen = {"if-none-match": tile.headers["etag"]}
            assert api.get(f"/tiles/whatif/{kept['id']}/11/{x}/{y}.mvt", headers=seen).status_code == 304
    assert len(found) == kept["cells"]["cells"]
    assert sum(one["n"] for one in found.values()) <= kept["found"]["both"]
    assert sum(one["c"] == 4 for one in found.values()) == kept["cells"]["loses"]


@pytest.mark.parametrize("form", ["xlsx", "geojson", "pdf"])
def test_a_result_is_a_file(api: httpx.Client, form: str) -> None:
    kept = ran(api, gone=[busiest(api)["team"]])
    begun = api.post("/api/whatif/files", params={"id": kept["id"], "format": form, "lang": "zh"})
    assert begun.status_code == 202, begun.text
    at = f"/api/whatif/files/{begun.json()['id']}"
    until(lambda: api.get(at).json()["ready"], "the file")
    file = api.get(f"{at}/file").content
    if form == "pdf":
        document = pypdfium2.PdfDocument(io.BytesIO(file))
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
        document.close()
        assert "平均到场时间" in text
        assert "撤掉队伍 1 支" in text
    elif form == "geojson":
        said = json.loads(file)
        assert len(said["features"]) == kept["cells"]["cells"]
        assert said["what_if"]["changes"] == ["撤掉队伍 1 支"]
    else:
        book = openpyxl.load_workbook(io.BytesIO(file))
        assert book.sheetnames == ["指标", "队伍", "方案与方法"]
        assert book["指标"].max_row == 1 + len(kept["found"]["figures"])
        assert book["队伍"].max_row == 1 + len(kept["found"]["loads"])
    assert api.post("/api/whatif/files", params={"id": kept["id"], "format": "doc"}).status_code == 422
