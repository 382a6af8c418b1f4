"""The senders of the submit benchmark: many connections, each sending its next sealed answer when the last one is on disk.

Answers lie ready in a file, four bytes of length before each, an address and its content as one HTTP request: sealing them is the
phones' work, not the portal's.
"""

import json
import sys
import time
from collections import deque
from pathlib import Path
from statistics import quantiles

import uvloop

from benchmarks.peers.cores import REST, stay_on
from benchmarks.peers.sending import Load, send_all


class Answers(Load):
    """Requests that were made before, each sent once."""

    def __init__(self, requests: deque[bytes]) -> None:
        super().__init__()
        self.requests = requests

    def next(self) -> bytes | None:
        """The next request."""
        return self.requests.popleft() if self.requests else None


async def run(port: int, load: Answers, connections: int) -> dict[str, float]:
    """Send everything; answers a second, and percentiles of the time until each was on disk."""
    started = time.perf_counter()
    await send_all(port, load, connections)
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
    figures = uvloop.run(run(int(port), Answers(read_requests(Path(file))), int(connections)))
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
