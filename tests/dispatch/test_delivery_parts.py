"""The parts of delivering: signatures, addresses that may be called, pauses, connector files."""

import base64
import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.delivery.addresses import GuardedTransport, check_url, may_reach, networks
from dispatch.delivery.connectors import STATUSES, as_settings, make_connector, parse_connector
from dispatch.delivery.schedule import PAUSES, next_try
from dispatch.delivery.signing import secret_bytes, sign, verify
from geo.errors import NeedleError

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def test_the_standards_own_example() -> None:
    """Standard Webhooks, reference libraries: this secret, id, time and body give this signature."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(max_size=200), st.text(alphabet="abcdef_0123456789", min_size=1, max_size=40))
def test_what_is_signed_is_taken(body: bytes, message_id: str) -> None:
    assert verify(SECRET, sign(SECRET, message_id, NOW, body), body, NOW) == message_id


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_other"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-id": ""},
    ],
)
def test_what_was_tampered_with_is_refused(change: dict[str, str]) -> None:
    headers = sign(SECRET, "evt_1_2", NOW, b"{}") | change
    with pytest.raises(NeedleError) as refused:
        verify(SECRET, headers, b"{}", NOW)
    assert refused.value.code == "delivery.signature"


def test_another_body_and_an_old_message_are_refused() -> None:
    headers = sign(SECRET, "evt_1_2", NOW, b"{}")
    for body, now in ((b"{ }", NOW), (b"{}", NOW + timedelta(minutes=6)), (b"{}", NOW - timedelta(minutes=6))):
        with pytest.raises(NeedleError):
            verify(SECRET, headers, body, now)


@pytest.mark.parametrize("secret", ["", "whsec_", "short", "whsec_AAAA", "not base64!" * 4])
def test_a_weak_secret_is_no_secret(secret: str) -> None:
    with pytest.raises(NeedleError) as refused:
        secret_bytes(secret)
    assert refused.value.code == "delivery.secret_malformed"


INTERNAL = (
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "100.64.0.1", "::1",
    "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "255.255.255.255", "64:ff9b:1::1", "64:ff9b::a00:1",
    "2002:a00:1::1",
)  # fmt: skip


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_out_of_reach(address: str) -> None:
    assert not may_reach(ipaddress.ip_address(address), ())


def test_a_network_that_was_named_is_within_reach() -> None:
    allowed = networks("10.20.0.0/16, 192.168.7.4")
    reached = {
        a
        for a in ("10.20.3.4", "10.21.0.1", "192.168.7.4", "192.168.7.5")
        if may_reach(ipaddress.ip_address(a), allowed)
    }
    assert reached == {"10.20.3.4", "192.168.7.4"}
    assert may_reach(ipaddress.ip_address("93.184.216.34"), ())


@pytest.mark.parametrize("text", ["10.0.0.1/8", "intranet", "10.0.0.0/99"])
def test_a_malformed_network(text: str) -> None:
    with pytest.raises(NeedleError) as refused:
        networks(text)
    assert refused.value.code == "delivery.network_malformed"


@pytest.mark.parametrize(
    "url",
    ["ftp://a.cn/x", "file:///etc/passwd", "http://", "a.cn", "http://user:word@a.cn", "http://a.cn:0/", "http://[::1"],
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(NeedleError) as refused:
        check_url(url)
    assert refused.value.code == "delivery.address_refused"


async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent() -> None:
    async with httpx.AsyncClient(transport=GuardedTransport(())) as client:
        for url in ("http://localhost:9/", "http://127.1:9/", "http://2130706433:9/"):
            with pytest.raises(NeedleError) as refused:
                await client.get(url)
            assert refused.value.code == "delivery.address_refused"


def test_pauses_grow_and_end() -> None:
    pauses = [next_try(tries, NOW) for tries in range(1, len(PAUSES) + 2)]
    assert pauses[-1] is None
    known = [at - NOW for at in pauses if at is not None]
    assert known == sorted(known)
    assert sum(known, timedelta()) > timedelta(days=2)
    assert next_try(1, NOW, timedelta(hours=1)) == NOW + timedelta(hours=1)
    assert next_try(5, NOW, timedelta(seconds=1)) == NOW + PAUSES[4]


CONNECTOR = """
name = "chengguan"
kind = "open311"
url = "https://cg.example.gov.cn/open311/v2/"
department = "cg"
secret = "chengguan"
[services]
"2026:event:09*" = "STREET"
"2026:*" = "OTHER"
"2026:event:09006" = "HAWKER"
[statuses]
done = ["sign", "assign", "finish", "confirm"]
"""


def test_a_connector_reads_translates_and_comes_back_the_same() -> None:
    connector = parse_connector(CONNECTOR)
    assert connector.url == "https://cg.example.gov.cn/open311/v2"
    codes = {
        "2026:event:09006": "HAWKER",
        "2026:event:09001": "STREET",
        "2026:component:01001": "OTHER",
        "2013:event:01001": None,
    }
    assert {matter: connector.service_of(matter) for matter in codes} == codes
    assert connector.statuses == {"done": ("sign", "assign", "finish", "confirm")}
    assert make_connector(as_settings(connector)) == connector


def test_a_connector_without_words_of_its_own_takes_the_usual() -> None:
    said = {"name": "a", "kind": "webhook", "url": "https://a.cn/hook"}
    assert make_connector(said).statuses == STATUSES


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"name": ""}, "name"),
        ({"kind": "soap"}, "kind"),
        ({"url": None}, "url"),
        ({"department": None}, "department"),
        ({"services": {"*": 3}}, "services"),
        ({"statuses": {"done": ["fly"]}}, "fly"),
        ({"statuses": {"done": "finish"}}, "statuses"),
        ({"colour": "red"}, "colour"),
        ({"secret": 5}, "secret"),
    ],
)
def test_a_wrong_connector_says_which_field(change: dict[str, Any], names: str) -> None:
    good = as_settings(parse_connector(CONNECTOR))
    with pytest.raises(NeedleError) as refused:
        make_connector(good | change)
    assert refused.value.code == "delivery.connector_invalid"
    assert names in refused.value.sentence("en")


def test_a_broken_file_says_where() -> None:
    with pytest.raises(NeedleError) as refused:
        parse_connector("kind = 'webhook'\nname = nobody")
    assert "line 2" in refused.value.sentence("en")
