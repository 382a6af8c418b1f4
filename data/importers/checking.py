"""How well a city's own records agree with what we say of them. Pure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.importers.columns import Texts, recorded_codes
from data.importers.events import EventTable
from data.importers.locating import Whereabouts
from data.profile_model import Agreement


@dataclass(frozen=True)
class AgreementResult:
    """Recorded and computed codes of one layer, over the rows that have a real location.

    ``compared`` rows have a recorded code, ``blank`` have none; ``agreeing`` of the compared have the same code as
    ours, and
    ``outside`` lie in no area of the layer (they count as disagreeing).
    """

    layer: str
    at_least: float
    compared: int
    agreeing: int
    blank: int
    outside: int

    @property
    def share(self) -> float:
        """The share that agrees; 0 when there is nothing to compare."""
        return self.agreeing / self.compared if self.compared else 0.0

    @property
    def met(self) -> bool:
        """Whether the share reaches what the profile asks for."""
        return self.share >= self.at_least


def agreement(asked: Agreement, table: pd.DataFrame, events: EventTable, whereabouts: Whereabouts) -> AgreementResult:
    """Compare one layer's recorded codes with the atlas's."""
    rank = whereabouts.atlas.names.index(asked.layer)
    ours = area_codes(whereabouts, rank)
    recorded = recorded_codes(table, asked.column, asked.recorded)
    located = np.isfinite(events.lng)
    said = located & np.array([code is not None for code in recorded], dtype=bool)
    return AgreementResult(
        layer=asked.layer,
        at_least=asked.at_least,
        compared=int(said.sum()),
        agreeing=int((said & (recorded == ours)).sum()),
        blank=int((located & ~said).sum()),
        outside=int((said & (whereabouts.where[rank] < 0)).sum()),
    )


def area_codes(whereabouts: Whereabouts, rank: int) -> Texts:
    """The code of each event's area in one layer, ``None`` outside."""
    codes = np.array([*whereabouts.atlas.layers[rank].codes, None], dtype=object)
    found: Texts = codes[whereabouts.where[rank]]
    return found


def routing_history(events: EventTable, whereabouts: Whereabouts, layer: str, zone: str) -> pd.DataFrame:
    """What the past teaches about routing, a row for each event that a department had.

    Columns: category, reason (its major), area (code in ``layer``, ``None`` outside), department, queue, and
    reported_at in the city's own time, so that a month is the city's month.
    """
    rank = whereabouts.atlas.names.index(layer)
    history = pd.DataFrame(
        {
            "category": events.category,
            "reason": events.major,
            "area": area_codes(whereabouts, rank),
            "department": events.department,
            "queue": events.queue,
            "reported_at": events.reported_at.dt.tz_convert(zone),
        }
    )
    whole = history[["category", "department", "reported_at"]].notna().all(axis=1)
    return history[whole].reset_index(drop=True)
