"""What faces are compared for: purposes with their notices and impact assessments, and the thresholds that were measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]

COLUMNS: Final = """
    id, name, legal_basis, necessity, owner, contact, kept_days, begins_at, until, wanted_fmr, most_risk, opened_at, ended_at
"""
OPEN: Final = f"""
select {COLUMNS} from identity_purpose
 where opened_at is not null and ended_at is null and begins_at <= now() and until > now()
"""
CREATE: Final = """
insert into identity_purpose (name, legal_basis, necessity, owner, contact, kept_days, begins_at, until, wanted_fmr, most_risk,
                              by)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
"""
NOTICE: Final = """
insert into identity_notice (purpose_id, version, zh, en, by)
select %(purpose)s, coalesce(max(version), 0) + 1, %(zh)s, %(en)s, %(by)s from identity_notice where purpose_id = %(purpose)s
returning version
"""
NEWEST_NOTICE: Final = """
select version, zh, en from identity_notice where purpose_id = %s order by version desc limit 1
"""
ASSESS: Final = """
insert into identity_assessment (purpose_id, content, digest, approved_by, until) values (%s, %s, %s, %s, %s) returning id
"""
IN_FORCE: Final = """
select id, digest, approved_by, approved_at, until from identity_assessment
 where purpose_id = %s order by id desc limit 1
"""
CALIBRATE: Final = """
insert into identity_calibration
    (model, detector, library, data, genuine, impostors, wanted_fmr, threshold, fmr, fmr_upper, fnmr, eer, curve, by)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
"""
CALIBRATION: Final = """
select id, model, detector, library, data, genuine, impostors, wanted_fmr, threshold, fmr, fmr_upper, fnmr, eer, curve, at
  from identity_calibration where (%(model)s::text is null or model = %(model)s and detector = %(detector)s)
 order by id desc limit 1
"""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What faces are compared for, who answers for it, how long templates are kept, what is asked of a comparison."""

    id: int
    name: str
    legal_basis: str
    necessity: str
    owner: str
    contact: str
    kept_days: int
    begins_at: datetime
    until: datetime
    wanted_fmr: float
    most_risk: float
    opened_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A version of what is told before a camera opens."""

    version: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """An impact assessment as it was approved; ``digest``: of the settings that it was made from."""

    id: int
    digest: str
    approved_by: str
    approved_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A measured threshold; ``curve``: [threshold, FMR, FNMR], strict to lax."""

    id: int
    model: str
    detector: str
    library: str
    data: str
    genuine: int
    impostors: int
    wanted_fmr: float
    threshold: float
    fmr: float
    fmr_upper: float
    fnmr: float
    eer: float
    curve: list[list[float]]
    at: datetime


async def create_purpose(connection: AsyncConnection, purpose: Purpose, by: str) -> int:
    """Write a purpose down; nothing is open by that. Its number."""
    asked = (purpose.name, purpose.legal_basis, purpose.necessity, purpose.owner, purpose.contact, purpose.kept_days)
    rest = (purpose.begins_at, purpose.until, purpose.wanted_fmr, purpose.most_risk, by)
    row = await (await connection.execute(CREATE, (*asked, *rest))).fetchone()
    assert row is not None
    return int(row[0])


async def load_demands(connection: AsyncConnection, versions: Sequence[int]) -> dict[int, str]:
    """What each of these versions of forms demands of who answers; those that demand nothing are absent."""
    query = "select id, identity from form_version where id = any (%s) and identity <> 'none'"
    return dict(await (await connection.execute(query, (list(versions),))).fetchall())


async def load_open(connection: AsyncConnection) -> Purpose | None:
    """The purpose that faces are compared for now; None: none, and no face is taken."""
    async with connection.cursor(row_factory=class_row(Purpose)) as cursor:
        return await (await cursor.execute(OPEN)).fetchone()


async def load_purposes(connection: AsyncConnection) -> list[Purpose]:
    """All that were ever written down, newest first."""
    async with connection.cursor(row_factory=class_row(Purpose)) as cursor:
        return await (await cursor.execute(f"select {COLUMNS} from identity_purpose order by id desc")).fetchall()


async def add_notice(connection: AsyncConnection, purpose: int, zh: str, en: str, by: str) -> int:
    """Write the next version of a purpose's notice; consents to older ones need renewing."""
    row = await (await connection.execute(NOTICE, {"purpose": purpose, "zh": zh, "en": en, "by": by})).fetchone()
    assert row is not None
    return int(row[0])


async def load_notice(connection: AsyncConnection, purpose: int) -> NoticeRow | None:
    """The newest version."""
    async with connection.cursor(row_factory=class_row(NoticeRow)) as cursor:
        return await (await cursor.execute(NEWEST_NOTICE, (purpose,))).fetchone()


async def approve(
    connection: AsyncConnection, purpose: int, content: dict[str, Any], digest: str, by: str, until: datetime
) -> int:
    """Keep an impact assessment with who approved it."""
    row = await (await connection.execute(ASSESS, (purpose, Jsonb(content), digest, by, until))).fetchone()
    assert row is not None
    return int(row[0])


async def load_assessment(connection: AsyncConnection, purpose: int) -> AssessmentRow | None:
    """The newest of a purpose."""
    async with connection.cursor(row_factory=class_row(AssessmentRow)) as cursor:
        return await (await cursor.execute(IN_FORCE, (purpose,))).fetchone()


async def open_purpose(connection: AsyncConnection, purpose: int) -> None:
    """Let faces be compared for a purpose; the caller has judged that it may be."""
    await connection.execute("update identity_purpose set opened_at = now() where id = %s", (purpose,))


async def end_purpose(connection: AsyncConnection, purpose: int) -> None:
    """Compare no more for it; the caller deletes what is kept for it."""
    await connection.execute("update identity_purpose set ended_at = now() where id = %s", (purpose,))


async def save_calibration(connection: AsyncConnection, found: CalibrationRow, by: str) -> int:
    """Keep a measured threshold; from now on it is the one of its model."""
    values = (found.model, found.detector, found.library, found.data, found.genuine, found.impostors, found.wanted_fmr)
    rates = (found.threshold, found.fmr, found.fmr_upper, found.fnmr, found.eer, Jsonb(found.curve), by)
    row = await (await connection.execute(CALIBRATE, (*values, *rates))).fetchone()
    assert row is not None
    return int(row[0])


async def load_calibration(
    connection: AsyncConnection, model: str | None = None, detector: str | None = None
) -> CalibrationRow | None:
    """The newest threshold of a model with a detector; of any, where none is named."""
    async with connection.cursor(row_factory=class_row(CalibrationRow)) as cursor:
        return await (await cursor.execute(CALIBRATION, {"model": model, "detector": detector})).fetchone()
