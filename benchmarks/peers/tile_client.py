"""Asks a server for tiles over a number of connections and tells how long each took, in a process of its own."""

import asyncio
import json
import re
import sys
import time
from typing import Any, Final, cast

import uvloop

from benchmarks.peers.visitor import lines

SIGNED_IN: Final = lines()
LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
ETAG: Final = re.compile(rb"(?i)\r\netag: *([^\r]*)")
Answer = tuple[str, float, int, int, str]
"""Path, milliseconds, status, bytes, entity tag."""


class Client(asyncio.Protocol):
    """One connection that is kept. It only notes what comes and reads it after the run: what is measured is the server."""

    def __init__(self) -> None:
        self.transport = cast(asyncio.WriteTransport, None)
        self.arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.head, self.missing = b"", 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self.transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Some of an answer: its head until the empty line, then as many bytes as the head says."""
        if not self.missing:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            data, self.head = self.head[end + 4 :], self.head[:end]
            self.missing = length_of(self.head)
        self.missing -= len(data)
        if not self.missing:
            self.arrived.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """The server went away."""
        if not self.arrived.done():
            self.arrived.set_exception(error or ConnectionError("the server closed the connection"))

    async def get(self, path: str, etag: str) -> tuple[str, float, bytes]:
        """One request: its path, milliseconds, the head of its answer."""
        condition = f"If-None-Match: {etag}\r\n" if etag else ""
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{SIGNED_IN}{condition}\r\n".encode()
        self.head, self.arrived = b"", asyncio.get_running_loop().create_future()
        start = time.perf_counter()
        self.transport.write(request)
        await self.arrived
        return path, (time.perf_counter() - start) * 1000, self.head

    async def ask(self, requests: list[list[str]], until: float) -> list[tuple[str, float, bytes]]:
        """One request after the other, until all are made or the time is over."""
        answers = []
        for path, etag in requests:
            if time.perf_counter() > until:
                break
            answers.append(await self.get(path, etag))
        return answers


def length_of(head: bytes) -> int:
    """How many bytes follow a head; 0 where it does not say."""
    found = LENGTH.search(head)
    return int(found[1]) if found else 0


def read_answer(path: str, took: float, head: bytes) -> Answer:
    """An answer by its head."""
    etag = ETAG.search(head)
    return path, took, int(head.split(b" ", 2)[1]), length_of(head), etag[1].decode() if etag else ""


async def ask(ports: list[int], requests: list[list[str]], clients: int, seconds: float) -> dict[str, Any]:
    """Ask with several clients at once, each with a share of the requests and one of the ports."""
    loop = asyncio.get_running_loop()
    opening = (loop.create_connection(Client, "127.0.0.1", ports[k % len(ports)]) for k in range(clients))
    connections = [client for _, client in await asyncio.gather(*opening)]
    start = time.perf_counter()
    asking = (client.ask(requests[k::clients], start + seconds) for k, client in enumerate(connections))
    answered = await asyncio.gather(*asking)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "answers": [read_answer(*answer) for found in answered for answer in found]}


def main() -> None:
    """Ask: ports, clients, seconds at most; requests ([path, entity tag]) come on standard input as JSON, answers go out so."""
    said, clients, seconds = sys.argv[1:]
    ports = [int(port) for port in said.split(",")]
    json.dump(uvloop.run(ask(ports, json.load(sys.stdin), int(clients), float(seconds))), sys.stdout)


if __name__ == "__main__":
    main()
