"""One request after the other over many connections, for the senders of benchmarks: what is sent, and how long answers took."""

import asyncio
import time
from abc import ABC, abstractmethod
from typing import cast


class Load(ABC):
    """What all connections share: the requests, and the times that answers took."""

    def __init__(self) -> None:
        self.took_s: list[float] = []

    @abstractmethod
    def next(self) -> bytes | None:
        """The next request; None: it is over."""


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
        """Send the next request, or end."""
        request = self.load.next()
        if request is None:
            self.transport.close()
            self.done.set_result(None)
            return
        self.received, self.sent_at = b"", time.perf_counter()
        self.transport.write(request)

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


async def send_all(port: int, load: Load, connections: int) -> None:
    """Send until the load is over on every connection."""
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(load), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.gather(*(protocol.done for _, protocol in made))
