"""Remember what residents asked about their own record, so that a mail tried twice does it once."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "resident_request",
        sa.Column("mail_id", sa.Text(), nullable=False, comment="what it came by"),
        sa.Column("entity_id", sa.BigInteger(), comment="whose record; null: nothing is held of who asked"),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False, comment="by which they said who they are"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), comment="its packet lies in the mailbox no longer"),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_resident_request")),
        sa.ForeignKeyConstraint(["entity_id"], ["registry_entity.id"], name=op.f("fk_resident_request_entity_id")),
        sa.CheckConstraint("step in ('look', 'correct', 'withdraw')", name=op.f("ck_resident_request_step")),
        sa.CheckConstraint("way in ('face', 'sms', 'worker')", name=op.f("ck_resident_request_way")),
        comment="what residents asked about their own record in the registry",
    )
    op.create_index(op.f("ix_resident_request_entity_id"), "resident_request", ["entity_id"])
    op.create_index(
        "ix_resident_request_uncleared", "resident_request", ["at"], postgresql_where=sa.text("cleared_at is null")
    )


def downgrade() -> None:
    """What was asked is forgotten; what came of it stays."""
    op.drop_table("resident_request")
