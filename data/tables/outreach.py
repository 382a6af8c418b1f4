"""Reaching residents: who is asked, by which links, with which messages."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from data.tables.base import geometry, metadata, moment

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
    Column("visited", Text, comment="what the newest visit met; null: nobody was there yet, or it was taken back"),
    Column("households", Integer, comment="behind a building's link; null: nobody knows how many"),
    UniqueConstraint("outreach_id", "kind", "target"),
    CheckConstraint("kind in ('person', 'household', 'building', 'area')", name="kind"),
    CheckConstraint("octet_length(token_hash) = 32 and octet_length(short_hash) = 32", name="hashes"),
    CheckConstraint("uses_allowed > 0", name="uses_allowed"),
    CheckConstraint("visited in ('refused', 'not_reachable', 'vacant')", name="visited"),
    CheckConstraint("households > 0", name="households"),
    Index("ix_link_recipient", "target", "kind"),
    Index("ix_link_unpublished", "id", postgresql_where=text("published <> revision")),
    comment="what a person, a household, a building or an area is asked by",
)

link_use = Table(
    "link_use",
    metadata,
    Column("mail_id", Text, primary_key=True),
    Column("link_id", BigInteger, ForeignKey("link.id"), nullable=False, index=True),
    moment("at", nullable=False),
    Column(
        "given_back", Boolean, nullable=False, server_default=text("false"), comment="its answer was rejected: no use"
    ),
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

parked_letter = Table(
    "parked_letter",
    metadata,
    Column("mail_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("link_id", BigInteger, comment="what an answer came by, as the mailbox said"),
    Column("sealed", LargeBinary, nullable=False, comment="as it came: opened only to try it again"),
    moment("received_at", nullable=False),
    moment("parked_at", nullable=False, now=True),
    Column("reason", Text, nullable=False, comment="code of the catalogue of errors"),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="what its sentence names"),
    Column("tries", SmallInteger, nullable=False, server_default="1"),
    moment("retry_at", comment="when somebody asked to try it again"),
    moment("settled_at", comment="filed or answered after all, or put aside by somebody"),
    Index("ix_parked_letter_open", "parked_at", postgresql_where=text("settled_at is null")),
    comment="letters that cannot be filed as they are; the courier tries them again when asked",
)
