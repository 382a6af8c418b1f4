"""Keep on each case when the department last confirmed the work: its punctuality is judged by that moment."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

#: The last confirmation of each case, unless the work was ordered again, or the case reopened, after it.
FILL = """
    update cases set answered_at = last.at
      from (select distinct on (case_id) case_id, at, action from case_event
             where action in ('confirm', 'rework', 'fail_check', 'reopen')
             order by case_id, seq desc) last
     where last.case_id = cases.id and last.action = 'confirm'
"""


def upgrade() -> None:
    """Add the column and fill it from the history."""
    comment = "when the department last confirmed the work, null while it is being done again"
    op.add_column("cases", sa.Column("answered_at", sa.DateTime(timezone=True), comment=comment))
    op.execute(FILL)


def downgrade() -> None:
    """Take the column back."""
    op.drop_column("cases", "answered_at")
