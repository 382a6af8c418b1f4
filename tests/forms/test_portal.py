"""The portal's process: what its role may do in the mailbox, and what it answers."""

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest

from data.cluster import Cluster
from data.database import connect, open_pool
from data.portal.courier_side import CourierSide
from data.portal.mailbox import make_in, portal_url
from data.settings import Settings
from forms.keys import KeyRing
from forms.letters import pack
from forms.portal.app import ADDRESS_PER_MINUTE, DEVICE_PER_MINUTE, MAX_MAIL_BYTES, create_app
from forms.sealing import mail_id_of, open_letter, reply_key_of, seal_letter, seal_reply
from geo.errors import NeedleError
from tests.forms.conftest import Mailbox

CODE = "E6QN9PDKJ1YHTEX435B0"
MAIL = mail_id_of(CODE)
OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture
async def courier(mailbox: Mailbox, keys: KeyRing) -> AsyncIterator[CourierSide]:
    """The courier's side, its key published."""
    async with open_pool(mailbox.owner) as pool:
        side = CourierSide(pool)
        await side.publish_key(*keys.newest)
        yield side


@pytest.fixture
async def portal(mailbox: Mailbox, courier: CourierSide) -> AsyncIterator[httpx.AsyncClient]:
    """The portal, spoken to as a phone does."""
    app = create_app(mailbox.portal)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            yield client


async def sealed(
    portal: httpx.AsyncClient, plain: bytes, mail_id: str = MAIL, kind: str = "report"
) -> tuple[str, bytes]:
    """A letter sealed to the key that the portal shows: the address to put it at, and its content."""
    key = (await portal.get("/api/key")).json()
    address = f"/api/mail/{mail_id}?kind={kind}&key={key['key_id']}"
    return address, seal_letter(plain, base64.b64decode(key["public_key"]), mail_id, kind)


@pytest.mark.parametrize(
    "statement",
    [
        "select sealed from mailbox.mail",
        "select sender from mailbox.mail",
        "delete from mailbox.mail",
        "update mailbox.mail set tries = 9",
        "insert into mailbox.reply (id, problem) values (repeat('0', 32), 'x')",
        "insert into mailbox.government_key (key_id, public_key) values (repeat('0', 16), decode(repeat('00', 65), 'hex'))",
        "update mailbox.paper set body = ''",
        "create table mailbox.mine (x int)",
        "create table public.mine (x int)",
        "create temporary table mine (x int)",
        "create role other",
        "copy mailbox.reply to program 'cat'",
        "select * from mailbox.link",
        "select hash from mailbox.link",
        "select prefill from mailbox.link",
        "select * from mailbox.link_use",
        "select * from mailbox.outreach",
        "select * from mailbox.opt_out",
        "update mailbox.link set uses = 0",
        "update mailbox.link set revoked = false",
        "update mailbox.link_use set given_back = true",
        "delete from mailbox.link_use",
        "delete from mailbox.reply",
        "insert into mailbox.link_use (mail_id, link_id) values (repeat('0', 32), 1)",
        "insert into mailbox.mail (id, kind, key_id, sealed, sender, link_id)"
        " values (repeat('0', 32), 'answer', repeat('0', 16), decode(repeat('00', 90), 'hex'), 'somebody', 1)",
        "select mailbox.use_link('', '', '', '', '') from mailbox.link",
        "select mailbox.link_state(row(1, 1, 'a', '', '', '', 1, 1, now(), false)::mailbox.link)",
        "create function mailbox.mine() returns int language sql as 'select 1'",
        "grant select on mailbox.mail to portal",
        "alter table mailbox.mail disable trigger all",
        "set role needle",
        "select pg_read_file('/etc/passwd')",
    ],
)
def test_the_portals_role_may_not(mailbox: Mailbox, statement: str) -> None:
    with connect(mailbox.portal) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_what_the_portals_role_can_do_is_this_and_no_more(mailbox: Mailbox) -> None:
    """Every right on every table, column and function, as PostgreSQL counts them."""
    tables = """
        select relname || ' ' || right_ from pg_class, unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as right_
         where relnamespace = 'mailbox'::regnamespace and relkind = 'r' and has_table_privilege('portal', oid, right_)"""
    columns = """
        select attrelid::regclass || '.' || attname || ' ' || right_
          from pg_attribute join pg_class on pg_class.oid = attrelid, unnest(array['select', 'insert', 'update']) as right_
         where relnamespace = 'mailbox'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
           and has_column_privilege('portal', attrelid, attnum, right_) and not has_table_privilege('portal', attrelid, right_)"""
    functions = """
        select proname from pg_proc
         where pronamespace = 'mailbox'::regnamespace and has_function_privilege('portal', oid, 'execute')"""
    with connect(mailbox.owner) as connection:
        found = [{row[0] for row in connection.execute(query)} for query in (tables, columns, functions)]
    assert found[0] == {f"{name} select" for name in ("version", "government_key", "reply", "paper", "sheet")}
    taken = {f"mailbox.mail.{name} insert" for name in ("id", "kind", "key_id", "sealed", "sender")}
    assert found[1] == taken | {f"mailbox.mail.{name} select" for name in ("id", "received_at")}
    assert found[2] == {"look_at_link", "use_link", "use_links", "opt_out_by_link"}


def test_the_portals_role_finds_a_link_by_its_token_only(mailbox: Mailbox) -> None:
    """Functions that look for it are handed one hash: none lists links, and no pattern reaches several."""
    with connect(mailbox.owner) as connection:
        connection.execute("insert into mailbox.outreach values (1, 'f', 't', 'a', now() + interval '1 day')")
        for number in (1, 2):
            connection.execute(
                "insert into mailbox.link (id, outreach_id, kind, hash, prefill, expires_at, revoked)"
                " values (%s, 1, 'person', %s, 'sealed', now() + interval '1 day', false)",
                [number, bytes([number]) * 32],
            )
    with connect(mailbox.portal) as connection:
        look = "select count(*) from mailbox.look_at_link(%s)"
        assert connection.execute(look, [b"\x01" * 32]).fetchone() == (1,)
        for guess in (b"", b"\x01", b"%", b"\x03" * 32):
            assert connection.execute(look, [guess]).fetchone() == (0,)


def test_who_steals_the_mailbox_reads_nothing_that_is_sealed(mailbox: Mailbox, keys: KeyRing) -> None:
    """Everything that stands in it, searched for what was sealed, for the codes, the tokens and the private keys."""
    plain = pack({"code": CODE, "words": "井盖坏了", "phone": "13800000000"})
    sealed = seal_letter(plain, keys.newest[1], MAIL, "report")
    with connect(mailbox.owner) as connection:
        connection.execute("insert into mailbox.government_key (key_id, public_key) values (%s, %s)", keys.newest)
        insert = "insert into mailbox.mail (id, kind, key_id, sealed, sender) values (%s, 'report', %s, %s, 'somebody')"
        connection.execute(insert, [MAIL, keys.newest[0], sealed])
        reply = seal_reply("已受理".encode(), reply_key_of(CODE), MAIL)
        connection.execute("insert into mailbox.reply (id, sealed) values (%s, %s)", [MAIL, reply])
        names = [row[0] for row in connection.execute("select tablename from pg_tables where schemaname = 'mailbox'")]
        dump = b""
        for name in names:
            with connection.cursor().copy(f"copy mailbox.{name} to stdout (format binary)".encode()) as copy:
                dump += b"".join(map(bytes, copy))
    private = keys.keys[keys.newest[0]].private_numbers().private_value.to_bytes(32)
    for secret in ("井盖".encode(), b"13800000000", "已受理".encode(), CODE.encode(), private, reply_key_of(CODE)):
        assert secret not in dump
    assert sealed in dump, "the search finds what is there"


def test_the_portals_role_enters_no_other_database(mailbox: Mailbox, cluster: Cluster, database_url: str) -> None:
    make_in(cluster, mailbox.name)
    with pytest.raises(NeedleError) as told:
        connect(database_url.replace("needle@", "portal@"))
    assert "CONNECT" in str(told.value) or "permission denied" in str(told.value)


def test_a_credential_that_could_read_mail_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(NeedleError) as told:
        portal_url(Settings(portal_database_url=mailbox.owner))
    assert told.value.code == "portal.too_much_power"
    assert portal_url(Settings(portal_database_url=mailbox.portal)) == mailbox.portal


def test_a_mailbox_that_is_not_made_is_told(cluster: Cluster, mailbox: Mailbox, database_url: str) -> None:
    with pytest.raises(NeedleError) as told:
        portal_url(Settings(portal_database_url=database_url))
    assert told.value.code == "portal.no_mailbox"


async def test_mail_is_kept_sealed_and_read_by_the_courier_alone(
    portal: httpx.AsyncClient, courier: CourierSide, keys: KeyRing
) -> None:
    plain = pack({"words": "井盖坏了", "phone": "13800000000"})
    address, content = await sealed(portal, plain)
    assert (await portal.put(address, content=content, headers=OCTETS)).status_code == 202
    (mail,) = await courier.fetch(10)
    assert "井盖".encode() not in mail.sealed
    assert b"13800000000" not in mail.sealed
    assert open_letter(mail.sealed, keys.keys[mail.key_id], mail.id, mail.kind) == plain


async def test_the_same_mail_again_changes_nothing(portal: httpx.AsyncClient, courier: CourierSide) -> None:
    for words in ("first", "another under the same id"):
        address, content = await sealed(portal, pack({"words": words}))
        assert (await portal.put(address, content=content, headers=OCTETS)).status_code == 202
    assert len(await courier.fetch(10)) == 1


@pytest.mark.parametrize(
    ("address", "content", "code"),
    [
        ("/api/mail/xyz?kind=report&key=0123456789abcdef", b"x" * 200, "portal.mail_malformed"),
        (f"/api/mail/{MAIL}?kind=DROP TABLE&key=0123456789abcdef", b"x" * 200, "portal.mail_malformed"),
        (f"/api/mail/{MAIL}?kind=report&key=0123456789abcdef", b"short", "portal.mail_malformed"),
        (f"/api/mail/{MAIL}?kind=report&key=0123456789abcdef", b"x" * 200, "portal.key_unknown"),
        (f"/api/mail/{MAIL}?kind=report&key=0123456789abcdef", bytes(MAX_MAIL_BYTES + 1), "portal.mail_too_large"),
    ],
)
async def test_mail_that_cannot_be_is_refused(
    portal: httpx.AsyncClient, address: str, content: bytes, code: str
) -> None:
    answer = await portal.put(address, content=content, headers=OCTETS)
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code


async def test_how_a_mail_stands(portal: httpx.AsyncClient, courier: CourierSide) -> None:
    async def standing() -> Any:
        return (await portal.get(f"/api/standing/{MAIL}")).json()

    assert await standing() == {"sealed": None, "problem": None, "waiting": False}
    address, content = await sealed(portal, pack({"words": "x"}))
    await portal.put(address, content=content, headers=OCTETS)
    assert await standing() == {"sealed": None, "problem": None, "waiting": True}
    reply = seal_reply(b"{}", reply_key_of(CODE), MAIL)
    await courier.take_out(MAIL, (MAIL, reply))
    assert await standing() == {"sealed": base64.b64encode(reply).decode(), "problem": None, "waiting": False}
    await courier.refuse(MAIL, "unreadable")
    assert (await standing())["problem"] is None


async def test_a_device_and_an_address_may_not_flood(portal: httpx.AsyncClient) -> None:
    address, content = await sealed(portal, pack({"words": "x"}))

    async def put(device: str) -> int:
        return (await portal.put(address, content=content, headers={**OCTETS, "X-Device": device})).status_code

    one = [await put("one") for _ in range(int(DEVICE_PER_MINUTE) + 2)]
    assert one.count(202) in (DEVICE_PER_MINUTE, DEVICE_PER_MINUTE + 1)
    assert one[-1] == 429
    many = [await put(str(number)) for number in range(int(ADDRESS_PER_MINUTE) + 5)]
    assert many[0] == 202
    assert many[-1] == 429


async def test_the_courier_is_fair_to_those_beside_a_flood(
    courier: CourierSide, mailbox: Mailbox, keys: KeyRing
) -> None:
    with connect(mailbox.owner) as connection:
        for number in range(40):
            sender = b"flooding" if number < 37 else f"quiet{number:03}".encode()
            connection.execute(
                "insert into mailbox.mail (id, kind, key_id, sealed, sender, received_at)"
                " values (%s, 'report', %s, %s, %s, now() + make_interval(secs => %s))",
                [f"{number:032x}", keys.newest[0], bytes(100), sender, number],
            )
    first = [int(mail.id, 16) for mail in await courier.fetch(5)]
    assert set(first) == {0, 37, 38, 39, 1}


async def test_pages_come_in_both_languages_under_a_strict_policy(portal: httpx.AsyncClient) -> None:
    for address, text in (
        ("/report", "反映身边的问题"),
        ("/report?lang=en", "Report something"),
        ("/track/ABCD", "查询码"),
    ):
        answer = await portal.get(address)
        assert answer.status_code == 200
        assert text in answer.text
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await portal.get("/nowhere", headers={"Accept": "text/html"})).status_code == 404
    assert (await portal.get("/nowhere", headers={"Accept": "text/html"})).text.count("没有这个页面") > 0
    assert (await portal.get("/static/x/%2e%2e/portal/app.py")).status_code == 404


async def test_papers_and_sheets_are_public(portal: httpx.AsyncClient, courier: CourierSide) -> None:
    await courier.publish([("city", gzip.compress(b'{"name_zh": "x"}'))])
    await courier.publish_sheets("sketch", [(13500, 6200, gzip.compress(b"[]"))])
    assert (await portal.get("/api/papers/city.json")).json() == {"name_zh": "x"}
    assert (await portal.get("/api/papers/secrets.json")).status_code == 404
    assert (await portal.get("/api/sheets/sketch/13500/6200.json")).json() == []
    assert (await portal.get("/api/sheets/sketch/1/2.json")).json() is None
    assert (await portal.get("/api/sheets/other/1/2.json")).status_code == 404


async def test_one_courier_at_a_time(mailbox: Mailbox) -> None:
    async with open_pool(mailbox.owner) as one, open_pool(mailbox.owner) as other:
        async with CourierSide(one).alone() as first, CourierSide(other).alone() as second:
            assert (first, second) == (True, False)
        async with asyncio.timeout(5), CourierSide(other).alone() as later:
            assert later
