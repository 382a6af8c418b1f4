"""Count cases by H3 cell, level and state in the transaction that changes them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

#: By H3's bits: the resolution's four, and three ones for each digit that is out of use.
ANCESTOR = """
create function h3_ancestor(cell bigint, resolution integer) returns bigint
language sql immutable strict parallel safe
return (cell & ~(15::bigint << 52)) | (resolution::bigint << 52) | ((1::bigint << (3 * (15 - resolution))) - 1)
"""

#: A statement with many rows appends one change a cell and state: a copy of a million cases stays fast.
TRIGGERS = """
create function count_new_cases() returns trigger language plpgsql as $$
begin
    insert into case_pyramid_change (cell, state, urgent, cases)
    select h3_9, state, urgent, count(*) from added where h3_9 is not null group by h3_9, state, urgent;
    return null;
end $$;

create function count_gone_cases() returns trigger language plpgsql as $$
begin
    insert into case_pyramid_change (cell, state, urgent, cases)
    select h3_9, state, urgent, -count(*) from gone where h3_9 is not null group by h3_9, state, urgent;
    return null;
end $$;

create function count_changed_cases() returns trigger language plpgsql as $$
begin
    insert into case_pyramid_change (cell, state, urgent, cases)
    select h3_9, state, urgent, sum(n)
      from (select h3_9, state, urgent, 1 as n from added union all select h3_9, state, urgent, -1 from gone) as moved
     where h3_9 is not null
     group by h3_9, state, urgent having sum(n) <> 0;
    return null;
end $$;

create trigger count_new after insert on cases referencing new table as added
    for each statement execute function count_new_cases();
create trigger count_gone after delete on cases referencing old table as gone
    for each statement execute function count_gone_cases();
create trigger count_changed after update on cases referencing new table as added old table as gone
    for each statement execute function count_changed_cases();
"""

FILL = """
insert into case_pyramid (resolution, cell, state, urgent, cases)
select resolution, h3_ancestor(cell, resolution), state, urgent, sum(cases)
  from (select h3_9 as cell, state, urgent, count(*) as cases from cases where h3_9 is not null group by 1, 2, 3) as finest
       cross join generate_series(4, 9) as resolution
 group by 1, 2, 3, 4
"""


def upgrade() -> None:
    """Make the pyramid, fill it, and let triggers keep it."""
    op.create_table(
        "case_pyramid",
        sa.Column("resolution", sa.SmallInteger, nullable=False, comment="of H3: 4 .. 9"),
        sa.Column("cell", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("cases", sa.Integer, nullable=False, comment="below zero while what was before it is not yet folded"),
        sa.PrimaryKeyConstraint("resolution", "cell", "state", "urgent", name="pk_case_pyramid"),
        comment="cases counted by cell, level and state; with the changes not yet folded in it is always exact",
    )
    op.create_table(
        "case_pyramid_change",
        sa.Column("cell", sa.BigInteger, nullable=False, comment="of resolution 9"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("cases", sa.Integer, nullable=False, comment="how many more, below zero how many fewer"),
        comment="appended by triggers in the case's own transaction, so that no two of them wait for one cell; folded in batches",
    )
    op.execute(ANCESTOR)
    # Whoever writes cases meanwhile waits, so that each case is counted by the fill or by a trigger, and not by both.
    op.execute("lock table cases in share row exclusive mode")
    op.execute(TRIGGERS)
    op.execute(FILL)


def downgrade() -> None:
    """Take the triggers and the pyramid back."""
    for trigger, function in (
        ("count_new", "count_new_cases"),
        ("count_gone", "count_gone_cases"),
        ("count_changed", "count_changed_cases"),
    ):
        op.execute(f"drop trigger {trigger} on cases")
        op.execute(f"drop function {function}")
    op.drop_table("case_pyramid_change")
    op.drop_table("case_pyramid")
    op.execute("drop function h3_ancestor")
