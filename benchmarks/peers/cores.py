"""Which core a process keeps to: left alone, some kernels pack all of them on one core, and every rate halves."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

SERVER, REST = 0, 1
"""The server has one core; the database and the senders share the other."""


def stay_on(core: int) -> None:
    """Keep this process, and what it starts, on one core; does nothing where the system has no such call."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started inside stays on one core."""
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    stay_on(core)
    try:
        yield
    finally:
        if before is not None:
            os.sched_setaffinity(0, before)
