"""The registry: entities with their golden values, the claims these rest on, relations, merges, doubts, and counts by place."""

from sqlalchemy import (
    ARRAY,
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
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import geometry, metadata, moment

WRITING = "((pg_current_xact_id())::text)::bigint"
"""The number of the transaction that writes."""
KINDS = "kind in ('person', 'household', 'building', 'room', 'enterprise')"


def of_entity(name: str, *, index: bool = False, comment: str | None = None, nullable: bool = False) -> Column[object]:
    """A row of the entities."""
    key = ForeignKey("registry_entity.id")
    return Column(name, BigInteger, key, nullable=nullable, index=index, comment=comment)


registry_entity = Table(
    "registry_entity",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False, unique=True, comment="what others know it by: 26 characters, unguessable"),
    Column("kind", Text, nullable=False),
    of_entity("root_id", comment="what it was merged into in the end; itself where it was not"),
    of_entity("merged_into", nullable=True, comment="one step towards root_id"),
    Column("golden", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="data.registry.golden"),
    Column("name", Text),
    Column("id_number", Text),
    Column("phone", Text),
    Column("birth_date", Date),
    Column("sex", Text),
    Column("credit_code", Text),
    Column("address", Text),
    Column("building", Text, comment="code of the ground's building"),
    Column("unit", Text),
    Column("room", Text),
    Column("areas", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="by layer, and by hexagon"),
    geometry("POINT", nullable=True),
    Column("incomplete", Boolean, nullable=False, server_default=text("true"), comment="an expected field is unknown"),
    Column("fresh_until", Date, comment="last day on which no expected value is stale; null: never stale"),
    Column("stale", Boolean, nullable=False, server_default=text("false")),
    Column("claims", Integer, nullable=False, server_default="0", comment="that stand for something"),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
    moment("erased_at"),
    Column(
        "version",
        BigInteger,
        nullable=False,
        server_default=text(WRITING),
        comment="the transaction that wrote it last",
    ),
    CheckConstraint(KINDS, name="kind"),
    CheckConstraint("(merged_into is null) = (root_id = id)", name="root"),
    Index("ix_registry_entity_root_id", "root_id"),
    Index("ix_registry_entity_merged_into", "merged_into"),
    Index("ix_registry_entity_building", "building", "kind"),
    Index("ix_registry_entity_geom", "geom", postgresql_using="gist"),
    Index("ix_registry_entity_id_number", "id_number", postgresql_where=text("id_number is not null")),
    Index("ix_registry_entity_credit_code", "credit_code", postgresql_where=text("credit_code is not null")),
    Index("ix_registry_entity_phone", "phone", postgresql_where=text("phone is not null")),
    Index("ix_registry_entity_name", "name", "kind", postgresql_where=text("name is not null")),
    Index("ix_registry_entity_version", "version"),
    Index("ix_registry_entity_ageing", "fresh_until", postgresql_where=text("not stale and fresh_until is not null")),
    comment="a person, household, building, room or enterprise: the golden values of its claims",
)

registry_source = Table(
    "registry_source",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False, comment="mark of the submission, import or correction"),
    Column("label", Text, nullable=False, server_default="", comment="as people read it"),
    Column("purposes", ARRAY(Text), nullable=False, server_default=text("'{*}'"), comment="allowed; *: all"),
    Column("consent", Text, comment="what it rests on; null: a law or a duty"),
    Column("by", Text, nullable=False, server_default=""),
    moment("at", nullable=False, now=True),
    moment("withdrawn_at", comment="its consent was withdrawn"),
    CheckConstraint("kind in ('form', 'channel', 'import', 'department', 'resident', 'worker')", name="kind"),
    Index("uq_registry_source_kind_reference", "kind", "reference", unique=True),
    Index("ix_registry_source_consent", "consent", postgresql_where=text("consent is not null")),
    comment="where claims came from, once for all that came together",
)

registry_claim = Table(
    "registry_claim",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    of_entity("entity_id", comment="whom it was said of, whatever was merged since"),
    Column("source_id", BigInteger, ForeignKey("registry_source.id"), nullable=False, index=True),
    Column("field", Text, nullable=False, comment="of data/registry/tables/fields.csv"),
    Column("value", JSONB, comment="null: erased"),
    Column("verification", Text, nullable=False, server_default="none"),
    moment("at", nullable=False, comment="when it was so"),
    moment("created_at", nullable=False, now=True),
    moment("withdrawn_at"),
    moment("erased_at"),
    CheckConstraint("verification in ('none', 'sms', 'worker', 'department', 'document', 'face')", name="verification"),
    CheckConstraint("(value is null) = (erased_at is not null)", name="erased"),
    Index("ix_registry_claim_entity_id", "entity_id", "field"),
    comment="what was said of an entity; never changed, only withdrawn, and erased where the law asks it",
)

registry_relation = Table(
    "registry_relation",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    of_entity("subject_id", index=True),
    Column("kind", Text, nullable=False),
    of_entity("object_id", index=True),
    Column("source_id", BigInteger, ForeignKey("registry_source.id"), nullable=False, index=True),
    Column("since", Date),
    Column("until", Date),
    moment("created_at", nullable=False, now=True),
    moment("withdrawn_at"),
    CheckConstraint("kind in ('lives_in', 'owns', 'rents', 'works_at', 'guardian_of', 'part_of')", name="kind"),
    CheckConstraint("subject_id <> object_id", name="two"),
    CheckConstraint("until >= since", name="days"),
    Index(
        "uq_registry_relation_live",
        "subject_id",
        "kind",
        "object_id",
        unique=True,
        postgresql_where=text("withdrawn_at is null and until is null"),
    ),
    comment="subject lives in, owns, rents, works at, is guardian of, is part of object",
)

registry_merge = Table(
    "registry_merge",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    of_entity("survivor_id", index=True),
    of_entity("absorbed_id", index=True),
    Column("weight", Float, comment="of the linker; null: by a person alone"),
    Column("evidence", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("by", Text, nullable=False),
    moment("at", nullable=False, now=True),
    Column("undone_by", Text),
    moment("undone_at"),
    CheckConstraint("survivor_id <> absorbed_id", name="two"),
    CheckConstraint("(undone_by is null) = (undone_at is null)", name="undone"),
    Index("uq_registry_merge_standing", "absorbed_id", unique=True, postgresql_where=text("undone_at is null")),
    comment="two entities that were found to be one; every merge can be undone",
)

registry_apart = Table(
    "registry_apart",
    metadata,
    of_entity("left_id"),
    of_entity("right_id", index=True),
    Column("by", Text, nullable=False),
    moment("at", nullable=False, now=True),
    PrimaryKeyConstraint("left_id", "right_id"),
    CheckConstraint("left_id < right_id", name="ordered"),
    comment="found to be two: linkage never merges them again",
)

registry_doubt = Table(
    "registry_doubt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    of_entity("left_id", index=True),
    of_entity("right_id", index=True),
    Column("cluster", BigInteger, comment="least number of the entities that hang together; null: only these two"),
    Column("weight", Float, nullable=False, comment="log2 of the odds that they are one"),
    Column(
        "evidence", JSONB, nullable=False, server_default=text("'[]'::jsonb"), comment="by field, as the linker says"
    ),
    Column("state", Text, nullable=False, server_default="open"),
    moment("created_at", nullable=False, now=True),
    Column("decided_by", Text),
    moment("decided_at"),
    CheckConstraint("state in ('open', 'merged', 'apart', 'dropped')", name="state"),
    CheckConstraint("left_id < right_id", name="ordered"),
    Index("uq_registry_doubt_open", "left_id", "right_id", unique=True, postgresql_where=text("state = 'open'")),
    Index("ix_registry_doubt_queue", "weight", "id", postgresql_where=text("state = 'open'")),
    comment="two entities that may be one, for a person to decide",
)

registry_unlinked = Table(
    "registry_unlinked",
    metadata,
    Column("entity_id", BigInteger, ForeignKey("registry_entity.id"), primary_key=True, autoincrement=False),
    Column(
        "version", BigInteger, nullable=False, server_default=text(WRITING), comment="the transaction that said so last"
    ),
    moment("at", nullable=False, now=True),
    comment="entities that are new, or say something new of who they are, and wait to be linked",
)

registry_weights = Table(
    "registry_weights",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("records", Integer, nullable=False, comment="how many there were when it was learned"),
    Column("weights", JSONB, nullable=False, comment="data.linkage.weights"),
    moment("at", nullable=False, now=True),
    CheckConstraint("kind in ('person', 'enterprise')", name="kind"),
    comment="what linkage has learned of a kind; the newest holds",
)

registry_purpose = Table(
    "registry_purpose",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("needs", ARRAY(Text), nullable=False, comment="keys of fields, e.g. person.phone"),
    Column("basis", Text, nullable=False, comment="the law or duty"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    comment="what the registry may be called for, and which fields that needs",
)


def count(name: str, comment: str | None = None) -> Column[int]:
    """A count that begins at none."""
    return Column(name, Integer, nullable=False, server_default="0", comment=comment)


registry_density = Table(
    "registry_density",
    metadata,
    Column("layer", Text, nullable=False, comment="a layer, building, hex7 to hex10; empty: the whole city"),
    Column("place", Text, nullable=False, comment="code within the layer"),
    Column("kind", Text, nullable=False),
    Column(
        "areas", JSONB, comment="of a building: where it lies; of a layer's area: itself; null: seen by the whole city"
    ),
    count("entities"),
    count("incomplete"),
    count("stale"),
    PrimaryKeyConstraint("layer", "kind", "place"),
    CheckConstraint(KINDS, name="kind"),
    comment="entities counted by place, by triggers on registry_entity in the same transaction",
)

registry_pyramid = Table(
    "registry_pyramid",
    metadata,
    Column("layer", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("sex", Text, nullable=False, comment="male, female, or empty"),
    Column("birth_year", SmallInteger, nullable=False, comment="0: not known"),
    Column("areas", JSONB, comment="as of registry_density"),
    count("persons"),
    PrimaryKeyConstraint("layer", "place", "sex", "birth_year"),
    comment="persons by sex and year of birth, in areas and the whole city, kept as registry_density",
)

registry_recipient = Table(
    "registry_recipient",
    metadata,
    Column("link_id", BigInteger, ForeignKey("link.id"), nullable=False),
    Column("kind", Text, nullable=False),
    of_entity("entity_id", index=True),
    PrimaryKeyConstraint("link_id", "kind"),
    CheckConstraint(KINDS, name="kind"),
    comment="whom a link's answers were said of, so that the same recipient is known again",
)

registry_filling = Table(
    "registry_filling",
    metadata,
    Column("outreach_id", BigInteger, ForeignKey("outreach.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False, comment="as of its link"),
    Column("asked", Integer, nullable=False, comment="questions of the form bound to fields of the registry"),
    Column("filled", Integer, nullable=False, comment="of them, filled in before"),
    Column(
        "claims",
        ARRAY(BigInteger),
        nullable=False,
        server_default=text("'{}'"),
        comment="of the registry, that were filled in",
    ),
    Column("kept", Integer, comment="of the claims, sent back as they were; null: not answered yet"),
    Column("corrected", Integer, comment="of the claims, changed by the resident"),
    moment("at", nullable=False, now=True),
    PrimaryKeyConstraint("outreach_id", "kind", "target"),
    CheckConstraint("filled <= asked and kept + corrected <= filled", name="counts"),
    comment="how much of a form was filled in for its recipient",
)
