"""Who works with it: accounts, sessions, the audit."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import metadata, moment

account = Table(
    "account",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="dashboard.accounts.AccountRole"),
    Column("password", Text, comment="argon2id; null: signs in otherwise, or not at all"),
    Column("subject", Text, unique=True, comment="issuer and subject, as an identity provider knows the person"),
    Column("department_code", Text, ForeignKey("department.code"), index=True, comment="a handler's"),
    Column("team_id", Integer, ForeignKey("team.id"), index=True, comment="whose tasks these are"),
    Column("area_layer", Text, ForeignKey("layer.name"), index=True, comment="null: the whole city"),
    Column("area_codes", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="areas of area_layer"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", nullable=False, now=True),
    CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{0,39}$'", name="username"),
    CheckConstraint("(role = 'handler') = (department_code is not null)", name="department"),
    CheckConstraint("team_id is null or role = 'grid_worker'", name="team"),
    CheckConstraint("(area_layer is null) = (area_codes = '{}')", name="areas"),
    comment="who may sign in; row-level security reads from it what an account may see",
)

session = Table(
    "session",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="SHA-256 of the cookie's value"),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("created_at", nullable=False, now=True),
    moment("seen_at", nullable=False, now=True),
    Column(
        "idle_s", Integer, comment="ends after so long without a request; null: only at ends_at, as a screen's does"
    ),
    moment("ends_at", nullable=False),
    CheckConstraint("octet_length(token) = 32", name="token"),
)

app_password = Table(
    "app_password",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False, comment="the device or program that it is for"),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256: it is random and long"),
    moment("created_at", nullable=False, now=True),
    moment("used_at"),
    moment("revoked_at"),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    comment="by which programs that know no sign-in page (ODK Collect) speak for an account",
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("key", LargeBinary, nullable=False, comment="SHA-256 of an account's name, or of an address"),
    moment("at", nullable=False, now=True),
    Index("ix_sign_in_failure_key_at", "key", "at"),
    comment="failures of the last while: who guesses must wait",
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("at", nullable=False, now=True),
    Column("actor", Text, nullable=False, comment="username, or 'console' for the command line"),
    Column(
        "action", Text, nullable=False, comment="sign_in, sign_in_failed, case.dispatch, export, account.change, ..."
    ),
    Column("object", Text, nullable=False, server_default="", comment="case:17, account:li, ..."),
    Column("address", Text, nullable=False, server_default="", comment="where the request came from"),
    Column(
        "detail",
        JSONB,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="codes and numbers, no words of people",
    ),
    Index("ix_audit_entry_at", "at"),
    Index("ix_audit_entry_actor", "actor", "id"),
    Index("ix_audit_entry_action", "action", "id"),
    comment="append-only: what people did with the system",
)
