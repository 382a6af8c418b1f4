"""Let a dispatcher send a case to another team by hand, in databases that already hold the state table."""

from alembic import op

revision = "0009"
down_revision = "0008"

ADD = """
    insert into case_transition (from_state, action, to_state)
    select code, 'override', 'dispatched' from case_state
     where code in ('dispatched', 'signed', 'handling', 'rework') and exists (select from case_state where code = 'dispatched')
    on conflict do nothing
"""
DROP = """
    delete from case_transition
     where action = 'override' and not exists (select from case_event where case_event.action = 'override')
"""


def upgrade() -> None:
    """Add the moves."""
    op.execute(ADD)


def downgrade() -> None:
    """Take the moves back, unless a case has made one."""
    op.execute(DROP)
