"""Whoever steals a database whole gets what forms/README.md says, and not what it says they do not get."""

import base64
from pathlib import Path

import pytest

from data.database import connect
from forms.keys import KeyRing
from forms.links.tokens import read_token
from forms.sealing import SealError, open_letter, reply_key_of
from tests.dashboard.residents.asking import SECRET, ask, instance
from tests.dashboard.residents.conftest import Zones, courier_of
from tests.dashboard.residents.test_courier import photo

CODE = "7KQ2M9XW4TR8HV3BNE5C"
OTHER = "3PD6Z8GJ1YS4AF7QKW2M"
WORDS = "只有我知道的联系人"

TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm', 'p') and n.nspname !~ '^(pg_|information_schema)'
"""


def stolen(url: str) -> str:
    """Everything that stands in a database, every row of every table, bytes in hexadecimal digits."""
    with connect(url) as connection:
        tables = [name for (name,) in connection.execute(TABLES).fetchall()]
        rows = [
            row for name in tables for row in connection.execute(f"select t::text from {name} t".encode()).fetchall()
        ]
    return "\n".join(str(row[0]) for row in rows).lower()


def stands_in(secret: str | bytes, database: str) -> bool:
    """Whether a secret is there in clear: as text, as bytes, or in base 64."""
    raw = secret.encode() if isinstance(secret, str) else secret
    forms = {raw.hex(), base64.b64encode(raw).decode().rstrip("=").lower()}
    return any(form in database for form in forms | ({secret.lower()} if isinstance(secret, str) else set()))


async def test_a_stolen_portal_database_says_nothing_of_what_was_answered_and_opens_no_link(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        sent = instance(1, alone="yes", contact=WORDS, photo="a.jpg")
        mail = await asked.put(CODE, sent, files={"a.jpg": photo()})
        before = stolen(zones.mailbox)
        await courier.round()
        after = stolen(zones.mailbox)
        assert (await asked.reply(CODE))["state"] == "filed"
    assert mail in before
    for database in (before, after):
        secrets: list[str | bytes] = [WORDS, CODE, reply_key_of(CODE), photo()[:200], *own_keys(zones), SECRET.key]
        for secret in secrets:
            assert not stands_in(secret, database), secret
        for token in asked.tokens.values():
            assert not stands_in(token, database)
            assert not stands_in(read_token(token) or b"", database)
    assert "filed" not in after
    with connect(zones.mailbox) as connection:
        assert connection.execute("select count(*) from mailbox.mail").fetchone() == (0,)


async def test_mail_in_a_stolen_portal_database_opens_with_no_other_key_and_in_no_other_place(zones: Zones) -> None:
    """Not with a key that is made later, and not under another mail's id: the letter would be another's."""
    async with courier_of(zones):
        asked = await ask(zones)
        mail = await asked.put(CODE, instance(1))
    with connect(zones.mailbox) as connection:
        ((key_id, sealed),) = connection.execute("select key_id, sealed from mailbox.mail").fetchall()
    keys = zones.keys
    open_letter(sealed, keys.keys[key_id], mail, "answer")
    keys.rotate()
    for key, name in ((keys.keys[keys.newest[0]], mail), (keys.keys[key_id], "f" * 32)):
        with pytest.raises(SealError):
            open_letter(sealed, key, name, "answer")


async def test_a_stolen_base_database_holds_the_answers_and_no_way_to_answer_for_anybody(zones: Zones) -> None:
    async with courier_of(zones) as courier:
        asked = await ask(zones)
        await asked.put(CODE, instance(1, alone="yes", contact=WORDS))
        await courier.round()
        unread = await asked.put(OTHER, instance(2, alone="yes", contact="还没取走的话"), "li")
    base = stolen(zones.base)
    assert WORDS in base, "what was answered is there: the base database is what is guarded most"
    assert unread not in base
    secrets: list[str | bytes] = ["还没取走的话", CODE, OTHER, *own_keys(zones), SECRET.key]
    for secret in secrets:
        assert not stands_in(secret, base), secret
    for token in asked.tokens.values():
        assert not stands_in(token, base)
        assert not stands_in(read_token(token) or b"", base)


def own_keys(zones: Zones) -> list[str]:
    """The lines of every private key of the government, as they lie in its folder."""
    ring = KeyRing(zones.home / "secrets")
    assert ring.keys
    files: list[Path] = sorted((zones.home / "secrets").glob("*.pem"))
    return [line for file in files for line in file.read_text().splitlines() if len(line) > 40]
