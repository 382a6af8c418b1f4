"""Keep which reports came by the residents' portal, and how far their senders have been told."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "resident_mail",
        sa.Column("id", sa.Text(), nullable=False, comment="of the mail: made from the resident's code by a hash"),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "reply_key",
            sa.LargeBinary(),
            nullable=False,
            comment="AES-256: what only this resident reads is sealed with it",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column(
            "told_seq", sa.Integer(), server_default="0", nullable=False, comment="of the case's last event told"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_mail")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_resident_mail_report_id")),
        sa.CheckConstraint("octet_length(reply_key) = 32", name=op.f("ck_resident_mail_reply_key")),
        comment="reports that came by the residents' portal, and how far their senders have been told",
    )
    op.create_index(op.f("ix_resident_mail_report_id"), "resident_mail", ["report_id"])


def downgrade() -> None:
    """Take the table back."""
    op.drop_table("resident_mail")
