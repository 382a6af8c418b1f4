"""The city's own addresses are found again however they are written; the geocoder is geopy's."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
from geopy.location import Location

from dashboard.cli.geocode import Asked, beside
from data.database import Connection
from data.gazetteer.geocoder import Declared, GazetteerGeocoder
from data.gazetteer.index import Gazetteer, Place
from data.gazetteer.network import network_geocoder
from data.stores.gazetteer import load_gazetteer
from geo.crs import Crs, parse_crs
from geo.errors import NeedleError

ROADS = ("中山路", "人民路", "建国东路", "和平大街", "文昌西街")


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    places = [
        Place(
            f"{road}-{number}-{block}",
            f"安宁区望河街道{road}{number}号{block}号楼",
            116.9 + number / 1e4,
            39.7 + block / 1e4,
        )
        for road in ROADS
        for number in range(1, 60)
        for block in range(1, 8)
    ]
    return Gazetteer(places)


@pytest.mark.parametrize(
    ("written", "code", "level"),
    [
        ("安宁区望河街道中山路28号3号楼", "中山路-28-3", "building"),
        ("中山路28号3号楼", "中山路-28-3", "building"),
        ("安宁区 望河街道，中山路２８号３号楼", "中山路-28-3", "building"),
        ("安宁区望河街道建国东28号3号楼", "建国东路-28-3", "town"),
        ("望河街道和平大街41号6栋", "和平大街-41-6", "number"),
    ],
)
def test_an_address_is_found_however_it_is_written(gazetteer: Gazetteer, written: str, code: str, level: str) -> None:
    found = gazetteer.search(written)
    assert found[0].place.code == code
    assert found[0].level == level
    assert len(found) == 5
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_the_geocoder_answers_as_geopy_does_and_does_not_guess(gazetteer: Gazetteer) -> None:
    geocoder = GazetteerGeocoder(gazetteer)
    found = geocoder.geocode("人民路7号2号楼")
    assert isinstance(found, Location)
    assert (found.longitude, found.latitude) == (116.9007, 39.7002)
    assert found.raw["code"] == "人民路-7-2"
    assert geocoder.geocode("Elm Street 9") is None
    assert geocoder.geocode("路") is None
    near = geocoder.reverse((39.70021, 116.9007), exactly_one=False, limit=3)
    assert near is not None
    assert near[0].raw["metres"] == pytest.approx(1.1, abs=0.2)
    assert near[0].address.endswith("7号2号楼")


def test_an_answer_of_the_network_is_brought_out_of_its_datum() -> None:
    def ask(query: str, *, exactly_one: bool) -> Location | None:
        return Location(query, (39.7014, 116.9063), {}) if query != "nowhere" else None

    crs: Crs = parse_crs("gcj02", "test")
    found = Declared(ask, crs).geocode("中山路1号")
    assert found is not None
    lng, lat = crs.to_wgs84(np.array([116.9063]), np.array([39.7014]))
    assert (found.longitude, found.latitude) == pytest.approx((float(lng[0]), float(lat[0])))
    assert abs(found.longitude - 116.9063) > 0.003
    assert Declared(ask, crs).geocode("nowhere") is None


def test_buildings_of_the_city_become_its_gazetteer(connection: Connection) -> None:
    connection.execute(
        "insert into building (code, address, use, floors, height_m, geom, source_id) "
        "select 'B1', '中山路8号3号楼', 'residential', 6, 18, "
        "ST_MakeEnvelope(116, 39, 116.001, 39.001, 4326), null"
    )
    found = load_gazetteer(connection).search("中山路8号3栋")
    assert [one.place.code for one in found] == ["B1"]
    assert found[0].place.lng == pytest.approx(116.0005, abs=1e-3)


class Nominatim(BaseHTTPRequestHandler):
    """A Nominatim of one's own that knows one address."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)["q"][0]
        self.asked.append(query)
        known = [{"lat": "39.9", "lon": "116.4", "display_name": "远处路1号"}] if query == "远处路1号" else []
        self.send_response(503 if query == "坏" else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(known).encode())

    def log_message(self, *_said: object) -> None:
        """Nothing."""


@pytest.fixture
def nominatim() -> Iterator[str]:
    Nominatim.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Nominatim) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_network_is_asked_of_what_the_city_does_not_know_and_only_where_somebody_says_so(
    gazetteer: Gazetteer, nominatim: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    own, network = GazetteerGeocoder(gazetteer), network_geocoder("nominatim", nominatim, tmp_path)
    table = pd.DataFrame({"地址": ["中山路28号3号楼", "远处路1号", "远处路1号", "Elm Street 9", None]})
    alone = beside(Asked(own, None), table, "地址")
    assert alone["by"].fillna("").tolist() == ["gazetteer", "", "", "", ""]
    assert Nominatim.asked == []
    asked = beside(Asked(own, network), table, "地址")
    assert asked["by"].fillna("").tolist() == ["gazetteer", "nominatim", "nominatim", "", ""]
    assert asked["lng"].tolist()[1:3] == [116.4, 116.4]
    assert sorted(Nominatim.asked) == ["Elm Street 9", "远处路1号"]
    with pytest.raises(NeedleError) as raised:
        network.geocode("坏")
    assert raised.value.code == "geocode.network_failed"


@pytest.mark.parametrize(("name", "code"), [("", "geocode.network_unknown"), ("baidu", "delivery.secret_missing")])
def test_a_geocoder_that_is_not_set_up_is_refused(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(NeedleError) as raised:
        network_geocoder(name, "", tmp_path)
    assert raised.value.code == code
