"""Know where streets, landscape and buildings came from, so that an import again changes them in place."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

UNKNOWN = "0: not known"


def upgrade() -> None:
    """Add the table and the columns that refer to it."""
    op.create_table(
        "ground_source",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="'osm', or what the import called it"),
        sa.Column("file", sa.Text(), nullable=False, comment="file name and declared CRS of the newest import"),
        sa.Column(
            "attribution",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="what a map of it must say, as ODbL asks",
        ),
        sa.Column(
            "imports", sa.Integer(), server_default="1", nullable=False, comment="part of the version of every tile"
        ),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ground_source")),
        sa.UniqueConstraint("name", name=op.f("uq_ground_source_name")),
        comment="where streets, landscape and buildings came from; the demo city's have none",
    )
    for table in ("street", "landscape", "building"):
        op.add_column(table, sa.Column("source_id", sa.Integer(), comment="null: the demo city"))
        op.create_foreign_key(op.f(f"fk_{table}_source_id"), table, "ground_source", ["source_id"], ["id"])
    for table in ("street", "landscape"):
        op.add_column(table, sa.Column("code", sa.Text(), comment="the source's own, e.g. way/1234"))
        op.create_unique_constraint(op.f(f"uq_{table}_source_id_code"), table, ["source_id", "code"])
    op.create_index("ix_building_source_id", "building", ["source_id"])
    op.alter_column("building", "floors", comment=UNKNOWN, existing_type=sa.SmallInteger(), existing_nullable=False)
    op.alter_column("building", "height_m", comment=UNKNOWN, existing_type=sa.Float(), existing_nullable=False)


def downgrade() -> None:
    """Take all of it back; the ground itself stays."""
    for column in ("floors", "height_m"):
        op.alter_column("building", column, comment=None, existing_comment=UNKNOWN)
    for table in ("street", "landscape"):
        op.drop_column(table, "code")
    for table in ("street", "landscape", "building"):
        op.drop_column(table, "source_id")
    op.drop_table("ground_source")
