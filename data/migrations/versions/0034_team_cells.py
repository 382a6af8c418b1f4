"""A grid worker of a team who has cells of their own sees who was asked there, as one without a team does."""

from alembic import op

revision = "0034"
down_revision = "0033"

#: A team's member without areas sees the team's cases and nobody's door.
SEES = (
    "(exists (select from staff() where department is null and {team}"
    " and (layer is null or {table}.areas ->> layer = any (codes))))"
)
TEAM, BEFORE = "(team is null or layer is not null)", "team is null"


def upgrade() -> None:
    """Say it of links and of what is counted of them."""
    for table in ("link", "coverage"):
        op.execute(f"alter policy staff on {table} using {SEES.format(team=TEAM, table=table)}")


def downgrade() -> None:
    """No member of a team sees either."""
    for table in ("link", "coverage"):
        op.execute(f"alter policy staff on {table} using {SEES.format(team=BEFORE, table=table)}")
