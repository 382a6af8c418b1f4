"""Links by which residents are asked, on the government's side: issued, revoked, issued anew, listed, and how they were used."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row

from data.copy import copy_rows
from data.database import Connection
from geo.errors import NeedleError

TARGETS_AT_ONCE: Final = 5_000

ASK: Final = """
insert into outreach (form, title, asks, until, remind_at, created_by) values (%s, %s, %s, %s, %s, %s) returning id
"""
OUTREACH: Final = "select id, form, title, asks, until, remind_at, created_by, created_at from outreach"
NUMBERS: Final = """
select nextval(pg_get_serial_sequence('link', 'id')) from generate_series(1, %s)
"""
STAGE: Final = "create temp table new_link (like link including defaults) on commit drop"
COLUMNS: Final = (
    "id, outreach_id, kind, target, label, geom, areas, token_hash, short_hash, prefill, uses_allowed, expires_at"
)
KEEP: Final = f"""
insert into link ({COLUMNS}) overriding system value select {COLUMNS} from new_link on conflict do nothing returning id
"""
STAGE_RECIPIENTS: Final = "create temp table new_recipient (like recipient including defaults) on commit drop"
KEEP_RECIPIENTS: Final = """
insert into recipient (link_id, name, phone, email, language)
select link_id, name, phone, email, language from new_recipient where link_id = any (%s)
"""

#: Where a place lies, by layer, in what is in force: the same words as ``cases.areas``.
AREAS: Final = """
select jsonb_object_agg(layer, code) from (
    select generation.layer, area.code from area join generation on generation.id = generation_id and valid_to is null
     where ST_Covers(area.geom, place)
    union all
    select generation.layer, grid_cell.code from grid_cell join generation on generation.id = generation_id and valid_to is null
     where ST_Covers(grid_cell.geom, place)) as covering
"""
#: The areas that are asked of, so that a whole city is asked without looking one up.
WITHIN: Final = """
(select area.geom from area join generation on generation.id = generation_id and valid_to is null
  where generation.layer = %(layer)s and area.code = %(code)s
 union all
 select grid_cell.geom from grid_cell join generation on generation.id = generation_id and valid_to is null
  where generation.layer = %(layer)s and grid_cell.code = %(code)s)
"""
BUILDINGS: Final = f"""
select 'building' as kind, building.code as target, coalesce(nullif(address, ''), name, building.code) as label,
       ST_X(place) as lng, ST_Y(place) as lat, coalesce(({AREAS}), '{{}}') as areas
  from building, lateral (select ST_PointOnSurface(building.geom) as place) as middle
 where (%(uses)s::text[] is null or use = any (%(uses)s))
   and (%(codes)s::text[] is null or building.code = any (%(codes)s))
   and (%(layer)s::text is null or exists (select from {WITHIN} as wanted (geom)
        where building.geom && wanted.geom and ST_Covers(wanted.geom, place)))
 order by building.id
"""
AREA: Final = """
select 'area' as kind, layer || ':' || code as target, name as label, ST_X(place) as lng, ST_Y(place) as lat,
       jsonb_build_object(layer, code) as areas
  from (select generation.layer, area.code, area.name, ST_PointOnSurface(area.geom) as place
          from area join generation on generation.id = generation_id and valid_to is null
         where generation.layer = %(layer)s and area.code = %(code)s
        union all
        select generation.layer, grid_cell.code, grid_cell.code, ST_PointOnSurface(grid_cell.geom)
          from grid_cell join generation on generation.id = generation_id and valid_to is null
         where generation.layer = %(layer)s and grid_cell.code = %(code)s) as found
"""
LINK: Final = """
select id, outreach_id, kind, target, label, issue, token_hash, prefill, uses_allowed, uses, used_at, expires_at, revoked_at,
       published = revision as is_published
  from link
"""
REVOKE: Final = """
update link set revoked_at = now(), revision = revision + 1 where id = any (%s) and revoked_at is null
"""
REISSUE: Final = """
update link set issue = %s, token_hash = %s, short_hash = %s, prefill = %s, expires_at = greatest(expires_at, %s),
                revoked_at = null, revision = revision + 1
 where id = %s
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """A form that is asked of many: its key and title, who asks, until when (aware), and when who is silent is reminded."""

    form: str
    title: str
    asks: str
    until: datetime
    remind_at: tuple[datetime, ...] = ()
    created_by: str = "console"


@dataclass(frozen=True, slots=True)
class OutreachRow:
    """An asking as it is kept."""

    id: int
    form: str
    title: str
    asks: str
    until: datetime
    remind_at: list[datetime]
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom messages go to; a telephone number or an e-mail address, or both."""

    name: str
    phone: str | None
    email: str | None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Target:
    """Who or what gets a link. ``lng``, ``lat``: WGS 84, None: no place. ``areas``: codes by layer."""

    kind: str
    target: str
    label: str
    lng: float | None
    lat: float | None
    areas: Mapping[str, str]
    recipient: Recipient | None = None
    prefill: bytes | None = None


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link about to be kept: its number, whom it is for, the hashes of what stands in it, and its sealed packet."""

    id: int
    target: Target
    token_hash: bytes
    short_hash: bytes | None
    prefill: bytes | None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as it is kept; ``is_published``: the portal knows it as it stands here."""

    id: int
    outreach_id: int
    kind: str
    target: str
    label: str
    issue: int
    token_hash: bytes
    prefill: bytes | None
    uses_allowed: int | None
    uses: int
    used_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    is_published: bool


def add_outreach(connection: Connection, asking: Asking) -> int:
    """Keep a new asking; its number."""
    values = (asking.form, asking.title, asking.asks, asking.until, list(asking.remind_at), asking.created_by)
    row = connection.execute(ASK, values).fetchone()
    assert row is not None, "returning gives the row"
    return int(row[0])


def load_outreach(connection: Connection, outreach_id: int) -> OutreachRow:
    """An asking.

    Raises
    ------
    NeedleError
        ``link.no_outreach``.
    """
    with connection.cursor(row_factory=class_row(OutreachRow)) as cursor:
        found = cursor.execute(f"{OUTREACH} where id = %s", [outreach_id]).fetchone()
    if found is None:
        raise NeedleError("link.no_outreach", outreach=outreach_id)
    return found


def load_outreaches(connection: Connection) -> list[OutreachRow]:
    """Every asking, the newest first."""
    with connection.cursor(row_factory=class_row(OutreachRow)) as cursor:
        return cursor.execute(f"{OUTREACH} order by id desc").fetchall()


def load_buildings(
    connection: Connection,
    within: tuple[str, str] | None,
    uses: Sequence[str] | None = None,
    codes: Sequence[str] | None = None,
) -> Iterator[Target]:
    """Buildings of an area (layer, code; None: the city), of some uses, with some codes (None: any), as they come."""
    layer, code = within or (None, None)
    wanted = {
        "layer": layer,
        "code": code,
        "uses": list(uses) if uses else None,
        "codes": None if codes is None else list(codes),
    }
    with connection.cursor("buildings") as cursor:
        cursor.itersize = TARGETS_AT_ONCE
        cursor.execute(BUILDINGS, wanted)
        for row in cursor:
            yield Target(*row)


def load_area(connection: Connection, layer: str, code: str) -> Target:
    """An area as somebody that is asked.

    Raises
    ------
    NeedleError
        ``link.no_area``.
    """
    row = connection.execute(AREA, {"layer": layer, "code": code}).fetchone()
    if row is None:
        raise NeedleError("link.no_area", area=f"{layer}:{code}")
    return Target(*row)


def load_zone(connection: Connection) -> str:
    """The city's time zone.

    Raises
    ------
    NeedleError
        ``city.missing``.
    """
    row = connection.execute("select timezone from city").fetchone()
    if row is None:
        raise NeedleError("city.missing")
    return str(row[0])


def take_numbers(connection: Connection, count: int) -> list[int]:
    """Numbers for links that are about to be kept: their tokens are made from them."""
    return [row[0] for row in connection.execute(NUMBERS, [count])]


def save_links(
    connection: Connection, outreach_id: int, links: Sequence[NewLink], uses_allowed: int | None, expires_at: datetime
) -> int:
    """Keep links and their recipients; how many. A target that this asking has a link for already keeps that one."""
    with connection.transaction():
        connection.execute(f"{STAGE}; {STAGE_RECIPIENTS}".encode())
        rows = (_row(link, outreach_id, uses_allowed, expires_at) for link in links)
        copy_rows(connection, "new_link", COLUMNS.split(", "), rows)
        kept = [row[0] for row in connection.execute(KEEP)]
        told = ((link.id, *_recipient(link.target.recipient)) for link in links if link.target.recipient is not None)
        copy_rows(connection, "new_recipient", ("link_id", "name", "phone", "email", "language"), told)
        connection.execute(KEEP_RECIPIENTS, [kept])
        connection.execute("drop table new_link, new_recipient")
    return len(kept)


def load_links(
    connection: Connection, outreach_id: int, ids: Sequence[int] | None = None, *, open_only: bool = False
) -> Iterator[LinkRow]:
    """Links of an asking in the order of their numbers, as they come; only some of them, only those that can be used."""
    usable = "and revoked_at is null and expires_at > now()" if open_only else ""
    query = f"{LINK} where outreach_id = %s and (%s::bigint[] is null or id = any (%s)) {usable} order by id"
    wanted = list(ids) if ids is not None else None
    with connection.cursor("links", row_factory=class_row(LinkRow)) as cursor:
        cursor.itersize = TARGETS_AT_ONCE
        cursor.execute(query, (outreach_id, wanted, wanted))
        yield from cursor


def revoke_links(connection: Connection, ids: Sequence[int]) -> int:
    """Let links be used no more; how many could be used until now."""
    return connection.execute(REVOKE, [list(ids)]).rowcount


def save_reissued(
    connection: Connection, issued: Iterable[tuple[int, bytes, bytes | None, bytes | None, datetime, int]]
) -> None:
    """Keep the next issue of links: (issue, token hash, short hash, packet, not expiring before, number)."""
    with connection.cursor() as cursor:
        cursor.executemany(REISSUE, issued)


def _row(link: NewLink, outreach_id: int, uses_allowed: int | None, expires_at: datetime) -> tuple[Any, ...]:
    of = link.target
    place = None if of.lng is None else f"SRID=4326;POINT({of.lng!r} {of.lat!r})"
    hashes = (link.token_hash, link.short_hash, link.prefill)
    return (
        *(link.id, outreach_id, of.kind, of.target, of.label, place, dict(of.areas)),
        *(*hashes, uses_allowed, expires_at),
    )


def _recipient(found: Recipient) -> tuple[str, str | None, str | None, str]:
    return found.name, found.phone, found.email, found.language
