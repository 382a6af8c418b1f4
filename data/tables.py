"""The schema: every table of the base database, in the order of the flow it serves.

Geometry is EPSG:4326, longitude first. Times are ``timestamptz``. Constraints carry names (see ``NAMING``), so that an
error can be told from its constraint. Migrations under ``data/migrations`` must produce exactly this (a test says so).
"""

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def moment(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    """An aware point in time."""
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=func.now() if now else None)


def geometry(kind: str, *, nullable: bool = False, name: str = "geom") -> Column[object]:
    """A geometry column in EPSG:4326; its GiST index is declared beside the table, with a name."""
    return Column(name, Geometry(kind, srid=4326, spatial_index=False), nullable=nullable)


# --- the city: what the ground looks like -----------------------------------------------------------------------

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

# --- who may act: matters, departments, rules, teams ------------------------------------------------------------

matter = Table(
    "matter",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("scheme", Text, nullable=False, comment="'GB/T 47678.5', 'GB/T 30428.2', or a city's own"),
    Column("edition", Text, nullable=False, comment="'2026', '2013', ...; never rewritten on old cases"),
    Column("kind", Text, nullable=False, comment="component 部件, event 事项"),
    Column("code", Text, nullable=False),
    Column("major_code", Text, nullable=False),
    Column("major_name", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    UniqueConstraint("scheme", "edition", "kind", "code"),
    CheckConstraint("kind in ('component', 'event')", name="kind"),
)

filing_condition = Table(
    "filing_condition",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("matter_id", Integer, ForeignKey("matter.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", SmallInteger, nullable=False),
    Column("condition", Text, nullable=False),
    Column("closing_action", Text, nullable=False),
    Column("limit_value", Float, nullable=False),
    Column("limit_unit", Text, nullable=False, comment="urgent_hour, urgent_day, work_hour, work_day, natural_day"),
    UniqueConstraint("matter_id", "number"),
    CheckConstraint("limit_value > 0", name="limit_value"),
    CheckConstraint(
        "limit_unit in ('urgent_hour', 'urgent_day', 'work_hour', 'work_day', 'natural_day')", name="limit_unit"
    ),
)

department = Table(
    "department",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("level", Text, nullable=False, comment="city, district, street"),
    Column("parent_code", Text, ForeignKey("department.code"), index=True, comment="who rules above"),
    CheckConstraint("level in ('city', 'district', 'street')", name="level"),
)

rule_set = Table(
    "rule_set",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("body", Text, nullable=False, comment="the rules in their readable form, verbatim"),
    Column("note", Text, nullable=False, server_default=""),
    moment("accepted_at", nullable=False, now=True),
    Column("accepted_by", Text, nullable=False),
    comment="powers and routing rules; the newest row is in force, older ones explain older decisions",
)

team = Table(
    "team",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("department_code", Text, ForeignKey("department.code"), nullable=False, index=True),
    Column("scope_layer", Text, ForeignKey("layer.name"), index=True, comment="null: the whole city"),
    Column("scope_code", Text, comment="the area of scope_layer where the team works"),
    Column("skills", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("capacity", SmallInteger, nullable=False, comment="open tasks at once"),
    Column("speed_kmh", Float, nullable=False),
    geometry("POINT", name="base"),
    geometry("POINT", name="position", nullable=True),
    moment("position_at"),
    CheckConstraint("capacity >= 0", name="capacity"),
    CheckConstraint("speed_kmh > 0", name="speed_kmh"),
    CheckConstraint("(scope_layer is null) = (scope_code is null)", name="scope"),
    CheckConstraint("(position is null) = (position_at is null)", name="position"),
)

shift = Table(
    "shift",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("team_id", Integer, ForeignKey("team.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("weekday", SmallInteger, nullable=False, comment="0 Monday .. 6 Sunday, local"),
    Column("starts", Time, nullable=False),
    Column("ends", Time, nullable=False, comment="not later than starts: ends the next day"),
    CheckConstraint("weekday between 0 and 6", name="weekday"),
)

# --- what happens: report -> case -> event -> task ---------------------------------------------------------------

channel = Table(
    "channel",
    metadata,
    Column("code", Text, primary_key=True, comment="'12345', 'snap' 随手拍, 'grid', 'sensor', 'walk_in', ..."),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("crs", Text, comment="declared datum of untagged points; null: refuse them"),
    Column("uncertainty_m", Float, nullable=False, comment="of a point that brings none of its own"),
)

report = Table(
    "report",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("body", JSONB, nullable=False, comment="verbatim: what the channel said"),
    moment("reported_at", nullable=False),
    moment("received_at", nullable=False, now=True),
    moment("handled_at", nullable=True),
    Column("case_id", BigInteger, comment="the case it became"),
    Column("problem", Text, comment="error code when it became none"),
    UniqueConstraint("channel", "idempotency_key"),
    Index("ix_report_waiting", "id", postgresql_where=text("handled_at is null")),
    Index("ix_report_case_id", "case_id", postgresql_where=text("case_id is not null")),
    Index(
        "ix_report_photos", text("(body -> 'photos')"), postgresql_using="gin", postgresql_where=text("body ? 'photos'")
    ),
)

case_state = Table(
    "case_state",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("terminal", Boolean, nullable=False),
)

case_transition = Table(
    "case_transition",
    metadata,
    Column("from_state", Text, ForeignKey("case_state.code"), nullable=False),
    Column("action", Text, nullable=False),
    Column("to_state", Text, ForeignKey("case_state.code"), nullable=False, index=True),
    PrimaryKeyConstraint("from_state", "action", "to_state"),
    comment="the legal moves; case_event refers to it, so the database refuses every other",
)

cases = Table(
    "cases",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("number", Text, nullable=False, unique=True, comment="案卷号, as people quote it"),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False, index=True),
    Column("matter_id", Integer, ForeignKey("matter.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("address", Text),
    geometry("POINT", nullable=True),
    Column("uncertainty_m", Float),
    Column("cell_code", Text, index=True),
    Column("areas", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="layer -> code, of its time"),
    Column(
        "borders",
        JSONB,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="layer -> {m: distance to its border, other: code beyond, ambiguous: bool}",
    ),
    Column("h3_9", BigInteger, index=True),
    Column("state", Text, ForeignKey("case_state.code"), nullable=False, index=True),
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    Column("department_code", Text, ForeignKey("department.code"), index=True),
    Column("team_id", Integer, ForeignKey("team.id"), index=True),
    moment("reported_at", nullable=False),
    moment("filed_at"),
    moment("dispatched_at"),
    moment("due_at"),
    moment("closed_at"),
    Column("returns", SmallInteger, nullable=False, server_default="0"),
    Column("reworks", SmallInteger, nullable=False, server_default="0"),
    Column("seq", Integer, nullable=False, comment="of its last event: optimistic lock"),
    Column("hash", LargeBinary, nullable=False, comment="of its last event"),
    moment("updated_at", nullable=False),
    Column(
        "answered_at",
        DateTime(timezone=True),
        comment="when the department last confirmed the work, null while it is being done again",
    ),
    Index("ix_cases_geom", "geom", postgresql_using="gist"),
    Index("ix_cases_open_state", "state", "due_at", postgresql_where=text("closed_at is null")),
    Index("ix_cases_open_geom", "geom", postgresql_using="gist", postgresql_where=text("closed_at is null")),
    Index("ix_cases_reported_at", "reported_at"),
    Index("ix_cases_updated_at", "updated_at"),
    comment="the fold of each case's events, kept in the same transaction",
)

case_event = Table(
    "case_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="order of catch-up for readers"),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="1, 2, ... within the case"),
    moment("at", nullable=False),
    Column("actor", Text, nullable=False, comment="'system', 'operator:x', 'team:x', 'department:x', 'resident'"),
    Column("action", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("payload", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("case_id", "seq"),
    ForeignKeyConstraint(
        ["from_state", "action", "to_state"],
        ["case_transition.from_state", "case_transition.action", "case_transition.to_state"],
        name="fk_case_event_transition",
    ),
    Index("ix_case_event_transition", "from_state", "action", "to_state"),
    Index("ix_case_event_at", "at"),
    *(
        Index(
            f"ix_case_event_{name}",
            text(f"(payload -> '{name}')"),
            postgresql_using="gin",
            postgresql_where=text(f"payload ? '{name}'"),
        )
        for name in ("photos", "photos_before")
    ),
    CheckConstraint("octet_length(hash) = 32", name="hash"),
    comment="append-only, hash-chained per case: history, audit and the source of every figure",
)

decision = Table(
    "decision",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    moment("at", nullable=False),
    Column("rule_set_id", Integer, ForeignKey("rule_set.id"), nullable=False, index=True),
    Column("rule", Text, comment="name of the rule that gave the power; null when none did"),
    Column(
        "outcome", Text, nullable=False, comment="reason code of the whole: 'chosen', 'no_power', 'nobody_free', ..."
    ),
    Column("team_id", Integer, ForeignKey("team.id"), index=True, comment="null: nobody, see outcome and goes_up_to"),
    Column("department_code", Text, ForeignKey("department.code"), index=True),
    Column("goes_up_to", Text, comment="the level that rules when nobody is found"),
    Column("travel_s", Float),
    Column("candidates", JSONB, nullable=False, comment="[{team, reason, travel_s, cost_s, ...}], the chosen first"),
)

task = Table(
    "task",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    Column("team_id", Integer, ForeignKey("team.id"), nullable=False),
    moment("assigned_at", nullable=False),
    moment("accepted_at"),
    moment("done_at", nullable=True),
    moment("due_at"),
    Column("outcome", Text, comment="done, returned, reassigned; null while open"),
    CheckConstraint("(done_at is null) = (outcome is null)", name="outcome"),
    Index("uq_task_open", "case_id", unique=True, postgresql_where=text("done_at is null")),
    Index("ix_task_team_open", "team_id", postgresql_where=text("done_at is null")),
    Index("ix_task_team_id", "team_id"),
    comment="who is on it: at most one open lead a case",
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("cause", Text, primary_key=True, comment="urgent, overdue"),
    moment("at", nullable=False, now=True),
    Column("actor", Text, nullable=False, comment="who says that it was seen"),
    CheckConstraint("cause in ('urgent', 'overdue')", name="cause"),
    comment="alarms of a case that somebody has seen; the first to say so is kept",
)

channel_key = Table(
    "channel_key",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column(
        "hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key; the key itself is shown once"
    ),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False, index=True),
    Column("holder", Text, nullable=False, comment="which system holds it"),
    Column("per_minute", Integer, nullable=False, comment="reports it may send in a minute"),
    moment("created_at", nullable=False, now=True),
    moment("revoked_at"),
    CheckConstraint("per_minute > 0", name="per_minute"),
    comment="by which a 12345 desk or an app is known at the Open311 endpoint",
)

photo = Table(
    "photo",
    metadata,
    Column("digest", Text, primary_key=True, comment="SHA-256 of the kept file: its name in the photos' folder"),
    Column("bytes", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("taken_at", Text, comment="the camera's own words, ISO 8601, with an offset where it knew one"),
    geometry("POINT", nullable=True),
    Column("channel", Text, ForeignKey("channel.code"), nullable=False, index=True),
    moment("received_at", nullable=False, now=True),
    comment="photos that came with reports; the camera's place and time are kept here and no longer in the file",
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("owner", Text, nullable=False, comment="who saved it, as they name themselves"),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False, comment="the page's address after the question mark"),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    moment("saved_at", nullable=False, now=True),
    UniqueConstraint("owner", "name"),
    CheckConstraint("name <> ''", name="name"),
    comment="views of the desk: what was filtered, sorted and shown",
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False, comment="webhook, open311"),
    Column("department_code", Text, ForeignKey("department.code"), index=True, comment="null: told of every case"),
    Column("settings", JSONB, nullable=False, comment="the connector: address, translation; its secret only by name"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", nullable=False, now=True),
    CheckConstraint("kind in ('webhook', 'open311')", name="kind"),
    comment="systems that are told of cases, from the moment they are entered",
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("subscription_id", Integer, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", BigInteger, ForeignKey("case_event.id"), nullable=False, index=True),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    moment("created_at", nullable=False, now=True),
    moment("next_try_at", nullable=False, now=True),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    moment("delivered_at"),
    moment("given_up_at"),
    Column("problem", Text, comment="what the last try met"),
    UniqueConstraint("subscription_id", "event_id"),
    CheckConstraint("delivered_at is null or given_up_at is null", name="outcome"),
    Index(
        "ix_delivery_open",
        "subscription_id",
        "case_id",
        "event_id",
        postgresql_where=text("delivered_at is null and given_up_at is null"),
    ),
    Index(
        "ix_delivery_due",
        "subscription_id",
        "next_try_at",
        postgresql_where=text("delivered_at is null and given_up_at is null"),
    ),
    comment="the outbox: written by a trigger in the event's own transaction",
)

remote_case = Table(
    "remote_case",
    metadata,
    Column("subscription_id", Integer, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False),
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    Column("remote_id", Text, nullable=False, comment="what the system calls our case"),
    Column("remote_status", Text),
    moment("checked_at"),
    PrimaryKeyConstraint("subscription_id", "case_id"),
    UniqueConstraint("subscription_id", "remote_id"),
)

case_pyramid = Table(
    "case_pyramid",
    metadata,
    Column("resolution", SmallInteger, nullable=False, comment="of H3: 4 .. 9"),
    Column("cell", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("cases", Integer, nullable=False, comment="below zero while what was before it is not yet folded"),
    PrimaryKeyConstraint("resolution", "cell", "state", "urgent"),
    comment="cases counted by cell, level and state; with the changes not yet folded in it is always exact",
)

case_pyramid_change = Table(
    "case_pyramid_change",
    metadata,
    Column("cell", BigInteger, nullable=False, comment="of resolution 9"),
    Column("state", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("cases", Integer, nullable=False, comment="how many more, below zero how many fewer"),
    comment="appended by triggers in the case's own transaction, so that no two of them wait for one cell; folded in batches",
)

resident_mail = Table(
    "resident_mail",
    metadata,
    Column("id", Text, primary_key=True, comment="of the mail: made from the resident's code by a hash"),
    Column("report_id", BigInteger, ForeignKey("report.id"), nullable=False, index=True),
    Column(
        "reply_key", LargeBinary, nullable=False, comment="AES-256: what only this resident reads is sealed with it"
    ),
    moment("received_at", nullable=False, now=True),
    Column("told_seq", Integer, nullable=False, server_default="0", comment="of the case's last event told"),
    CheckConstraint("octet_length(reply_key) = 32", name="reply_key"),
    comment="reports that came by the residents' portal, and how far their senders have been told",
)

whistle = Table(
    "whistle",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("number", SmallInteger, nullable=False, comment="1, 2, ... within the case"),
    Column("street", Text, nullable=False),
    Column("purpose", Text, nullable=False, comment="joint_enforcement, hard_matter, emergency"),
    moment("called_at", nullable=False),
    moment("answer_by"),
    moment("arrive_by"),
    Column(
        "stage", SmallInteger, nullable=False, comment="of silence: 1 reminded, 2 told to the level above, 3 supervised"
    ),
    moment("finished_at"),
    moment("ended_at"),
    PrimaryKeyConstraint("case_id", "number"),
    Index("uq_whistle_open", "case_id", unique=True, postgresql_where=text("ended_at is null")),
    comment="the fold of a case's whistles, kept in the event's transaction",
)

whistle_party = Table(
    "whistle_party",
    metadata,
    Column("case_id", BigInteger, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("department_code", Text, ForeignKey("department.code"), nullable=False, index=True),
    Column("lead", Boolean, nullable=False),
    Column("state", Text, nullable=False, comment="called, answered, refused, released, finished"),
    Column("team_id", Integer, ForeignKey("team.id"), index=True),
    moment("answered_at"),
    moment("arrived_at"),
    Column("distance_m", Float, comment="from the place of arrival to the case"),
    moment("finished_at"),
    PrimaryKeyConstraint("case_id", "number", "department_code"),
    ForeignKeyConstraint(["case_id", "number"], ["whistle.case_id", "whistle.number"], ondelete="CASCADE"),
    CheckConstraint("state in ('called', 'answered', 'refused', 'released', 'finished')", name="state"),
    CheckConstraint("(state = 'finished') = (finished_at is not null)", name="finished"),
    CheckConstraint("arrived_at is null or answered_at is not null", name="arrived"),
    Index("uq_whistle_lead", "case_id", "number", unique=True, postgresql_where=text("lead")),
    comment="a called department's own part of the work: its sub-task",
)

case_merge = Table(
    "case_merge",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("main_case_id", BigInteger, ForeignKey("cases.id"), nullable=False, index=True),
    moment("at", nullable=False),
    CheckConstraint("case_id <> main_case_id", name="itself"),
    comment="written by a trigger with the event; a main case is never merged itself",
)

case_timer = Table(
    "case_timer",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    comment="when a worker looks at a case next: a deadline is near or past, a suspension ends, a whistle is silent",
)

# --- who works with it: accounts, sessions, audit -----------------------------------------------------------------

account = Table(
    "account",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="dashboard.accounts.AccountRole"),
    Column("password", Text, comment="argon2id; null: signs in otherwise, or not at all"),
    Column("subject", Text, unique=True, comment="issuer and subject, as an identity provider knows the person"),
    Column("department_code", Text, ForeignKey("department.code"), index=True, comment="a handler's"),
    Column("team_id", Integer, ForeignKey("team.id"), index=True, comment="whose tasks these are"),
    Column("area_layer", Text, ForeignKey("layer.name"), index=True, comment="null: the whole city"),
    Column("area_codes", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="areas of area_layer"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", nullable=False, now=True),
    CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{0,39}$'", name="username"),
    CheckConstraint("(role = 'handler') = (department_code is not null)", name="department"),
    CheckConstraint("team_id is null or role = 'grid_worker'", name="team"),
    CheckConstraint("(area_layer is null) = (area_codes = '{}')", name="areas"),
    comment="who may sign in; row-level security reads from it what an account may see",
)

session = Table(
    "session",
    metadata,
    Column("token", LargeBinary, primary_key=True, comment="SHA-256 of the cookie's value"),
    Column("account_id", Integer, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    moment("created_at", nullable=False, now=True),
    moment("seen_at", nullable=False, now=True),
    Column(
        "idle_s", Integer, comment="ends after so long without a request; null: only at ends_at, as a screen's does"
    ),
    moment("ends_at", nullable=False),
    CheckConstraint("octet_length(token) = 32", name="token"),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("key", LargeBinary, nullable=False, comment="SHA-256 of an account's name, or of an address"),
    moment("at", nullable=False, now=True),
    Index("ix_sign_in_failure_key_at", "key", "at"),
    comment="failures of the last while: who guesses must wait",
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("at", nullable=False, now=True),
    Column("actor", Text, nullable=False, comment="username, or 'console' for the command line"),
    Column(
        "action", Text, nullable=False, comment="sign_in, sign_in_failed, case.dispatch, export, account.change, ..."
    ),
    Column("object", Text, nullable=False, server_default="", comment="case:17, account:li, ..."),
    Column("address", Text, nullable=False, server_default="", comment="where the request came from"),
    Column(
        "detail",
        JSONB,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="codes and numbers, no words of people",
    ),
    Index("ix_audit_entry_at", "at"),
    Index("ix_audit_entry_actor", "actor", "id"),
    Index("ix_audit_entry_action", "action", "id"),
    comment="append-only: what people did with the system",
)

duty = Table(
    "duty",
    metadata,
    Column("id", Text, primary_key=True, comment="made by the phone, so that it is begun once"),
    Column("actor", Text, nullable=False, comment="'grid_worker:li', 'team:17', as in case_event"),
    Column("team_id", Integer, ForeignKey("team.id", ondelete="SET NULL"), index=True),
    moment("started_at", nullable=False),
    moment("until", nullable=False),
    moment("ended_at"),
    Index("ix_duty_actor", "actor"),
    Index("uq_duty_open", "actor", unique=True, postgresql_where=text("ended_at is null")),
    comment="who says that they are at work: only then does a phone share where it is",
)

whereabouts = Table(
    "whereabouts",
    metadata,
    Column("duty_id", Text, ForeignKey("duty.id", ondelete="CASCADE"), nullable=False),
    moment("at", nullable=False),
    geometry("POINT"),
    Column("accuracy_m", Float, nullable=False),
    PrimaryKeyConstraint("duty_id", "at"),
    Index("ix_whereabouts_at", "at"),
    CheckConstraint("accuracy_m >= 0", name="accuracy_m"),
    comment="where somebody was while on duty; kept for some hours only",
)

phone_report = Table(
    "phone_report",
    metadata,
    Column("report_id", BigInteger, ForeignKey("report.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Text, nullable=False, index=True),
    comment="who sent a report by phone: they see what became of it, and stay its witness",
)

# --- reaching residents: who is asked, by which links, with which messages ----------------------------------------

outreach = Table(
    "outreach",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("form", Text, nullable=False, comment="key of the form that is asked"),
    Column("title", Text, nullable=False),
    Column("asks", Text, nullable=False, comment="who asks, as residents read it"),
    moment("until", nullable=False),
    Column(
        "remind_at",
        ARRAY(DateTime(timezone=True)),
        nullable=False,
        server_default=text("'{}'"),
        comment="when those who have not answered are reminded; the first messages are round 0",
    ),
    Column("created_by", Text, nullable=False),
    moment("created_at", nullable=False, now=True),
    comment="one asking of a form, to many",
)

link = Table(
    "link",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("outreach_id", BigInteger, ForeignKey("outreach.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False, comment="code of the building, key of the area, or the list's own key"),
    Column("label", Text, nullable=False, comment="the address, or what else the target is called"),
    geometry("POINT", nullable=True),
    Column("areas", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="by layer, as of a case"),
    Column("issue", SmallInteger, nullable=False, server_default="1", comment="one more each time it is issued anew"),
    Column("token_hash", LargeBinary, nullable=False, unique=True, comment="SHA-256; the token itself is nowhere kept"),
    Column("short_hash", LargeBinary, unique=True, comment="of the code to type, for what hangs on a wall anyway"),
    Column("prefill", LargeBinary, comment="AES-GCM; its key is only in the link's fragment"),
    Column("uses_allowed", Integer, comment="null: any number"),
    Column("uses", Integer, nullable=False, server_default="0", comment="answers that came by it, of every issue"),
    moment("used_at", nullable=True),
    moment("expires_at", nullable=False),
    moment("revoked_at"),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("published", Integer, nullable=False, server_default="0", comment="the revision that the portal has"),
    moment("created_at", nullable=False, now=True),
    UniqueConstraint("outreach_id", "kind", "target"),
    CheckConstraint("kind in ('person', 'household', 'building', 'area')", name="kind"),
    CheckConstraint("octet_length(token_hash) = 32 and octet_length(short_hash) = 32", name="hashes"),
    CheckConstraint("uses_allowed > 0", name="uses_allowed"),
    Index("ix_link_unpublished", "id", postgresql_where=text("published <> revision")),
    comment="what a person, a household, a building or an area is asked by",
)

link_use = Table(
    "link_use",
    metadata,
    Column("mail_id", Text, primary_key=True),
    Column("link_id", BigInteger, ForeignKey("link.id"), nullable=False, index=True),
    moment("at", nullable=False),
    comment="which mail came by which link, as the portal counted it",
)

recipient = Table(
    "recipient",
    metadata,
    Column("link_id", BigInteger, ForeignKey("link.id"), primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("phone", Text, index=True),
    Column("email", Text, index=True),
    Column("language", Text, nullable=False, server_default="zh"),
    CheckConstraint("language in ('zh', 'en')", name="language"),
    CheckConstraint("phone is not null or email is not null", name="reachable"),
)

message = Table(
    "message",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("link_id", BigInteger, ForeignKey("link.id"), nullable=False),
    Column("round", SmallInteger, nullable=False, comment="0: asked, 1, 2, ...: reminded"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("channel", Text, comment="what it went by: sms, email, spool"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    moment("next_try_at", nullable=False, now=True),
    moment("done_at"),
    Column("problem", Text, comment="what the last try met"),
    moment("created_at", nullable=False, now=True),
    UniqueConstraint("link_id", "round"),
    CheckConstraint("state in ('waiting', 'sending', 'sent', 'dropped', 'dead')", name="state"),
    Index("ix_message_due", "next_try_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_message_open", "state", "id", postgresql_where=text("state in ('sending', 'dead')")),
    comment="once for each round; the text is made when it is sent, so that no token is kept",
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("address", Text, primary_key=True, comment="a telephone number or e-mail address, as messages go to it"),
    Column("by", Text, nullable=False, comment="link, reply, or the account that noted it"),
    moment("at", nullable=False, now=True),
    comment="who wants no messages",
)

form = Table(
    "form",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("form_id", Text, nullable=False, unique=True, comment="the author's id of it, as submissions name it"),
    Column("title", Text, nullable=False),
    Column(
        "account_id", Integer, ForeignKey("account.id", ondelete="SET NULL"), index=True, comment="who publishes it"
    ),
    Column("area_layer", Text, comment="null: a form of the whole city"),
    Column("area_codes", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="areas of who publishes it"),
    comment="a form that is asked; its answers lie in the schema answers",
)

form_version = Table(
    "form_version",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("form", Integer, ForeignKey("form.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False, comment="1, 2, ... within the form"),
    Column("version", Text, nullable=False, comment="the author's, as submissions name it; may be empty"),
    Column("digest", Text, nullable=False, comment="MD5 of the XForm, as OpenRosa has it"),
    Column("workbook", LargeBinary, nullable=False, comment="XLSForm, .xlsx"),
    Column("xform", Text, nullable=False),
    Column("itemsets", Text, comment="external choices as CSV"),
    moment("published_at", nullable=False, now=True),
    UniqueConstraint("form", "number"),
    UniqueConstraint("form", "version"),
)

form_table = Table(
    "form_table",
    metadata,
    Column("form", Integer, ForeignKey("form.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False, comment="of the form's root, or of a repeat"),
    Column("name", Text, nullable=False, unique=True, comment="the table in the schema answers"),
    Column("parent", Text, comment="path of the sheet that it is repeated in"),
    Column("place", Integer, nullable=False, comment="parents before children"),
    PrimaryKeyConstraint("form", "path"),
)

form_column = Table(
    "form_column",
    metadata,
    Column("form", Integer, nullable=False),
    Column("sheet", Text, nullable=False, comment="path of its table"),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False, comment="of the question"),
    Column("kind", Text, nullable=False),
    Column("choices", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("since", Integer, nullable=False, comment="number of the version"),
    Column("retired", Integer, comment="number of the first version that no longer asks it; its answers stay"),
    Column("place", Integer, nullable=False),
    PrimaryKeyConstraint("form", "sheet", "name"),
    ForeignKeyConstraint(["form", "sheet"], ["form_table.form", "form_table.path"], ondelete="CASCADE"),
)

form_submission = Table(
    "form_submission",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("form", Integer, ForeignKey("form.id"), nullable=False),
    Column("version_id", Integer, ForeignKey("form_version.id"), nullable=False, index=True),
    Column("instance_id", Text, nullable=False, comment="who sends it again names it again: it is kept once"),
    moment("received_at", nullable=False, now=True),
    Column("xml", Text, nullable=False, comment="as it came: nothing of it is lost"),
    UniqueConstraint("form", "instance_id"),
)
