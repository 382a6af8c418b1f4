"""An account as its list shows it. Pure."""

from datetime import datetime
from typing import Any

from dashboard.accounts import AccountRole, role_names
from dashboard.i18n import Words
from dashboard.view_models.desk_columns import Namer
from dashboard.view_models.desk_rows import seconds
from data.stores.accounts import AccountRow


def account_as_json(row: AccountRow, seen: datetime | None, say: Words, name: Namer) -> dict[str, Any]:
    """Who it is, what it may and what it sees, with names; ``seen``: when one of its open sessions was last used."""
    areas = [[f"{row.area_layer}:{code}", name(f"area:{row.area_layer}", code)] for code in row.area_codes]
    return {
        "username": row.username,
        "name": row.name,
        "role": row.role,
        "role_name": say.pick(*role_names()[AccountRole(row.role)]),
        "department": None
        if row.department_code is None
        else [row.department_code, name("department", row.department_code)],
        "team": None if row.team_id is None else [row.team_id, name("team", row.team_id)],
        "areas": areas,
        "active": row.active,
        "seen": seconds(seen),
    }
