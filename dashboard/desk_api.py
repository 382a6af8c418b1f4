"""``/api/desk``: windows of the table, what a filter can choose from, saved views."""

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from dashboard.accounts import require, within
from dashboard.asking import Filter
from dashboard.desk_state import Desk, as_json, desk_of, read_sort, running
from dashboard.i18n import language_of
from dashboard.sessions import Asker
from dashboard.view_models.desk_rows import row_as_json
from data.mirror import facets
from data.mirror.where import parse_where
from data.stores import desk as store
from data.stores import saved_views
from data.stores.reading import reading
from geo.errors import NeedleError

MOST_ROWS: Final = 1_000
LONGEST_NAME: Final = 60
LONGEST_QUERY: Final = 4_000
PAGES_WITH_VIEWS: Final = frozenset({"desk", "hotspots"})

router = APIRouter(prefix="/api/desk", lifespan=running)
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("/rows")
async def rows(
    request: Request,
    desk: TheDesk,
    where: Filter,
    account: Asker,
    start: Annotated[int, Query(ge=0)] = 0,
    end: Annotated[int, Query(ge=0)] = 100,
) -> Response:
    """Rows ``start`` to ``end`` of the filter in its order: ``total``, ``rows``; ``bounds`` of all with the first window."""
    query = request.query_params
    language = language_of(query.get("lang"))
    found = await desk.found(where, read_sort(query), language)
    ids = found.mirror.id[found.rows[start : min(end, start + MOST_ROWS)]].tolist()
    async with reading(desk.wall.pool) as connection:
        cases = await store.load_rows(connection, ids)
    name = (await desk.names()).namer(language)
    answer: dict[str, Any] = {
        "total": len(found.rows),
        "rows": [row_as_json(case, name, account.department) for case in cases],
    }
    if start == 0:
        answer["bounds"] = facets.bounds(found.mirror, found.rows)
    return as_json(answer)


@router.get("/place/{case_id}")
async def place(case_id: int, request: Request, desk: TheDesk, where: Filter) -> Response:
    """Where a case stands in the filter's order: ``place``, null where the filter leaves it out."""
    query = request.query_params
    found = await desk.found(where, read_sort(query), language_of(query.get("lang")))
    at = (found.ids == case_id).nonzero()[0]
    return as_json({"place": int(at[0]) if len(at) else None})


@router.get("/facet/{facet}")
async def facet(facet: str, request: Request, desk: TheDesk, account: Asker) -> Response:
    """What a facet can be filtered by: ``values`` of [code, name, group, cases], by name, under the rest of the filter."""
    query = request.query_params
    language = language_of(query.get("lang"))
    names = await desk.names()
    require(account, "case.list")
    rest = within(account, facets.without(parse_where(query), facet))
    ordering = desk.ready()
    counted = facets.counts(ordering.mirror, await desk.fits(rest, ordering), facet)
    known = [name for name in names.rows if name.facet == facet]
    if language == "en":
        known.sort(key=lambda name: name.place_en)
    values = [
        [name.code, name.zh if language == "zh" else name.en, name.group, counted.get(names.key(name), 0)]
        for name in known
    ]
    return as_json({"values": values})


# --- saved views ----------------------------------------------------------------------------------------------


@router.get("/views")
async def views(desk: TheDesk, account: Asker, page: str = saved_views.DESK) -> Response:
    """The account's views of a page, then those that others share."""
    async with reading(desk.wall.pool) as connection:
        found = await saved_views.load_views(connection, account.username, page)
    return as_json({"views": [{**asdict(view), "mine": view.owner == account.username} for view in found]})


@router.post("/views")
async def save(desk: TheDesk, account: Asker, said: Annotated[dict[str, Any], Body()]) -> Response:
    """Save {"name", "query", "shared", "page"?}; a view of the same account, page and name is replaced."""
    name, query, page = said.get("name"), said.get("query"), said.get("page", saved_views.DESK)
    if not (isinstance(query, str) and len(query) <= LONGEST_QUERY and page in PAGES_WITH_VIEWS):
        raise NeedleError("view.invalid")
    async with reading(desk.wall.pool) as connection:
        saved = await saved_views.save_view(
            connection, account.username, view_name(name), query, said.get("shared") is True, page
        )
    return as_json(asdict(saved), 201)


@router.patch("/views/{view_id}")
async def change(view_id: int, desk: TheDesk, account: Asker, said: Annotated[dict[str, Any], Body()]) -> Response:
    """Rename or share a view: {"name"?, "shared"?}."""
    name = view_name(said["name"]) if "name" in said else None
    shared = bool(said["shared"]) if "shared" in said else None
    async with reading(desk.wall.pool) as connection:
        changed = await saved_views.change_view(connection, view_id, account.username, name, shared)
    return as_json(asdict(changed))


@router.delete("/views/{view_id}")
async def delete(view_id: int, desk: TheDesk, account: Asker) -> Response:
    """Delete a view of this account."""
    async with reading(desk.wall.pool) as connection:
        await saved_views.delete_view(connection, view_id, account.username)
    return Response(status_code=204)


def view_name(said: object) -> str:
    """A view's name without blanks around it; ``view.invalid`` when it is none."""
    name = said.strip() if isinstance(said, str) else ""
    if not 0 < len(name) <= LONGEST_NAME:
        raise NeedleError("view.invalid")
    return name
