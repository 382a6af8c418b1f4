"""Both zones over the demo block: a base database with a mailbox beside it, and a courier between them."""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dashboard.attachments import attachment_room
from dashboard.mailroom import Mailroom
from data.cluster import Cluster
from data.database import connect, open_pool
from data.portal.courier_side import CourierSide
from data.portal.mailbox import ROLE, make_in, upgrade
from data.portal.resident_side import ResidentSide
from data.stores.photos import PhotoFolder
from data.stores.workbench import Workbench
from dispatch.intake import Intake
from dispatch.worker import Worker
from forms.courier import Allowance, Courier
from forms.keys import KeyRing
from forms.letters import pack
from forms.sealing import mail_id_of, seal_letter

_number = itertools.count()
SPOT = {"lng": 116.930, "lat": 39.770, "accuracy_m": 30.0, "source": "gps"}


@dataclass(frozen=True)
class Zones:
    """Where everything is: the base database, the mailbox for its owner and for the portal, the government's folder."""

    base: str
    mailbox: str
    portal: str
    home: Path

    @property
    def keys(self) -> KeyRing:
        """The government's keys."""
        return KeyRing(self.home / "secrets")

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the base database."""
        with connect(self.base) as connection:
            return connection.execute(query, parameters).fetchall()

    def waiting(self) -> int:
        """How many mails lie in the mailbox."""
        with connect(self.mailbox) as connection:
            row = connection.execute("select count(*) from mailbox.mail").fetchone()
        assert row is not None
        return int(row[0])

    def work_off(self) -> None:
        """A worker, here, until no report waits."""
        with Workbench(self.base) as bench:
            worker = Worker(bench)
            worker.refresh()
            while worker.handle_batch():
                pass


@pytest.fixture
def zones(cluster: Cluster, block_url: str, tmp_path: Path) -> Iterator[Zones]:
    """The two zones of one test."""
    name = f"zone_{next(_number)}"
    owner = make_in(cluster, name)
    upgrade(owner)
    yield Zones(block_url, owner, cluster.url(name, ROLE), tmp_path)
    cluster.drop_database(name)


@asynccontextmanager
async def courier_of(zones: Zones, wrap: Any = lambda part: part) -> AsyncIterator[Courier]:
    """A courier between the zones; ``wrap`` may stand between it and what it works with."""
    async with open_pool(zones.base) as base, open_pool(zones.mailbox) as pool, Intake(base) as intake:
        office = Mailroom(base, intake, PhotoFolder(zones.home / "photos"), attachment_room(zones.home))
        mailbox = CourierSide(pool)
        keys = zones.keys
        await mailbox.publish_key(*keys.newest)
        yield Courier(wrap(mailbox), base, wrap(office), keys, Allowance(60_000))


async def post(
    zones: Zones, code: str, words: str = "楼下垃圾两天没清", photos: tuple[bytes, ...] = (), **more: Any
) -> str:
    """Put a report into the mailbox as the portal does; the mail's id."""
    content = {"v": 1, "code": code, **SPOT, "matter": "2026:event:06010", "words": words, **more}
    return await post_raw(zones, mail_id_of(code), "report", pack(content, photos))


async def post_raw(zones: Zones, mail_id: str, kind: str, plain: bytes, sender: bytes = b"somebody") -> str:
    """Seal a letter and put it into the mailbox."""
    key_id, point = zones.keys.newest
    async with open_pool(zones.portal) as pool:
        await ResidentSide(pool).put(mail_id, kind, key_id, seal_letter(plain, point, mail_id, kind), sender)
    return mail_id
