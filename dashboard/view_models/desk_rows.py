"""The desk's rows and facets as JSON."""

from datetime import datetime
from typing import Any

from dashboard.view_models.desk_columns import Namer
from data.stores.desk import DeskRow


def seconds(moment: datetime | None) -> int | None:
    """Unix seconds of a moment."""
    return None if moment is None else int(moment.timestamp())


def row_as_json(row: DeskRow, name: Namer, own: str | None = None) -> dict[str, Any]:
    """A case as the table takes it: names in the page's language, times in Unix seconds, the point in WGS84 degrees.

    ``own``: the department that looks; a case of its list that another one leads is one that it ``helps`` on.
    """
    return {
        "id": row.id,
        "number": row.number,
        "title": row.title,
        "address": row.address,
        "channel": name("channel", row.channel),
        "matter": name("matter", row.matter_id),
        "state": name("state", row.state),
        "state_code": row.state,
        "urgent": row.urgent,
        "department": None if row.department_code is None else name("department", row.department_code),
        "helps": own is not None and row.department_code != own,
        "team": None if row.team_id is None else name("team", row.team_id),
        **{f"area:{layer}": name(f"area:{layer}", code) for layer, code in row.areas.items()},
        "cell": row.cell_code,
        "at": None if row.lng is None or row.lat is None else [round(row.lng, 6), round(row.lat, 6)],
        "reported": seconds(row.reported_at),
        "dispatched": seconds(row.dispatched_at),
        "due": seconds(row.due_at),
        "answered": seconds(row.answered_at),
        "closed": seconds(row.closed_at),
        "updated": seconds(row.updated_at),
        "returns": row.returns,
        "reworks": row.reworks,
    }
