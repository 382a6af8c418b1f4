"""What pages keep: alarms seen, saved views, counts far out."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data.tables.base import metadata, moment

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("cause", Text, primary_key=True, comment="urgent, overdue"),
    moment("at", nullable=False, now=True),
    Column("actor", Text, nullable=False, comment="who says that it was seen"),
    CheckConstraint("cause in ('urgent', 'overdue')", name="cause"),
    comment="alarms of a case that somebody has seen; the first to say so is kept",
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("owner", Text, nullable=False, comment="who saved it, as they name themselves"),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False, comment="the page's address after the question mark"),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    moment("saved_at", nullable=False, now=True),
    Column("page", Text, nullable=False, server_default=text("'desk'"), comment="desk, hotspots"),
    UniqueConstraint("owner", "page", "name"),
    CheckConstraint("name <> ''", name="name"),
    comment="views of the desk and saved analyses: what was asked, filtered, sorted and shown",
)

case_pyramid = Table(
    "case_pyramid",
    metadata,
    Column("resolution", SmallInteger, nullable=False, comment="of H3: 4 .. 9"),
    Column("cell", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("cases", Integer, nullable=False, comment="below zero while what was before it is not yet folded"),
    PrimaryKeyConstraint("resolution", "cell", "state", "urgent"),
    comment="cases counted by cell, level and state; with the changes not yet folded in it is always exact",
)

case_pyramid_change = Table(
    "case_pyramid_change",
    metadata,
    Column("cell", BigInteger, nullable=False, comment="of resolution 9"),
    Column("state", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("cases", Integer, nullable=False, comment="how many more, below zero how many fewer"),
    comment="appended by triggers in the case's own transaction, so that no two of them wait for one cell; folded in batches",
)
