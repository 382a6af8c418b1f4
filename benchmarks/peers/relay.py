"""A relay between a browser and a server that counts what the browser receives."""

import re
import socket
import threading
from collections.abc import Iterator
from typing import Final

CHUNK: Final = 1 << 16
TAKES: Final = re.compile(rb"(accept-encoding: )[^\r\n]*", flags=re.IGNORECASE)


class Relay:
    """Listens on a port of its own and passes everything to ``server``, both ways, a thread for each direction.

    ``compressed`` False: the server is told that the browser takes nothing compressed.
    """

    def __init__(self, server: int, compressed: bool) -> None:
        self.server, self.compressed = server, compressed
        self.received = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server))
            for end in (browser, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._ask, args=(browser, server), daemon=True).start()
            threading.Thread(target=self._answer, args=(server, browser), daemon=True).start()

    def _ask(self, browser: socket.socket, server: socket.socket) -> None:
        for data in chunks(browser):
            server.sendall(data if self.compressed else TAKES.sub(rb"\1identity", data))
        close(server)

    def _answer(self, server: socket.socket, browser: socket.socket) -> None:
        for data in chunks(server):
            with self._lock:
                self.received += len(data)
            try:
                browser.sendall(data)
            except OSError:
                break
        close(browser)


def chunks(source: socket.socket) -> Iterator[bytes]:
    """What arrives, until the other side ends or goes away."""
    while True:
        try:
            data = source.recv(CHUNK)
        except OSError:
            return
        if not data:
            return
        yield data


def close(end: socket.socket) -> None:
    """End sending; the other direction may still run."""
    try:
        end.shutdown(socket.SHUT_WR)
    except OSError:
        return
