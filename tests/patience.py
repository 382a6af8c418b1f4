"""How long a test waits for what must come: long, since it costs time only where a test fails, and machines are busy."""

import time
from collections.abc import Callable
from typing import TypeVar

from httpx._config import DEFAULT_TIMEOUT_CONFIG

T = TypeVar("T")
PATIENCE_S = 120.0
PATIENCE_MS = 120_000
PAUSE_S = 0.05


def until(look: Callable[[], T | None], what: str = "what was waited for") -> T:
    """What ``look`` finds, looked for until it is something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(PAUSE_S)
    return found


def wait_long_for_answers() -> None:
    """Let an HTTP client that names no time wait as long: its own default of 5 s is short on a busy machine."""
    for kind in ("connect", "read", "write", "pool"):
        setattr(DEFAULT_TIMEOUT_CONFIG, kind, PATIENCE_S)
