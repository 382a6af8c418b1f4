"""Links: issued in the base database, enforced in the portal's own, counted back, whatever happens at the same instant."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.database import AsyncPool, Connection, connect, open_pool
from data.portal.courier_side import CourierSide
from data.portal.links_courier import LinksCourierSide
from data.stores.links import (
    Asking,
    LinkRow,
    OutreachRow,
    Recipient,
    Target,
    add_outreach,
    load_area,
    load_buildings,
    load_links,
    load_outreach,
    revoke_links,
)
from forms.keys import KeyRing
from forms.links.issuing import addresses, issue, reissue
from forms.links.publishing import LinkRounds
from forms.links.tokens import (
    LinkSecret,
    base32,
    grouped,
    hash_token,
    link_secret,
    open_prefill,
    read_token,
    seal_prefill,
)
from forms.portal.app import create_app
from forms.portal.links import WRONG_PER_MINUTE
from forms.sealing import SealError, mail_id_of, seal_letter
from geo.errors import NeedleError
from tests.forms.conftest import Mailbox

NOW = datetime.now(UTC)
SECRET = LinkSecret(bytes(range(32)))
BASE = "https://ask.example"
HOUSE = Target(
    "household", "1-2-301", "幸福里 1 号楼 2 单元 301", 116.35, 39.95, {"subdistrict": "a"}, prefill=b'{"n":1}'
)
PERSON = Target("person", "p7", "王小明", None, None, {}, Recipient("王小明", "13800000000", "wang@example.org"))
DOOR = Target("building", "b1", "幸福里 1 号楼", 116.35, 39.95, {"subdistrict": "a"})


def asking(connection: Connection, hours: float = 48) -> OutreachRow:
    until = NOW + timedelta(hours=hours)
    number = add_outreach(connection, Asking("survey_1", "独居老人摸排", "幸福里社区居委会", until))
    return load_outreach(connection, number)


@dataclass
class World:
    """Both zones of one test and the courier's errand between them."""

    base: Connection
    outreach: OutreachRow
    rounds: LinkRounds
    mailbox: Mailbox
    portal: httpx.AsyncClient
    key_id: str
    public_key: bytes

    async def issued(self, target: Target, uses: int | None = None, expires_at: datetime | None = None) -> str:
        """A published link's token."""
        issue(self.base, self.outreach, [target], SECRET, uses, expires_at or self.outreach.until)
        self.base.commit()
        await self.rounds()
        return self.token(target)

    def link(self, target: Target) -> LinkRow:
        (found,) = (x for x in load_links(self.base, self.outreach.id) if x.target == target.target)
        self.base.commit()
        return found

    def token(self, target: Target) -> str:
        link = self.link(target)
        return SECRET.token(link.id, link.issue)

    async def answer(self, token: str, code: str) -> httpx.Response:
        mail_id = mail_id_of(code)
        sealed = seal_letter(b"answers", self.public_key, mail_id, "answer")
        at = f"/api/mail/{mail_id}?kind=answer&key={self.key_id}&link={token}"
        return await self.portal.put(at, content=sealed, headers={"x-device": code})


@pytest.fixture
async def pools(database_url: str, mailbox: Mailbox) -> AsyncIterator[tuple[AsyncPool, AsyncPool]]:
    async with open_pool(database_url) as base, open_pool(mailbox.owner) as portal:
        yield base, portal


@pytest.fixture
async def world(
    pools: tuple[AsyncPool, AsyncPool], mailbox: Mailbox, connection: Connection, keys: KeyRing
) -> AsyncIterator[World]:
    base, owner = pools
    await CourierSide(owner).publish_key(*keys.newest)
    app = create_app(mailbox.portal)
    outreach = asking(connection)
    connection.commit()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            rounds = LinkRounds(LinksCourierSide(owner), base)
            yield World(connection, outreach, rounds, mailbox, client, *keys.newest)


@given(st.integers(1, 2**62), st.integers(1, 9))
def test_tokens_are_read_back_as_people_type_them(number: int, again: int) -> None:
    token, short = SECRET.token(number, again), SECRET.short(number, again)
    assert read_token(token) == token
    assert read_token(grouped(short).lower().replace("0", "o").replace("1", "l")) == short
    assert token != SECRET.token(number, again + 1)
    assert not set(token + short) & set("ILOU")


@given(st.binary(min_size=16, max_size=16))
def test_a_token_keeps_all_its_128_bits(content: bytes) -> None:
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = 0
    for letter in base32(content, 26):
        number = number * 32 + letters.index(letter)
    assert number >> 2 == int.from_bytes(content)


@pytest.mark.parametrize("typed", ["", "1234", "U" * 26, "0" * 25, "0" * 27, "一" * 12])
def test_what_is_no_token_is_told_without_looking(typed: str) -> None:
    assert read_token(typed) is None


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Any) -> None:
    first = link_secret(tmp_path / "secrets")
    assert link_secret(tmp_path / "secrets") == first
    (file,) = (tmp_path / "secrets").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert link_secret(tmp_path / "others") != first


def test_a_prefill_packet_opens_only_with_its_own_links_key() -> None:
    key, token_hash = SECRET.prefill_key(7, 1), hash_token(SECRET.token(7, 1))
    sealed = seal_prefill(b"facts", key, token_hash)
    assert open_prefill(sealed, key, token_hash) == b"facts"
    for other_key, other_hash in ((SECRET.prefill_key(8, 1), token_hash), (key, hash_token(SECRET.token(8, 1)))):
        with pytest.raises(SealError):
            open_prefill(sealed, other_key, other_hash)


async def test_no_database_of_either_zone_holds_a_token_or_a_packets_key(world: World) -> None:
    await world.issued(HOUSE)
    await world.issued(DOOR)
    wanted = []
    for _, url, short in addresses(load_links(world.base, world.outreach.id), SECRET, BASE):
        path, _, key = url.partition("#")
        wanted += [path.rsplit("/", 1)[1], *filter(None, (short, key))]
    assert len(wanted) == 4, "two tokens, one code to type, one packet's key"
    with connect(world.mailbox.owner) as owner:
        held = str(owner.execute("select link::text from mailbox.link").fetchall())
    held += str(world.base.execute("select link::text from link").fetchall())
    assert [word for word in wanted if word in held or word.encode().hex() in held] == []


async def test_a_link_says_who_asks_what_and_until_when(world: World) -> None:
    token = await world.issued(HOUSE, 1)
    shown = (await world.portal.get(f"/api/links/{token.lower()}")).json()
    assert (shown["form"], shown["title"], shown["asks"]) == ("survey_1", "独居老人摸排", "幸福里社区居委会")
    assert (shown["kind"], shown["state"]) == ("household", "open")
    assert datetime.fromisoformat(shown["until"]) == world.outreach.until


@pytest.mark.parametrize(("road", "script"), [("f", "/built/form-"), ("leave", "modules/link.mjs")])
async def test_a_token_leads_to_a_page_that_is_there_in_both_languages(world: World, road: str, script: str) -> None:
    token = await world.issued(PERSON)
    for lang, title in (("zh", "邀请您填写"), ("en", "You are asked")):
        page = await world.portal.get(f"/{road}/{token}?lang={lang}")
        assert (page.status_code, title in page.text, script in page.text) == (200, True, True)
        assert token not in page.text, "the page is the same for everybody"


async def test_the_code_on_the_wall_leads_where_the_qr_code_does(world: World) -> None:
    await world.issued(DOOR)
    link = world.link(DOOR)
    shown = (await world.portal.get(f"/api/links/{grouped(SECRET.short(link.id, 1))}")).json()
    assert shown["kind"] == "building"
    assert (await world.answer(SECRET.short(link.id, 1), "00000000000000000001")).status_code == 202


async def test_two_uses_at_the_same_instant_count_once(world: World) -> None:
    """Real threads on real connections of the portal's own role, let go at once, for one link after the other."""
    tokens = [await world.issued(Target("person", f"p{at}", "x", None, None, {}), 1) for at in range(20)]
    together, outcomes = threading.Barrier(8), [[""] * 8 for _ in tokens]
    sealed = seal_letter(b"x", world.public_key, "0" * 32, "answer")

    def use(thread: int) -> None:
        with connect(world.mailbox.portal, autocommit=True) as connection:
            for at, token in enumerate(tokens):
                together.wait()
                mine = (hash_token(token), f"{at:016x}{thread:016x}", world.key_id, sealed, bytes(8))
                row = connection.execute("select mailbox.use_link(%s, %s, %s, %s, %s)", mine).fetchone()
                outcomes[at][thread] = str(row[0]) if row else ""

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
    assert [sorted(found) for found in outcomes] == [["kept"] + ["used_up"] * 7] * len(tokens)
    await world.rounds()
    assert {link.uses for link in load_links(world.base, world.outreach.id)} == {1}


async def test_the_same_answer_sent_twice_at_once_is_one_use(world: World) -> None:
    token = await world.issued(PERSON, 2)
    answers = await asyncio.gather(*(world.answer(token, "00000000000000000001") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert (await world.answer(token, "00000000000000000002")).status_code == 202
    late = await world.answer(token, "00000000000000000003")
    assert (late.status_code, late.json()["code"]) == (409, "link.used_up")
    assert (await world.answer(token, "00000000000000000002")).status_code == 202, (
        "an answer sent again is acknowledged"
    )
    for _ in range(2):
        await world.rounds()
    assert world.link(PERSON).uses == 2


async def test_the_courier_knows_by_which_link_an_answer_came(world: World, pools: tuple[AsyncPool, AsyncPool]) -> None:
    token = await world.issued(HOUSE, 1)
    await world.answer(token, "00000000000000000001")
    (mail,) = await CourierSide(pools[1]).fetch(10)
    assert (mail.kind, mail.link_id) == ("answer", world.link(HOUSE).id)


@pytest.mark.parametrize(
    ("close", "state"),
    [
        (lambda world: revoke_links(world.base, [world.link(HOUSE).id]), "revoked"),
        (lambda world: world.base.execute("update link set expires_at = now(), revision = revision + 1"), "expired"),
    ],
)
async def test_a_closed_link_takes_no_answer_and_says_why(
    world: World, close: Callable[[World], object], state: str
) -> None:
    token = await world.issued(HOUSE, 5)
    close(world)
    world.base.commit()
    await world.rounds()
    shown = (await world.portal.get(f"/api/links/{token}")).json()
    assert (shown["state"], shown["prefill"]) == (state, None)
    refused = await world.answer(token, "00000000000000000001")
    assert (refused.status_code, refused.json()["code"]) == (410, f"link.{state}")


async def test_a_link_issued_anew_has_another_token_and_its_uses_before_it(world: World) -> None:
    old = await world.issued(HOUSE, 1)
    assert (await world.answer(old, "00000000000000000001")).status_code == 202
    await world.rounds()
    reissue(world.base, world.outreach.id, [world.link(HOUSE).id], SECRET, world.outreach.until)
    world.base.commit()
    await world.rounds()
    new = world.token(HOUSE)
    assert (await world.answer(old, "00000000000000000002")).json()["code"] == "link.unknown"
    assert (await world.answer(new, "00000000000000000003")).status_code == 202
    await world.rounds()
    link = world.link(HOUSE)
    assert (link.issue, link.uses, link.is_published) == (2, 2, True)
    assert link.prefill is not None
    assert open_prefill(link.prefill, SECRET.prefill_key(link.id, 2), link.token_hash) == HOUSE.prefill


async def test_who_guesses_must_wait_and_whoever_has_a_link_does_not(world: World) -> None:
    token = await world.issued(HOUSE)
    for _ in range(3 * int(WRONG_PER_MINUTE)):
        assert (await world.portal.get(f"/api/links/{token}")).status_code == 200
    codes = [(await world.portal.get(f"/api/links/{n:026d}")).status_code for n in range(int(WRONG_PER_MINUTE) + 1)]
    assert codes == [404] * int(WRONG_PER_MINUTE) + [429]
    assert (await world.portal.get(f"/api/links/{token}")).status_code == 429, "a guesser does not learn of a hit"


async def test_a_flood_on_the_portal_does_not_reach_the_base_database(world: World) -> None:
    """Wrong tokens and refused uses leave nothing that the courier would carry over."""
    token = await world.issued(PERSON, 1)
    await world.answer(token, "00000000000000000000")
    for n in range(1, 12):
        await world.answer(token if n % 2 else f"{n:026d}", f"{n:020d}")
    assert len(await world.rounds.portal.fetch_uses(100)) == 1
    await world.rounds()
    assert world.base.execute("select count(*) from link_use").fetchone() == (1,)


async def test_links_are_enforced_while_the_base_database_is_gone(world: World) -> None:
    """Everything the portal needs is in its own database: only the courier knows the other."""
    token = await world.issued(PERSON, 1)
    world.base.execute("alter table link rename to gone")
    world.base.commit()
    assert (await world.answer(token, "00000000000000000001")).status_code == 202
    assert (await world.answer(token, "00000000000000000002")).json()["code"] == "link.used_up"


async def test_one_click_ends_messages_at_every_address_of_a_person(world: World) -> None:
    token = await world.issued(PERSON)
    assert (await world.portal.post(f"/api/links/{token}/opt-out")).json() == {"noted": True}
    await world.rounds()
    out = world.base.execute("select address from opt_out order by address").fetchall()
    assert out == [("13800000000",), ("wang@example.org",)]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from mailbox.link",
        "select * from mailbox.link_use",
        "update mailbox.link set uses = 0",
        "delete from mailbox.link_use",
        "insert into mailbox.mail (id, kind, key_id, sealed, sender, link_id) values ('0', 'answer', '0', '', '', 1)",
        "select mailbox.link_state(null)",
        "insert into mailbox.opt_out (link_id) values (1)",
    ],
)
def test_the_portals_role_may_not_go_past_the_functions(mailbox: Mailbox, statement: str) -> None:
    with connect(mailbox.portal) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_an_answer_without_a_link_is_refused_by_the_mailbox_itself(mailbox: Mailbox) -> None:
    with connect(mailbox.owner) as owner:
        owner.execute("insert into mailbox.government_key values (repeat('0', 16), decode(repeat('04', 65), 'hex'))")
        owner.commit()
    with connect(mailbox.portal) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "insert into mailbox.mail (id, kind, key_id, sealed, sender) values"
            " (repeat('0', 32), 'answer', repeat('0', 16), decode(repeat('00', 99), 'hex'), decode(repeat('00', 8), 'hex'))"
        )


def test_a_target_keeps_its_link_when_it_is_issued_twice(connection: Connection) -> None:
    outreach = asking(connection)
    assert issue(connection, outreach, [HOUSE, PERSON], SECRET, 1, outreach.until) == 2
    assert issue(connection, outreach, [HOUSE, DOOR], SECRET, 1, outreach.until) == 1
    assert [link.target for link in load_links(connection, outreach.id)] == ["1-2-301", "p7", "b1"]


def test_a_link_of_another_secret_is_not_shown_again(connection: Connection) -> None:
    outreach = asking(connection)
    issue(connection, outreach, [HOUSE], SECRET, 1, outreach.until)
    with pytest.raises(NeedleError) as told:
        list(addresses(load_links(connection, outreach.id), LinkSecret(bytes(32)), BASE))
    assert told.value.code == "link.secret_changed"


def test_buildings_are_asked_by_area_and_use_and_know_where_they_lie(connection: Connection) -> None:
    connection.execute("""
        insert into layer (name, kind, title_zh, title_en, rank) values ('subdistrict', 'area', '街道', 'subdistrict', 1);
        insert into generation (layer, number, valid_from, source) values ('subdistrict', 1, '2020-01-01', 'test');
        insert into area (generation_id, code, name, geom) select id, code, code,
               ST_Multi(ST_MakeEnvelope(x, 39, x + 1, 40, 4326)) from generation,
               (values ('west', 115), ('east', 116)) as a (code, x);
        insert into building (code, address, use, floors, height_m, geom)
        select code, address, use, 1, 3, ST_MakeEnvelope(x, 39.5, x + 0.001, 39.501, 4326) from (values
            ('w1', '西路 1 号', 'residential', 115.5), ('w2', '西路 2 号', 'office', 115.6), ('e1', '', 'residential', 116.5)
        ) as b (code, address, use, x)""")
    found = list(load_buildings(connection, ("subdistrict", "west"), None))
    assert [(x.target, x.label, dict(x.areas)) for x in found] == [
        ("w1", "西路 1 号", {"subdistrict": "west"}),
        ("w2", "西路 2 号", {"subdistrict": "west"}),
    ]
    assert [x.target for x in load_buildings(connection, None, ["residential"])] == ["w1", "e1"]
    assert load_area(connection, "subdistrict", "east").target == "subdistrict:east"
    with pytest.raises(NeedleError):
        load_area(connection, "subdistrict", "north")


def test_an_account_sees_the_links_of_its_area_and_their_recipients_only(connection: Connection) -> None:
    outreach = asking(connection)
    far = Target("person", "p8", "x", None, None, {"subdistrict": "b"}, Recipient("Li", "13900000000", None))
    near = Target("person", "p9", "x", None, None, {"subdistrict": "a"}, Recipient("Wu", "13700000000", None))
    issue(connection, outreach, [HOUSE, far, near], SECRET, 1, outreach.until)
    connection.execute("""
        insert into layer (name, kind, title_zh, title_en, rank) values ('subdistrict', 'area', '街道', 'subdistrict', 1);
        insert into account (username, name, role, area_layer, area_codes)
        values ('zhao', '赵', 'grid_worker', 'subdistrict', '{a}')""")
    connection.execute(
        "select set_config('needle.account', (select id from account)::text, true), set_config('role', 'needle_staff', true)"
    )
    assert connection.execute("select target from link order by id").fetchall() == [("1-2-301",), ("p9",)]
    assert connection.execute("select name from recipient").fetchall() == [("Wu",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select * from opt_out")
