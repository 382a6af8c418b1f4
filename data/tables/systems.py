"""Other systems: keys of channels, what departments are told and answer, mail of residents."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
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

from data.tables.base import metadata, moment

channel_key = Table(
    "channel_key",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column(
        "hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key; the key itself is shown once"
    ),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False, index=True),
    Column("holder", Text, nullable=False, comment="which system holds it"),
    Column("per_minute", Integer, nullable=False, comment="reports it may send in a minute"),
    moment("created_at", nullable=False, now=True),
    moment("revoked_at"),
    CheckConstraint("per_minute > 0", name="per_minute"),
    comment="by which a 12345 desk or an app is known at the Open311 endpoint",
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False, comment="webhook, open311"),
    Column("department_code", Text, ForeignKey("department.code"), index=True, comment="null: told of every case"),
    Column("settings", JSONB, nullable=False, comment="the connector: address, translation; its secret only by name"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", nullable=False, now=True),
    CheckConstraint("kind in ('webhook', 'open311')", name="kind"),
    comment="systems that are told of cases, from the moment they are entered",
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("subscription_id", Integer, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", BigInteger, ForeignKey("case_event.id"), nullable=False, index=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    moment("created_at", nullable=False, now=True),
    moment("next_try_at", nullable=False, now=True),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    moment("delivered_at"),
    moment("given_up_at"),
    Column("problem", Text, comment="what the last try met"),
    UniqueConstraint("subscription_id", "event_id"),
    CheckConstraint("delivered_at is null or given_up_at is null", name="outcome"),
    Index(
        "ix_delivery_open",
        "subscription_id",
        "case_id",
        "event_id",
        postgresql_where=text("delivered_at is null and given_up_at is null"),
    ),
    Index(
        "ix_delivery_due",
        "subscription_id",
        "next_try_at",
        postgresql_where=text("delivered_at is null and given_up_at is null"),
    ),
    comment="the outbox: written by a trigger in the event's own transaction",
)

remote_case = Table(
    "remote_case",
    metadata,
    Column("subscription_id", Integer, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    Column("remote_id", Text, nullable=False, comment="what the system calls our case"),
    Column("remote_status", Text),
    moment("checked_at"),
    PrimaryKeyConstraint("subscription_id", "case_id"),
    UniqueConstraint("subscription_id", "remote_id"),
)

resident_mail = Table(
    "resident_mail",
    metadata,
    Column("id", Text, primary_key=True, comment="of the mail: made from the resident's code by a hash"),
    Column("report_id", BigInteger, ForeignKey("report.id"), nullable=False, index=True),
    Column(
        "reply_key", LargeBinary, nullable=False, comment="AES-256: what only this resident reads is sealed with it"
    ),
    moment("received_at", nullable=False, now=True),
    Column("told_seq", Integer, nullable=False, server_default="0", comment="of the case's last event told"),
    CheckConstraint("octet_length(reply_key) = 32", name="reply_key"),
    comment="reports that came by the residents' portal, and how far their senders have been told",
)
