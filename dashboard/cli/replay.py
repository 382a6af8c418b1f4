"""Posting reports to the real intake over HTTP, each at its moment."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import orjson

from data.importers.synthetic import Report
from geo.errors import NeedleError

BATCH = 500
"""Reports in one request at most."""
TICK_S = 0.25
"""Reports that fall due within this time travel together."""
TIMEOUT_S = 60.0

Send = Callable[[list[Report]], None]


@dataclass
class Tally:
    """What the intake answered: stored anew, there before under the same key, refused by error code."""

    stored: int = 0
    duplicates: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        """All reports that were answered."""
        return self.stored + self.duplicates + self.refused.total()


def sender(client: httpx.Client, url: str, tally: Tally) -> Send:
    """A function that posts a batch and counts the answer.

    It raises ``replay.unreachable`` when nobody answers, and ``replay.refused`` for a batch refused as a whole.
    """

    def send(reports: list[Report]) -> None:
        try:
            answer = client.post(f"{url}/api/reports/batch", content=orjson.dumps(reports), timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise NeedleError("replay.unreachable", url=url, reason=str(error)) from error
        if answer.status_code != 200:
            raise NeedleError("replay.refused", status=answer.status_code, detail=answer.text[:300])
        said = orjson.loads(answer.content)
        tally.stored += said["stored"]
        tally.duplicates += said["duplicates"]
        tally.refused.update(error["code"] for error in said["errors"])

    return send


def post_paced(
    paced: Iterator[tuple[float, Report]],
    send: Send,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send each report when its seconds since the start have passed; those due together go in one batch."""
    start = clock()
    batch: list[Report] = []
    for due_s, report in paced:
        if batch and (len(batch) >= BATCH or due_s > clock() - start + TICK_S):
            send(batch)
            batch = []
        wait_s = due_s - (clock() - start)
        if not batch and wait_s > 0:
            sleep(wait_s)
        batch.append(report)
    if batch:
        send(batch)
