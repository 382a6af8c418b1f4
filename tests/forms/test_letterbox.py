"""The portal's letterbox: many answers a commit, each answered for itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from data.database import connect, open_pool
from data.portal.links_resident import LinksResidentSide, SealedAnswer
from forms.keys import KeyRing
from forms.portal.letterbox import MOST, Letterbox
from geo.errors import NeedleError
from tests.forms.conftest import Mailbox

ONCE, OFTEN = b"\x01" * 32, b"\x02" * 32


@pytest.fixture
async def box(mailbox: Mailbox, keys: KeyRing) -> AsyncIterator[Letterbox]:
    """A letterbox over a mailbox with a link to be used once and one to be used often."""
    with connect(mailbox.owner) as connection:
        connection.execute("insert into mailbox.government_key (key_id, public_key) values (%s, %s)", keys.newest)
        connection.execute("insert into mailbox.outreach values (1, 'f', 't', 'a', now() + interval '1 day')")
        link = "insert into mailbox.link (id, outreach_id, kind, hash, uses_allowed, expires_at, revoked) values"
        for number, (token, uses) in enumerate(((ONCE, 1), (OFTEN, None)), 1):
            row = [number, token, uses]
            connection.execute(f"{link} (%s, 1, 'person', %s, %s, now() + interval '1 day', false)".encode(), row)
    async with open_pool(mailbox.portal) as pool, Letterbox(LinksResidentSide(pool)) as box:
        yield box


def answer(number: int, keys: KeyRing, link: bytes = OFTEN, size: int = 200, key: str | None = None) -> SealedAnswer:
    return SealedAnswer(link, f"{number:032x}", key or keys.newest[0], bytes(size), b"somebody")


def count(mailbox: Mailbox, what: str) -> int:
    with connect(mailbox.owner) as connection:
        row = connection.execute(f"select count(*) from mailbox.{what}".encode()).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_flood_is_kept_in_few_commits_and_each_hears_of_its_own(
    box: Letterbox, mailbox: Mailbox, keys: KeyRing
) -> None:
    many = [answer(number, keys) for number in range(3 * MOST)]
    with connect(mailbox.owner, autocommit=True) as connection:
        commits = "select count(distinct xmin::text) from mailbox.link_use"
        assert set(await asyncio.gather(*(box.keep(one) for one in many))) == {"kept"}
        row = connection.execute(commits).fetchone()
    assert row is not None
    assert row[0] <= 6
    assert count(mailbox, "mail") == len(many)


async def test_what_is_wrong_with_one_is_its_own_matter(box: Letterbox, mailbox: Mailbox, keys: KeyRing) -> None:
    said = await asyncio.gather(
        box.keep(answer(1, keys, ONCE)),
        box.keep(answer(2, keys, ONCE)),
        box.keep(answer(3, keys, b"\x09" * 32)),
        box.keep(answer(4, keys, key="0" * 16)),
        box.keep(answer(5, keys, size=10)),
        box.keep(answer(6, keys)),
        return_exceptions=True,
    )
    assert isinstance(said[4], NeedleError)
    assert said[4].code == "portal.mail_malformed"
    assert list(said[:4]) == ["kept", "used_up", "unknown", "key_unknown"]
    assert said[5] == "kept"
    assert count(mailbox, "mail") == 2


async def test_the_same_mail_many_times_at_once_is_kept_once(box: Letterbox, mailbox: Mailbox, keys: KeyRing) -> None:
    said = await asyncio.gather(*(box.keep(answer(7, keys, ONCE)) for _ in range(10)))
    assert said == ["kept"] * 10
    assert (count(mailbox, "mail"), count(mailbox, "link_use")) == (1, 1)


async def test_what_waits_is_kept_when_the_process_ends(mailbox: Mailbox, keys: KeyRing, box: Letterbox) -> None:
    waiting = [asyncio.ensure_future(box.keep(answer(number, keys))) for number in range(5)]
    await asyncio.sleep(0)
    await box.__aexit__(None, None, None)
    assert await asyncio.gather(*waiting) == ["kept"] * 5
