"""``/api/registry/import``: a table is brought, its columns are looked at, then it is imported in the background."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, cast

from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.responses import FileResponse

from dashboard.accounts import Account, require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.i18n import Words
from dashboard.jobs import ONCE, housed
from dashboard.registry_api import Say
from dashboard.registry_import_jobs import Brought, Imports, Job, Wanted
from dashboard.registry_state import Held
from dashboard.sessions import Asker
from dashboard.view_models.registry_import import fields_as_json, look
from data.importers.registry import check_keys, propose_mapping
from data.registry.claims import ANY_PURPOSE, VERIFICATIONS, Source, Verification
from data.registry.fields import KINDS, EntityKind, fields_of
from data.stores.reading import reading
from data.stores.registry_reading import load_purposes
from geo.errors import NeedleError

LONGEST = 120
running, imports_of = housed("registry_imports", Imports)
router = APIRouter(prefix="/api/registry/import", lifespan=running)
TheImports = Annotated[Imports, Depends(imports_of)]
Said = Annotated[dict[str, Any], Body()]


def importer(account: Asker) -> Account:
    """An account that may import (a FastAPI dependency): of the whole city, since rows lie anywhere."""
    require(account, "registry.import")
    if account.areas:
        raise NeedleError("registry.import_whole")
    return account


Importer = Annotated[Account, Depends(importer)]


@router.get("")
async def room(held: Held, _account: Importer, say: Say) -> Response:
    """Kinds of records, purposes, ways of proof: what is said of a table."""
    ground = await held.wall.ground()
    async with reading(held.wall.pool) as connection:
        purposes = await load_purposes(connection)
    return as_json(
        {
            "now": datetime.now(UTC).timestamp(),
            "timezone": ground.timezone,
            "kinds": KINDS,
            "proofs": VERIFICATIONS,
            "purposes": [
                {"code": each.code, "name": say.pick(each.zh, each.en), "basis": each.basis}
                for each in purposes.values()
                if each.active
            ],
        }
    )


@router.post("/tables")
async def bring(request: Request, held: TheImports, account: Importer, say: Say, name: str = "") -> Response:
    """Bring a table, the request's body (XLSX, CSV, Parquet), by its file's ``name``; its mark, and how it looks."""
    mark, brought = await held.bring(account.id, name.rpartition("/")[2][-LONGEST:], request.stream())
    kind = likeliest(brought)
    return as_json({"table": mark, "name": brought.name} | looked(brought, kind, None, say), 201)


def likeliest(brought: Brought) -> EntityKind:
    """The kind whose fields most of the columns are."""
    headings = list(map(str, brought.table.columns))
    return max(KINDS, key=lambda kind: len(propose_mapping(headings, kind)))


def looked(brought: Brought, kind: EntityKind, mapping: dict[str, str] | None, say: Words) -> dict[str, Any]:
    """A table as one kind of records, by a mapping or by the one that its headings say."""
    headings = list(map(str, brought.table.columns))
    taken = propose_mapping(headings, kind) if mapping is None else mapping
    return {
        "kind": kind,
        "headings": headings,
        "mapping": taken,
        "fields": fields_as_json(kind, say),
        **look(brought.table, kind, taken, say),
    }


@router.post("/tables/{mark}/look")
async def look_again(mark: str, held: TheImports, account: Importer, say: Say, said: Said) -> Response:
    """How a table looks: {"kind", "mapping": fields by heading, or none for the one that its headings say}."""
    brought = held.table(mark, account.id)
    kind = kind_of(said)
    mapping = None if said.get("mapping") is None else mapping_of(brought, kind, said["mapping"])
    return as_json(looked(brought, kind, mapping, say))


def kind_of(said: dict[str, Any]) -> EntityKind:
    """Which records they are."""
    if said.get("kind") not in KINDS:
        raise NeedleError("registry.option", option="kind", said=said.get("kind"), known=", ".join(KINDS))
    return cast(EntityKind, said["kind"])


def mapping_of(brought: Brought, kind: EntityKind, said: Any) -> dict[str, str]:
    """Fields by heading; a field is taken once."""
    headings = set(map(str, brought.table.columns))
    found = {str(heading): str(field) for heading, field in dict(said).items() if field}
    fields = list(found.values())
    if not found.keys() <= headings or not set(fields) <= fields_of(kind).keys() or len(fields) != len(set(fields)):
        raise NeedleError("request.invalid", problem="mapping")
    return found


@router.post("/tables/{mark}/run")
async def begin(mark: str, request: Request, held: TheImports, state: Held, account: Importer, said: Said) -> Response:
    """Import a table: {"kind", "mapping", "label", "at": day, "verification", "purposes": [] for all, "consent"}."""
    brought = held.table(mark, account.id)
    wanted = wanted_of(brought, said, account)
    check_keys(wanted.kind, wanted.mapping)
    async with reading(state.wall.pool) as connection:
        unknown = set(wanted.source.purposes) - (await load_purposes(connection)).keys() - {ANY_PURPOSE}
    if unknown:
        raise NeedleError("request.invalid", problem=f"purposes: {', '.join(sorted(unknown))}")
    deed = deed_of(request, account, "registry.import", f"table:{brought.digest[:12]}", {"kind": wanted.kind})
    job = held.begin(str(state.wall.pool.conninfo), brought, wanted, deed)
    return as_json(held.find(job, account.id).as_dict(job), 202)


def wanted_of(brought: Brought, said: dict[str, Any], account: Account) -> Wanted:
    """What somebody says of a table.

    Raises
    ------
    NeedleError
        ``registry.option``, ``request.invalid`` naming what is wrong.
    """
    kind = kind_of(said)
    if said.get("verification", "none") not in VERIFICATIONS:
        raise NeedleError("request.invalid", problem="verification")
    try:
        day = date.fromisoformat(str(said.get("at") or datetime.now(UTC).date()))
    except ValueError:
        raise NeedleError("request.invalid", problem="at") from None
    words = {name: str(said.get(name) or "").strip()[:LONGEST] for name in ("label", "consent")}
    purposes = tuple(str(code) for code in said.get("purposes") or ()) or (ANY_PURPOSE,)
    source = Source("import", brought.digest, words["label"] or brought.name, purposes, words["consent"] or None)
    return Wanted(
        kind,
        mapping_of(brought, kind, said.get("mapping") or {}),
        replace(source, by=account.username),
        datetime.combine(day, time(), UTC),
        cast(Verification, said.get("verification", "none")),
    )


@router.get("/jobs/{job_id}")
async def progress(job_id: str, held: TheImports, account: Importer) -> Response:
    """How far an import is: ``done`` of ``total``, then its ``outcome``, or an ``error``."""
    return as_json(held.find(job_id, account.id).as_dict(job_id))


@router.get("/jobs/{job_id}/rejects.csv")
async def rejects(job_id: str, held: TheImports, account: Importer) -> Response:
    """The rows that were not taken, as they were, with their line and what is wrong; to be mended and brought again."""
    job: Job = held.find(job_id, account.id)
    if job.outcome is None or job.path is None or not job.path.exists():
        raise NeedleError("export.unknown")
    return FileResponse(job.path, media_type="text/csv; charset=utf-8", filename="rejects.csv", headers=ONCE)


@router.delete("/jobs/{job_id}")
async def stop(job_id: str, held: TheImports, account: Importer) -> Response:
    """Stop an import; what is written stays, and the same file goes on where it was."""
    held.find(job_id, account.id)
    held.drop(job_id)
    return Response(status_code=204)
