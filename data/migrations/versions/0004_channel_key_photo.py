"""Know the channels' systems by keys, and the photos that come with reports by their content."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "channel_key",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key; the key itself is shown once"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False, comment="which system holds it"),
        sa.Column("per_minute", sa.Integer(), nullable=False, comment="reports it may send in a minute"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["channel"], ["channel.code"], name=op.f("fk_channel_key_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_key")),
        sa.UniqueConstraint("hash", name=op.f("uq_channel_key_hash")),
        sa.CheckConstraint("per_minute > 0", name=op.f("ck_channel_key_per_minute")),
        comment="by which a 12345 desk or an app is known at the Open311 endpoint",
    )
    op.create_index(op.f("ix_channel_key_channel"), "channel_key", ["channel"])
    op.create_table(
        "photo",
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="SHA-256 of the kept file: its name in the photos' folder"
        ),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.Text(), comment="the camera's own words, ISO 8601, with an offset where it knew one"),
        sa.Column("geom", Geometry("POINT", srid=4326, spatial_index=False)),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.ForeignKeyConstraint(["channel"], ["channel.code"], name=op.f("fk_photo_channel")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_photo")),
        comment="photos that came with reports; the camera's place and time are kept here and no longer in the file",
    )
    op.create_index(op.f("ix_photo_channel"), "photo", ["channel"])


def downgrade() -> None:
    """Take both tables back."""
    op.drop_table("photo")
    op.drop_table("channel_key")
