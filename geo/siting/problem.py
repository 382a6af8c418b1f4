"""What is to be sited, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
LONGEST_S: Final = 14_400
"""What is farther away, or where no way leads, counts as so far: four hours."""
Breathe = Callable[[], None]
"""Called between steps; what it raises ends the work."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Demand, places that may be chosen, and what there is already.

    Attributes
    ----------
    seconds : int64 array (demands, places)
        The way from each place, whole seconds, at most ``LONGEST_S``.
    weight : int64 array (demands,)
        Cases of each demand, above 0.
    now_s : int64 array (demands,)
        The way of the nearest that is there already; ``LONGEST_S`` where nobody is.
    """

    seconds: Longs
    weight: Longs
    now_s: Longs

    @staticmethod
    def of(seconds: Floats, weight: Longs, now_s: Floats) -> "Problem":
        """A problem of ways in seconds, infinite where none leads."""
        return Problem(_whole(seconds), np.asarray(weight, np.int64), _whole(now_s))

    @property
    def places(self) -> int:
        """How many may be chosen from."""
        return int(self.seconds.shape[1])

    @property
    def cases(self) -> int:
        """All demand."""
        return int(self.weight.sum())


def _whole(seconds: Floats) -> Longs:
    return np.rint(np.minimum(np.nan_to_num(seconds, nan=LONGEST_S, posinf=LONGEST_S), LONGEST_S)).astype(np.int64)


@dataclass(frozen=True)
class Sited:
    """What was chosen.

    Attributes
    ----------
    chosen : tuple of int
        Places by index, ascending.
    value, before : float
        What the choice reaches, and what there was without it: the mean way in seconds (p-median), the share of the cases within
        the promised time (covering).
    bound : float
        No choice can be better than this: of the same kind as ``value``; of places where their number is sought.
    gap : float
        How far the choice may be from the best, as a share of it; 0: it is the best, and that is proved.
    reached : bool
        Whether what was promised is reached.
    """

    chosen: tuple[int, ...]
    value: float
    before: float
    bound: float
    gap: float
    reached: bool = True

    @property
    def proved(self) -> bool:
        """Whether nothing better can be."""
        return self.gap == 0.0
