"""The senders of the intake benchmark: many connections of one process, each sending its next request after the answer."""

import json
import os
import sys
import time
import uuid
from statistics import quantiles

import uvloop

from benchmarks.peers.cores import REST, stay_on
from benchmarks.peers.sending import Load, send_all

REPORT = {
    "channel": "snap",
    "reported_at": "2026-11-24T10:00:00+08:00",
    "matter": "2026:event:09006",
    "text": "有人在路口占道经营,行人只能走到马路上,请尽快处理",
    "lng": 116.1234567,
    "lat": 39.9123456,
    "crs": "gcj02",
    "accuracy_m": 12.0,
    "address": "幸福路12号",
    "reporter": {"name": "张"},
}
KEY_LENGTH = 20
KEY = "NEEDLE_BENCH_KEY"
"""The channel's key, in the environment."""


class Reports(Load):
    """Reports until the time is over; no key is sent twice."""

    def __init__(self, port: int, path: str, seconds: float, batch: int) -> None:
        super().__init__()
        self.port, self.path, self.batch = port, path, batch
        self.key = os.environ[KEY]
        self.run = uuid.uuid4().hex[: KEY_LENGTH - 10]
        self.number = 0
        self.started = time.perf_counter()
        self.ends = self.started + seconds
        self.tail = json.dumps(REPORT, ensure_ascii=False).encode()[1:]

    def body(self) -> bytes:
        """The next report, or the next batch of them as NDJSON; no key is sent twice."""
        lines = []
        for _ in range(self.batch):
            self.number += 1
            lines.append(b'{"key": "%s%010d", %s' % (self.run.encode(), self.number, self.tail))
        return b"\n".join(lines)

    def next(self) -> bytes | None:
        """The next request."""
        if self.took_s and time.perf_counter() >= self.ends:
            return None
        body = self.body()
        known = f"Host: needle\r\nAuthorization: Bearer {self.key}\r\n"
        head = f"POST {self.path} HTTP/1.1\r\n{known}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


async def run(load: Reports, connections: int) -> dict[str, float]:
    """Run the load; reports a second, and the median and 99th percentile of the time to the answer."""
    await send_all(load.port, load, connections)
    elapsed = time.perf_counter() - load.started
    cuts = quantiles(load.took_s, n=100) if len(load.took_s) > 1 else [load.took_s[0]] * 99
    return {
        "reports_per_s": len(load.took_s) * load.batch / elapsed,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
    }


def main() -> None:
    """Send and print the figures as JSON: port, path, seconds, connections, reports a request."""
    port, path, seconds, connections, batch = sys.argv[1:]
    stay_on(REST)
    figures = uvloop.run(run(Reports(int(port), path, float(seconds), int(batch)), int(connections)))
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
