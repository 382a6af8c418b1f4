"""Let a street whistle for several departments, merge duplicates for good, and keep when a case moves by itself."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

#: Joint work is finished by the lead after every helper; a case that was merged stays what it is, and takes in no other.
TRIGGERS = """
create function refuse_early_finish() returns trigger language plpgsql as $$
begin
    if exists (select from whistle_party
                where case_id = new.case_id and not lead and state not in ('finished', 'released')
                  and number = (select max(number) from whistle where case_id = new.case_id)) then
        raise exception 'case %: helpers of the whistle have not finished', new.case_id using errcode = 'restrict_violation';
    end if;
    return null;
end
$$;
create trigger helpers_first after insert on case_event
for each row when (new.action = 'finish_jointly') execute function refuse_early_finish();

create function keep_merge() returns trigger language plpgsql as $$
declare
    main bigint := (new.payload ->> 'main_case')::bigint;
begin
    if exists (select from case_merge where main_case_id = new.case_id) then
        raise exception 'case % is the main case of others', new.case_id using errcode = 'restrict_violation';
    end if;
    if exists (select from case_merge where case_id = main) then
        raise exception 'case % was merged itself', main using errcode = 'restrict_violation';
    end if;
    insert into case_merge (case_id, main_case_id, at) values (new.case_id, main, new.at);
    return null;
end
$$;
create trigger keep_merge after insert on case_event
for each row when (new.action = 'merge') execute function keep_merge();
"""

FILL = """
insert into case_merge (case_id, main_case_id, at)
select e.case_id, (e.payload ->> 'main_case')::bigint, e.at
  from case_event e join cases main on main.id = (e.payload ->> 'main_case')::bigint
 where e.action = 'merge' and main.id <> e.case_id
on conflict do nothing
"""

#: For databases that already hold the state table; a fresh one gets it from ``dispatch/transitions.csv``.
MOVES = """
insert into case_transition (from_state, action, to_state)
select move.from_state, move.action, move.to_state
  from (values ('accepted', 'merge', 'merged'), ('filed', 'merge', 'merged'), ('dispatched', 'merge', 'merged'),
               ('whistle_refused', 'answer_whistle', 'responding'), ('responding', 'answer_whistle', 'responding'),
               ('whistle_refused', 'refuse_whistle', 'whistle_refused'), ('responding', 'refuse_whistle', 'responding'),
               ('whistled', 'order_response', 'responding'), ('responding', 'order_response', 'responding'),
               ('whistled', 'release_whistle', 'whistled'), ('whistle_refused', 'release_whistle', 'whistle_refused'),
               ('responding', 'release_whistle', 'responding'), ('responding', 'arrive', 'responding'),
               ('responding', 'finish_part', 'responding'), ('handled', 'reject_joint', 'responding')
       ) as move (from_state, action, to_state)
       join case_state f on f.code = move.from_state join case_state t on t.code = move.to_state
union all
select code, action, code from case_state cross join unnest(array['remind', 'remark', 'absorb']) as action
 where not terminal and code <> 'draft'
on conflict do nothing
"""


def moment(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    """A column for an instant."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Add the tables, the moves, and the triggers that refuse what no code may write."""
    op.create_table(
        "whistle",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False, comment="1, 2, ... within the case"),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False, comment="joint_enforcement, hard_matter, emergency"),
        moment("called_at", nullable=False),
        moment("answer_by"),
        moment("arrive_by"),
        sa.Column(
            "stage",
            sa.SmallInteger(),
            nullable=False,
            comment="of silence: 1 reminded, 2 told to the level above, 3 supervised",
        ),
        moment("finished_at"),
        moment("ended_at"),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_whistle")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_whistle_case_id")),
        comment="the fold of a case's whistles, kept in the event's transaction",
    )
    op.create_index(
        "uq_whistle_open", "whistle", ["case_id"], unique=True, postgresql_where=sa.text("ended_at is null")
    )
    op.create_table(
        "whistle_party",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("department_code", sa.Text(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="called, answered, refused, released, finished"),
        sa.Column("team_id", sa.Integer()),
        moment("answered_at"),
        moment("arrived_at"),
        sa.Column("distance_m", sa.Float(), comment="from the place of arrival to the case"),
        moment("finished_at"),
        sa.PrimaryKeyConstraint("case_id", "number", "department_code", name=op.f("pk_whistle_party")),
        sa.ForeignKeyConstraint(
            ["case_id", "number"],
            ["whistle.case_id", "whistle.number"],
            name=op.f("fk_whistle_party_case_id_number"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["department_code"], ["department.code"], name=op.f("fk_whistle_party_department_code")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_whistle_party_team_id")),
        sa.CheckConstraint(
            "state in ('called', 'answered', 'refused', 'released', 'finished')", name=op.f("ck_whistle_party_state")
        ),
        sa.CheckConstraint("(state = 'finished') = (finished_at is not null)", name=op.f("ck_whistle_party_finished")),
        sa.CheckConstraint("arrived_at is null or answered_at is not null", name=op.f("ck_whistle_party_arrived")),
        comment="a called department's own part of the work: its sub-task",
    )
    op.create_index(
        "uq_whistle_lead", "whistle_party", ["case_id", "number"], unique=True, postgresql_where=sa.text("lead")
    )
    op.create_index(op.f("ix_whistle_party_department_code"), "whistle_party", ["department_code"])
    op.create_index(op.f("ix_whistle_party_team_id"), "whistle_party", ["team_id"])
    op.create_table(
        "case_merge",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("main_case_id", sa.BigInteger(), nullable=False),
        moment("at", nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_merge")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_merge_case_id")),
        sa.ForeignKeyConstraint(["main_case_id"], ["cases.id"], name=op.f("fk_case_merge_main_case_id")),
        sa.CheckConstraint("case_id <> main_case_id", name=op.f("ck_case_merge_itself")),
        comment="written by a trigger with the event; a main case is never merged itself",
    )
    op.create_index(op.f("ix_case_merge_main_case_id"), "case_merge", ["main_case_id"])
    op.create_table(
        "case_timer",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        moment("at", nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_timer")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_timer_case_id")),
        comment="when a worker looks at a case next: a deadline is near or past, a suspension ends, a whistle is silent",
    )
    op.create_index(op.f("ix_case_timer_at"), "case_timer", ["at"])
    op.execute(FILL)
    op.execute(TRIGGERS)
    op.execute(MOVES)


def downgrade() -> None:
    """Take triggers and tables back. The moves stay: events may have made them."""
    op.execute("drop trigger helpers_first on case_event; drop function refuse_early_finish()")
    op.execute("drop trigger keep_merge on case_event; drop function keep_merge()")
    for table in ("case_timer", "case_merge", "whistle_party", "whistle"):
        op.drop_table(table)
