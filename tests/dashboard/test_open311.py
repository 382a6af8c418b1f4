"""The Open311 endpoint as its clients find it: the public package ``georeport``, and the standard's own words."""

import asyncio
import io
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from georeport import GeoReport
from PIL import Image

from dashboard.open311_photos import signature
from dashboard.rates import Rates
from data.database import connect, open_pool
from data.settings import get_settings
from data.stores.channel_keys import load_keys, revoke_key, save_key
from data.stores.workbench import Workbench
from dispatch.casework import CaseDesk
from dispatch.commands import Command
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


@pytest.fixture(scope="module")
def read(served_city: str) -> Iterator[httpx.Client]:
    """A client of an endpoint at which nothing changes."""
    with httpx.Client(base_url=f"{served_city}/open311/v2", trust_env=False) as client:
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
def test_an_unmodified_client_reads_services_and_requests(served_city: str, form: str) -> None:
    city = GeoReport(f"{served_city}/open311/v2", output_format=form)
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


def jpeg(color: tuple[int, int, int] = (90, 120, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(out, "JPEG")
    return out.getvalue()


def test_photos_come_along_and_only_the_channel_sees_them(
    client: httpx.Client, block_url: str, key: str, place: dict[str, str], home: Path
) -> None:
    sent = client.post(
        "/requests.xml",
        data={"api_key": key, "service_code": SERVICE, **place},
        files={"media": ("a.jpg", jpeg(), "application/octet-stream")},
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


def test_a_photos_name_alone_shows_nothing(
    client: httpx.Client, block_url: str, key: str, place: dict[str, str]
) -> None:
    sent = client.post(
        "/requests.json", data={"api_key": key, "service_code": SERVICE, **place}, files={"media": ("a.jpg", jpeg())}
    )
    request_id = sent.json()[0]["service_request_id"]
    address = httpx.URL(client.get(f"/requests/{request_id}.json", params={"api_key": key}).json()[0]["media_url"])
    said = dict(address.params)
    bare = address.copy_with(query=None)
    other = secrets.token_urlsafe(24)
    with connect(block_url) as connection:
        save_key(connection, other, "12345", "另一个渠道", 60)

    assert client.get(bare).status_code == 403
    assert client.get(bare, params={"api_key": other}).status_code == 403
    assert client.get(bare, params={"api_key": key}).status_code == 200
    past = str(int(said["until"]) - 30 * 3600)
    for forged in (
        {"until": past},
        {"until": "9" * 11},
        {"signature": "0" * 64},
        {"key": "x"},
        {"signature": "\u4e00"},
    ):
        assert client.get(bare, params=said | forged).status_code == 403
    unknown = bare.copy_with(path=bare.path.rsplit("/", 1)[0] + "/" + "0" * 64)
    assert client.get(unknown, params=said).status_code == 403
    assert client.get(unknown, params={"api_key": key}).status_code == 403

    assert client.get(address).status_code == 200
    with connect(block_url) as connection:
        revoke_key(connection, int(said["key"]))
    assert client.get(address).status_code == 403, "the address ends with its key"


def test_an_address_ends_with_its_day() -> None:
    secret, until = b"k" * 32, 1_800_000_000
    proof = signature(secret, "a" * 64, until)
    assert proof != signature(secret, "a" * 64, until + 1)
    assert proof != signature(secret, "b" * 64, until)
    assert proof != signature(b"l" * 32, "a" * 64, until)


def opened(client: httpx.Client, block_url: str, key: str, place: dict[str, str]) -> str:
    """A request that has become a case; its id."""
    sent = post(client, key, description="路口有人占道卖菜", **place)
    work_off(block_url)
    return str(sent.json()[0]["service_request_id"])


def update(client: httpx.Client, key: str, form: str = "json", **fields: str) -> httpx.Response:
    said = {"api_key": key, "update_id": "u-1", "description": "又来了三个摊位", "status": "OPEN", **fields}
    return client.post(f"/servicerequestupdates.{form}", data=said)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_sender_adds_words_and_a_photo_once_and_reads_them_back(
    client: httpx.Client, block_url: str, key: str, place: dict[str, str], form: str
) -> None:
    request_id = opened(client, block_url, key, place)
    said = {"api_key": key, "service_request_id": request_id, "update_id": "FMS-9", "description": "又来了三个摊位"}
    answers = [
        client.post(f"/servicerequestupdates.{form}", data=said, files={"photo": ("b.jpg", jpeg((9, 9, 200)))})
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    if form == "xml":
        update_id = ElementTree.fromstring(answers[0].content).findtext("request_update/update_id")
    else:
        update_id = answers[0].json()[0]["update_id"]
    with connect(block_url) as connection:
        remarks = connection.execute(
            "select id from case_event where action = 'remark' and payload ->> 'once' = 'snap:FMS-9'"
        )
        assert [str(id) for (id,) in remarks.fetchall()] == [update_id]

    of_request = {"service_request_id": request_id}
    own = client.get("/servicerequestupdates.json", params={"api_key": key, **of_request}).json()
    (added,) = [u for u in own if u["update_id"] == update_id]
    assert added["description"] == "又来了三个摊位"
    assert client.get(added["media_url"]).headers["content-type"] == "image/jpeg"
    anyone = client.get("/servicerequestupdates.json", params=of_request).json()
    assert {u["service_request_id"] for u in anyone} == {request_id}
    assert "又来了三个摊位" not in str(anyone)
    assert {u["media_url"] for u in anyone} == {None}


def test_fixed_closes_nothing_and_open_reopens_what_was_closed(
    client: httpx.Client, block_url: str, key: str, place: dict[str, str]
) -> None:
    request_id = opened(client, block_url, key, place)
    assert update(client, key, service_request_id=request_id, status="FIXED").status_code == 200
    before = client.get(f"/requests/{request_id}.json").json()[0]
    assert before["status"] == "open"
    close(block_url, int(request_id))
    assert client.get(f"/requests/{request_id}.json").json()[0]["status"] == "closed"
    for _ in range(2):
        assert update(client, key, service_request_id=request_id, update_id="u-2").status_code == 200
    after = client.get(f"/requests/{request_id}.json").json()[0]
    assert (after["status"], after["extended_status"]) == ("open", "reopen")


def close(url: str, request_id: int) -> None:
    """Bring the case of a request to its end as the people in it would."""
    with connect(url) as connection:
        case_id, department, team = connection.execute(
            "select cases.id, department_code, team_id from cases join report on case_id = cases.id where report.id = %s",
            (request_id,),
        ).fetchone() or (0, "", 0)
    steps = (
        ("sign", f"department:{department}"),
        ("assign", f"department:{department}"),
        ("finish", f"team:{team}"),
        ("confirm", f"department:{department}"),
        ("request_check", "operator:li"),
        ("pass_check", "grid_worker:wang"),
        ("close", "operator:li"),
    )

    async def give() -> None:
        async with open_pool(url) as pool:
            for action, actor in steps:
                await CaseDesk(pool).give(case_id, Command(action, actor, None, {"team": team}), datetime.now(UTC))

    asyncio.run(give())


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"update_id": ""}, 400, "update_id is required"),
        ({"description": " "}, 400, "description is required"),
        ({"description": "长" * 2001}, 400, "longer than 2000"),
        ({"status": "PENDING"}, 400, "status must be one of"),
        ({"updated_datetime": "2026-11-24T10:00:00"}, 400, "lacks its time zone"),
        ({"service_request_id": "999999999"}, 404, "is not known"),
        ({"api_key": ""}, 403, "api_key is required"),
    ],
)
def test_an_update_that_makes_no_sense_is_refused(
    client: httpx.Client, key: str, place: dict[str, str], fields: dict[str, str], status: int, says: str
) -> None:
    request_id = post(client, key, **place).json()[0]["service_request_id"]
    answer = update(client, key, **{"service_request_id": request_id} | fields)
    assert (answer.status_code, answer.json()[0]["code"]) == (status, str(status))
    assert says in answer.json()[0]["description"]


def test_only_the_channel_of_a_request_may_add_to_it(
    client: httpx.Client, block_url: str, key: str, place: dict[str, str]
) -> None:
    request_id = opened(client, block_url, key, place)
    other = secrets.token_urlsafe(24)
    with connect(block_url) as connection:
        save_key(connection, other, "12345", "热线平台", 60)
    assert update(client, other, service_request_id=request_id).status_code == 403


def test_updates_are_walked_page_by_page(read: httpx.Client) -> None:
    span = {"start_date": (datetime.now(UTC) - timedelta(days=60)).isoformat()}
    everything = read.get("/servicerequestupdates.json", params=span).json()
    pages = [read.get("/servicerequestupdates.json", params=span | {"page": n, "page_size": 30}).json() for n in (1, 2)]
    assert len(everything) > 60
    assert [u["update_id"] for page in pages for u in page] == [u["update_id"] for u in everything[:60]]


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
        ("/servicerequestupdates.json?start_date=2026-01-01T00:00:00Z&end_date=2026-09-01T00:00:00Z", 400),
        ("/servicerequestupdates.json?page_size=5000", 400),
    ],
)
def test_wrong_questions(read: httpx.Client, address: str, status: int) -> None:
    assert read.get(address).status_code == status


def test_a_list_is_walked_page_by_page(read: httpx.Client) -> None:
    everything = read.get("/requests.json").json()
    pages = [read.get("/requests.json", params={"page": n, "page_size": 40}).json() for n in (1, 2)]
    assert [r["service_request_id"] for page in pages for r in page] == [
        r["service_request_id"] for r in everything[:80]
    ]


def test_discovery_names_this_endpoint(read: httpx.Client) -> None:
    endpoint = str(read.base_url).rstrip("/")
    found = read.get("/discovery.json").json()
    assert found["endpoints"][0]["url"] == endpoint
    assert ElementTree.fromstring(read.get("/discovery.xml").content).findtext("endpoints/endpoint/url") == endpoint


def test_the_language_is_the_readers(read: httpx.Client) -> None:
    name = {
        "zh": read.get("/services.json"),
        "en": read.get("/services.json", headers={"Accept-Language": "en-GB"}),
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
