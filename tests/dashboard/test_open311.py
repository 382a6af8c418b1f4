"""The Open311 endpoint as its clients find it: the public package ``georeport``, and the standard's own words."""

import io
import secrets
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from georeport import GeoReport
from PIL import Image

from dashboard.rates import Rates
from data.database import connect
from data.settings import get_settings
from data.stores.channel_keys import load_keys, revoke_key, save_key
from data.stores.workbench import Workbench
from dispatch.open311.values import statuses
from dispatch.states import states
from dispatch.worker import Worker

SERVICE = "2026:event:09006"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Photos of a test go into the test's own folder."""
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


@pytest.fixture
def key(block_url: str) -> str:
    """A key of the 随手拍 app."""
    text = secrets.token_urlsafe(24)
    with connect(block_url) as connection:
        save_key(connection, text, "snap", "随手拍小程序", 60)
    return text


@pytest.fixture
def endpoint(served: str) -> str:
    return f"{served}/open311/v2"


@pytest.fixture
def client(endpoint: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=endpoint, trust_env=False) as client:
        yield client


@pytest.fixture
def place(block_url: str) -> dict[str, str]:
    """A point inside the block, as the standard names its axes."""
    with connect(block_url) as connection:
        found = connection.execute("select ST_X(geom), ST_Y(geom) from cases where geom is not null limit 1").fetchone()
    assert found is not None
    return {"long": f"{found[0]:.6f}", "lat": f"{found[1]:.6f}"}


def work_off(url: str) -> None:
    with Workbench(url) as bench:
        worker = Worker(bench)
        worker.refresh()
        while worker.handle_batch():
            pass


def post(client: httpx.Client, key: str, **fields: str) -> httpx.Response:
    return client.post("/requests.json", data={"api_key": key, "service_code": SERVICE, **fields})


def test_every_state_has_its_status_there() -> None:
    assert set(statuses()) == set(states())
    closed = {state for state, (status, _) in statuses().items() if status == "closed"}
    assert closed == {state.code for state in states().values() if state.terminal}


@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_unmodified_client_reads_services_and_requests(endpoint: str, form: str) -> None:
    city = GeoReport(endpoint, output_format=form)
    services = city.get_service_list()
    assert SERVICE in {service["service_code"] for service in services}
    definition = city.get_service_definition(SERVICE)
    assert definition["service_code"] == SERVICE
    listed = city.get_service_requests(status="open")
    assert listed
    assert {request["status"] for request in listed} == {"open"}
    one = city.get_service_request(listed[0]["service_request_id"])
    assert one["service_request_id"] == listed[0]["service_request_id"]
    assert {request["status"] for request in city.get_service_requests(status="closed")} == {"closed"}


def test_a_report_is_sent_followed_and_seen_in_full_only_by_its_channel(
    client: httpx.Client, block_url: str, key: str, place: dict[str, str]
) -> None:
    sent = post(client, key, description="路口有人占道卖菜", address_string="和平街 3 号", first_name="王", **place)
    assert sent.status_code == 200
    request_id = sent.json()[0]["service_request_id"]
    before = client.get(f"/requests/{request_id}.json").json()[0]
    assert (before["status"], before["extended_status"]) == ("open", "for_triage")

    work_off(block_url)
    own = client.get(f"/requests/{request_id}.json", params={"api_key": key}).json()[0]
    assert own["description"] == "路口有人占道卖菜"
    assert own["extended_status"] in {"action_scheduled", "investigating"}
    assert own["expected_datetime"]
    assert (own["lat"], own["long"]) == (float(place["lat"]), float(place["long"]))

    anyone = client.get(f"/requests/{request_id}.json").json()[0]
    assert (anyone["description"], anyone["address"]) == (None, None)
    assert anyone["lat"] == round(float(place["lat"]), 3)

    steps = [u for u in client.get("/servicerequestupdates.json").json() if u["service_request_id"] == request_id]
    assert steps[0]["status"] == "FOR_TRIAGE"
    assert [int(u["update_id"]) for u in steps] == sorted(int(u["update_id"]) for u in steps)
    assert client.get(f"/tokens/{request_id}.json").json()[0]["service_request_id"] == request_id


def test_the_senders_own_id_makes_a_repeated_post_the_same_request(
    client: httpx.Client, key: str, place: dict[str, str]
) -> None:
    fields = {"attribute[external_id]": "FMS-77", **place}
    first, second = post(client, key, **fields).json(), post(client, key, **fields).json()
    assert first == second
    other = client.post(
        "/requests.json", data={"api_key": key, "service_code": SERVICE, **place}, headers={"Idempotency-Key": "k-1"}
    )
    assert other.json() != first


def test_photos_come_along_and_only_the_channel_sees_them(
    client: httpx.Client, block_url: str, key: str, place: dict[str, str], home: Path
) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 40)).save(out, "JPEG")
    sent = client.post(
        "/requests.xml",
        data={"api_key": key, "service_code": SERVICE, **place},
        files={"media": ("a.jpg", out.getvalue(), "application/octet-stream")},
    )
    request_id = ElementTree.fromstring(sent.content).findtext("request/service_request_id")
    work_off(block_url)
    own = client.get(f"/requests/{request_id}.json", params={"api_key": key}).json()[0]
    photo = client.get(own["media_url"])
    assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
    assert len(list((home / "photos").rglob("*.jpg"))) == 1
    assert client.get(f"/requests/{request_id}.json").json()[0]["media_url"] is None
    bad = client.post(
        "/requests.json",
        data={"api_key": key, "service_code": SERVICE, **place},
        files={"media": ("a.jpg", b"MZ\x90\x00", "image/jpeg")},
    )
    assert bad.status_code == 400
    assert "not a readable photo" in bad.json()[0]["description"]


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"service_code": ""}, 400, "service_code is required"),
        ({"service_code": "no:such:matter"}, 400, "is not known"),
        ({"lat": "", "long": ""}, 400, "a location is required"),
        ({"lat": "91"}, 400, "between -90 and 90"),
        ({"lat": "north"}, 400, "must be a number"),
        ({"description": "长" * 4001}, 400, "longer than 4000"),
        ({"api_key": ""}, 403, "api_key is required"),
        ({"api_key": "guessed"}, 403, "not known"),
    ],
)
def test_refusals_are_worded_as_the_standard_does(
    client: httpx.Client, key: str, place: dict[str, str], fields: dict[str, str], status: int, says: str
) -> None:
    good = {"api_key": key, "service_code": SERVICE, **place}
    answer = client.post("/requests.json", data=good | fields)
    assert (answer.status_code, answer.json()[0]["code"]) == (status, str(status))
    assert says in answer.json()[0]["description"]
    as_xml = client.post("/requests.xml", data=good | fields)
    assert ElementTree.fromstring(as_xml.content).findtext("error/code") == str(status)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/requests/999999999.json", 404),
        ("/requests/abc.json", 404),
        ("/services/none.json", 404),
        ("/requests.yaml", 404),
        ("/requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-09-01T00:00:00Z", 400),
        ("/requests.json?start_date=2026-01-01T00:00:00", 400),
        ("/requests.json?status=pending", 400),
        ("/requests.json?page_size=5000", 400),
        ("/servicerequestupdates.json?end_date=yesterday", 400),
    ],
)
def test_wrong_questions(client: httpx.Client, address: str, status: int) -> None:
    assert client.get(address).status_code == status


def test_a_list_is_walked_page_by_page(client: httpx.Client) -> None:
    everything = client.get("/requests.json").json()
    pages = [client.get("/requests.json", params={"page": n, "page_size": 40}).json() for n in (1, 2)]
    assert [r["service_request_id"] for page in pages for r in page] == [
        r["service_request_id"] for r in everything[:80]
    ]


def test_discovery_names_this_endpoint(client: httpx.Client, endpoint: str) -> None:
    found = client.get("/discovery.json").json()
    assert found["endpoints"][0]["url"] == endpoint
    assert ElementTree.fromstring(client.get("/discovery.xml").content).findtext("endpoints/endpoint/url") == endpoint


def test_the_language_is_the_readers(client: httpx.Client) -> None:
    name = {
        "zh": client.get("/services.json"),
        "en": client.get("/services.json", headers={"Accept-Language": "en-GB"}),
    }
    found = {
        language: next(s["service_name"] for s in answer.json() if s["service_code"] == SERVICE)
        for language, answer in name.items()
    }
    assert found["zh"] == "占道经营"
    assert found["en"].isascii()


def test_a_revoked_key_opens_nothing(client: httpx.Client, block_url: str, key: str, place: dict[str, str]) -> None:
    assert post(client, key, **place).status_code == 200
    with connect(block_url) as connection:
        revoke_key(connection, load_keys(connection)[-1].id)
    assert post(client, key, **place).status_code == 403


def test_a_channel_is_held_to_its_rate() -> None:
    now = 0.0
    rates = Rates(clock=lambda: now)
    assert [rates.allows(1, 2) for _ in range(3)] == [True, True, False]
    assert rates.allows(2, 2)
    now = 30.0
    assert [rates.allows(1, 2) for _ in range(2)] == [True, False]
