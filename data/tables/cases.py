"""What happens: report, case, event, decision, task."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import geometry, metadata, moment

channel = Table(
    "channel",
    metadata,
    Column("code", Text, primary_key=True, comment="'12345', 'snap' 随手拍, 'grid', 'sensor', 'walk_in', ..."),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("crs", Text, comment="declared datum of untagged points; null: refuse them"),
    Column("uncertainty_m", Float, nullable=False, comment="of a point that brings none of its own"),
)

report = Table(
    "report",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("body", JSONB, nullable=False, comment="verbatim: what the channel said"),
    moment("reported_at", nullable=False),
    moment("received_at", nullable=False, now=True),
    moment("handled_at", nullable=True),
    Column("case_id", BigInteger, comment="the case it became"),
    Column("problem", Text, comment="error code when it became none"),
    UniqueConstraint("channel", "idempotency_key"),
    Index("ix_report_waiting", "id", postgresql_where=text("handled_at is null")),
    Index("ix_report_case_id", "case_id", postgresql_where=text("case_id is not null")),
    Index(
        "ix_report_photos", text("(body -> 'photos')"), postgresql_using="gin", postgresql_where=text("body ? 'photos'")
    ),
)

phone_report = Table(
    "phone_report",
    metadata,
    Column("report_id", BigInteger, ForeignKey("report.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Text, nullable=False, index=True),
    comment="who sent a report by phone: they see what became of it, and stay its witness",
)

case_state = Table(
    "case_state",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("terminal", Boolean, nullable=False),
)

case_transition = Table(
    "case_transition",
    metadata,
    Column("from_state", Text, ForeignKey("case_state.code"), nullable=False),
    Column("action", Text, nullable=False),
    Column("to_state", Text, ForeignKey("case_state.code"), nullable=False, index=True),
    PrimaryKeyConstraint("from_state", "action", "to_state"),
    comment="the legal moves; case_event refers to it, so the database refuses every other",
)

cases = Table(
    "cases",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("number", Text, nullable=False, unique=True, comment="案卷号, as people quote it"),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False, index=True),
    Column("matter_id", Integer, ForeignKey("matter.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("address", Text),
    geometry("POINT", nullable=True),
    Column("uncertainty_m", Float),
    Column("cell_code", Text, index=True),
    Column("areas", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="layer -> code, of its time"),
    Column(
        "borders",
        JSONB,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="layer -> {m: distance to its border, other: code beyond, ambiguous: bool}",
    ),
    Column("h3_9", BigInteger, index=True),
    Column("state", Text, ForeignKey("case_state.code"), nullable=False, index=True),
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    Column("department_code", Text, ForeignKey("department.code"), index=True),
    Column("team_id", Integer, ForeignKey("team.id"), index=True),
    moment("reported_at", nullable=False),
    moment("filed_at"),
    moment("dispatched_at"),
    moment("due_at"),
    moment("closed_at"),
    Column("returns", SmallInteger, nullable=False, server_default="0"),
    Column("reworks", SmallInteger, nullable=False, server_default="0"),
    Column("seq", Integer, nullable=False, comment="of its last event: optimistic lock"),
    Column("hash", LargeBinary, nullable=False, comment="of its last event"),
    moment("updated_at", nullable=False),
    Column(
        "answered_at",
        DateTime(timezone=True),
        comment="when the department last confirmed the work, null while it is being done again",
    ),
    Index("ix_cases_geom", "geom", postgresql_using="gist"),
    Index("ix_cases_open_state", "state", "due_at", postgresql_where=text("closed_at is null")),
    Index("ix_cases_open_geom", "geom", postgresql_using="gist", postgresql_where=text("closed_at is null")),
    Index("ix_cases_reported_at", "reported_at"),
    Index("ix_cases_updated_at", "updated_at"),
    comment="the fold of each case's events, kept in the same transaction",
)

case_event = Table(
    "case_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="order of catch-up for readers"),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="1, 2, ... within the case"),
    moment("at", nullable=False),
    Column("actor", Text, nullable=False, comment="'system', 'operator:x', 'team:x', 'department:x', 'resident'"),
    Column("action", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("payload", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("case_id", "seq"),
    ForeignKeyConstraint(
        ["from_state", "action", "to_state"],
        ["case_transition.from_state", "case_transition.action", "case_transition.to_state"],
        name="fk_case_event_transition",
    ),
    Index("ix_case_event_transition", "from_state", "action", "to_state"),
    Index("ix_case_event_at", "at"),
    *(
        Index(
            f"ix_case_event_{name}",
            text(f"(payload -> '{name}')"),
            postgresql_using="gin",
            postgresql_where=text(f"payload ? '{name}'"),
        )
        for name in ("photos", "photos_before")
    ),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    comment="append-only, hash-chained per case: history, audit and the source of every figure",
)

decision = Table(
    "decision",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    moment("at", nullable=False),
    Column("rule_set_id", Integer, ForeignKey("rule_set.id"), nullable=False, index=True),
    Column("rule", Text, comment="name of the rule that gave the power; null when none did"),
    Column(
        "outcome", Text, nullable=False, comment="reason code of the whole: 'chosen', 'no_power', 'nobody_free', ..."
    ),
    Column("team_id", Integer, ForeignKey("team.id"), index=True, comment="null: nobody, see outcome and goes_up_to"),
    Column("department_code", Text, ForeignKey("department.code"), index=True),
    Column("goes_up_to", Text, comment="the level that rules when nobody is found"),
    Column("travel_s", Float),
    Column("candidates", JSONB, nullable=False, comment="[{team, reason, travel_s, cost_s, ...}], the chosen first"),
)

task = Table(
    "task",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    Column("team_id", Integer, ForeignKey("team.id"), nullable=False),
    moment("assigned_at", nullable=False),
    moment("accepted_at"),
    moment("done_at", nullable=True),
    moment("due_at"),
    Column("outcome", Text, comment="done, returned, reassigned; null while open"),
    CheckConstraint("(done_at is null) = (outcome is null)", name="outcome"),
    Index("uq_task_open", "case_id", unique=True, postgresql_where=text("done_at is null")),
    Index("ix_task_team_open", "team_id", postgresql_where=text("done_at is null")),
    Index("ix_task_team_id", "team_id"),
    comment="who is on it: at most one open lead a case",
)

photo = Table(
    "photo",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the kept file: its name in the photos' folder"),
    Column("bytes", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("taken_at", Text, comment="the camera's own words, ISO 8601, with an offset where it knew one"),
    geometry("POINT", nullable=True),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False, index=True),
    moment("received_at", nullable=False, now=True),
    comment="photos that came with reports; the camera's place and time are kept here and no longer in the file",
)
