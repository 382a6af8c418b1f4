"""Keep the files that forms show beside their questions: of drafts, and of each version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"

COMMENT = "files that the form shows, by name: digest (SHA-256), type, bytes; kept as files of answers are"


def upgrade() -> None:
    """Add them; forms so far show none."""
    for table in ("form_version", "form_draft"):
        media = sa.Column("media", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"), comment=COMMENT)
        op.add_column(table, media)


def downgrade() -> None:
    """The files stay where they are."""
    for table in ("form_version", "form_draft"):
        op.drop_column(table, "media")
