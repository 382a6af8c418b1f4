"""Know who works with the system: accounts, sessions, an audit that only grows, and who may see which case."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

NOW = sa.text("now()")
TABLES = ("audit_entry", "sign_in_failure", "session", "account")

#: The account that a transaction works for; no row where there is none, so that every policy then refuses.
STAFF = """
create function staff() returns table (id integer, layer text, codes text[], department text, team integer)
    language sql stable security definer set search_path = public, pg_temp as $$
    select account.id, area_layer, area_codes, department_code, team_id from account
     where account.id = nullif(current_setting('needle.account', true), '')::integer and active
$$;
"""

#: Whether a department helps, or a team has worked, on a case: read past the policies, which would ask each other for ever.
TAKES_PART = """
create function takes_part(wanted bigint, department text, team integer) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from whistle_party p where p.case_id = wanted and (p.department_code = department or p.team_id = team))
        or exists (select from task where task.case_id = wanted and task.team_id = team)
$$;
"""

#: A case that its account would no longer see afterwards can only be written by ``data.stores.reading.as_owner``.
SEES_CASE = """
create policy staff on cases to needle_staff using (
    exists (select from staff())
    and ((select layer from staff()) is null or areas ->> (select layer from staff()) = any ((select codes from staff())::text[]))
    and ((select department from staff()) is null or department_code = (select department from staff())
         or takes_part(id, (select department from staff()), null))
    and ((select team from staff()) is null or team_id = (select team from staff())
         or takes_part(id, null, (select team from staff())))
) with check (exists (select from staff()));
"""

#: What hangs on a case is seen with it.
HANGS_ON_CASE = (
    "case_event",
    "decision",
    "task",
    "whistle",
    "whistle_party",
    "case_merge",
    "case_timer",
    "acknowledgement",
    "delivery",
    "remote_case",
)

#: A report that is no case yet belongs to nobody's area: only who sees the whole city sees it.
SEES_REPORT = """
create policy staff on report to needle_staff using (
    exists (select from cases where cases.id = report.case_id)
    or (case_id is null and exists (select from staff() where layer is null and department is null and team is null)));
alter table report enable row level security;
create index ix_report_photos on report using gin ((body -> 'photos')) where body ? 'photos';
create policy staff on photo to needle_staff using (
    exists (select from report where body ? 'photos' and report.body -> 'photos' ? photo.digest));
alter table photo enable row level security;
"""


def upgrade() -> None:
    """Make the tables, then the policies."""
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="dashboard.accounts.AccountRole"),
        sa.Column("password", sa.Text(), comment="argon2id; null: signs in otherwise, or not at all"),
        sa.Column("subject", sa.Text(), comment="issuer and subject, as an identity provider knows the person"),
        sa.Column("department_code", sa.Text(), comment="a handler's"),
        sa.Column("team_id", sa.Integer(), comment="whose tasks these are"),
        sa.Column("area_layer", sa.Text(), comment="null: the whole city"),
        sa.Column(
            "area_codes",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="areas of area_layer",
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
        sa.UniqueConstraint("subject", name=op.f("uq_account_subject")),
        sa.ForeignKeyConstraint(["department_code"], ["department.code"], name=op.f("fk_account_department_code")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_account_team_id")),
        sa.ForeignKeyConstraint(["area_layer"], ["layer.name"], name=op.f("fk_account_area_layer")),
        sa.CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{0,39}$'", name=op.f("ck_account_username")),
        sa.CheckConstraint("(role = 'handler') = (department_code is not null)", name=op.f("ck_account_department")),
        sa.CheckConstraint("team_id is null or role = 'grid_worker'", name=op.f("ck_account_team")),
        sa.CheckConstraint("(area_layer is null) = (area_codes = '{}')", name=op.f("ck_account_areas")),
        comment="who may sign in; row-level security reads from it what an account may see",
    )
    op.create_index(op.f("ix_account_department_code"), "account", ["department_code"])
    op.create_index(op.f("ix_account_team_id"), "account", ["team_id"])
    op.create_index(op.f("ix_account_area_layer"), "account", ["area_layer"])
    make_sessions()
    make_audit()
    op.execute(STAFF + TAKES_PART)
    op.execute(SEES_CASE + "alter table cases enable row level security;")
    for table in HANGS_ON_CASE:
        seen = f"exists (select from cases where cases.id = {table}.case_id)"
        op.execute(f"create policy staff on {table} to needle_staff using ({seen})")
        op.execute(f"alter table {table} enable row level security")
    op.execute(SEES_REPORT)


def make_sessions() -> None:
    """Who is signed in, and who guesses."""
    op.create_table(
        "session",
        sa.Column("token", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie's value"),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column(
            "idle_s",
            sa.Integer(),
            comment="ends after so long without a request; null: only at ends_at, as a screen's does",
        ),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_session")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id"), ondelete="CASCADE"),
        sa.CheckConstraint("octet_length(token) = 32", name=op.f("ck_session_token")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"])
    op.create_table(
        "sign_in_failure",
        sa.Column("key", sa.LargeBinary(), nullable=False, comment="SHA-256 of an account's name, or of an address"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        comment="failures of the last while: who guesses must wait",
    )
    op.create_index("ix_sign_in_failure_key_at", "sign_in_failure", ["key", "at"])


def make_audit() -> None:
    """What people did; a row is never changed or taken away."""
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="username, or 'console' for the command line"),
        sa.Column(
            "action",
            sa.Text(),
            nullable=False,
            comment="sign_in, sign_in_failed, case.dispatch, export, account.change, ...",
        ),
        sa.Column("object", sa.Text(), server_default="", nullable=False, comment="case:17, account:li, ..."),
        sa.Column("address", sa.Text(), server_default="", nullable=False, comment="where the request came from"),
        sa.Column(
            "detail",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="codes and numbers, no words of people",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        comment="append-only: what people did with the system",
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "id"])
    op.create_index("ix_audit_entry_action", "audit_entry", ["action", "id"])
    op.execute(
        "create trigger append_only before update or delete or truncate on audit_entry execute function refuse_change()"
    )


def downgrade() -> None:
    """Take everything back."""
    for table in ("cases", *HANGS_ON_CASE, "report", "photo"):
        op.execute(f"drop policy staff on {table}")
        op.execute(f"alter table {table} disable row level security")
    op.execute("drop index ix_report_photos")
    op.execute("drop function takes_part(bigint, text, integer); drop function staff()")
    for table in TABLES:
        op.drop_table(table)
