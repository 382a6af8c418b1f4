"""Tell the systems of departments that help on a case, and not of the one alone that leads."""

from alembic import op

revision = "0012"
down_revision = "0011"

QUEUE = """
create or replace function queue_deliveries() returns trigger language plpgsql as $$
begin
    insert into delivery (subscription_id, event_id, case_id)
    select subscription.id, added.id, added.case_id
      from added join subscription on subscription.active and added.at >= subscription.created_at
     where subscription.department_code is null
        or added.payload ->> 'department' = subscription.department_code
        {helpers}or exists (select from cases where cases.id = added.case_id
                                       and cases.department_code = subscription.department_code);
    if found then
        perform pg_notify('needle_delivery', '');
    end if;
    return null;
end $$;
"""

#: A whistle names whom it calls; afterwards the table does.
HELPERS = """or added.payload -> 'departments' ? subscription.department_code
        or exists (select from whistle_party p join whistle w using (case_id, number)
                    where p.case_id = added.case_id and w.ended_at is null
                      and p.department_code = subscription.department_code)
        """


def upgrade() -> None:
    """Tell helpers too."""
    op.execute(QUEUE.format(helpers=HELPERS))


def downgrade() -> None:
    """Tell the leading department alone."""
    op.execute(QUEUE.format(helpers=""))
