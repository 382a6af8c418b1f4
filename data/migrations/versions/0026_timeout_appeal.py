"""Let a department appeal against a delay, before a dispatcher and then an operator."""

from alembic import op

revision = "0026"
down_revision = "0025"

#: For databases that already hold the state table; a fresh one gets them from ``dispatch/transitions.csv``.
MOVES = """
insert into case_transition (from_state, action, to_state)
select 'closed', action, 'closed' from unnest(array['appeal_timeout', 'back_appeal', 'dismiss_appeal']) as action
 where exists (select from case_state where code = 'closed')
on conflict do nothing
"""


def upgrade() -> None:
    """Add the moves."""
    op.execute(MOVES)


def downgrade() -> None:
    """The moves stay: events may have made them."""
