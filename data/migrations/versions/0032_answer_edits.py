"""Answers that their sender edited: what they said before is kept, and says who sent it and when."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0030"

#: Seen with the answer.
POLICY = """
alter table form_earlier enable row level security;
create policy staff on form_earlier to needle_staff using
    (exists (select from form_submission where form_submission.id = submission_id))
"""


def upgrade() -> None:
    """Count edits, keep what was, and let a file's name stand for another file in another edit."""
    said = "how often its sender has edited it"
    op.add_column("form_submission", sa.Column("edits", sa.Integer, nullable=False, server_default="0", comment=said))
    op.add_column("form_submission", sa.Column("edited_at", sa.DateTime(timezone=True)))
    op.create_table(
        "form_earlier",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("submission_id", sa.BigInteger, nullable=False),
        sa.Column("form", sa.Integer, nullable=False),
        sa.Column("version_id", sa.Integer, nullable=False),
        sa.Column("instance_id", sa.Text, nullable=False),
        sa.Column("xml", sa.Text, nullable=False, comment="as it came"),
        sa.Column("mail_id", sa.Text, comment="what it came by, from a resident"),
        sa.Column("account_id", sa.Integer, comment="the field worker who filled it in"),
        sa.Column("review", sa.Text, nullable=False, comment="what staff had found of it"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["form_submission.id"],
            name=op.f("fk_form_earlier_submission_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["form"], ["form.id"], name=op.f("fk_form_earlier_form")),
        sa.ForeignKeyConstraint(["version_id"], ["form_version.id"], name=op.f("fk_form_earlier_version_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_form_earlier_account_id")),
        sa.UniqueConstraint("form", "instance_id", name=op.f("uq_form_earlier_form_instance_id")),
        sa.UniqueConstraint("mail_id", name=op.f("uq_form_earlier_mail_id")),
        comment="what answers said before their senders edited them; rows are only added",
    )
    for column in ("submission_id", "version_id", "account_id"):
        op.create_index(op.f(f"ix_form_earlier_{column}"), "form_earlier", [column])
    op.execute(POLICY)
    op.drop_constraint(op.f("pk_form_attachment"), "form_attachment", type_="primary")
    op.create_primary_key(op.f("pk_form_attachment"), "form_attachment", ["submission_id", "name", "digest"])


def downgrade() -> None:
    """Only what answers say now remains."""
    op.execute(
        "delete from form_attachment a using form_attachment b"
        " where a.submission_id = b.submission_id and a.name = b.name and a.digest < b.digest"
    )
    op.drop_constraint(op.f("pk_form_attachment"), "form_attachment", type_="primary")
    op.create_primary_key(op.f("pk_form_attachment"), "form_attachment", ["submission_id", "name"])
    op.drop_table("form_earlier")
    op.drop_column("form_submission", "edited_at")
    op.drop_column("form_submission", "edits")
