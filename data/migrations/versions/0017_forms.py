"""Publish forms: versions, where their answers lie, and the schema of their typed tables."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

#: Whether the account that a transaction works for may read a form's answers: the city's staff all, a street's those of its own.
SEES_FORM = """
create function sees_form(wanted integer) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from form, staff() where form.id = wanted
           and (staff.layer is null or form.account_id = staff.id
                or (form.area_layer = staff.layer and form.area_codes <@ staff.codes and form.area_codes <> '{}')))
$$;
create policy staff on form_submission to needle_staff using (sees_form(form));
alter table form_submission enable row level security;
"""


def upgrade() -> None:
    """Make the tables, the schema and what says who reads answers."""
    op.execute("create schema answers")
    make_forms()
    make_layout()
    op.create_table(
        "form_submission",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("form", sa.Integer, sa.ForeignKey("form.id", name=op.f("fk_form_submission_form")), nullable=False),
        sa.Column(
            "version_id",
            sa.Integer,
            sa.ForeignKey("form_version.id", name=op.f("fk_form_submission_version_id")),
            nullable=False,
        ),
        sa.Column("instance_id", sa.Text, nullable=False, comment="who sends it again names it again: it is kept once"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("xml", sa.Text, nullable=False, comment="as it came: nothing of it is lost"),
        sa.UniqueConstraint("form", "instance_id", name=op.f("uq_form_submission_form_instance_id")),
    )
    op.create_index(op.f("ix_form_submission_version_id"), "form_submission", ["version_id"])
    op.execute(SEES_FORM)


def make_forms() -> None:
    """Forms and their versions."""
    op.create_table(
        "form",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("form_id", sa.Text, nullable=False, comment="the author's id of it, as submissions name it"),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column(
            "account_id",
            sa.Integer,
            sa.ForeignKey("account.id", name=op.f("fk_form_account_id"), ondelete="SET NULL"),
            comment="who publishes it",
        ),
        sa.Column("area_layer", sa.Text, comment="null: a form of the whole city"),
        sa.Column(
            "area_codes",
            sa.ARRAY(sa.Text),
            nullable=False,
            server_default=sa.text("'{}'"),
            comment="areas of who publishes it",
        ),
        sa.UniqueConstraint("form_id", name=op.f("uq_form_form_id")),
        comment="a form that is asked; its answers lie in the schema answers",
    )
    op.create_index(op.f("ix_form_account_id"), "form", ["account_id"])
    op.create_table(
        "form_version",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        belongs("form_version"),
        sa.Column("number", sa.Integer, nullable=False, comment="1, 2, ... within the form"),
        sa.Column("version", sa.Text, nullable=False, comment="the author's, as submissions name it; may be empty"),
        sa.Column("digest", sa.Text, nullable=False, comment="MD5 of the XForm, as OpenRosa has it"),
        sa.Column("workbook", sa.LargeBinary, nullable=False, comment="XLSForm, .xlsx"),
        sa.Column("xform", sa.Text, nullable=False),
        sa.Column("itemsets", sa.Text, comment="external choices as CSV"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("form", "number", name=op.f("uq_form_version_form_number")),
        sa.UniqueConstraint("form", "version", name=op.f("uq_form_version_form_version")),
    )


def belongs(table: str) -> "sa.Column[int]":
    """The form that a row belongs to."""
    key = sa.ForeignKey("form.id", name=op.f(f"fk_{table}_form"), ondelete="CASCADE")
    return sa.Column("form", sa.Integer, key, nullable=False)


def make_layout() -> None:
    """Where answers lie."""
    op.create_table(
        "form_table",
        belongs("form_table"),
        sa.Column("path", sa.Text, nullable=False, comment="of the form's root, or of a repeat"),
        sa.Column("name", sa.Text, nullable=False, comment="the table in the schema answers"),
        sa.Column("parent", sa.Text, comment="path of the sheet that it is repeated in"),
        sa.Column("place", sa.Integer, nullable=False, comment="parents before children"),
        sa.PrimaryKeyConstraint("form", "path", name=op.f("pk_form_table")),
        sa.UniqueConstraint("name", name=op.f("uq_form_table_name")),
    )
    op.create_table(
        "form_column",
        sa.Column("form", sa.Integer, nullable=False),
        sa.Column("sheet", sa.Text, nullable=False, comment="path of its table"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False, comment="of the question"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("since", sa.Integer, nullable=False, comment="number of the version"),
        sa.Column(
            "retired", sa.Integer, comment="number of the first version that no longer asks it; its answers stay"
        ),
        sa.Column("place", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("form", "sheet", "name", name=op.f("pk_form_column")),
        sa.ForeignKeyConstraint(
            ["form", "sheet"],
            ["form_table.form", "form_table.path"],
            name=op.f("fk_form_column_form_sheet"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Away with forms and all answers."""
    op.execute("drop schema answers cascade")
    op.execute("drop policy staff on form_submission; drop function sees_form(integer)")
    for table in ("form_submission", "form_column", "form_table", "form_version", "form"):
        op.drop_table(table)
