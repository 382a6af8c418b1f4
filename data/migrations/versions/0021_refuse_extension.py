"""Let whoever may grant an extension refuse it."""

from alembic import op

revision = "0021"
down_revision = "0020"

#: For databases that already hold the state table; a fresh one gets it from ``dispatch/transitions.csv``.
MOVE = """
insert into case_transition (from_state, action, to_state)
select 'extension_requested', 'refuse_extension', 'handling' from case_state where code = 'extension_requested'
on conflict do nothing
"""


def upgrade() -> None:
    """Add the move."""
    op.execute(MOVE)


def downgrade() -> None:
    """The move stays: events may have made it."""
