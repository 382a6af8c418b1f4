"""Links for a city's buildings: issued, their hashes kept, and known to the portal; then posters of some of them.

A city of buildings over a lattice of areas, and a mailbox, in a cluster of their own. The peer issues such links by one statement
each, as a straightforward program does.
"""

import asyncio
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from benchmarks.result import Progress, Result, Size, city_bar
from dashboard.cli.poster import poster_font
from data import migrate
from data.cluster import Cluster
from data.database import Connection, connect, open_pool
from data.portal.links_courier import LinksCourierSide
from data.portal.mailbox import make_in, upgrade
from data.stores.links import Asking, OutreachRow, add_outreach, load_buildings, load_links, load_outreach
from forms.links.issuing import issue
from forms.links.publishing import LinkRounds
from forms.links.tokens import LinkSecret
from forms.posters.archive import posters_of, stream_zip

BAR: Final = "100,000 links issued and published under 60 s; posters stream"
BUILDINGS: Final = {"small": 10_000, "city": 100_000}
POSTERS: Final = {"small": 50, "city": 500}
PEER_LINKS: Final = 2_000
BASE: Final = "https://ask.example.gov.cn"
AREAS: Final = 20
"""Along one side: 400 subdistricts."""

CITY: Final = f"""
insert into layer (name, kind, title_zh, title_en, rank) values ('subdistrict', 'area', '街道', 'Subdistricts', 1);
insert into generation (layer, number, valid_from, source) values ('subdistrict', 1, '2020-01-01', 'benchmark');
insert into area (generation_id, code, name, geom)
select generation.id, x || '-' || y, '街道 ' || x || '-' || y,
       ST_Multi(ST_MakeEnvelope(116 + x * 0.02, 39 + y * 0.02, 116 + (x + 1) * 0.02, 39 + (y + 1) * 0.02, 4326))
  from generation, generate_series(0, {AREAS - 1}) as x, generate_series(0, {AREAS - 1}) as y;
insert into building (code, address, use, floors, height_m, geom)
select 'b' || n, '幸福大街 ' || n || ' 号', 'residential', 6, 18, ST_MakeEnvelope(lng, lat, lng + 0.0002, lat + 0.0002, 4326)
  from generate_series(1, %s::bigint) as n, lateral (select
       116.001 + (n * 7919 %% 100000) / 100000.0 * {AREAS * 0.02 - 0.002} as lng,
       39.001 + (n * 104729 %% 99991) / 99991.0 * {AREAS * 0.02 - 0.002} as lat) as spot;
analyze area, building
"""
ONE: Final = """
insert into link (outreach_id, kind, target, label, geom, areas, token_hash, expires_at) values (%s, 'building', %s, %s,
    ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, %s, %s)
"""


def run(size: Size, progress: Progress) -> Result:
    """Measure issuing and publishing, the peer, and posters."""
    progress("building a city", 0.0)
    count = BUILDINGS[size]
    with zones(count) as (base, mailbox), connect(base) as connection:
        until = datetime.now(UTC) + timedelta(days=7)
        ours, peer = (new_asking(connection, until) for _ in range(2))
        progress("issuing links", 0.2)
        start = perf_counter()
        issued = issue(connection, ours, load_buildings(connection, None), LinkSecret(bytes(32)), None, until)
        connection.commit()
        issued_s = perf_counter() - start
        progress("publishing links", 0.5)
        known, published_s = asyncio.run(publish(base, mailbox))
        progress("issuing links one by one", 0.7)
        each_s = one_by_one(connection, peer, until) / PEER_LINKS
        progress("printing posters", 0.8)
        posters, first_s, posters_s = posters_timed(connection, ours, POSTERS[size])
    figures = {
        "links": float(issued),
        "issue_s": issued_s,
        "publish_s": published_s,
        "posters": float(posters),
        "posters_per_s": posters / posters_s,
        "first_poster_s": first_s,
    }
    met = issued == known == count and (issued_s + published_s) * 100_000 / count < 60
    one = {"links_per_s": 1 / each_s, "ratio": each_s * issued / issued_s}
    return Result("links", city_bar(BAR, size), met, figures, {"one statement a link, unpublished": one})


@contextmanager
def zones(count: int) -> Iterator[tuple[str, str]]:
    """A base database with so many buildings, and a mailbox, each by its owner's address."""
    with tempfile.TemporaryDirectory(prefix="needle-bench-") as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(Path(folder) / "pg")
        cluster.start()
        try:
            base = cluster.create_database("city")
            migrate.upgrade(base)
            with connect(base) as connection:
                for statement in CITY.split(";\n"):
                    connection.execute(statement.encode(), [count] if "%s" in statement else None)
            mailbox = make_in(cluster)
            upgrade(mailbox)
            yield base, mailbox
        finally:
            cluster.stop()


def new_asking(connection: Connection, until: datetime) -> OutreachRow:
    """A form that the whole city is asked."""
    return load_outreach(connection, add_outreach(connection, Asking("f", "居民满意度调查", "街道办事处", until)))


async def publish(base: str, mailbox: str) -> tuple[int, float]:
    """Let the courier bring the links to the portal; how many it knows then, and how long that took."""
    async with open_pool(base) as pool, open_pool(mailbox) as portal:
        rounds, known, start = LinkRounds(LinksCourierSide(portal), pool), 0, perf_counter()
        while brought := await rounds():
            known += brought
        return known, perf_counter() - start


def one_by_one(connection: Connection, outreach: OutreachRow, until: datetime) -> float:
    """Seconds for some links of one statement each, random tokens, in one transaction."""
    targets = list(islice(load_buildings(connection, None), PEER_LINKS))
    start = perf_counter()
    for of in targets:
        token = sha256(secrets.token_bytes(16)).digest()
        place = (of.lng, of.lat, dict(of.areas))
        connection.execute(ONE, (outreach.id, of.target, of.label, *place, token, until))
    connection.commit()
    return perf_counter() - start


def posters_timed(connection: Connection, outreach: OutreachRow, count: int) -> tuple[int, float, float]:
    """How many posters were made, and the seconds until the first and until the last."""
    links = islice(load_links(connection, outreach.id), count)
    posters = posters_of(outreach, links, LinkSecret(bytes(32)), BASE, ZoneInfo("Asia/Shanghai"))
    start, first = perf_counter(), 0.0
    for _part in stream_zip(posters, poster_font()):
        first = first or perf_counter() - start
    return len(posters), first, perf_counter() - start
