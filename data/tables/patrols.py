"""What grid workers saw of their cells: kept by day and cell when the places themselves are forgotten."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import BIT

from data.tables.base import metadata, moment


def bits(name: str, what: str) -> Column[object]:
    """A bit for each of a cell's units."""
    said = f"a bit for each {what}, in the order of that ground"
    return Column(name, BIT(varying=True), nullable=False, server_default=text("''::bit varying"), comment=said)


patrol = Table(
    "patrol",
    metadata,
    Column("day", Date, nullable=False, comment="local"),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False, index=True),
    Column("cell", Text, nullable=False),
    Column("street_ground", BigInteger, nullable=False, comment="which streets the bits are of: a checksum"),
    bits("streets", "piece of a street in the cell"),
    Column("building_ground", BigInteger, nullable=False, comment="which buildings the bits are of: a checksum"),
    bits("buildings", "building in the cell"),
    moment("last_at", nullable=False),
    PrimaryKeyConstraint("day", "account_id", "cell"),
    Index("ix_patrol_cell", "cell"),
    comment="what somebody on duty passed within sight; without the way itself",
)

patrol_due = Table(
    "patrol_due",
    metadata,
    Column("duty_id", Text, ForeignKey("duty.id", ondelete="CASCADE"), primary_key=True),
    moment("since", nullable=False),
    comment="duties with places that are not in patrol yet, from a moment on",
)
