"""Add what a phone needs: duty, whereabouts while on it, and who reported by phone."""

from alembic import op

revision = "0014"
down_revision = "0013"

STATEMENTS = (
    """create table duty (
    id text not null constraint pk_duty primary key,
    actor text not null,
    team_id integer constraint fk_duty_team_id references team (id) on delete set null,
    started_at timestamptz not null,
    until timestamptz not null,
    ended_at timestamptz
)""",
    "create index ix_duty_actor on duty (actor)",
    "create unique index uq_duty_open on duty (actor) where ended_at is null",
    "create index ix_duty_team_id on duty (team_id)",
    "comment on table duty is 'who says that they are at work: only then does a phone share where it is'",
    "comment on column duty.id is 'made by the phone, so that it is begun once'",
    "comment on column duty.actor is '''grid_worker:li'', ''team:17'', as in case_event'",
    """create table whereabouts (
    duty_id text not null constraint fk_whereabouts_duty_id references duty (id) on delete cascade,
    at timestamptz not null,
    geom geometry(POINT, 4326) not null,
    accuracy_m double precision not null constraint ck_whereabouts_accuracy_m check (accuracy_m >= 0),
    constraint pk_whereabouts primary key (duty_id, at)
)""",
    "create index ix_whereabouts_at on whereabouts (at)",
    "comment on table whereabouts is 'where somebody was while on duty; kept for some hours only'",
    """create table phone_report (
    report_id bigint not null constraint pk_phone_report primary key
        constraint fk_phone_report_report_id references report (id) on delete cascade,
    actor text not null
)""",
    "create index ix_phone_report_actor on phone_report (actor)",
    "comment on table phone_report is 'who sent a report by phone: they see what became of it, and stay its witness'",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for name in ("phone_report", "whereabouts", "duty"):
        op.execute(f"drop table {name}")
