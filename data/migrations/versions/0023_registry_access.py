"""Let departments read the registry by keys of their own, and write down every read of a record."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"

NOW = sa.text("now()")
GROWS = (
    "create trigger append_only before update or delete or truncate on registry_read execute function refuse_change()"
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "department_key",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key; the key itself is shown once"),
        sa.Column("department_code", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False, comment="which system holds it"),
        sa.Column("purposes", postgresql.ARRAY(sa.Text()), nullable=False, comment="codes of registry_purpose"),
        sa.Column("area_layer", sa.Text(), comment="null: the whole city"),
        sa.Column(
            "area_codes",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="areas of area_layer",
        ),
        sa.Column("per_minute", sa.Integer(), nullable=False, comment="requests it may send in a minute"),
        sa.Column("rows_a_day", sa.Integer(), nullable=False, comment="records it may read in a day"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_department_key_hash")),
        sa.ForeignKeyConstraint(
            ["department_code"], ["department.code"], name=op.f("fk_department_key_department_code")
        ),
        sa.ForeignKeyConstraint(["area_layer"], ["layer.name"], name=op.f("fk_department_key_area_layer")),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_department_key_hash")),
        sa.CheckConstraint("purposes <> '{}'", name=op.f("ck_department_key_purposes")),
        sa.CheckConstraint("(area_layer is null) = (area_codes = '{}')", name=op.f("ck_department_key_areas")),
        sa.CheckConstraint("per_minute > 0 and rows_a_day > 0", name=op.f("ck_department_key_limits")),
        comment="by which a department's system reads the registry",
    )
    op.create_index(op.f("ix_department_key_department_code"), "department_key", ["department_code"])
    op.create_index(op.f("ix_department_key_area_layer"), "department_key", ["area_layer"])
    make_reads()


def make_reads() -> None:
    """Who has read whose record; a row is never changed or taken away."""
    op.create_table(
        "registry_read",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False, comment="whose record, as it was numbered then"),
        sa.Column("reader", sa.Text(), nullable=False, comment="account, department, resident, system"),
        sa.Column("name", sa.Text(), nullable=False, comment="a username, a key's number, the part of the system"),
        sa.Column(
            "purpose", sa.Text(), nullable=False, comment="a code of registry_purpose, or what the reader is for"
        ),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False, comment="what was shown in full"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_read")),
        sa.CheckConstraint(
            "reader in ('account', 'department', 'resident', 'system')", name=op.f("ck_registry_read_reader")
        ),
        comment="append-only: who has read whose record, what for, and which fields",
    )
    op.create_index("ix_registry_read_entity_id_id", "registry_read", ["entity_id", "id"])
    op.create_index("ix_registry_read_reader_name_at", "registry_read", ["reader", "name", "at"])
    op.execute(GROWS)


def downgrade() -> None:
    """Take both back."""
    op.drop_table("registry_read")
    op.drop_table("department_key")
