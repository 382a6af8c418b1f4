"""Past events in the intake's wire format, so that they can be posted as if they happened now. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import numpy as np

from data.importers.columns import datetimes
from data.importers.events import EventTable
from data.importers.synthetic import Report
from data.profile_model import EventSource


def wire_reports(events: EventTable, source: EventSource, matter_keys: Sequence[str | None]) -> Iterator[Report]:
    """The events in the order of their times, with their own keys and times.

    Events that no intake can take (no time, no matter) are left out; ``skipped`` counts them. Coordinates are sent as
    they were recorded: that one is a geocoder's default spot is for the receiver to see.
    """
    moments = datetimes(events.reported_at)
    for i in events.reported_at.argsort(kind="stable").tolist():
        at, matter = moments[i], matter_keys[i]
        if at is None or matter is None:
            continue
        known = bool(np.isfinite(events.x[i]) and np.isfinite(events.y[i]))
        yield {
            "channel": events.channel[i],
            "key": events.key[i],
            "reported_at": at.isoformat(),
            "matter": matter,
            "text": events.title[i] or "",
            "lng": float(events.x[i]) if known else None,
            "lat": float(events.y[i]) if known else None,
            "crs": source.crs if known else None,
            "accuracy_m": source.uncertainty_m if known else None,
            "address": events.address[i],
            "reporter": None,
        }


def skipped(events: EventTable, matter_keys: Sequence[str | None]) -> int:
    """How many events ``wire_reports`` leaves out."""
    times = events.reported_at.isna().tolist()
    return sum(gone or key is None for gone, key in zip(times, matter_keys, strict=True))


def paced(
    reports: Iterable[Report], start: datetime, speed: float, *, restamp: bool = True
) -> Iterator[tuple[float, Report]]:
    """Each report with the seconds after ``start`` at which to post it.

    The first comes at once; the spacing of the others is their own, compressed by ``speed``. ``restamp`` sets each
    report's time to the moment at which it is posted, as if it happened now; else it keeps its own.
    """
    first: datetime | None = None
    for report in reports:
        at = datetime.fromisoformat(report["reported_at"])
        first = at if first is None else first
        after = (at - first) / speed
        stamp = {"reported_at": (start + after).isoformat(timespec="milliseconds")} if restamp else {}
        yield after.total_seconds(), {**report, **stamp}
