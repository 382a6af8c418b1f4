"""What-ifs: what was changed in thought, what came of it, and boundaries that were tried."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import geometry, metadata, moment

what_if = Table(
    "what_if",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("owner", Text, nullable=False, comment="who asked"),
    Column("name", Text, comment="null: nobody saved it, it goes when its owner has asked often enough again"),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    Column("scope", Text, nullable=False, comment="the cases that its owner saw, as the query of an address"),
    Column("asked", JSONB, nullable=False, comment="period, cases, changes"),
    Column("found", JSONB, nullable=False, comment="figures with intervals, teams, cells"),
    moment("made_at", nullable=False, now=True),
    UniqueConstraint("owner", "name"),
    CheckConstraint("name <> ''", name="name"),
    comment="past cases replayed with something changed: what was asked and what came of it",
)

tried_layer = Table(
    "tried_layer",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("owner", Text, nullable=False, comment="who brought it"),
    Column("layer", Text, ForeignKey("layer.name"), nullable=False, index=True, comment="in whose place it is tried"),
    Column("source", Text, nullable=False, comment="file name"),
    moment("brought_at", nullable=False, now=True),
    comment="boundaries brought for a what-if; they are never in force",
)

tried_area = Table(
    "tried_area",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("tried_layer_id", Integer, ForeignKey("tried_layer.id", ondelete="CASCADE"), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    geometry("MULTIPOLYGON"),
    UniqueConstraint("tried_layer_id", "code"),
)
