"""The base schema."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

#: In the order that their references allow.
TABLES = """
    task, decision, case_event, cases, case_transition, case_state, report, channel, shift, team, rule_set, department,
    filing_condition, matter, building, landscape, street, grid_cell, area, generation, layer, city
"""


def upgrade() -> None:
    """Make every table, and the guard of the append-only history. PostGIS stays when it is there already."""
    op.execute("create extension if not exists postgis")
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(script)


def downgrade() -> None:
    """Leave the database as it was, PostGIS apart: others may use it."""
    op.execute(f"drop table {TABLES}")
    op.execute("drop function refuse_change")
