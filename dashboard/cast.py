"""Accounts for whoever plays a part: the demo's people, pictures of pages, benchmarks. One an actor, made when first asked for.

It writes sessions straight into the database: only who runs the installation can do that.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Final

from dashboard.accounts import STREETS, AccountRole, role_names
from dashboard.sessions import COOKIE, CSRF_HEADER, csrf_of, new_token
from data.database import connect
from data.stores.accounts import AccountRow, add_account, load_account
from data.stores.sessions import Terms, hash_token, open_session_now
from geo.errors import NeedleError

TERMS: Final = Terms(idle=None, longest=timedelta(days=30))
#: Which account plays a role of the state table.
PLAYED_BY: Final[Mapping[str, AccountRole]] = {
    "operator": AccountRole.OPERATOR,
    "dispatcher": AccountRole.DISPATCHER,
    "department": AccountRole.HANDLER,
    "team": AccountRole.GRID_WORKER,
    "grid_worker": AccountRole.GRID_WORKER,
    "street": AccountRole.SUPERVISOR,
    "shift_leader": AccountRole.SUPERVISOR,
    "centre": AccountRole.SUPERVISOR,
    "leader": AccountRole.SUPERVISOR,
    "planner": AccountRole.PLANNER,
    "steward": AccountRole.STEWARD,
    "admin": AccountRole.ADMIN,
    "screen": AccountRole.SCREEN,
}


class Cast:
    """Sessions by actor (``team:17``, ``operator:01``, a bare ``admin``) over one database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._tokens: dict[str, str] = {}
        self._lock = Lock()

    def token(self, actor: str) -> str:
        """The session's token of an actor: what the cookie holds."""
        with self._lock:
            if actor not in self._tokens:
                self._tokens[actor] = self.open(account_for(actor))
            return self._tokens[actor]

    def headers(self, actor: str) -> dict[str, str]:
        """What a request of this actor carries."""
        token = self.token(actor)
        return {"Cookie": f"{COOKIE}={token}", CSRF_HEADER: csrf_of(token)}

    def open(self, row: AccountRow) -> str:
        """The token of a session for an account, which is made where it is missing."""
        token = new_token()
        with connect(self.url) as connection:
            try:
                account_id = load_account(connection, row.username).id
            except NeedleError:
                account_id = add_account(connection, row)
            open_session_now(connection, hash_token(token), account_id, TERMS)
        return token


def account_for(actor: str) -> AccountRow:
    """The account that plays an actor of the state table; its username is made of role and name."""
    role, _, name = actor.partition(":")
    played = PLAYED_BY[role]
    username = re.sub(r"[^a-z0-9._-]", "-", f"{role}-{name}".strip("-").lower())[:40]
    row = AccountRow(0, username, f"{role_names()[played][0]} {name}".strip(), played.value)
    if role == "department":
        return replace(row, department_code=name)
    if role == "team":
        return replace(row, team_id=int(name))
    if role == "street":
        return replace(row, area_layer=STREETS, area_codes=(name,))
    return row
