"""The sender of the live benchmark: reports at a fixed rate, whatever the answers take, each noted when it is accepted."""

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime
from typing import cast

import uvloop

from benchmarks.peers.visitor import lines

CONNECTIONS = 32
SIGNED_IN = lines()
MATTERS = tuple(
    f"2026:event:{code}"
    for code in [
        "09005",
        "06010",
        "09009",
        "09010",
        "09006",
        "09011",
        "09001",
        "06028",
        "06036",
        "06012",
        "07001",
        "08001",
    ]
)
"""The commonest matters of the demo city's history."""
Box = tuple[float, float, float, float]


class Connection(asyncio.Protocol):
    """One kept connection: a request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self.transport = cast("asyncio.Transport", transport)
        self.received = b""
        self.answered: asyncio.Future[bytes] | None = None

    async def post(self, path: str, body: bytes) -> bytes:
        """Send a request; its answer's body."""
        self.received, self.answered = b"", asyncio.get_running_loop().create_future()
        head = f"POST {path} HTTP/1.1\r\nHost: needle\r\n{SIGNED_IN}Content-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)
        return await self.answered

    def data_received(self, data: bytes) -> None:
        """Give the answer on once it is whole."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
            return
        assert self.answered is not None
        if head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            self.answered.set_result(body)
        else:
            self.answered.set_exception(RuntimeError(self.received.decode()))


def report(run: str, number: int, box: Box) -> bytes:
    """A report somewhere in the box (west, south, east, north)."""
    west, south, east, north = box
    said = {
        "channel": "snap",
        "key": f"{run}-{number}",
        "reported_at": datetime.now(UTC).isoformat(),
        "matter": random.choice(MATTERS),
        "text": "有人在路口占道经营,行人只能走到马路上,请尽快处理",
        "lng": random.uniform(west, east),
        "lat": random.uniform(south, north),
        "crs": "wgs84",
        "accuracy_m": 10.0,
    }
    return json.dumps(said, ensure_ascii=False).encode()


async def send_all(port: int, run: str, rate: float, seconds: float, box: Box) -> list[tuple[int, float]]:
    """(report id, Unix time of its acceptance) of every report, sent ``rate`` a second for ``seconds``."""
    loop = asyncio.get_running_loop()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait((await loop.create_connection(Connection, "127.0.0.1", port))[1])
    accepted: list[tuple[int, float]] = []

    async def send(number: int) -> None:
        connection = await free.get()
        body = await connection.post("/api/reports", report(run, number, box))
        accepted.append((int(json.loads(body)["id"]), time.time()))
        free.put_nowait(connection)

    start, tasks = loop.time(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - loop.time()))
        tasks.append(asyncio.create_task(send(number)))
    await asyncio.gather(*tasks)
    return accepted


def main() -> None:
    """Send and print what was accepted as JSON: port, name of the run, reports a second, seconds, box."""
    port, run, rate, seconds, box = sys.argv[1:]
    west, south, east, north = map(float, box.split(","))
    accepted = uvloop.run(send_all(int(port), run, float(rate), float(seconds), (west, south, east, north)))
    sys.stdout.write(json.dumps(accepted))


if __name__ == "__main__":
    main()
