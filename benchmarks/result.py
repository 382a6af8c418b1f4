"""What a benchmark says when it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter
from typing import Any, Literal

Size = Literal["small", "city"]
Progress = Callable[[str, float], None]
"""Told what is being done and how far it is, 0 to 1."""


@dataclass(frozen=True)
class Result:
    """One benchmark's outcome.

    ``ours`` and each peer map a measured quantity, unit in its name, to a number; each peer also has ``ratio``: how many times
    slower it was than ours on the same work (or, for a rate, how many times lower).
    """

    name: str
    bar: str
    met: bool
    ours: dict[str, float]
    peers: dict[str, dict[str, float]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The result as the JSON file has it, without its name."""
        return {"bar": self.bar, "met": self.met, "ours": self.ours, "peers": self.peers}


def city_bar(bar: str, size: Size) -> str:
    """A bar that was set for size city, as it is printed: at another size it is judged all the same, and says so."""
    return bar if size == "city" else f"{bar} (set for size city; at size {size} the fixed costs of a call weigh more)"


def p50_p99(times: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    cuts = quantiles(times, n=100)
    return cuts[49], cuts[98]


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Median wall time of ``work`` over ``repeats`` runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)
