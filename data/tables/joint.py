"""Cases of many hands: whistles, merged cases, moves that come by themselves."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from data.tables.base import metadata, moment

whistle = Table(
    "whistle",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("number", SmallInteger, nullable=False, comment="1, 2, ... within the case"),
    Column("street", Text, nullable=False),
    Column("purpose", Text, nullable=False, comment="joint_enforcement, hard_matter, emergency"),
    moment("called_at", nullable=False),
    moment("answer_by"),
    moment("arrive_by"),
    Column(
        "stage", SmallInteger, nullable=False, comment="of silence: 1 reminded, 2 told to the level above, 3 supervised"
    ),
    moment("finished_at"),
    moment("ended_at"),
    PrimaryKeyConstraint("case_id", "number"),
    Index("uq_whistle_open", "case_id", unique=True, postgresql_where=text("ended_at is null")),
    comment="the fold of a case's whistles, kept in the event's transaction",
)

whistle_party = Table(
    "whistle_party",
    metadata,
    Column("case_id", BigInteger, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("department_code", Text, ForeignKey("department.code"), nullable=False, index=True),
    Column("lead", Boolean, nullable=False),
    Column("state", Text, nullable=False, comment="called, answered, refused, released, finished"),
    Column("team_id", Integer, ForeignKey("team.id"), index=True),
    moment("answered_at"),
    moment("arrived_at"),
    Column("distance_m", Float, comment="from the place of arrival to the case"),
    moment("finished_at"),
    PrimaryKeyConstraint("case_id", "number", "department_code"),
    ForeignKeyConstraint(["case_id", "number"], ["whistle.case_id", "whistle.number"], ondelete="CASCADE"),
    CheckConstraint("state in ('called', 'answered', 'refused', 'released', 'finished')", name="state"),
    CheckConstraint("(state = 'finished') = (finished_at is not null)", name="finished"),
    CheckConstraint("arrived_at is null or answered_at is not null", name="arrived"),
    Index("uq_whistle_lead", "case_id", "number", unique=True, postgresql_where=text("lead")),
    comment="a called department's own part of the work: its sub-task",
)

case_merge = Table(
    "case_merge",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("main_case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    moment("at", nullable=False),
    CheckConstraint("case_id <> main_case_id", name="itself"),
    comment="written by a trigger with the event; a main case is never merged itself",
)

case_timer = Table(
    "case_timer",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    comment="when a worker looks at a case next: a deadline is near or past, a suspension ends, a whistle is silent",
)
