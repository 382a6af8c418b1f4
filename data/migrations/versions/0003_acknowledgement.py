"""Keep who acknowledged which alarm, so that a wall that opens later does not sound it again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "acknowledgement",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False, comment="urgent, overdue"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("actor", sa.Text(), nullable=False, comment="who says that it was seen"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_acknowledgement_case_id")),
        sa.PrimaryKeyConstraint("case_id", "cause", name=op.f("pk_acknowledgement")),
        sa.CheckConstraint("cause in ('urgent', 'overdue')", name=op.f("ck_acknowledgement_cause")),
        comment="alarms of a case that somebody has seen; the first to say so is kept",
    )


def downgrade() -> None:
    """Take the table back."""
    op.drop_table("acknowledgement")
