"""The senders of the submit benchmark: many connections, each sending its next sealed answer when the last one is on disk.

Answers lie ready in a file, four bytes of length before each, an address and its content as one HTTP request: sealing them is the
phones' work, not the portal's.
"""

import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path
from statistics import quantiles
from typing import cast

import uvloop

from benchmarks.peers.cores import REST, stay_on


class Load:
    """What all connections share: the requests that are left, and the times that answers took."""

    def __init__(self, requests: deque[bytes]) -> None:
        self.requests = requests
        self.took_s: list[float] = []


class Connection(asyncio.Protocol):
    """One phone after the other."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self.transport = cast("asyncio.Transport", transport)
        self.send()

    def send(self) -> None:
        """Send the next request, or end."""
        if not self.load.requests:
            self.transport.close()
            self.done.set_result(None)
            return
        self.received, self.sent_at = b"", time.perf_counter()
        self.transport.write(self.load.requests.popleft())

    def data_received(self, data: bytes) -> None:
        """When the answer is whole: note its time, and go on."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
            return
        if not head.startswith(b"HTTP/1.1 20"):
            self.done.set_exception(RuntimeError(self.received.decode()))
            return
        self.load.took_s.append(time.perf_counter() - self.sent_at)
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that the server closes is a failure of the run."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


async def send_all(port: int, load: Load, connections: int) -> dict[str, float]:
    """Send everything; answers a second, and percentiles of the time until each was on disk."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    made = [await loop.create_connection(lambda: Connection(load), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    elapsed = time.perf_counter() - started
    cuts = quantiles(load.took_s, n=100)
    return {
        "answers_per_s": len(load.took_s) / elapsed,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
    }


def read_requests(file: Path) -> deque[bytes]:
    """The requests of a file."""
    content, at, found = file.read_bytes(), 0, deque[bytes]()
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        found.append(content[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def main() -> None:
    """Send and print the figures as JSON: port, file, connections."""
    port, file, connections = sys.argv[1:]
    stay_on(REST)
    figures = uvloop.run(send_all(int(port), Load(read_requests(Path(file))), int(connections)))
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
