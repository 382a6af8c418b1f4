"""Who has answered an asking and who has not: visits at doors, counts by place, targets of workers."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
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

visit = Table(
    "visit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("link_id", BigInteger, ForeignKey("link.id"), nullable=False, index=True),
    Column("outcome", Text, nullable=False, comment="unknown: what was noted before is taken back"),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False, index=True),
    Column("by", Text, nullable=False, comment="that account's name then"),
    moment("at", nullable=False, now=True),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("outcome in ('refused', 'not_reachable', 'vacant', 'unknown')", name="outcome"),
    comment="what a worker met at a recipient's door; the newest counts, all are kept",
)


def count(name: str, comment: str | None = None) -> Column[int]:
    """A count that begins at none."""
    return Column(name, Integer, nullable=False, server_default="0", comment=comment)


coverage = Table(
    "coverage",
    metadata,
    Column("outreach_id", BigInteger, ForeignKey("outreach.id"), nullable=False),
    Column("place", Text, nullable=False, comment="code of the building, key of an area; empty: no building"),
    Column("areas", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="by layer"),
    count("answered", "of a known number of recipients"),
    *(count(name) for name in ("refused", "not_reachable", "vacant", "unknown")),
    count("doors_answered", "buildings' links with nobody knows how many households behind, with an answer"),
    *(count(f"doors_{name}") for name in ("refused", "not_reachable", "vacant", "unknown")),
    count("answers", "all that came, also beyond the known number"),
    PrimaryKeyConstraint("outreach_id", "place"),
    comment="recipients of an asking counted by place and outcome, by triggers on link in the same transaction",
)

coverage_target = Table(
    "coverage_target",
    metadata,
    Column("outreach_id", BigInteger, ForeignKey("outreach.id"), nullable=False),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False, index=True),
    Column("target", Integer, nullable=False, comment="recipients to be settled: answered, refused or vacant"),
    Column("due", Date, nullable=False),
    Column("set_by", Text, nullable=False),
    moment("set_at", nullable=False, now=True),
    PrimaryKeyConstraint("outreach_id", "account_id"),
    CheckConstraint("target > 0", name="target"),
)
