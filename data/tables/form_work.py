"""Work on forms: drafts, what questions are about, and what staff found of answers."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import metadata, moment

form_draft = Table(
    "form_draft",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column(
        "form",
        Integer,
        ForeignKey("form.id", ondelete="CASCADE"),
        index=True,
        comment="what it becomes the next version of; null: a new form",
    ),
    Column("title", Text, nullable=False),
    Column("content", JSONB, nullable=False, comment="the form as forms.xlsform.as_json writes it"),
    Column(
        "revision",
        Integer,
        nullable=False,
        server_default="1",
        comment="one more each time it is saved: who saves an old one is told",
    ),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="SET NULL"), index=True),
    Column("area_layer", Text, comment="null: a draft of the whole city"),
    Column("area_codes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    moment("updated_at", nullable=False, now=True),
    Column(
        "media",
        JSONB,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="files that the form shows, by name: digest (SHA-256), type, bytes; kept as files of answers are",
    ),
    comment="a form that somebody composes",
)

form_binding = Table(
    "form_binding",
    metadata,
    Column("form", Integer, ForeignKey("form.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False, comment="of the question"),
    Column("field", Text, nullable=False, index=True, comment="e.g. person.phone"),
    PrimaryKeyConstraint("form", "path"),
    comment="questions that are about a field of the registry",
)

form_review = Table(
    "form_review",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "submission_id", BigInteger, ForeignKey("form_submission.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("reviewer", Text, nullable=False, comment="username of the account"),
    moment("at", nullable=False, now=True),
    CheckConstraint("state in ('received', 'approved', 'issue', 'rejected')", name="state"),
    comment="what staff found of an answer; rows are only added",
)
