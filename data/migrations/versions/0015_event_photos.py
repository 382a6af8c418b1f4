"""Let whoever sees a case see the photos of its steps, not only of its reports: before and after the work, at a verification."""

from alembic import op

revision = "0015"
down_revision = "0014"

NAMES = ("photos", "photos_before")


def upgrade() -> None:
    """Add the policy, and what finds the few events that have photos."""
    for name in NAMES:
        op.execute(
            f"create index ix_case_event_{name} on case_event using gin ((payload -> '{name}')) where payload ? '{name}'"
        )
    shown = " or ".join(f"(payload ? '{name}' and payload -> '{name}' ? photo.digest)" for name in NAMES)
    op.execute(
        f"create policy staff_steps on photo to needle_staff using (exists (select from case_event where {shown}))"
    )


def downgrade() -> None:
    """Only photos of reports again."""
    op.execute("drop policy staff_steps on photo")
    for name in reversed(NAMES):
        op.execute(f"drop index ix_case_event_{name}")
