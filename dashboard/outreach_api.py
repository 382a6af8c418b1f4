"""``/api/outreach``: askings, their links, posters and messages, by the functions of ``needle link``, ``poster``, ``message``."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Depends, Request, Response

from dashboard.accounts import Account, require
from dashboard.audit_log import audit_of, deed_of
from dashboard.desk_state import as_json
from dashboard.jobs import housed
from dashboard.office import TheWall
from dashboard.outreach_jobs import FONT, OutreachJobs, Wanted, as_account, issue_links, print_posters
from dashboard.sessions import Asker
from dashboard.view_models.outreach_view import asking_as_json, link_as_json, message_as_json, settings_as_json
from dashboard.view_models.snapshot import ground_as_json
from data.database import Connection
from data.settings import get_settings
from data.stores import links as store
from data.stores import outbox_messages as outbox
from data.stores import outreach_overview as overview
from data.stores.coverage import load_area_names
from data.stores.forms import load_versions
from data.stores.reading import reading, scoped
from forms.links import issuing, qr
from forms.links.tokens import link_secret
from forms.messengers.settings import read_settings
from forms.posters.archive import posters_of
from forms.posters.fonts import read_slices
from forms.posters.sheet import Poster, faces_for, render
from geo.errors import NeedleError

LISTED: Final = 200
KINDS: Final = ("building", "household", "person", "area")
LONGEST_LIST: Final = 20_000_000
CODE_MM: Final = 40.0


running, jobs_of = housed("outreach_jobs", OutreachJobs)
router = APIRouter(prefix="/api/outreach", lifespan=running)
TheJobs = Annotated[OutreachJobs, Depends(jobs_of)]
Said = Annotated[dict[str, Any], Body()]


@router.get("")
async def askings(wall: TheWall, account: Asker) -> Response:
    """Askings of the account's area with how they stand, forms that can be asked, areas, and how messages go out."""
    require(account, "page.outreach")
    now, ground = datetime.now(UTC).timestamp(), await wall.ground()
    async with scoped(wall.pool, account.id) as connection:
        rows = await overview.load_asking_lines(connection, LISTED, whole=not account.areas)
        counted = await overview.count_messages(connection, [row.id for row in rows])
        layers = [layer.name for layer in ground.layers if layer.kind == "area"]
        areas = {layer: await load_area_names(connection, layer) for layer in layers}
    forms = await asyncio.to_thread(published_forms, str(wall.pool.conninfo), account)
    drawn = {name: value for name, value in ground_as_json(ground).items() if name in GROUND}
    return as_json(
        {
            "now": now,
            "timezone": ground.timezone,
            "ground": drawn,
            "areas": {layer: sorted(names.items()) for layer, names in areas.items()},
            "own": [list(area) for area in account.areas],
            "askings": [asking_as_json(row, counted.get(row.id, {}), now) for row in rows],
            "forms": forms,
            "messengers": settings_as_json(read_settings(get_settings().home)),
        }
    )


GROUND: Final = ("version", "city", "layers", "attributions")


def published_forms(url: str, account: Account) -> list[dict[str, str]]:
    """The forms that can be asked, each once, by its newest version's title."""
    with as_account(url, account) as connection:
        newest = {version.form_id: version for version in load_versions(connection)}
    return [{"form": key, "title": version.title} for key, version in sorted(newest.items())]


@router.post("")
async def begin(request: Request, wall: TheWall, jobs: TheJobs, account: Asker, said: Said) -> Response:
    """Ask a form: ``form title asks until remind to areas uses list uses_allowed``."""
    require(account, "outreach.edit")
    wanted = read_wanted(said, account, ZoneInfo((await wall.ground()).timezone))
    deed, settings = deed_of(request, account, "link.issue"), get_settings()
    work = partial(issue_links, str(wall.pool.conninfo), settings, account, wanted, deed)
    job_id = jobs.begin(account.id, work)
    return as_json(jobs.find(job_id, account.id).as_dict(job_id), 202)


def read_wanted(said: dict[str, Any], account: Account, zone: ZoneInfo) -> Wanted:
    """What somebody wants to ask.

    Raises
    ------
    NeedleError
        ``request.invalid`` naming what is missing.
    """
    for name in ("form", "title", "asks", "until"):
        if not str(said.get(name) or "").strip():
            raise NeedleError("request.invalid", problem=name)
    if said.get("to") not in KINDS or len(str(said.get("list") or "")) > LONGEST_LIST:
        raise NeedleError("request.invalid", problem=f"to: {', '.join(KINDS)}")
    try:
        until, *remind = (moment(text, zone) for text in (said["until"], *(said.get("remind") or ())))
        areas = tuple((str(layer), str(code)) for layer, code in said.get("areas") or ())
        allowed = None if said.get("uses_allowed") is None else max(1, int(said["uses_allowed"]))
    except (ValueError, TypeError) as error:
        raise NeedleError("request.invalid", problem=str(error)) from error
    if until <= datetime.now(UTC):
        raise NeedleError("request.invalid", problem="until")
    words = {name: str(said[name]).strip()[:200] for name in ("form", "title", "asks")}
    asking = store.Asking(until=until, remind_at=tuple(sorted(remind)), created_by=account.name, **words)
    uses = tuple(str(use) for use in said.get("uses") or ())
    return Wanted(asking, str(said["to"]), areas, uses, str(said.get("list") or ""), allowed)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A moment by the city's clock, as a browser's field gives it: 2026-12-01T18:00."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# --- jobs ---------------------------------------------------------------------------------------------------------


@router.get("/jobs/{job_id}")
async def progress(job_id: str, jobs: TheJobs, account: Asker) -> Response:
    """How far a job is."""
    return as_json(jobs.find(job_id, account.id).as_dict(job_id))


@router.delete("/jobs/{job_id}")
async def stop(job_id: str, jobs: TheJobs, account: Asker) -> Response:
    """Stop a job."""
    jobs.find(job_id, account.id)
    jobs.drop(job_id)
    return Response(status_code=204)


@router.get("/jobs/{job_id}/file")
async def fetch(job_id: str, jobs: TheJobs, account: Asker) -> Response:
    """The posters, once."""
    job = jobs.find(job_id, account.id)
    if job.outcome is None or job.path is None:
        raise NeedleError("export.not_ready", done=job.done, total=job.total or 0)
    name = f"needle-posters-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
    return jobs.hand_out(job_id, job.path, "application/zip", name)


# --- one asking ---------------------------------------------------------------------------------------------------


@router.get("/{outreach}/links")
async def links(outreach: int, wall: TheWall, account: Asker, q: str = "", state: str = "") -> Response:
    """Links of an asking, with a text in their label or of a state."""
    require(account, "page.outreach")
    now = datetime.now(UTC).timestamp()
    async with scoped(wall.pool, account.id) as connection:
        rows = await overview.load_link_lines(connection, outreach, q.strip(), state, LISTED)
    return as_json({"links": [link_as_json(row, now) for row in rows], "most": LISTED})


@router.get("/{outreach}/messages")
async def messages(outreach: int, wall: TheWall, account: Asker, state: str = "") -> Response:
    """The newest messages of an asking as they go out, masked; how many addresses want none."""
    require(account, "page.outreach")
    settings, zone = get_settings(), ZoneInfo((await wall.ground()).timezone)
    async with scoped(wall.pool, account.id) as connection:
        rows = await outbox.load_messages(connection, state or None, outreach, LISTED)
        addresses = await overview.load_addresses(connection, outreach)
    async with reading(wall.pool) as connection:
        unwanted = await overview.count_opted_out(connection, addresses)
    now = datetime.now(UTC)
    quiet = read_settings(settings.home).quiet
    return as_json(
        {
            "messages": [message_as_json(row, settings.residents_address, zone) for row in rows],
            "addresses": len(addresses),
            "opted_out": unwanted,
            "quiet_until": quiet.over_at(now, zone).timestamp() if quiet.holds(now, zone) else None,
        }
    )


@router.post("/{outreach}/remind")
async def remind(outreach: int, request: Request, wall: TheWall, account: Asker) -> Response:
    """Remind who has not answered, once more, as soon as messages may go out."""
    require(account, "outreach.edit")
    await must_see(wall, account, outreach)
    async with reading(wall.pool) as connection:
        await outbox.remind(connection, outreach, datetime.now(UTC))
    audit_of(request).tell(deed_of(request, account, "message.remind", f"outreach:{outreach}"))
    return as_json({"reminded": True})


@router.post("/{outreach}/retry")
async def retry(outreach: int, request: Request, wall: TheWall, account: Asker) -> Response:
    """Try again what was given up of this asking."""
    require(account, "outreach.edit")
    await must_see(wall, account, outreach)
    async with reading(wall.pool) as connection:
        tried = await overview.retry_asking(connection, outreach)
    audit_of(request).tell(deed_of(request, account, "message.retry", f"outreach:{outreach}", {"messages": tried}))
    return as_json({"tried": tried})


async def must_see(wall: TheWall, account: Account, outreach: int) -> None:
    """Refuse an asking that reaches beyond the account's areas, or is none of its own: what follows is for all of it.

    Raises
    ------
    NeedleError
        ``coverage.not_yours``.
    """
    if not account.areas:
        return
    async with scoped(wall.pool, account.id) as connection:
        mine = await overview.count_links(connection, outreach)
    async with reading(wall.pool) as connection:
        every = await overview.count_links(connection, outreach)
    if not mine or mine < every:
        raise NeedleError("coverage.not_yours", what=outreach)


@router.post("/{outreach}/revoke")
async def revoke(outreach: int, request: Request, wall: TheWall, account: Asker, said: Said) -> Response:
    """Let links take no more answers: {"links": [ids]}, or all that the account sees ("all": true)."""
    return await changed(outreach, request, wall, account, said, "link.revoke", store.revoke_links)


@router.post("/{outreach}/reissue")
async def reissue(outreach: int, request: Request, wall: TheWall, account: Asker, said: Said) -> Response:
    """Give links another token; the old ones lead nowhere."""
    secret = link_secret(get_settings().home / "secrets")

    def anew(connection: Connection, ids: list[int]) -> int:
        return issuing.reissue(connection, outreach, ids, secret, store.load_outreach(connection, outreach).until)

    return await changed(outreach, request, wall, account, said, "link.reissue", anew)


async def changed(
    outreach: int,
    request: Request,
    wall: TheWall,
    account: Account,
    said: dict[str, Any],
    action: str,
    change: Callable[[Connection, list[int]], int],
) -> Response:
    """Change links of an asking that the account sees, and write it into the audit."""
    require(account, "outreach.edit")
    wanted = None if said.get("all") is True else [int(link) for link in said.get("links") or ()]
    if wanted == []:
        raise NeedleError("link.which")

    def work() -> int:
        with as_account(str(wall.pool.conninfo), account) as connection:
            ids = [link.id for link in store.load_links(connection, outreach, wanted)]
            return change(connection, ids)

    count = await asyncio.to_thread(work)
    audit_of(request).tell(deed_of(request, account, action, f"outreach:{outreach}", {"links": count}))
    return as_json({"links": count})


@router.get("/{outreach}/posters/{link}.pdf")
async def poster(outreach: int, link: int, wall: TheWall, account: Asker) -> Response:
    """The poster of one link."""
    require(account, "outreach.edit")

    def made() -> bytes:
        found = poster_of(str(wall.pool.conninfo), account, outreach, link)
        return render(found, faces_for([found], read_slices(FONT)))

    headers = {"cache-control": "no-store", "content-disposition": f'inline; filename="poster-{link}.pdf"'}
    return Response(await asyncio.to_thread(made), media_type="application/pdf", headers=headers)


@router.get("/{outreach}/codes/{link}.{form}")
async def code(outreach: int, link: int, form: Literal["svg", "png"], wall: TheWall, account: Asker) -> Response:
    """The QR code of one link alone, for a sheet of somebody's own: as vectors, or at 600 dots an inch."""
    require(account, "outreach.edit")
    found = await asyncio.to_thread(poster_of, str(wall.pool.conninfo), account, outreach, link)
    drawn = qr.svg(found.url, CODE_MM).encode() if form == "svg" else qr.png(found.url, CODE_MM)
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="qr-{link}.{form}"'}
    return Response(drawn, media_type="image/svg+xml" if form == "svg" else "image/png", headers=headers)


def poster_of(url: str, account: Account, outreach: int, link: int) -> Poster:
    """What stands on the poster of one link that the account sees.

    Raises
    ------
    NeedleError
        ``poster.nothing``, ``link.secret_changed``.
    """
    settings = get_settings()
    with as_account(url, account) as connection:
        asked, zone = store.load_outreach(connection, outreach), ZoneInfo(store.load_zone(connection))
        found = store.load_links(connection, outreach, [link], open_only=True)
        posters = posters_of(asked, found, link_secret(settings.home / "secrets"), settings.residents_address, zone)
    if not posters:
        raise NeedleError("poster.nothing")
    return posters[0]


@router.post("/{outreach}/posters")
async def posters(
    outreach: int, request: Request, wall: TheWall, jobs: TheJobs, account: Asker, said: Said
) -> Response:
    """Begin to print posters as a ZIP, of all open links or of some: {"links": [ids]}."""
    require(account, "outreach.edit")
    ids = [int(link) for link in said["links"]] if said.get("links") else None
    work = partial(print_posters, str(wall.pool.conninfo), get_settings(), account, outreach, ids)
    job_id = jobs.begin(account.id, work, ".zip")
    audit_of(request).tell(deed_of(request, account, "export", f"outreach:{outreach}", {"format": "posters"}))
    return as_json(jobs.find(job_id, account.id).as_dict(job_id), 202)
