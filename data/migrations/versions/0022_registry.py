"""The registry: entities, claims, relations, merges, doubts; counts by place kept by triggers; who sees which rows."""

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"

#: In the order that their references allow.
TABLES = """
    registry_filling, registry_pyramid, registry_density, registry_purpose, registry_doubt, registry_apart, registry_merge,
    registry_relation, registry_claim, registry_source, registry_entity
"""
FUNCTIONS = (
    "refuse_claim_change()",
    "count_new_entities()",
    "count_changed_entities()",
    "registry_scope(text, text, jsonb)",
)


def upgrade() -> None:
    """Make the tables, then triggers and policies."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    here = Path(__file__)
    for script in (here.with_suffix(".sql"), here.with_name("0022_registry_rules.sql")):
        driver.execute(script.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Drop them."""
    op.execute(f"drop table {TABLES}")
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
