"""What grid workers saw of their cells, by day: kept when the places themselves are forgotten."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BIT

revision = "0030"
down_revision = "0031"

BITS = "a bit for each {what}, in the order of that ground"


def bits(name: str, what: str) -> "sa.Column[object]":
    """A bit for each of a cell's units."""
    default = sa.text("''::bit varying")
    return sa.Column(name, BIT(varying=True), nullable=False, server_default=default, comment=BITS.format(what=what))


def upgrade() -> None:
    """Make the tables; every duty whose places are still kept is seen from its beginning."""
    op.create_table(
        "patrol",
        sa.Column("day", sa.Date, nullable=False, comment="local"),
        sa.Column(
            "account_id", sa.Integer, sa.ForeignKey("account.id", name=op.f("fk_patrol_account_id")), nullable=False
        ),
        sa.Column("cell", sa.Text, nullable=False),
        sa.Column("street_ground", sa.BigInteger, nullable=False, comment="which streets the bits are of: a checksum"),
        bits("streets", "piece of a street in the cell"),
        sa.Column(
            "building_ground", sa.BigInteger, nullable=False, comment="which buildings the bits are of: a checksum"
        ),
        bits("buildings", "building in the cell"),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "account_id", "cell", name=op.f("pk_patrol")),
        comment="what somebody on duty passed within sight; without the way itself",
    )
    op.create_index("ix_patrol_account_id", "patrol", ["account_id"])
    op.create_index("ix_patrol_cell", "patrol", ["cell"])
    op.create_table(
        "patrol_due",
        sa.Column(
            "duty_id",
            sa.Text,
            sa.ForeignKey("duty.id", name=op.f("fk_patrol_due_duty_id"), ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("pk_patrol_due")),
        comment="duties with places that are not in patrol yet, from a moment on",
    )
    op.execute("insert into patrol_due select duty_id, min(at) from whereabouts group by duty_id")


def downgrade() -> None:
    """Drop them."""
    op.drop_table("patrol_due")
    op.drop_table("patrol")
