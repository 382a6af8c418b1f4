"""What the ground looks like: the city, its layers, streets and buildings."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import geometry, metadata, moment

city = Table(
    "city",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true"), comment="one row: one city a database"),
    Column("profile", Text, nullable=False, comment="'demo', or the name of the profile that loaded it"),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="Asia/Shanghai"),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="view, layers shown, clock"),
    moment("loaded_at", nullable=False, now=True),
    CheckConstraint('"only"', name="one_row"),
)

layer = Table(
    "layer",
    metadata,
    Column("name", Text, primary_key=True, comment="'district', 'subdistrict', 'community', 'cell', 'police', ..."),
    Column(
        "kind", Text, nullable=False, comment="area: administrative; jurisdiction: a department's; grid: unit cells"
    ),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("rank", SmallInteger, nullable=False, comment="0 widest; the order in lists and on the map"),
    CheckConstraint("kind in ('area', 'jurisdiction', 'grid')", name="kind"),
)

generation = Table(
    "generation",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("layer", Text, ForeignKey("layer.name"), nullable=False),
    Column("number", Integer, nullable=False, comment="1, 2, ... within the layer; last year's case keeps last year's"),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, comment="null: in force"),
    Column("source", Text, nullable=False, comment="file name and declared CRS"),
    Column("report", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="what the import repaired"),
    moment("loaded_at", nullable=False, now=True),
    UniqueConstraint("layer", "number"),
    Index("uq_generation_in_force", "layer", unique=True, postgresql_where=text("valid_to is null")),
)

area = Table(
    "area",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("generation_id", BigInteger, ForeignKey("generation.id", ondelete="CASCADE"), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_code", Text, comment="code of the area above, null at the top"),
    geometry("MULTIPOLYGON"),
    UniqueConstraint("generation_id", "code"),
    Index("ix_area_geom", "geom", postgresql_using="gist"),
    comment="administrative areas and departments' jurisdictions, one row a polygon of a layer's generation",
)

grid_cell = Table(
    "grid_cell",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("generation_id", BigInteger, ForeignKey("generation.id", ondelete="CASCADE"), nullable=False),
    Column("code", Text, nullable=False, comment="15 characters: 12-digit community + 3 serial"),
    geometry("POLYGON"),
    UniqueConstraint("generation_id", "code"),
    CheckConstraint("code ~ '^[0-9A-Z]{15}$'", name="code"),
    Index("ix_grid_cell_geom", "geom", postgresql_using="gist"),
)

ground_source = Table(
    "ground_source",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True, comment="'osm', or what the import called it"),
    Column("file", Text, nullable=False, comment="file name and declared CRS of the newest import"),
    Column("attribution", Text, nullable=False, server_default="", comment="what a map of it must say, as ODbL asks"),
    Column("imports", Integer, nullable=False, server_default="1", comment="part of the version of every tile"),
    moment("loaded_at", nullable=False, now=True),
    comment="where streets, landscape and buildings came from; the demo city's have none",
)


def from_source() -> tuple[Column[object], Column[object]]:
    """Where a row of the ground came from, and its code there: the same code again is the same thing."""
    return (
        Column("source_id", Integer, ForeignKey("ground_source.id"), comment="null: the demo city"),
        Column("code", Text, comment="the source's own, e.g. way/1234"),
    )


street = Table(
    "street",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text),
    Column("class", Text, nullable=False, comment="motorway, primary, secondary, tertiary, residential, path"),
    Column("speed_kmh", Float, nullable=False),
    Column("oneway", Boolean, nullable=False, server_default=text("false")),
    geometry("LINESTRING"),
    *from_source(),
    UniqueConstraint("source_id", "code"),
    Index("ix_street_geom", "geom", postgresql_using="gist"),
)

landscape = Table(
    "landscape",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False, comment="water, park, square"),
    Column("name", Text),
    geometry("MULTIPOLYGON"),
    *from_source(),
    UniqueConstraint("source_id", "code"),
    CheckConstraint("kind in ('water', 'park', 'square')", name="kind"),
    Index("ix_landscape_geom", "geom", postgresql_using="gist"),
)

building = Table(
    "building",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("address", Text, nullable=False),
    Column("use", Text, nullable=False, comment="residential, commercial, office, industrial, public"),
    Column("floors", SmallInteger, nullable=False, comment="0: not known"),
    Column("height_m", Float, nullable=False, comment="0: not known"),
    geometry("POLYGON"),
    from_source()[0],
    Index("ix_building_source_id", "source_id"),
    Index("ix_building_geom", "geom", postgresql_using="gist"),
)
