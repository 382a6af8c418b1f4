"""Let analyses be saved beside views of the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

COMMENT = "views of the desk and saved analyses: what was asked, filtered, sorted and shown"


def upgrade() -> None:
    """Add the page; a name is taken within a page."""
    page = sa.Column("page", sa.Text, nullable=False, server_default=sa.text("'desk'"), comment="desk, hotspots")
    op.add_column("saved_view", page)
    op.drop_constraint("uq_saved_view_owner_name", "saved_view")
    op.create_unique_constraint("uq_saved_view_owner_page_name", "saved_view", ["owner", "page", "name"])
    op.create_table_comment("saved_view", COMMENT)


def downgrade() -> None:
    """What was saved of other pages goes."""
    op.execute("delete from saved_view where page <> 'desk'")
    op.drop_constraint("uq_saved_view_owner_page_name", "saved_view")
    op.create_unique_constraint("uq_saved_view_owner_name", "saved_view", ["owner", "name"])
    op.drop_column("saved_view", "page")
    op.create_table_comment("saved_view", "views of the desk: what was filtered, sorted and shown")
