"""Forms and their versions; the tables of their answers are made when they are published."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import geometry, metadata, moment

form = Table(
    "form",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("form_id", Text, nullable=False, unique=True, comment="the author's id of it, as submissions name it"),
    Column("title", Text, nullable=False),
    Column(
        "account_id", Integer, ForeignKey("account.id", ondelete="SET NULL"), index=True, comment="who publishes it"
    ),
    Column("area_layer", Text, comment="null: a form of the whole city"),
    Column("area_codes", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="areas of who publishes it"),
    comment="a form that is asked; its answers lie in the schema answers",
)

form_version = Table(
    "form_version",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("form", Integer, ForeignKey("form.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False, comment="1, 2, ... within the form"),
    Column("version", Text, nullable=False, comment="the author's, as submissions name it; may be empty"),
    Column("digest", Text, nullable=False, comment="MD5 of the XForm, as OpenRosa has it"),
    Column("workbook", LargeBinary, nullable=False, comment="XLSForm, .xlsx"),
    Column("xform", Text, nullable=False),
    Column("itemsets", Text, comment="external choices as CSV"),
    moment("published_at", nullable=False, now=True),
    Column(
        "identity", Text, nullable=False, server_default="none", comment="whether and how residents say who they are"
    ),
    Column(
        "purposes",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{*}'"),
        comment="what its answers may be used for in the registry; *: all",
    ),
    Column(
        "media",
        JSONB,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="files that the form shows, by name: digest (SHA-256), type, bytes; kept as files of answers are",
    ),
    UniqueConstraint("form", "number"),
    UniqueConstraint("form", "version"),
    CheckConstraint("identity in ('none', 'any', 'without_face')", name="identity"),
)

form_table = Table(
    "form_table",
    metadata,
    Column("form", Integer, ForeignKey("form.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False, comment="of the form's root, or of a repeat"),
    Column("name", Text, nullable=False, unique=True, comment="the table in the schema answers"),
    Column("parent", Text, comment="path of the sheet that it is repeated in"),
    Column("place", Integer, nullable=False, comment="parents before children"),
    PrimaryKeyConstraint("form", "path"),
)

form_column = Table(
    "form_column",
    metadata,
    Column("form", Integer, nullable=False),
    Column("sheet", Text, nullable=False, comment="path of its table"),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False, comment="of the question"),
    Column("kind", Text, nullable=False),
    Column("choices", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("since", Integer, nullable=False, comment="number of the version"),
    Column("retired", Integer, comment="number of the first version that no longer asks it; its answers stay"),
    Column("place", Integer, nullable=False),
    PrimaryKeyConstraint("form", "sheet", "name"),
    ForeignKeyConstraint(["form", "sheet"], ["form_table.form", "form_table.path"], ondelete="CASCADE"),
)

form_submission = Table(
    "form_submission",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("form", Integer, ForeignKey("form.id"), nullable=False),
    Column("version_id", Integer, ForeignKey("form_version.id"), nullable=False, index=True),
    Column("instance_id", Text, nullable=False, comment="who sends it again names it again: it is kept once"),
    moment("received_at", nullable=False, now=True),
    Column("xml", Text, nullable=False, comment="as it came: nothing of it is lost"),
    Column("link_id", BigInteger, ForeignKey("link.id"), index=True, comment="who was asked; null: by no link"),
    Column("mail_id", Text, unique=True, comment="what it came by, from a resident"),
    Column("receipt", Text, unique=True, comment="what the resident keeps: 12 letters"),
    Column("account_id", Integer, ForeignKey("account.id"), index=True, comment="the field worker who filled it in"),
    Column("review", Text, nullable=False, server_default="received", comment="what its newest form_review says"),
    geometry("POINT", nullable=True),
    Column("areas", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="by layer, as of a case"),
    Column("verification", Text, nullable=False, server_default="none", comment="how its sender said who they are"),
    moment("verified_at"),
    Column("edits", Integer, nullable=False, server_default="0", comment="how often its sender has edited it"),
    moment("edited_at"),
    UniqueConstraint("form", "instance_id"),
    CheckConstraint("review in ('received', 'approved', 'issue', 'rejected')", name="review"),
    CheckConstraint("verification in ('none', 'sms', 'worker', 'face')", name="verification"),
    Index("ix_form_submission_geom", "geom", postgresql_using="gist"),
    Index("ix_form_submission_received", "form", "received_at"),
)

form_earlier = Table(
    "form_earlier",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "submission_id", BigInteger, ForeignKey("form_submission.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("form", Integer, ForeignKey("form.id"), nullable=False),
    Column("version_id", Integer, ForeignKey("form_version.id"), nullable=False, index=True),
    Column("instance_id", Text, nullable=False),
    Column("xml", Text, nullable=False, comment="as it came"),
    Column("mail_id", Text, unique=True, comment="what it came by, from a resident"),
    Column("account_id", Integer, ForeignKey("account.id"), index=True, comment="the field worker who filled it in"),
    Column("review", Text, nullable=False, comment="what staff had found of it"),
    moment("received_at", nullable=False),
    UniqueConstraint("form", "instance_id"),
    comment="what answers said before their senders edited them; rows are only added",
)

form_attachment = Table(
    "form_attachment",
    metadata,
    Column("submission_id", BigInteger, ForeignKey("form_submission.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False, comment="as the answer names it"),
    Column("digest", Text, nullable=False, comment="SHA-256 of the content, by which it is kept"),
    Column("media_type", Text, nullable=False, comment="told from the content, never from the name"),
    Column("bytes", Integer, nullable=False),
    PrimaryKeyConstraint("submission_id", "name", "digest"),
    Index("ix_form_attachment_digest", "digest"),
    comment="files of answers; pictures without EXIF",
)
