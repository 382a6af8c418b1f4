"""Which core a process keeps to: left alone, some kernels pack all of them on one core, and every rate halves."""

import os

SERVER, SENDER = 0, 1


def stay_on(core: int) -> None:
    """Keep this process on one of the cores it may use; does nothing where there is only one, or no such call."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[core % len(allowed)]})
