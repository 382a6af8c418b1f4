"""Keeps the processes of one installation running together, and stops them together.

Each child is a real process in a session of its own, so that Ctrl-C reaches the supervisor alone and it decides the order of
stopping: people first, then the worker, then the server; the database is the caller's.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
STOP_PATIENCE_S = 10.0
RESTART_PAUSE_S = 1.0


@dataclass(frozen=True)
class Part:
    """A process to keep alive: its name, its command line, and which variables of the environment it must not see."""

    name: str
    command: tuple[str, ...]
    hidden: frozenset[str] = frozenset()


@dataclass
class Child:
    """A part that was started."""

    part: Part
    process: subprocess.Popen[bytes]
    started_at: float
    restarts: int = 0


def needle_command(*arguments: str) -> tuple[str, ...]:
    """The command line that runs ``needle`` with this very interpreter."""
    return (sys.executable, "-m", "dashboard.cli", *arguments)


def die_with_parent() -> None:
    """In the child, before exec: be told to stop when the supervisor is killed (Linux; elsewhere does nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Supervisor:
    """Starts parts, restarts what dies, stops all in reverse order.

    Parameters
    ----------
    log_folder : Path
        Where each part's output goes, ``<name>.log``.
    environment : dict
        Added to this process's environment for every part.
    """

    log_folder: Path
    environment: dict[str, str]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def start(self, part: Part) -> Child:
        """Start a part and remember it."""
        child = Child(part, self._spawn(part), time.monotonic())
        self.children.append(child)
        return child

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        self.log_folder.mkdir(parents=True, exist_ok=True)
        with (self.log_folder / f"{part.name}.log").open("ab") as log:
            return subprocess.Popen(
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={k: v for k, v in (os.environ | self.environment).items() if k not in part.hidden},
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def tend(self) -> list[Child]:
        """Restart what has died; the children that were restarted."""
        dead = [c for c in self.children if c.process.poll() is not None]
        for child in dead:
            time.sleep(RESTART_PAUSE_S)
            child.process = self._spawn(child.part)
            child.started_at = time.monotonic()
            child.restarts += 1
        return dead

    def stop(self) -> None:
        """Stop every part, last started first; one that does not listen is killed."""
        for child in reversed(self.children):
            child.process.terminate()
            try:
                child.process.wait(STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self.children.clear()


@contextmanager
def stop_signals(supervisor: Supervisor) -> Iterator[None]:
    """While inside, SIGINT and SIGTERM ask the supervisor to stop instead of ending this process."""

    def ask(_signal: int, _frame: FrameType | None) -> None:
        supervisor.stopping = True

    before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)


def last_lines(path: Path, count: int = 15) -> Sequence[str]:
    """The end of a log file, for an error message."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:] if path.exists() else []
