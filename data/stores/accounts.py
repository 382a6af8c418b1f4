"""Accounts: who may sign in, with which role, and what they may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.rows import class_row

from data.database import Connection
from geo.errors import NeedleError

AsyncConnection = psycopg.AsyncConnection[Any]
#: Told with no words when accounts or sessions changed: every process forgets whom it knew.
CHANNEL: Final = "needle_account"
COLUMNS: Final = "id, username, name, role, department_code, team_id, area_layer, area_codes, active"
TELL: Final = f"select pg_notify('{CHANNEL}', '')"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. ``area_layer`` None: the whole city; else only ``area_codes`` of that layer."""

    id: int
    username: str
    name: str
    role: str
    department_code: str | None = None
    team_id: int | None = None
    area_layer: str | None = None
    area_codes: Sequence[str] = ()
    active: bool = True


ADD: Final = """
insert into account (username, name, role, department_code, team_id, area_layer, area_codes, password, subject)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
"""
CHANGE: Final = """
update account set name = %s, role = %s, department_code = %s, team_id = %s, area_layer = %s, area_codes = %s, active = %s
 where id = %s
"""


BUSIEST: Final = """
select team.id as team_id, team.name as team, department.code as department_code, department.name_zh as department,
       cases.areas ->> 'subdistrict' as street
  from task join cases on cases.id = task.case_id join team on team.id = task.team_id
       join department on department.code = team.department_code
 where task.done_at is null and cases.areas ? 'subdistrict'
 group by 1, 2, 3, 4, 5 order by position(%s in department.name_zh) > 0 desc, count(*) desc, team.id limit 1
"""


def add_account(
    connection: Connection, row: AccountRow, password: str | None = None, subject: str | None = None
) -> int:
    """Keep a new account; its id. The caller commits.

    Parameters
    ----------
    row : AccountRow
        Its ``id`` and ``active`` say nothing yet.
    password : str or None
        The hash, argon2id in its own notation.
    subject : str or None
        How an identity provider knows the person.

    Raises
    ------
    NeedleError
        ``account.taken``, ``account.invalid``.
    """
    try:
        found = connection.execute(
            ADD,
            (
                row.username,
                row.name,
                row.role,
                row.department_code,
                row.team_id,
                row.area_layer,
                list(row.area_codes),
                password,
                subject,
            ),
        ).fetchone()
    except errors.UniqueViolation as error:
        raise NeedleError("account.taken", username=row.username) from error
    except (errors.CheckViolation, errors.ForeignKeyViolation) as error:
        raise NeedleError("account.invalid", problem=error.diag.constraint_name) from error
    assert found is not None
    return int(found[0])


def change_account(connection: Connection, row: AccountRow) -> None:
    """Write an account anew, by its id, and let every process forget what it knew. The caller commits.

    Raises
    ------
    NeedleError
        ``account.invalid``.
    """
    try:
        connection.execute(
            CHANGE,
            (
                row.name,
                row.role,
                row.department_code,
                row.team_id,
                row.area_layer,
                list(row.area_codes),
                row.active,
                row.id,
            ),
        )
    except (errors.CheckViolation, errors.ForeignKeyViolation) as error:
        raise NeedleError("account.invalid", problem=error.diag.constraint_name) from error
    connection.execute(TELL)


def set_password(connection: Connection, account_id: int, password: str | None) -> None:
    """Keep another hash, and end every session that the old one opened. The caller commits."""
    connection.execute("update account set password = %s where id = %s", (password, account_id))
    connection.execute("delete from session where account_id = %s", (account_id,))
    connection.execute(TELL)


def load_accounts(connection: Connection) -> list[AccountRow]:
    """Every account, by username."""
    with connection.cursor(row_factory=class_row(AccountRow)) as cursor:
        return cursor.execute(f"select {COLUMNS} from account order by username".encode()).fetchall()


def load_seen(connection: Connection) -> dict[int, datetime]:
    """When each account was last seen in a session that is still open, by its id."""
    rows = connection.execute("select account_id, max(seen_at) from session group by account_id").fetchall()
    return dict(rows)


def lock_admins(connection: Connection) -> set[int]:
    """The active administrators of the whole city, locked: two who change each other at the same time take turns."""
    query = (
        "select id from account where role = 'admin' and active and area_layer is null and department_code is null "
        "order by id for update"
    )
    return {row[0] for row in connection.execute(query).fetchall()}


def load_account(connection: Connection, username: str) -> AccountRow:
    """One account.

    Raises
    ------
    NeedleError
        ``account.unknown``.
    """
    with connection.cursor(row_factory=class_row(AccountRow)) as cursor:
        found = cursor.execute(f"select {COLUMNS} from account where username = %s".encode(), (username,)).fetchone()
    if found is None:
        raise NeedleError("account.unknown", username=username)
    return found


@dataclass(frozen=True, slots=True)
class Crew:
    """A team that has much to do, the department that it belongs to, and the subdistrict where most of that is."""

    team_id: int
    team: str
    department_code: str
    department: str
    street: str


def busiest_crew(connection: Connection, department: str) -> Crew | None:
    """The team with the most open tasks, of departments whose name contains ``department`` where one has any; None: no tasks."""
    with connection.cursor(row_factory=class_row(Crew)) as cursor:
        return cursor.execute(BUSIEST, (department,)).fetchone()


async def find_password(connection: AsyncConnection, username: str) -> tuple[int, str] | None:
    """Id and hash of an active account that signs in by password."""
    found = await connection.execute(
        "select id, password from account where username = %s and active and password is not null", (username,)
    )
    return await found.fetchone()


def load_subject(connection: Connection, subject: str) -> AccountRow | None:
    """The account of a person whom an identity provider knows so; None where there is none yet."""
    with connection.cursor(row_factory=class_row(AccountRow)) as cursor:
        return cursor.execute(f"select {COLUMNS} from account where subject = %s".encode(), (subject,)).fetchone()


async def keep_rehashed(connection: AsyncConnection, account_id: int, password: str) -> None:
    """Keep the same password under a hash of today's strength."""
    await connection.execute("update account set password = %s where id = %s", (password, account_id))
