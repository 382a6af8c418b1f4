"""Who may read the foundation registry from outside, and who has read what: keys of departments, and every read."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
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

from data.tables.base import metadata, moment

department_key = Table(
    "department_key",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column(
        "hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key; the key itself is shown once"
    ),
    Column("department_code", Text, ForeignKey("department.code"), nullable=False, index=True),
    Column("holder", Text, nullable=False, comment="which system holds it"),
    Column("purposes", ARRAY(Text), nullable=False, comment="codes of registry_purpose"),
    Column("area_layer", Text, ForeignKey("layer.name"), index=True, comment="null: the whole city"),
    Column("area_codes", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="areas of area_layer"),
    Column("per_minute", Integer, nullable=False, comment="requests it may send in a minute"),
    Column("rows_a_day", Integer, nullable=False, comment="records it may read in a day"),
    moment("created_at", nullable=False, now=True),
    moment("revoked_at"),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    CheckConstraint("purposes <> '{}'", name="purposes"),
    CheckConstraint("(area_layer is null) = (area_codes = '{}')", name="areas"),
    CheckConstraint("per_minute > 0 and rows_a_day > 0", name="limits"),
    comment="by which a department's system reads the registry",
)

registry_read = Table(
    "registry_read",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("at", nullable=False, now=True),
    Column("entity_id", BigInteger, nullable=False, comment="whose record, as it was numbered then"),
    Column("reader", Text, nullable=False, comment="account, department, resident, system"),
    Column("name", Text, nullable=False, comment="a username, a key's number, the part of the system"),
    Column("purpose", Text, nullable=False, comment="a code of registry_purpose, or what the reader is for"),
    Column("fields", ARRAY(Text), nullable=False, comment="what was shown in full"),
    CheckConstraint("reader in ('account', 'department', 'resident', 'system')", name="reader"),
    Index("ix_registry_read_entity_id_id", "entity_id", "id"),
    Index("ix_registry_read_reader_name_at", "reader", "name", "at"),
    comment="append-only: who has read whose record, what for, and which fields",
)
