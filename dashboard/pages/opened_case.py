"""The case that a person opened, on whichever page: its drawer, and its candidates for the map."""

from datetime import UTC, datetime
from typing import Any

from dash.development.base_component import Component

from dashboard.accounts import require
from dashboard.components.case_drawer import case_drawer, no_case
from dashboard.i18n import Words
from dashboard.office import stands
from dashboard.sessions import current_account
from dashboard.view_models.case_view import candidate_lines, case_view
from dashboard.view_models.override_view import choosable
from dashboard.wall_state import Wall
from data.stores.case_detail import load_case_detail
from data.stores.reading import scoped


async def opened_case(
    wall: Wall, selected: dict[str, Any] | None, say: Words, *, may_override: bool
) -> tuple[Component, dict[str, Any]]:
    """The drawer's content and what the map draws of the decision.

    Parameters
    ----------
    wall : Wall
    selected : dict or None
        ``case``: its id, as the page's script says it.
    say : Words
    may_override : bool
        Whether the drawer offers to send the case to another team, to whoever may do that.
    """
    account, ground = current_account(), await wall.ground()
    require(account, "case.read")
    async with scoped(wall.pool, account.id) as connection:
        detail = await load_case_detail(connection, int((selected or {}).get("case") or 0))
    if detail is None:
        return no_case(say), {}
    view = case_view(detail, say, datetime.now(UTC), ground.timezone)
    candidates = choosable(detail, stands(account).keys()) if may_override else frozenset()
    return case_drawer(view, say, candidates), candidate_lines(detail)
