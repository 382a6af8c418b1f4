"""The registry over HTTP: numbers of too few never leave, departments get what their purpose needs, every reading is noted."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from dashboard.cast import Cast
from data.cluster import Cluster
from data.database import connect
from geo.mvt_columns import mercator
from geo.mvt_reading import read_tile
from tests.dashboard.conftest import Served
from tests.dashboard.registry_block import EACH, Block, fill
from tests.patience import PATIENCE_S, until


class Registry:
    """A served block with a registry, and clients by actor."""

    def __init__(self, address: str, url: str, block: Block) -> None:
        self.address, self.url, self.block, self.cast = address, url, block, Cast(url)

    def client(self, actor: str = "admin") -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=self.cast.headers(actor), trust_env=False)

    def get(self, path: str, actor: str = "admin", **query: Any) -> Any:
        with self.client(actor) as client:
            answered = client.get(path, params=query)
            assert answered.status_code == 200, answered.text
            return answered.json()

    def key(self, **more: Any) -> str:
        with connect(self.url) as connection:
            row = connection.execute("select code from department order by code limit 1").fetchone()
        assert row is not None
        wanted = {
            "department": row[0],
            "holder": "test",
            "purposes": ["elderly_care"],
            "per_minute": 600,
            "rows_a_day": 900,
        }
        with self.client() as client:
            made = client.post("/api/registry/keys", json=wanted | more)
        assert made.status_code == 201, made.text
        return str(made.json()["key"])

    def call(self, path: str, key: str | None, **query: Any) -> httpx.Response:
        headers = {} if key is None else {"X-API-Key": key}
        return httpx.get(self.address + path, headers=headers, params=query, trust_env=False)


@pytest.fixture(scope="module")
def registry(cluster: Cluster, block_template: str) -> Iterator[Registry]:
    url = cluster.copy_database(block_template, "registry_http")
    block = fill(url)
    with Served(url, signed_in=False) as server:
        found = Registry(server.address, url, block)
        with found.client() as client:
            until(lambda: client.get("/api/registry").json().get("bounds") is not None, "the registry and the ground")
        yield found
    cluster.drop_database("registry_http")


def test_numbers_of_too_few_are_never_sent(registry: Registry) -> None:
    said = registry.get("/api/registry", level="cell")
    assert said["total"]["person"]["n"] == EACH * 3 + 2
    assert said["total"]["household"]["n"] is None
    tile = drawn(registry)
    told = [feature.properties for feature in tile]
    assert sorted(one["n"] for one in told if "n" in one) == [EACH] * 2
    assert [one for one in told if "few" in one] == [{"few": 1}] * 2, "one is kept back so that the total tells nothing"
    bands = registry.get("/api/registry/pyramid")["bands"]
    assert all(band[sex] is None or band[sex] == 0 or band[sex] >= 5 for band in bands for sex in ("male", "female"))


@pytest.mark.parametrize(
    ("typed", "at"),
    [("王建国", 0), ("wjg", 0), ("建国", 0), ("2222", 0), ("wangjianguo", 0), ("00007", 7), ("王第9", 9)],
)
def test_a_record_is_found_by_any_word_of_it(registry: Registry, typed: str, at: int) -> None:
    def first() -> bool:
        found = registry.get("/api/registry/search", q=typed)["found"]
        return bool(found) and found[0]["code"] == registry.block.persons[at]

    until(first, f"{typed} to find person {at}")


def test_a_place_is_found_and_nobody_finds_what_is_not_theirs(registry: Registry) -> None:
    def there() -> bool:
        found = registry.get("/api/registry/search", q="长河路1号院")["found"]
        return registry.block.household in {line["code"] for line in found}

    until(there, "the address to find its household")
    assert registry.get("/api/registry/search", q="龘龘 0000")["found"] == []


def drawn(registry: Registry) -> Any:
    """The features of the tile of zoom 14 over the first building."""
    place = registry.get(f"/api/registry/at/{registry.block.buildings[0][0]}")["at"]
    x, y = mercator(np.array([place[0]]), np.array([place[1]]))
    column, row = int(x[0]) >> 18, int(y[0]) >> 18
    with registry.client() as client:
        answered = client.get(f"/tiles/registry/building/person/14/{column}/{row}.mvt")
    return read_tile(answered.content)["building"].features


def test_a_record_says_why_and_masks_what_no_purpose_needs(registry: Registry) -> None:
    code = registry.block.persons[0]
    plain = {field["name"]: field for field in registry.get(f"/api/registry/records/{code}")["fields"]}
    assert plain["phone"]["value"] == "138••••2222"
    assert plain["diseases"]["value"] == "••••"
    assert [claim["reason"] for claim in plain["phone"]["claims"]] == ["stands", "outdated"]
    said = registry.get(f"/api/registry/records/{code}", purpose="elderly_care", lang="en")
    seen = {field["name"]: field["value"] for field in said["fields"]}
    assert (seen["phone"], seen["diseases"]) == ("13811112222", "Diabetes")
    assert [read["purpose"] for read in said["reads"]] == ["Care of the elderly", "look"]
    assert [relation["code"] for relation in said["relations"]] == [registry.block.household]
    with registry.client() as client:
        wanted = {"field": "phone", "value": "13700001111", "reason": "visited"}
        assert client.post(f"/api/registry/records/{code}/corrections", json=wanted).status_code == 201
    assert "phone" in {field["name"] for field in registry.get(f"/api/registry/records/{code}")["fields"]}


def test_a_worker_of_another_street_sees_nothing_here(registry: Registry) -> None:
    with connect(registry.url) as connection:
        row = connection.execute(
            "select code from area join generation on generation.id = generation_id where layer = 'subdistrict'"
            " and code <> %s limit 1",
            [registry.block.buildings[0][2]],
        ).fetchone()
    assert row is not None
    assert registry.get("/api/registry", actor=f"street:{row[0]}")["total"]["person"]["n"] == 0
    with registry.client(f"street:{row[0]}") as client:
        assert client.get(f"/api/registry/records/{registry.block.persons[0]}").json()["code"] == "registry.unknown"


def test_pairs_are_merged_and_taken_back(registry: Registry) -> None:
    queue = registry.get("/api/registry/review")
    doubt = queue["doubts"][0]
    assert {line["field"]: line["weight"] for line in doubt["lines"] if line["weight"]} == {"phone": 9.0, "room": -3.0}
    with registry.client() as client:
        assert client.post(f"/api/registry/review/{doubt['id']}", json={"same": True}).json()["merge"] is not None
        assert client.get("/api/registry/review").json()["waiting"] == 0
        assert client.post(f"/api/registry/review/{doubt['id']}", json={"same": True}).status_code == 409
        assert client.post(f"/api/registry/review/{doubt['id']}/undo").status_code == 200
        assert client.post(f"/api/registry/review/{doubt['id']}", json={"same": False}).status_code == 200
        assert client.post(f"/api/registry/review/{doubt['id']}/undo").status_code == 200
    assert registry.get("/api/registry/review")["waiting"] == 1


def test_departments_get_what_their_purpose_needs_and_the_sources_allowed(registry: Registry) -> None:
    key = registry.key(purposes=["elderly_care", "epidemic"])
    persons = "/registry/api/persons"
    refused = [
        registry.call(persons, None),
        registry.call(persons, "wrong", purpose="epidemic"),
        registry.call(persons, key),
    ]
    assert [answer.status_code for answer in refused] == [401, 403, 422]
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in refused)
    assert registry.call(persons, key, purpose="census").json()["code"] == "registry.purpose_refused"
    assert registry.call(persons, key, purpose="epidemic", credit_code="x").json()["code"] == "registry.parameter"
    cared = registry.call(persons, key, purpose="elderly_care", name="王建国").json()["records"][0]["fields"]
    assert cared["diseases"]["value"] == ["sugar"]
    assert "id_number" not in cared
    ill = registry.call(persons, key, purpose="epidemic", name="王建国").json()["records"][0]["fields"]
    assert "diseases" not in ill
    found = registry.call(persons, key, purpose="epidemic", limit=15).json()
    assert len(found["records"]) == 15
    assert found["next"]
    reads = registry.get(f"/api/registry/records/{registry.block.persons[0]}")["reads"]
    assert "department" in {read["reader"] for read in reads}
    assert registry.call("/registry/api/openapi.json", None).json()["openapi"] == "3.1.0"
    assert "elderly_care" in registry.call("/registry/api/docs", None).text


def test_keys_end_at_their_limits(registry: Registry) -> None:
    slow = registry.key(per_minute=1)
    assert registry.call("/registry/api/persons", slow, purpose="elderly_care", limit=1).status_code == 200
    late = registry.call("/registry/api/persons", slow, purpose="elderly_care", limit=1)
    assert (late.status_code, late.headers["retry-after"]) == (429, "60")
    small = registry.key(rows_a_day=3)
    assert len(registry.call("/registry/api/persons", small, purpose="elderly_care").json()["records"]) == 3
    assert registry.call("/registry/api/persons", small, purpose="elderly_care").json()["code"] == "registry.rows_used"


#: In a process of its own: GDAL holds Python's lock while it waits for the server, which is a thread of ours.
GDAL = """
import json, sys, pyogrio
source = sys.argv[1]
layers = [str(name) for name, _ in pyogrio.list_layers(source)]
everybody = pyogrio.read_dataframe(source, layer="persons")
near = pyogrio.read_dataframe(source, layer="persons", bbox=everybody.geometry.iloc[0].buffer(1e-7).bounds)
print(json.dumps([layers, len(everybody), everybody.crs.to_epsg(), len(near)]))
"""


def test_gdal_reads_the_registry_as_features(registry: Registry, tmp_path: Path) -> None:
    headers = tmp_path / "headers"
    headers.write_text(f"X-API-Key: {registry.key()}\nX-Purpose: elderly_care\n", encoding="ascii")
    command = [sys.executable, "-c", GDAL, f"OAPIF:{registry.address}/registry/ogc"]
    done = subprocess.run(
        command,
        env=os.environ | {"GDAL_HTTP_HEADER_FILE": str(headers)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    layers, people, epsg, near = json.loads(done.stdout)
    assert {"persons", "enterprises", "density"} <= set(layers)
    assert (people, epsg) == (EACH * 3 + 2, 4326)
    assert 2 <= near < people


def test_a_table_is_imported_by_who_may_under_what_its_source_allows(registry: Registry) -> None:
    content = "姓名,身份证号\n李时珍,310101190002280021\n坏人,12\n".encode()
    with registry.client("operator") as client:
        assert client.post("/api/registry/import/tables?name=a.csv", content=content).status_code == 403
    with registry.client() as client:
        assert client.post("/api/registry/import/tables?name=a.exe", content=b"MZ").status_code == 422
        brought = client.post("/api/registry/import/tables?name=a.csv", content=content).json()
        assert (brought["kind"], brought["bad"], brought["rows"]) == ("person", 1, 2)
        address = f"/api/registry/import/tables/{brought['table']}"
        wanted = {"kind": "person", "mapping": brought["mapping"], "verification": "document", "consent": "c-77"}
        assert client.post(f"{address}/run", json=wanted | {"purposes": ["nothing"]}).status_code == 422
        assert client.post(f"{address}/run", json=wanted | {"mapping": {}}).status_code == 422
        begun = client.post(f"{address}/run", json=wanted | {"purposes": ["elderly_care"]}).json()
        job = f"/api/registry/import/jobs/{begun['id']}"
        outcome = until(lambda: client.get(job).json()["outcome"], "the import")
        assert outcome == {"new": 1, "known": 0, "again": 0, "rejected": 1}
        assert "坏人" in client.get(f"{job}/rejects.csv").content.decode("utf-8-sig")
        again = client.post(f"{address}/run", json=wanted | {"purposes": ["elderly_care"]}).json()
        outcome = until(lambda: client.get(f"/api/registry/import/jobs/{again['id']}").json()["outcome"], "it again")
        assert (outcome["new"], outcome["again"]) == (0, 1)
    with registry.client("steward:2") as other:
        assert other.get(job).status_code == 404
    with connect(registry.url) as connection:
        said = connection.execute(
            "select s.purposes, s.consent, s.by, c.verification from registry_source s"
            " join registry_claim c on c.source_id = s.id where c.value = '\"李时珍\"'"
        ).fetchall()
        noted = connection.execute(
            "select detail ->> 'new' from audit_entry where action = 'registry.import' order by id"
        ).fetchall()
    assert said == [(["elderly_care"], "c-77", "admin", "document")]
    assert noted == [("1",), ("0",)]


def test_a_merge_is_taken_back_from_the_record_and_stays_so(registry: Registry) -> None:
    with registry.client() as client:
        (doubt,) = client.get("/api/registry/review").json()["doubts"]
        merge = client.post(f"/api/registry/review/{doubt['id']}", json={"same": True}).json()["merge"]
        record = client.get(f"/api/registry/records/{doubt['left']}").json()
        (standing,) = [one for one in record["merges"] if one["undone_at"] is None]
        assert standing["id"] == merge
        assert [one["en"] for one in standing["evidence"]] == ["same telephone", "another room"]
        address = f"/api/registry/records/merges/{merge}/undo"
        with registry.client("operator") as other:
            assert other.post(address).status_code == 403
        assert client.post(address).status_code == 200
        assert client.post(address).status_code == 409
        assert client.post("/api/registry/records/merges/999999/undo").status_code == 404
        both = [client.get(f"/api/registry/records/{doubt[side]}").json()["code"] for side in ("left", "right")]
        assert both == [doubt["left"], doubt["right"]], "each stands for itself again"
