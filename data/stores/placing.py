"""Where a case was put and what was decided about it, and a new decision beside it: for a place that is corrected."""

from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import class_row

from data.stores.cases import DECISION_COLUMNS, AsyncConnection, DecisionRow, row_values
from geo.errors import NeedleError

PLACED = """
select c.channel, m.edition || ':' || m.kind || ':' || m.code, c.areas, c.cell_code, d.outcome, d.rule, d.department_code
  from cases c join matter m on m.id = c.matter_id
       left join lateral (select outcome, rule, department_code from decision
                           where case_id = c.id order by id desc limit 1) d on true
 where c.id = %s
"""

ADD_DECISION = sql.SQL("insert into decision ({}) values ({})").format(
    sql.SQL(", ").join(map(sql.Identifier, DECISION_COLUMNS)),
    sql.SQL(", ").join([sql.Placeholder()] * len(DECISION_COLUMNS)),
)


@dataclass(frozen=True, slots=True)
class PlacedCase:
    """Channel and matter (key) of a case, where it lies, and its last decision (all None: there was none)."""

    channel: str
    matter: str
    areas: dict[str, str]
    cell_code: str | None
    outcome: str | None
    rule: str | None
    department: str | None


async def load_placed(connection: AsyncConnection, case_id: int) -> PlacedCase:
    """Where a case stands on the ground.

    Raises
    ------
    NeedleError
        ``case.unknown``.
    """
    row = await (await connection.execute(PLACED, (case_id,))).fetchone()
    if row is None:
        raise NeedleError("case.unknown", case_id=case_id)
    return PlacedCase(*row)


NEWEST_DECISION = f"select {', '.join(DECISION_COLUMNS)} from decision where case_id = %s order by id desc limit 1"


async def add_decision(connection: AsyncConnection, decision: DecisionRow) -> None:
    """Keep one more decision of a case; the caller commits."""
    await connection.execute(ADD_DECISION, row_values(decision))


async def load_newest_decision(connection: AsyncConnection, case_id: int) -> DecisionRow | None:
    """The last decision of a case, None where nothing was ever decided."""
    async with connection.cursor(row_factory=class_row(DecisionRow)) as cursor:
        return await (await cursor.execute(NEWEST_DECISION, (case_id,))).fetchone()
