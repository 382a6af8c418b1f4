"""Tables of events as cities send them, for every test of the importers."""

from typing import Any

import pandas as pd

from data.profile_model import EventColumns, EventSource, EventStatus, EventTime

ROW = {
    "id": "1",
    "opened": "2026-03-01 10:00:00",
    "closed": None,
    "type": "2026:event:09006",
    "lng": 116.05,
    "lat": 39.05,
    "status": "open",
    "via": "phone",
    "who": "works",
}


def event_source(**changes: Any) -> EventSource:
    """How the columns of ``event_rows`` are declared, with some things said otherwise."""
    columns = EventColumns(
        key="id",
        reported_at="opened",
        closed_at="closed",
        category="type",
        x="lng",
        y="lat",
        status="status",
        department="who",
    )
    said = EventSource(
        file="events.csv",
        crs="wgs84",
        uncertainty_m=20,
        channel="import",
        number_prefix="import-",
        time=EventTime(zone="Asia/Shanghai"),
        columns=columns,
        status=EventStatus(open=("open",), closed=("closed",)),
    )
    return said.model_copy(update=changes)


def event_rows(*changes: dict[str, Any]) -> pd.DataFrame:
    """A table of events, one row a change; keys are numbered from 0 unless the change names one."""
    return pd.DataFrame([ROW | {"id": str(i)} | change for i, change in enumerate(changes)], dtype=object)
