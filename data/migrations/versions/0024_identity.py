"""Let residents say who they are: purposes, consents, templates, checks, comparisons; what a submission's sender proved."""

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"

#: In the order that their references allow.
TABLES = """
    identity_duty, identity_deletion, identity_comparison, identity_check, identity_reference, identity_consent,
    identity_calibration, identity_assessment, identity_notice, identity_purpose
"""


def upgrade() -> None:
    """Make the tables and their triggers."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Drop them; answers stay."""
    op.execute(f"drop table {TABLES}")
    op.execute("drop function keep_identity_records()")
    op.execute("alter table form_submission drop column verification, drop column verified_at")
    op.execute("alter table form_version drop column identity")
