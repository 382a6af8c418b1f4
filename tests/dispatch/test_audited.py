"""A command and what the audit keeps of it are one: both are there, or neither, whatever ends their transaction."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from data.database import Connection, connect, open_pool
from data.stores.audit import Deed
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from geo.errors import NeedleError
from tests.dispatch.conftest import CheckCase, Until

DEED = Deed("li", "case.remark", "case", "10.0.0.9")
SAYS = Command("remark", "operator:li", None, {"text": "on the way"})
GIVE = """
import asyncio, sys
from tests.dispatch.test_audited import SAYS, give
give(sys.argv[1], int(sys.argv[2]), SAYS)
"""
STUCK = """
select pid from pg_stat_activity
 where datname = current_database() and wait_event_type = 'Lock' and query like '%audit_entry%' and pid <> pg_backend_pid()
"""


def give(url: str, case_id: int, command: Command) -> dict[str, Any]:
    """Give a command with its deed, as a server does."""

    async def run() -> dict[str, Any]:
        async with open_pool(url) as pool:
            return await CaseDesk(pool).give(case_id, command, datetime.now(UTC), deed=DEED)

    return asyncio.run(run())


@pytest.fixture
def watch(city_url: str) -> Iterator[Connection]:
    with connect(city_url) as connection:
        connection.autocommit = True
        yield connection


def told(watch: Connection) -> list[tuple[Any, ...]]:
    return watch.execute("select actor, action, object, address, detail from audit_entry order by id").fetchall()


def any_case(watch: Connection) -> tuple[int, int]:
    row = watch.execute("select id, seq from cases where closed_at is null order by id desc limit 1").fetchone()
    assert row is not None
    return row[0], row[1]


def test_a_command_is_written_with_its_entry_and_a_refused_one_with_none(city_url: str, watch: Connection) -> None:
    case_id, seq = any_case(watch)
    with pytest.raises(NeedleError):
        give(city_url, case_id, Command("remark", "operator:li", None, {"text": " "}))
    assert told(watch) == []
    assert give(city_url, case_id, SAYS)["seq"] == seq + 1
    assert told(watch) == [("li", "case.remark", "case", "10.0.0.9", {"seq": seq + 1})]


def test_a_server_killed_between_the_command_and_its_entry_has_done_neither(
    city_url: str, watch: Connection, until: Until, check_case: CheckCase
) -> None:
    case_id, seq = any_case(watch)
    with connect(city_url) as barrier:
        barrier.execute("lock table audit_entry in share mode")
        server = subprocess.Popen([sys.executable, "-c", GIVE, city_url, str(case_id)])
        until(lambda: bool(watch.execute(STUCK).fetchall()), "the command done, its entry not yet written")
        backends = [pid for (pid,) in watch.execute(STUCK)]
        server.send_signal(signal.SIGKILL)
        server.wait()
        for pid in backends:
            watch.execute("select pg_terminate_backend(%s)", (pid,))
    until(lambda: not watch.execute(STUCK).fetchall(), "the backend gone")
    assert (any_case(watch), told(watch)) == ((case_id, seq), [])
    check_case(watch, case_id)
