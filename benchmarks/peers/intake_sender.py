"""The senders of the intake benchmark: many connections of one process, each sending its next request after the answer."""

import asyncio
import json
import os
import sys
import time
import uuid
from statistics import quantiles
from typing import cast

import uvloop

from benchmarks.peers.cores import REST, stay_on

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


class Load:
    """What all connections share: the clock, the numbering of reports, and the times that answers took."""

    def __init__(self, port: int, path: str, seconds: float, batch: int) -> None:
        self.port, self.path, self.batch = port, path, batch
        self.key = os.environ[KEY]
        self.run = uuid.uuid4().hex[: KEY_LENGTH - 10]
        self.number = 0
        self.took_s: list[float] = []
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

    def request(self) -> bytes:
        """The next request."""
        body = self.body()
        known = f"Host: needle\r\nAuthorization: Bearer {self.key}\r\n"
        head = f"POST {self.path} HTTP/1.1\r\n{known}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


class Connection(asyncio.Protocol):
    """One sender."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self.transport = cast("asyncio.Transport", transport)
        self.send()

    def send(self) -> None:
        """Send the next request."""
        self.received, self.sent_at = b"", time.perf_counter()
        self.transport.write(self.load.request())

    def data_received(self, data: bytes) -> None:
        """When the answer is whole: note its time, and go on until the end."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
            return
        if not head.startswith(b"HTTP/1.1 20"):
            self.done.set_exception(RuntimeError(self.received.decode()))
            return
        now = time.perf_counter()
        self.load.took_s.append(now - self.sent_at)
        if now < self.load.ends:
            self.send()
        else:
            self.transport.close()
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that the server closes is a failure of the run."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


async def send_all(load: Load, connections: int) -> dict[str, float]:
    """Run the load; reports a second, and the median and 99th percentile of the time to the answer."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(load), "127.0.0.1", load.port) for _ in range(connections)]
    await asyncio.gather(*(protocol.done for _, protocol in made))
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
    figures = uvloop.run(send_all(Load(int(port), path, float(seconds), int(batch)), int(connections)))
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
