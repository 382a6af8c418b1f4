"""Courier processes killed with -9 at their work, over and over: every report and every answer arrives, and arrives once."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from data.database import open_pool
from data.portal.courier_side import CourierSide
from tests.dashboard.residents.asking import ask, instance
from tests.dashboard.residents.conftest import Zones, post
from tests.patience import PATIENCE_S

CODES = [f"{number:020}" for number in range(120)]
ANSWERS = [f"{number:020}" for number in range(1000, 1060)]
ARRIVED = "select count(*) from report where body -> 'via' ->> 'portal' = 'true'"


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def fill(zones: Zones) -> None:
    async with open_pool(zones.mailbox) as pool:
        await CourierSide(pool).publish_key(*zones.keys.newest)
    for number, code in enumerate(CODES):
        await post(zones, code, words=f"第 {number} 件")
    asked = await ask(zones)
    for number, code in enumerate(ANSWERS):
        await asked.put(code, instance(number, number % 100))


def start(zones: Zones) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "NEEDLE_HOME": str(zones.home),
        "NEEDLE_DATABASE_URL": zones.base,
        "NEEDLE_PORTAL_DATABASE_URL": zones.mailbox,
    }
    command = [sys.executable, "-m", "dashboard.cli", "courier", "--per-minute", "6000"]
    return subprocess.Popen(command, env=environment)


def test_couriers_killed_over_and_over_lose_nothing_and_do_nothing_twice(zones: Zones) -> None:
    asyncio.run(fill(zones))
    for share in (0.2, 0.5, 0.8):
        with start(zones) as courier:
            until(lambda share=share: zones.rows(ARRIVED)[0][0] >= share * len(CODES))  # type: ignore[misc]
            courier.send_signal(signal.SIGKILL)
    with start(zones) as last:
        until(lambda: zones.waiting() == 0)
        last.send_signal(signal.SIGKILL)
    found = zones.rows(
        "select idempotency_key, count(*) from report where body -> 'via' ->> 'portal' = 'true' group by 1"
    )
    assert len(found) == len(CODES)
    assert {count for _, count in found} == {1}
    assert zones.rows("select count(*) from resident_mail") == [(len(CODES),)]
    assert zones.rows("select count(*), count(distinct mail_id) from form_submission") == [(len(ANSWERS),) * 2]
