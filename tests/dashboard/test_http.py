"""The operators' process over HTTP: what it answers, refuses and declares."""

from collections.abc import Iterator
from math import asinh, pi, radians, tan

import httpx
import pytest
import shapely

from data.demo.city import make_city
from data.demo.size import BLOCK
from geo.mvt_reading import read_tile

ZOOM = 13


@pytest.fixture
def client(served_city: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served_city, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def tile() -> str:
    """The address of the base tile in the middle of the city."""
    middle = shapely.union_all(make_city(BLOCK).jurisdictions.layer("district").polygons).representative_point()
    size = 2**ZOOM
    column = int((middle.x + 180) / 360 * size)
    row = int((1 - asinh(tan(radians(middle.y))) / pi) / 2 * size)
    return f"/tiles/base/{ZOOM}/{column}/{row}.mvt"


def test_the_first_page_is_the_wall(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/wall")


def test_an_unknown_address_of_ours_is_answered_as_such(client: httpx.Client) -> None:
    for address in ("/api/x", "/api/wall/x", "/tiles/x", "/ws/x", "/static/x"):
        for answer in (client.get(address), client.post(address)):
            assert (address, answer.status_code, answer.json()) == (address, 404, {"code": "request.unknown_address"})


def test_pages_declare_a_strict_policy(client: httpx.Client) -> None:
    answer = client.get("/wall")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert answer.status_code == 200
    assert policy["default-src"] == "'self'"
    assert "'unsafe-eval'" not in answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "http" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_tile_is_sent_once(client: httpx.Client, tile: str) -> None:
    sent = client.get(tile)
    assert (sent.status_code, sent.headers["content-type"]) == (200, "application/vnd.mapbox-vector-tile")
    assert len(sent.content) > 100
    kept = client.get(tile, headers={"If-None-Match": sent.headers["etag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    changed = client.get(tile, headers={"If-None-Match": '"of another city"'})
    assert changed.status_code == 200
    assert read_tile(changed.content).keys() == read_tile(sent.content).keys()


def test_tiles_of_nowhere(client: httpx.Client) -> None:
    assert client.get("/tiles/base/13/0/0.mvt").status_code == 204
    assert client.get("/tiles/base/1/9/9.mvt").status_code == 404
    assert client.get("/tiles/nothing/1/0/0.mvt").status_code == 404
