"""Tell other systems of cases: who is told, what still has to be told, and what they call our cases."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"

OPEN = sa.text("delivered_at is null and given_up_at is null")

#: In the event's own transaction, so that no event is ever told that did not happen, and none that did is forgotten.
QUEUE = """
create function queue_deliveries() returns trigger language plpgsql as $$
begin
    insert into delivery (subscription_id, event_id, case_id)
    select subscription.id, added.id, added.case_id
      from added join subscription on subscription.active and added.at >= subscription.created_at
     where subscription.department_code is null
        or added.payload ->> 'department' = subscription.department_code
        or exists (select from cases where cases.id = added.case_id
                                       and cases.department_code = subscription.department_code);
    if found then
        perform pg_notify('needle_delivery', '');
    end if;
    return null;
end $$;

create trigger queue_deliveries after insert on case_event referencing new table as added
    for each statement execute function queue_deliveries();
"""


def moment(name: str, *, now: bool = False) -> sa.Column[datetime]:
    """A column for an instant; with ``now`` it is required and defaults to now."""
    default = sa.func.now() if now else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not now, server_default=default)


def upgrade() -> None:
    """Add the tables and the trigger that fills the outbox."""
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="webhook, open311"),
        sa.Column("department_code", sa.Text(), comment="null: told of every case"),
        sa.Column(
            "settings", JSONB(), nullable=False, comment="the connector: address, translation; its secret only by name"
        ),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        moment("created_at", now=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("name", name=op.f("uq_subscription_name")),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_subscription_department_code")),
        sa.CheckConstraint("kind in ('webhook', 'open311')", name=op.f("ck_subscription_kind")),
        comment="systems that are told of cases, from the moment they are entered",
    )
    op.create_index(op.f("ix_subscription_department_code"), "subscription", ["department_code"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        moment("created_at", now=True),
        moment("next_try_at", now=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False, server_default="0"),
        moment("delivered_at"),
        moment("given_up_at"),
        sa.Column("problem", sa.Text(), comment="what the last try met"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_delivery_subscription_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["event_id"], ["case_event.id"], name=op.f("fk_delivery_event_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_delivery_case_id")),
        sa.UniqueConstraint("subscription_id", "event_id", name=op.f("uq_delivery_subscription_id_event_id")),
        sa.CheckConstraint("delivered_at is null or given_up_at is null", name=op.f("ck_delivery_outcome")),
        comment="the outbox: written by a trigger in the event's own transaction",
    )
    op.create_index(op.f("ix_delivery_event_id"), "delivery", ["event_id"])
    op.create_index(op.f("ix_delivery_case_id"), "delivery", ["case_id"])
    op.create_index("ix_delivery_open", "delivery", ["subscription_id", "case_id", "event_id"], postgresql_where=OPEN)
    op.create_index("ix_delivery_due", "delivery", ["subscription_id", "next_try_at"], postgresql_where=OPEN)
    op.create_table(
        "remote_case",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False, comment="what the system calls our case"),
        sa.Column("remote_status", sa.Text()),
        moment("checked_at"),
        sa.PrimaryKeyConstraint("subscription_id", "case_id", name=op.f("pk_remote_case")),
        sa.UniqueConstraint("subscription_id", "remote_id", name=op.f("uq_remote_case_subscription_id_remote_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_remote_case_subscription_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_remote_case_case_id")),
    )
    op.create_index(op.f("ix_remote_case_case_id"), "remote_case", ["case_id"])
    op.execute(QUEUE)


def downgrade() -> None:
    """Take the trigger and the tables back."""
    op.execute("drop trigger queue_deliveries on case_event; drop function queue_deliveries()")
    op.drop_table("remote_case")
    op.drop_table("delivery")
    op.drop_table("subscription")
