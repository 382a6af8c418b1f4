"""``/api/desk``: what may be done with the chosen cases, what its forms choose from, and cases as rows again."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from dashboard.accounts import Account, within
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.i18n import language_of, words
from dashboard.office import Casework, Stands, TheWall
from dashboard.sessions import Asker
from dashboard.view_models.desk_actions import ACTIONS, action_as_json, case_as_json, offers
from dashboard.view_models.desk_duplicates import duplicate_views
from dashboard.view_models.desk_queues import queues, waiting_in
from dashboard.view_models.desk_rows import row_as_json
from dashboard.view_models.team_choice import condition_choice, suggested_matter, team_choice
from dashboard.wall_state import Wall
from data.mirror.facets import counts
from data.mirror.where import Where, write_where
from data.stores import desk as store
from data.stores import desk_cases, reference
from data.stores.desk_cases import ActionCase
from data.stores.reading import reading, scoped
from dispatch.commands import Protocol
from dispatch.matters import UNCLASSIFIED
from dispatch.reference import matter_of
from dispatch.whistle import PURPOSES
from geo.errors import NeedleError

MOST_CASES: Final = 200
TEAMS_LISTED: Final = 40
MATTERS_LISTED: Final = 30

router = APIRouter(prefix="/api/desk")
Ids = Annotated[list[int], Query(alias="case", max_length=MOST_CASES)]
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("/actions")
async def actions(request: Request, wall: TheWall, account: Asker, stands: Stands, case: Ids) -> Response:
    """``cases``: what may be done with each, and by whom; ``actions``: those that any of them allows, in their order."""
    say = words(language_of(request.query_params.get("lang")))
    async with scoped(wall.pool, account.id) as connection:
        found = await desk_cases.load_action_cases(connection, case, UNCLASSIFIED.edition)
    protocol = Protocol()
    allowed = {one.id: offers(one, stands, protocol) for one in found}
    wanted = {offer.action for offered in allowed.values() for offer in offered}
    return as_json(
        {
            "cases": [case_as_json(one, allowed[one.id]) for one in found],
            "actions": [action_as_json(action, say) for action in ACTIONS if action in wanted],
        }
    )


@router.get("/queues")
async def queues_of(request: Request, desk: TheDesk, account: Asker, stands: Stands) -> Response:
    """What waits for whom: ``queues`` with name, query of an address, and how many cases."""
    say, ordering = words(language_of(request.query_params.get("lang"))), desk.ready()
    async with scoped(desk.wall.pool, account.id) as connection:
        appeals = await desk_cases.load_appeals(connection, MOST_CASES)
        found = queues(stands, appeals, await desk_cases.load_to_confirm(connection, MOST_CASES))
    fits = await desk.fits(within(account, Where(open=True)), ordering)
    late = await desk.fits(within(account, Where(open=True, overdue=True)), ordering)
    waiting = waiting_in(found, counts(ordering.mirror, fits, "state"), int(late.sum()))
    told = [
        {"key": key, "name": say(f"queue.{key}"), "query": urlencode(write_where(where)), "n": waiting[key]}
        for key, where in found.items()
    ]
    return as_json({"queues": told})


@router.get("/rows/of")
async def rows_of(request: Request, desk: TheDesk, account: Asker, case: Ids) -> Response:
    """These cases as the table's rows, as they are now."""
    async with scoped(desk.wall.pool, account.id) as connection:
        found = await store.load_rows(connection, case)
    name = (await desk.names()).namer(language_of(request.query_params.get("lang")))
    return as_json({"rows": [row_as_json(one, name, account.department) for one in found]})


@router.get("/cases/{case_id}/teams")
async def teams(
    case_id: int, request: Request, wall: TheWall, account: Asker, words_: Annotated[str, Query(alias="q")] = ""
) -> Response:
    """Teams that the case could go to: those with the power there first, then the nearest."""
    say = words(language_of(request.query_params.get("lang")))
    await visible(wall, account, case_id)
    async with reading(wall.pool) as connection:
        found = await desk_cases.find_teams(connection, case_id, words_[:80], TEAMS_LISTED)
    return as_json({"teams": [team_choice(team, say) for team in found]})


@router.get("/cases/{case_id}/matters")
async def matters(
    case_id: int,
    request: Request,
    wall: TheWall,
    account: Asker,
    casework: Casework,
    words_: Annotated[str, Query(alias="q")] = "",
) -> Response:
    """What the case may be about: matters by name; without words those that its reporter's words suggest."""
    say = words(language_of(request.query_params.get("lang")))
    await visible(wall, account, case_id)
    if words_.strip():
        async with reading(wall.pool) as connection:
            rows = await desk_cases.find_matters(connection, words_[:80], UNCLASSIFIED.edition, MATTERS_LISTED)
        return as_json({"matters": [[key, say.pick(zh, en), major] for key, zh, en, major in rows]})
    said = next((report["text"] for report in await casework.reports(case_id, account.id) if report["text"]), "")
    return as_json({"matters": [suggested_matter(one, say) for one in await casework.suggest_matters(said)]})


@router.get("/cases/{case_id}/choices")
async def choices(case_id: int, request: Request, wall: TheWall, account: Asker) -> Response:
    """What forms choose from: filing conditions, departments, purposes of a whistle, its called departments."""
    say = words(language_of(request.query_params.get("lang")))
    case = await visible(wall, account, case_id)
    async with scoped(wall.pool, account.id) as connection:
        matter = matter_of(await reference.load_matter(connection, case.matter_id))
        departments = await desk_cases.load_departments(connection)
        called = await desk_cases.load_called(connection, case_id)
    return as_json(
        {
            "conditions": [condition_choice(condition, say) for condition in matter.conditions],
            "departments": [[code, say.pick(zh, en)] for code, zh, en in departments],
            "purposes": [[purpose, say(f"purpose.{purpose}")] for purpose in PURPOSES],
            "parties": [[party.department, say.pick(party.name_zh, party.name_en)] for party in called],
        }
    )


@router.get("/cases/{case_id}/duplicates")
async def duplicates(case_id: int, request: Request, wall: TheWall, account: Asker, casework: Casework) -> Response:
    """``suggested``: open cases that may be the same thing; ``reports``: all who reported this one and what was merged."""
    say = words(language_of(request.query_params.get("lang")))
    timezone = (await wall.ground()).timezone
    suggested = await casework.duplicates(case_id, account.id)
    reports = await casework.reports(case_id, account.id)
    told: dict[str, Any] = duplicate_views(suggested, reports, say, datetime.now(UTC), timezone)
    return as_json(told)


async def visible(wall: Wall, account: Account, case_id: int) -> ActionCase:
    """A case that the account may see; ``case.unknown`` otherwise."""
    async with scoped(wall.pool, account.id) as connection:
        found = await desk_cases.load_action_cases(connection, [case_id], UNCLASSIFIED.edition)
    if not found:
        raise NeedleError("case.unknown", case_id=case_id)
    return found[0]
