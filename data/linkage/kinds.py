"""The kinds of records that are linked by learned weights: how each is prepared and compared, many at once and one at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from data.linkage import enterprises, ladders, preparing
from data.linkage.ladders import Ladder, Values
from data.linkage.model import PERSONS, Model

Said = Mapping[str, str | None]


@dataclass(frozen=True)
class Linkable:
    """One kind of record.

    Attributes
    ----------
    columns : tuple of str
        What a record may say.
    prepare, prepare_one : callable
        A frame of records, or one record, as it is compared; the day decides which birth dates can be.
    ladders : sequence of callable
        The level of two prepared records in each comparison of the model.
    """

    model: Model
    columns: tuple[str, ...]
    prepare: Callable[[pd.DataFrame, date], pd.DataFrame]
    prepare_one: Callable[[Said, date], Values]
    ladders: Sequence[Ladder]


PERSON: Final = Linkable(PERSONS, preparing.COLUMNS, preparing.prepare, preparing.prepare_one, ladders.LADDERS)
ENTERPRISE: Final = Linkable(
    enterprises.ENTERPRISES,
    enterprises.COLUMNS,
    enterprises.prepare_enterprises,
    enterprises.prepare_enterprise,
    enterprises.LADDERS,
)
LINKABLE: Final[Mapping[str, Linkable]] = {"person": PERSON, "enterprise": ENTERPRISE}
