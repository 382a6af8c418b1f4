"""Events of a table as rows of ``report``, ``cases`` and ``case_event``. Pure but for the numbers it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.chain import Event
from data.importers.events import EventTable
from data.importers.history import PastEvent, closing_moment, steps
from data.importers.locating import Whereabouts

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
CASE_COLUMNS = (
    "id",
    "number",
    "channel",
    "matter_id",
    "title",
    "address",
    "geom",
    "uncertainty_m",
    "areas",
    "borders",
    "h3_9",
    "state",
    "department_code",
    "reported_at",
    "filed_at",
    "dispatched_at",
    "due_at",
    "closed_at",
    "seq",
    "hash",
    "updated_at",
)
EVENT_COLUMNS = (
    "case_id",
    "seq",
    "at",
    "actor",
    "action",
    "from_state",
    "to_state",
    "payload",
    "previous_hash",
    "hash",
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


def moment(value: Any) -> datetime | None:
    """A timestamp as a datetime, ``None`` for NaT."""
    return None if value is None or value != value else value.to_pydatetime()


def past_event(job: Import, i: int) -> PastEvent:
    """Event ``i`` as its history is told."""
    events = job.events
    reported_at = moment(events.reported_at.iat[i])
    if reported_at is None:
        raise ValueError("an event without a time has no history")
    recorded = events.department[i]
    return PastEvent(
        key=events.key[i],
        source=job.source,
        reported_at=reported_at,
        due_at=moment(events.due_at.iat[i]),
        closed_at=moment(events.closed_at.iat[i]),
        closed=bool(events.closed[i]),
        department=recorded if recorded in job.departments else None,
        recorded=recorded,
        queue=events.queue[i],
        problems=job.problems(i),
    )


def report_row(job: Import, i: int, report_id: int, case_id: int | None) -> tuple[Any, ...]:
    """One row of ``report``: verbatim, handled, with the case it became or the reason why it became none."""
    events = job.events
    reported_at = moment(events.reported_at.iat[i]) or job.now
    key = (events.channel[i], events.key[i])
    return (report_id, *key, events.rows[i], reported_at, job.now, case_id, job.problem(i))


def case_rows(job: Import, i: int, case_id: int, matter: KnownMatter) -> tuple[tuple[Any, ...], list[Event]]:
    """One row of ``cases``, and its events."""
    past = past_event(job, i)
    history = steps(past, case_id)
    dispatched = past.closed or past.recorded is not None
    return (
        case_id,
        f"{job.number_prefix}{past.key}",
        job.events.channel[i],
        matter.id,
        job.events.title[i] or matter.name,
        job.events.address[i],
        point(job.events.lng[i], job.events.lat[i]),
        job.uncertainty_m if np.isfinite(job.events.lng[i]) else None,
        job.whereabouts.areas(i),
        job.whereabouts.borders(i),
        int(job.h3_9[i]) or None,
        history[-1].to_state,
        past.department if dispatched else None,
        past.reported_at,
        past.reported_at,
        past.reported_at if dispatched else None,
        past.due_at if dispatched else None,
        closing_moment(past),
        history[-1].seq,
        history[-1].hash,
        history[-1].at,
    ), history


def point(lng: float, lat: float) -> str | None:
    """A point as EWKT, ``None`` for an unknown location."""
    return f"SRID=4326;POINT({lng:.9f} {lat:.9f})" if np.isfinite(lng) else None


def event_row(event: Event) -> tuple[Any, ...]:
    """One row of ``case_event``."""
    return tuple(getattr(event, name) for name in EVENT_COLUMNS)
