"""The demo city's accounts: one a role, with random passwords kept beside the city's secrets and printed at each start."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.table import Table

from dashboard.accounts import STREETS, AccountRole, role_names
from dashboard.passwords import hash_password, random_password
from data.database import Connection, connect
from data.stores.accounts import AccountRow, Crew, add_account, busiest_crew, load_accounts, set_password
from data.stores.audit import Deed, add_entry

FILE: Final = "demo-accounts.json"
#: Whose team and department the handling accounts belong to, where the city has one.
ENFORCEMENT: Final = "城管"


@dataclass(frozen=True)
class Shown:
    """One account as the demo prints it."""

    username: str
    password: str
    role: str
    sees: str


def ensure_demo_accounts(url: str, secrets: Path) -> list[Shown]:
    """The demo's accounts, made where they are missing; a password that nobody wrote down is replaced."""
    file = secrets / FILE
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    with connect(url) as connection:
        wanted = demo_accounts(busiest_crew(connection, ENFORCEMENT))
        there = {row.username: row.id for row in load_accounts(connection)}
        for row, _ in wanted:
            if row.username not in known or row.username not in there:
                known[row.username] = given = random_password()
                give(connection, row, there.get(row.username), given)
    write_secret(file, json.dumps(known, indent=1))
    return [
        Shown(row.username, known[row.username], " ".join(role_names()[AccountRole(row.role)]), sees)
        for row, sees in wanted
    ]


def give(connection: Connection, row: AccountRow, account_id: int | None, password: str) -> None:
    """Make an account with this password, or give it to one that is there."""
    if account_id is None:
        add_account(connection, row, hash_password(password))
    else:
        set_password(connection, account_id, hash_password(password))
    add_entry(
        connection, Deed("console", "account.add" if account_id is None else "account.reset", f"account:{row.username}")
    )


def demo_accounts(crew: Crew | None) -> list[tuple[AccountRow, str]]:
    """One account a role, and what it sees, in words. ``crew``: None where the city has no tasks yet."""
    whole = "全市 the whole city"
    rows = [
        (AccountRow(0, "admin", "管理员", AccountRole.ADMIN), whole),
        (AccountRow(0, "operator", "李受理", AccountRole.OPERATOR), whole),
        (AccountRow(0, "dispatcher", "王派遣", AccountRole.DISPATCHER), whole),
        (AccountRow(0, "supervisor", "陈值班", AccountRole.SUPERVISOR), whole),
        (AccountRow(0, "planner", "周研判", AccountRole.PLANNER), whole),
        (AccountRow(0, "steward", "吴数据", AccountRole.STEWARD), whole),
    ]
    if crew is None:
        return rows
    in_street, codes = f"{STREETS}:{crew.street}", (crew.street,)
    return [
        *rows,
        (AccountRow(0, "street", "赵街道", AccountRole.SUPERVISOR, None, None, STREETS, codes), in_street),
        (AccountRow(0, "handler", "孙处置", AccountRole.HANDLER, crew.department_code), crew.department),
        (AccountRow(0, "worker", "钱队员", AccountRole.GRID_WORKER, None, crew.team_id), crew.team),
        (AccountRow(0, "inspector", "郑监督", AccountRole.GRID_WORKER, None, None, STREETS, codes), in_street),
    ]


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    draft.replace(file)


def accounts_table(shown: list[Shown]) -> Table:
    """The accounts for a terminal."""
    table = Table("账号 account", "密码 password", "角色 role", "范围 sees", box=None, padding=(0, 1, 0, 2))
    for account in shown:
        table.add_row(account.username, account.password, account.role, account.sees)
    return table
