"""What rules are checked against, learned from and explained with: departments, codes, past cases, stored decisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from data.database import Connection
from geo.errors import NeedleError

DEPARTMENTS = "select code, name_zh, name_en, level from department order by code"

AREA_CODES = """
select g.layer, array_agg(a.code order by a.id)
from generation g
join (select id, generation_id, code from area union all select id, generation_id, code from grid_cell) a
    on a.generation_id = g.id
where g.valid_to is null
group by g.layer
"""

HISTORY = """
select m.edition || ':' || m.kind || ':' || m.code, m.edition || ':' || m.kind || ':' || m.major_code,
       c.areas ->> %(layer)s, c.department_code, c.reported_at at time zone coalesce((select timezone from city), 'UTC')
from cases c join matter m on m.id = c.matter_id
where c.department_code is not null
"""

DECISION = """
select c.number, d.at, d.outcome, d.rule, d.team_id, d.goes_up_to, d.travel_s, d.candidates
from cases c left join decision d on d.case_id = c.id
where c.number = %s
order by d.id desc limit 1
"""


@dataclass(frozen=True)
class DepartmentRow:
    """A department; ``level`` is street, district or city."""

    code: str
    name_zh: str
    name_en: str
    level: str


@dataclass(frozen=True)
class StoredDecision:
    """The newest decision of a case as it was stored; ``candidates`` are rows of ``Decision.candidates_json``."""

    case_number: str
    at: datetime
    outcome: str
    rule: str | None
    team_id: int | None
    goes_up_to: str | None
    travel_s: float | None
    candidates: list[dict[str, Any]]


def load_departments(connection: Connection) -> list[DepartmentRow]:
    """All departments by code."""
    return [DepartmentRow(*row) for row in connection.execute(DEPARTMENTS)]


def load_area_codes(connection: Connection) -> dict[str, frozenset[str]]:
    """The codes of each layer in force, without its polygons."""
    return {layer: frozenset(codes) for layer, codes in connection.execute(AREA_CODES)}


def load_routing_history(connection: Connection, layer: str) -> pd.DataFrame:
    """Past cases that a department had: category and reason (matter keys), area of a layer, department, local time."""
    rows = connection.execute(HISTORY, {"layer": layer}).fetchall()
    return pd.DataFrame(rows, columns=["category", "reason", "area", "department", "reported_at"])


def load_decision(connection: Connection, case_number: str) -> StoredDecision:
    """The newest decision of a case.

    Raises
    ------
    NeedleError
        ``rules.case_unknown``, or ``rules.case_undecided`` when nobody decided on it yet.
    """
    row = connection.execute(DECISION, [case_number]).fetchone()
    if row is None:
        raise NeedleError("rules.case_unknown", number=case_number)
    if row[1] is None:
        raise NeedleError("rules.case_undecided", number=case_number)
    return StoredDecision(*row)
