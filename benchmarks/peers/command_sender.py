"""Fifty people at once, each sending the next command after the answer to the last; in a process of their own.

Reads a plan (JSON): ``headers`` by actor, ``people`` as lists of cases with their rounds of moves, ``hot`` cases that all of
them add words to, ``seconds``, of which ``warm_s`` are not timed. Writes the times, and (case, seq) of all that was acknowledged.
"""

import asyncio
import json
import sys
import time
from typing import Any, cast

import uvloop

from benchmarks.peers.cores import REST, stay_on

HOT_EVERY = 10
"""Every tenth command of each of them goes to a case that the others work on too."""


class Person(asyncio.Protocol):
    """One of them, over one kept connection."""

    def __init__(self, plan: dict[str, Any], number: int, told: dict[str, list[Any]]) -> None:
        self.plan, self.number, self.told = plan, number, told
        self.cases = plan["people"][number]
        self.moved = [0] * len(self.cases)
        started = time.perf_counter()
        self.sent, self.counts, self.ends = 0, started + plan["warm_s"], started + plan["seconds"]
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first command."""
        self.transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        actor, case_id, body = self._next()
        text = json.dumps(body, ensure_ascii=False).encode()
        head = f"POST /api/cases/{case_id}/commands HTTP/1.1\r\nHost: needle\r\nContent-Type: application/json\r\n"
        head += f"{self.plan['headers'][actor]}Content-Length: {len(text)}\r\n\r\n"
        self.case, self.received, self.sent_at = case_id, b"", time.perf_counter()
        self.transport.write(head.encode() + text)

    def _next(self) -> tuple[str, int, dict[str, Any]]:
        self.sent += 1
        if self.sent % HOT_EVERY == 0:
            hot = self.plan["hot"]
            words = {"action": "remark", "text": f"{self.number}-{self.sent}"}
            return "operator:00", hot[(self.sent // HOT_EVERY + self.number) % len(hot)], words
        which = self.sent % len(self.cases)
        case_id, moves = self.cases[which]
        actor, body = moves[self.moved[which] % len(moves)]
        self.moved[which] += 1
        return actor, case_id, body

    def data_received(self, data: bytes) -> None:
        """When the answer is whole: note it, and go on until the end."""
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]):
            return
        now = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(self.received.decode()))
            return
        if self.sent_at >= self.counts:
            self.told["took_s"].append(now - self.sent_at)
        self.told["acknowledged"].append((self.case, json.loads(body)["seq"]))
        if now < self.ends:
            self._send()
        else:
            self.transport.close()
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that the server closes is a failure of the run."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


async def send_all(port: int, plan: dict[str, Any]) -> dict[str, list[Any]]:
    """Let all of them work at once."""
    loop = asyncio.get_running_loop()
    told: dict[str, list[Any]] = {"took_s": [], "acknowledged": []}
    people = [
        await loop.create_connection(lambda n=number: Person(plan, n, told), "127.0.0.1", port)  # type: ignore[misc]
        for number in range(len(plan["people"]))
    ]
    await asyncio.gather(*(person.done for _, person in people))
    return told


def main() -> None:
    """Work and print what was acknowledged: port; the plan comes on the standard input."""
    stay_on(REST)
    plan = json.load(sys.stdin)
    sys.stdout.write(json.dumps(uvloop.run(send_all(int(sys.argv[1]), plan))))


if __name__ == "__main__":
    main()
