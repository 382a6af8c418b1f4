"""Coverage of an asking: what workers met at doors, counts by building kept by triggers, targets of workers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"

#: What one link adds to its place. ``forms.coverage.counts_of`` is the same; a test compares the two.
COUNTS_OF = """
create function coverage_of(kind text, uses integer, visited text, households integer)
returns table (answered integer, refused integer, not_reachable integer, vacant integer, unknown integer,
               doors_answered integer, doors_refused integer, doors_not_reachable integer, doors_vacant integer,
               doors_unknown integer, answers integer)
language sql immutable parallel safe as $$
    select case when n is null then 0 else least(uses, n) end, case visited when 'refused' then rest else 0 end,
           case visited when 'not_reachable' then rest else 0 end,
           case visited when 'vacant' then rest else 0 end, case when visited is null then rest else 0 end,
           (door and uses > 0)::integer, (door and uses = 0 and visited is not distinct from 'refused')::integer,
           (door and uses = 0 and visited is not distinct from 'not_reachable')::integer,
           (door and uses = 0 and visited is not distinct from 'vacant')::integer,
           (door and uses = 0 and visited is null)::integer, uses
      from (select n, case when n is null then 0 else greatest(n - uses, 0) end as rest, kind = 'building' and n is null as door
              from (select case kind when 'building' then households when 'area' then null else 1 end as n) as told) as known
$$;
create function coverage_place(kind text, target text, areas jsonb) returns text language sql immutable parallel safe as $$
    select case when kind in ('building', 'area') then target else coalesce(areas ->> 'building', '') end
$$;
"""
#: One statement's changes, added up by place in a fixed order, so that two of them never wait for each other in a ring.
COUNTS = (
    *("answered", "refused", "not_reachable", "vacant", "unknown"),
    *("doors_answered", "doors_refused", "doors_not_reachable", "doors_vacant", "doors_unknown"),
    "answers",
)
NAMES = ", ".join(COUNTS)
SUMS = ", ".join(f"sum(sign * {name}) as {name}" for name in COUNTS)
GROWN = ", ".join(f"{name} = held.{name} + excluded.{name}" for name in COUNTS)
NOTHING = ", ".join("0" for _ in COUNTS)
ADD = f"""
    with moved as (
        select outreach_id, coverage_place(kind, target, areas) as place, areas, sign, counts.*
          from ({{changed}}) as link, lateral coverage_of(kind, uses, visited, households) as counts),
    added as (select outreach_id, place, (array_agg(areas))[1] as areas, {SUMS} from moved group by outreach_id, place),
    kept as (
        insert into coverage as held (outreach_id, place, areas, {NAMES})
        select outreach_id, place, case place when '' then '{{{{}}}}' else areas end, {NAMES}
          from added where ({NAMES}) <> ({NOTHING}) order by outreach_id, place
        on conflict (outreach_id, place) do update set {GROWN}
        returning outreach_id, place)
    select count(pg_notify('needle_coverage', notices.told)) {{into}} from (
        select outreach_id || E'\\n' || case when count(*) <= 100 then string_agg(place, E'\\n') else '*' end as told
          from kept group by outreach_id) as notices
"""
FOLD = """
create function cover_new_links() returns trigger language plpgsql as $$
declare counted bigint;
begin
    {new};
    return null;
end $$;
create function cover_changed_links() returns trigger language plpgsql as $$
declare counted bigint;
begin
    {changed};
    return null;
end $$;
create trigger cover_new after insert on link referencing new table as added
    for each statement execute function cover_new_links();
create trigger cover_changed after update on link referencing new table as added old table as gone
    for each statement execute function cover_changed_links();
"""
#: The newest visit says how a recipient stands; the link is locked first, so that of two at once the later counts.
VISITED = """
create function note_visit() returns trigger language plpgsql as $$
begin
    perform from link where id = new.link_id for no key update;
    update link set visited = (select nullif(outcome, 'unknown') from visit where link_id = new.link_id order by id desc limit 1)
     where id = new.link_id;
    return null;
end $$;
create trigger note_visit after insert on visit for each row execute function note_visit();
"""
SEES = """
create policy staff on visit to needle_staff using (exists (select from link where link.id = visit.link_id));
alter table visit enable row level security;
create policy staff on coverage to needle_staff using (exists (select from staff() where department is null and team is null
    and (layer is null or areas ->> layer = any (codes))));
alter table coverage enable row level security;
"""
COLUMNS = "kind, target, areas, outreach_id, uses, visited, households"
NEW = f"select 1 as sign, {COLUMNS} from added"
CHANGED = f"{NEW} union all select -1, {COLUMNS} from gone"


def upgrade() -> None:
    """Make the tables, fill the counts, and let triggers keep them."""
    said = "what the newest visit met; null: nobody was there yet, or it was taken back"
    op.add_column("link", sa.Column("visited", sa.Text, comment=said))
    said = "behind a building's link; null: nobody knows how many"
    op.add_column("link", sa.Column("households", sa.Integer, comment=said))
    op.create_check_constraint(op.f("ck_link_visited"), "link", "visited in ('refused', 'not_reachable', 'vacant')")
    op.create_check_constraint(op.f("ck_link_households"), "link", "households > 0")
    make_visit()
    make_coverage()
    make_target()
    # Whoever writes links meanwhile waits, so that each is counted by the fill or by a trigger, and not by both.
    op.execute("lock table link in share row exclusive mode")
    op.execute(COUNTS_OF)
    op.execute(
        FOLD.format(
            new=ADD.format(changed=NEW, into="into counted"), changed=ADD.format(changed=CHANGED, into="into counted")
        )
    )
    op.execute(ADD.format(changed=f"select 1 as sign, {COLUMNS} from link", into=""))
    op.execute(VISITED)
    op.execute(SEES)


def belongs(table: str, column: str, to: str) -> "sa.Column[int]":
    """A row of another table."""
    kind = sa.Integer if to == "account" else sa.BigInteger
    return sa.Column(column, kind, sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{column}")), nullable=False)


def make_visit() -> None:
    """What was met at doors."""
    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        belongs("visit", "link_id", "link"),
        sa.Column("outcome", sa.Text, nullable=False, comment="unknown: what was noted before is taken back"),
        belongs("visit", "account_id", "account"),
        sa.Column("by", sa.Text, nullable=False, comment="that account's name then"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint(
            "outcome in ('refused', 'not_reachable', 'vacant', 'unknown')", name=op.f("ck_visit_outcome")
        ),
        comment="what a worker met at a recipient's door; the newest counts, all are kept",
    )
    op.create_index(op.f("ix_visit_link_id"), "visit", ["link_id"])
    op.create_index(op.f("ix_visit_account_id"), "visit", ["account_id"])


SAYS = {
    "answered": "of a known number of recipients",
    "doors_answered": "buildings' links with nobody knows how many households behind, with an answer",
    "answers": "all that came, also beyond the known number",
}


def make_coverage() -> None:
    """The counts."""
    op.create_table(
        "coverage",
        belongs("coverage", "outreach_id", "outreach"),
        sa.Column("place", sa.Text, nullable=False, comment="code of the building, key of an area; empty: no building"),
        sa.Column("areas", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb"), comment="by layer"),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0", comment=SAYS.get(name)) for name in COUNTS),
        sa.PrimaryKeyConstraint("outreach_id", "place", name=op.f("pk_coverage")),
        comment="recipients of an asking counted by place and outcome, by triggers on link in the same transaction",
    )


def make_target() -> None:
    """Who is to reach how many."""
    op.create_table(
        "coverage_target",
        belongs("coverage_target", "outreach_id", "outreach"),
        belongs("coverage_target", "account_id", "account"),
        sa.Column(
            "target", sa.Integer, nullable=False, comment="recipients to be settled: answered, refused or vacant"
        ),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("outreach_id", "account_id", name=op.f("pk_coverage_target")),
        sa.CheckConstraint("target > 0", name=op.f("ck_coverage_target_target")),
    )
    op.create_index(op.f("ix_coverage_target_account_id"), "coverage_target", ["account_id"])


def downgrade() -> None:
    """Take triggers, counts, visits and targets back."""
    for table, trigger, function in (
        ("link", "cover_new", "cover_new_links"),
        ("link", "cover_changed", "cover_changed_links"),
        ("visit", "note_visit", "note_visit"),
    ):
        op.execute(f"drop trigger {trigger} on {table}")
        op.execute(f"drop function {function}")
    op.execute("drop function coverage_of(text, integer, text, integer)")
    op.execute("drop function coverage_place(text, text, jsonb)")
    for table in ("coverage_target", "coverage", "visit"):
        op.drop_table(table)
    op.drop_column("link", "visited")
    op.drop_column("link", "households")
