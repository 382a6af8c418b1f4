"""Who may act: matters, departments, rules, teams, and teams on duty."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    text,
)

from data.tables.base import geometry, metadata, moment

matter = Table(
    "matter",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("scheme", Text, nullable=False, comment="'GB/T 47678.5', 'GB/T 30428.2', or a city's own"),
    Column("edition", Text, nullable=False, comment="'2026', '2013', ...; never rewritten on old cases"),
    Column("kind", Text, nullable=False, comment="component 部件, event 事项"),
    Column("code", Text, nullable=False),
    Column("major_code", Text, nullable=False),
    Column("major_name", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    UniqueConstraint("scheme", "edition", "kind", "code"),
    CheckConstraint("kind in ('component', 'event')", name="kind"),
)

filing_condition = Table(
    "filing_condition",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("matter_id", Integer, ForeignKey("matter.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", SmallInteger, nullable=False),
    Column("condition", Text, nullable=False),
    Column("closing_action", Text, nullable=False),
    Column("limit_value", Float, nullable=False),
    Column("limit_unit", Text, nullable=False, comment="urgent_hour, urgent_day, work_hour, work_day, natural_day"),
    UniqueConstraint("matter_id", "number"),
    CheckConstraint("limit_value > 0", name="limit_value"),
    CheckConstraint(
        "limit_unit in ('urgent_hour', 'urgent_day', 'work_hour', 'work_day', 'natural_day')", name="limit_unit"
    ),
)

department = Table(
    "department",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("level", Text, nullable=False, comment="city, district, street"),
    Column("parent_code", Text, ForeignKey("department.code"), index=True, comment="who rules above"),
    CheckConstraint("level in ('city', 'district', 'street')", name="level"),
)

rule_set = Table(
    "rule_set",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("body", Text, nullable=False, comment="the rules in their readable form, verbatim"),
    Column("note", Text, nullable=False, server_default=""),
    moment("accepted_at", nullable=False, now=True),
    Column("accepted_by", Text, nullable=False),
    comment="powers and routing rules; the newest row is in force, older ones explain older decisions",
)

team = Table(
    "team",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("department_code", Text, ForeignKey("department.code"), nullable=False, index=True),
    Column("scope_layer", Text, ForeignKey("layer.name"), index=True, comment="null: the whole city"),
    Column("scope_code", Text, comment="the area of scope_layer where the team works"),
    Column("skills", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("capacity", SmallInteger, nullable=False, comment="open tasks at once"),
    Column("speed_kmh", Float, nullable=False),
    geometry("POINT", name="base"),
    geometry("POINT", name="position", nullable=True),
    moment("position_at"),
    CheckConstraint("capacity >= 0", name="capacity"),
    CheckConstraint("speed_kmh > 0", name="speed_kmh"),
    CheckConstraint("(scope_layer is null) = (scope_code is null)", name="scope"),
    CheckConstraint("(position is null) = (position_at is null)", name="position"),
)

shift = Table(
    "shift",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("team_id", Integer, ForeignKey("team.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("weekday", SmallInteger, nullable=False, comment="0 Monday .. 6 Sunday, local"),
    Column("starts", Time, nullable=False),
    Column("ends", Time, nullable=False, comment="not later than starts: ends the next day"),
    CheckConstraint("weekday between 0 and 6", name="weekday"),
)

duty = Table(
    "duty",
    metadata,
    Column("id", Text, primary_key=True, comment="made by the phone, so that it is begun once"),
    Column("actor", Text, nullable=False, comment="'grid_worker:li', 'team:17', as in case_event"),
    Column("team_id", Integer, ForeignKey("team.id", ondelete="SET NULL"), index=True),
    moment("started_at", nullable=False),
    moment("until", nullable=False),
    moment("ended_at"),
    Index("ix_duty_actor", "actor"),
    Index("uq_duty_open", "actor", unique=True, postgresql_where=text("ended_at is null")),
    comment="who says that they are at work: only then does a phone share where it is",
)

whereabouts = Table(
    "whereabouts",
    metadata,
    Column("duty_id", Text, ForeignKey("duty.id", ondelete="CASCADE"), nullable=False),
    moment("at", nullable=False),
    geometry("POINT"),
    Column("accuracy_m", Float, nullable=False),
    PrimaryKeyConstraint("duty_id", "at"),
    Index("ix_whereabouts_at", "at"),
    CheckConstraint("accuracy_m >= 0", name="accuracy_m"),
    comment="where somebody was while on duty; kept for some hours only",
)
