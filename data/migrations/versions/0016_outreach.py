"""Reach residents: askings, links, how they were used, messages and who wants none."""

from alembic import op

revision = "0016"
down_revision = "0015"

TABLES = ("opt_out", "message", "recipient", "link_use", "link", "outreach")
STATEMENTS = (
    """create table outreach (
    id bigint generated always as identity,
    form text not null,
    title text not null,
    asks text not null,
    until timestamptz not null,
    remind_at timestamptz[] default '{}' not null,
    created_by text not null,
    created_at timestamptz default now() not null,
    constraint pk_outreach primary key (id)
)""",
    "comment on table outreach is 'one asking of a form, to many'",
    "comment on column outreach.form is 'key of the form that is asked'",
    "comment on column outreach.asks is 'who asks, as residents read it'",
    "comment on column outreach.remind_at is 'when those who have not answered are reminded; the first messages are round 0'",
    """create table link (
    id bigint generated always as identity,
    outreach_id bigint not null,
    kind text not null,
    target text not null,
    label text not null,
    geom geometry(Point, 4326),
    areas jsonb default '{}'::jsonb not null,
    issue smallint default '1' not null,
    token_hash bytea not null,
    short_hash bytea,
    prefill bytea,
    uses_allowed integer,
    uses integer default '0' not null,
    used_at timestamptz,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revision integer default '1' not null,
    published integer default '0' not null,
    created_at timestamptz default now() not null,
    constraint pk_link primary key (id),
    constraint uq_link_outreach_id_kind_target unique (outreach_id, kind, target),
    constraint ck_link_kind check (kind in ('person', 'household', 'building', 'area')),
    constraint ck_link_hashes check (octet_length(token_hash) = 32 and octet_length(short_hash) = 32),
    constraint ck_link_uses_allowed check (uses_allowed > 0),
    constraint fk_link_outreach_id foreign key(outreach_id) references outreach (id),
    constraint uq_link_token_hash unique (token_hash),
    constraint uq_link_short_hash unique (short_hash)
)""",
    "create index ix_link_unpublished on link (id) where published <> revision",
    "comment on table link is 'what a person, a household, a building or an area is asked by'",
    "comment on column link.target is 'code of the building, key of the area, or the list''s own key'",
    "comment on column link.label is 'the address, or what else the target is called'",
    "comment on column link.areas is 'by layer, as of a case'",
    "comment on column link.issue is 'one more each time it is issued anew'",
    "comment on column link.token_hash is 'SHA-256; the token itself is nowhere kept'",
    "comment on column link.short_hash is 'of the code to type, for what hangs on a wall anyway'",
    "comment on column link.prefill is 'AES-GCM; its key is only in the link''s fragment'",
    "comment on column link.uses_allowed is 'null: any number'",
    "comment on column link.uses is 'answers that came by it, of every issue'",
    "comment on column link.published is 'the revision that the portal has'",
    """create table link_use (
    mail_id text not null,
    link_id bigint not null,
    at timestamptz not null,
    constraint pk_link_use primary key (mail_id),
    constraint fk_link_use_link_id foreign key(link_id) references link (id)
)""",
    "create index ix_link_use_link_id on link_use (link_id)",
    "comment on table link_use is 'which mail came by which link, as the portal counted it'",
    """create table recipient (
    link_id bigint not null,
    name text default '' not null,
    phone text,
    email text,
    language text default 'zh' not null,
    constraint pk_recipient primary key (link_id),
    constraint ck_recipient_language check (language in ('zh', 'en')),
    constraint ck_recipient_reachable check (phone is not null or email is not null),
    constraint fk_recipient_link_id foreign key(link_id) references link (id)
)""",
    "create index ix_recipient_email on recipient (email)",
    "create index ix_recipient_phone on recipient (phone)",
    """create table message (
    id bigint generated always as identity,
    link_id bigint not null,
    round smallint not null,
    state text default 'waiting' not null,
    channel text,
    tries smallint default '0' not null,
    next_try_at timestamptz default now() not null,
    done_at timestamptz,
    problem text,
    created_at timestamptz default now() not null,
    constraint pk_message primary key (id),
    constraint uq_message_link_id_round unique (link_id, round),
    constraint ck_message_state check (state in ('waiting', 'sending', 'sent', 'dropped', 'dead')),
    constraint fk_message_link_id foreign key(link_id) references link (id)
)""",
    "create index ix_message_due on message (next_try_at) where state = 'waiting'",
    "create index ix_message_open on message (state, id) where state in ('sending', 'dead')",
    "comment on table message is 'once for each round; the text is made when it is sent, so that no token is kept'",
    "comment on column message.round is '0: asked, 1, 2, ...: reminded'",
    "comment on column message.channel is 'what it went by: sms, email, spool'",
    "comment on column message.problem is 'what the last try met'",
    """create table opt_out (
    address text not null,
    by text not null,
    at timestamptz default now() not null,
    constraint pk_opt_out primary key (address)
)""",
    "comment on table opt_out is 'who wants no messages'",
    "comment on column opt_out.address is 'a telephone number or e-mail address, as messages go to it'",
    "comment on column opt_out.by is 'link, reply, or the account that noted it'",
)

#: A link is seen by whose area it lies in; what hangs on it is seen with it.
SEES_LINK = """
create policy staff on link to needle_staff using (exists (select from staff() where department is null and team is null
    and (layer is null or link.areas ->> layer = any (codes))))
"""
HANGS_ON_LINK = ("link_use", "recipient", "message")


def upgrade() -> None:
    """Make the tables and their policies."""
    for statement in STATEMENTS:
        op.execute(statement)
    op.execute(SEES_LINK)
    for table in HANGS_ON_LINK:
        op.execute(
            f"create policy staff on {table} to needle_staff using "
            f"(exists (select from link where link.id = {table}.link_id))"
        )
    for table in ("link", *HANGS_ON_LINK):
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.execute(f"drop table {table}")
