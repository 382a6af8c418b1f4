"""Asks a server for tiles over a number of connections and tells how long each took, in a process of its own."""

import asyncio
import json
import sys
import time
from typing import Any, Final

from benchmarks.peers.visitor import lines

SIGNED_IN: Final = lines()
Answer = tuple[str, float, int, int, str]
"""Path, milliseconds, status, bytes, entity tag."""


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> None:
        """Connect."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def get(self, path: str, etag: str = "") -> Answer:
        """One request."""
        condition = f"If-None-Match: {etag}\r\n" if etag else ""
        start = time.perf_counter()
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{SIGNED_IN}{condition}\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin1")
        lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        status, took = int(lines[0].split()[1]), (time.perf_counter() - start) * 1000
        return path, took, status, len(body), headers.get("etag", "")

    async def ask(self, requests: list[list[str]], until: float) -> list[Answer]:
        """One request after the other, until all are made or the time is over."""
        answers = []
        for path, etag in requests:
            if time.perf_counter() > until:
                break
            answers.append(await self.get(path, etag))
        return answers


async def ask(ports: list[int], requests: list[list[str]], clients: int, seconds: float) -> dict[str, Any]:
    """Ask with several clients at once, each with a share of the requests and one of the ports."""
    connections = [Client(ports[k % len(ports)]) for k in range(clients)]
    await asyncio.gather(*(connection.open() for connection in connections))
    start = time.perf_counter()
    asking = (client.ask(requests[k::clients], start + seconds) for k, client in enumerate(connections))
    answers = [answer for found in await asyncio.gather(*asking) for answer in found]
    return {"seconds": time.perf_counter() - start, "answers": answers}


def main() -> None:
    """Ask: ports, clients, seconds at most; requests ([path, entity tag]) come on standard input as JSON, answers go out so."""
    said, clients, seconds = sys.argv[1:]
    ports = [int(port) for port in said.split(",")]
    json.dump(asyncio.run(ask(ports, json.load(sys.stdin), int(clients), float(seconds))), sys.stdout)


if __name__ == "__main__":
    main()
