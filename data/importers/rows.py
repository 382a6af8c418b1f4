"""Events of a table as rows of ``report``, ``cases`` and ``case_event``. Pure but for the numbers it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from data.chain import Event
from data.copy import hex_ewkb
from data.importers.columns import datetimes
from data.importers.events import EventTable
from data.importers.history import PastEvent, closing_moment, steps
from data.importers.locating import Whereabouts
from data.stores.cases import CaseRow

REPORT_COLUMNS = (
    "id",
    "channel",
    "idempotency_key",
    "body",
    "reported_at",
    "handled_at",
    "case_id",
    "problem",
)


@dataclass(frozen=True)
class KnownMatter:
    """A matter of the base as an import needs it."""

    id: int
    name: str


@dataclass(frozen=True, eq=False)
class Import:
    """Everything that the rows of one file are made of.

    ``matter[i]`` is the matter of event ``i``, ``None`` for one that is in no list. ``departments`` are the codes of
    the base.
    ``now`` is the moment of the import.
    """

    events: EventTable
    whereabouts: Whereabouts
    matter: Sequence[KnownMatter | None]
    departments: frozenset[str]
    h3_9: NDArray[np.int64]
    uncertainty_m: float
    number_prefix: str
    source: str
    now: datetime

    @cached_property
    def reported_at(self) -> list[datetime | None]:
        """When each event was reported, ``None`` where that cannot be read."""
        return datetimes(self.events.reported_at)

    @cached_property
    def due_at(self) -> list[datetime | None]:
        """By when each event is due."""
        return datetimes(self.events.due_at)

    @cached_property
    def closed_at(self) -> list[datetime | None]:
        """When each event was closed, as recorded."""
        return datetimes(self.events.closed_at)

    @cached_property
    def points(self) -> list[str]:
        """Each event's point as a geometry column takes it; meaningless for an unknown location."""
        return hex_ewkb(shapely.points(self.events.lng, self.events.lat))

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Which events have a location outside every area."""
        return self.whereabouts.outside

    def problem(self, i: int) -> str | None:
        """Why event ``i`` becomes a report without a case, ``None`` when it becomes one."""
        if "event.time_invalid" in self.events.problems[i]:
            return "event.time_invalid"
        return None if self.matter[i] is not None else "event.matter_unknown"

    def problems(self, i: int) -> tuple[str, ...]:
        """All problem codes of event ``i``."""
        found = list(self.events.problems[i])
        if self.events.location_problem[i]:
            found.append(str(self.events.location_problem[i]))
        if self.outside[i]:
            found.append("coordinate.outside")
        if self.matter[i] is None:
            found.append("event.matter_unknown")
        if self.events.department[i] and self.events.department[i] not in self.departments:
            found.append("event.department_unknown")
        if self.whereabouts.ambiguous[:, i].any():
            found.append("event.area_ambiguous")
        return tuple(found)


def past_event(job: Import, i: int) -> PastEvent:
    """Event ``i`` as its history is told."""
    events = job.events
    reported_at = job.reported_at[i]
    if reported_at is None:
        raise ValueError("an event without a time has no history")
    recorded = events.department[i]
    return PastEvent(
        key=events.key[i],
        source=job.source,
        reported_at=reported_at,
        due_at=job.due_at[i],
        closed_at=job.closed_at[i],
        closed=bool(events.closed[i]),
        department=recorded if recorded in job.departments else None,
        recorded=recorded,
        queue=events.queue[i],
        problems=job.problems(i),
    )


def report_row(job: Import, i: int, report_id: int, case_id: int | None) -> tuple[Any, ...]:
    """One row of ``report``: verbatim, handled, with the case it became or the reason why it became none."""
    events = job.events
    reported_at = job.reported_at[i] or job.now
    key = (events.channel[i], events.key[i])
    return (report_id, *key, events.rows[i], reported_at, job.now, case_id, job.problem(i))


def case_row(job: Import, i: int, case_id: int, matter: KnownMatter) -> tuple[CaseRow, list[Event]]:
    """One row of ``cases``, and its events."""
    past = past_event(job, i)
    history = steps(past, case_id)
    dispatched = past.closed or past.recorded is not None
    located = bool(np.isfinite(job.events.lng[i]))
    row = CaseRow(
        id=case_id,
        number=f"{job.number_prefix}{past.key}",
        channel=job.events.channel[i],
        matter_id=matter.id,
        title=job.events.title[i] or matter.name,
        address=job.events.address[i],
        geom=job.points[i] if located else None,
        uncertainty_m=job.uncertainty_m if located else None,
        cell_code=None,
        areas=job.whereabouts.areas(i),
        borders=job.whereabouts.borders(i),
        h3_9=int(job.h3_9[i]) or None,
        state=history[-1].to_state,
        urgent=False,
        department_code=past.department if dispatched else None,
        team_id=None,
        reported_at=past.reported_at,
        filed_at=past.reported_at,
        dispatched_at=past.reported_at if dispatched else None,
        due_at=past.due_at if dispatched else None,
        answered_at=closing_moment(past),
        closed_at=closing_moment(past),
        returns=0,
        reworks=0,
        seq=history[-1].seq,
        hash=history[-1].hash,
        updated_at=history[-1].at,
    )
    return row, history
