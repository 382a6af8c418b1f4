-- The mailbox. The owner (the courier's role) may do everything; the role "portal" only what the grants at the end say:
-- put sealed mail in, and read what is public or sealed to one resident. It cannot even read back the mail that it took.
create schema mailbox;

create table mailbox.version (
    "only" boolean primary key default true check ("only"),
    number integer not null
);
insert into mailbox.version (number) values (1);

create table mailbox.government_key (
    key_id text primary key constraint ck_government_key_id check (key_id ~ '^[0-9a-f]{16}$'),
    public_key bytea not null constraint ck_government_key_point check (octet_length(public_key) = 65),
    made_at timestamptz not null default now(),
    retired_at timestamptz
);

create table mailbox.mail (
    id text primary key constraint ck_mail_id check (id ~ '^[0-9a-f]{32}$'),
    kind text not null constraint ck_mail_kind check (kind ~ '^[a-z_]{1,20}$'),
    key_id text not null references mailbox.government_key,
    sealed bytea not null constraint ck_mail_sealed check (octet_length(sealed) between 81 and 4194304),
    sender bytea not null constraint ck_mail_sender check (octet_length(sender) = 8),
    received_at timestamptz not null default now(),
    tries smallint not null default 0
);
comment on column mailbox.mail.sealed is 'HPKE: encapsulated key, then ciphertext; the private key is not in this zone';
comment on column mailbox.mail.sender is 'pseudonym of a device for one day: a keyed hash whose key is nowhere stored';
create index ix_mail_received_at on mailbox.mail (received_at);
create index ix_mail_key_id on mailbox.mail (key_id);

create table mailbox.reply (
    id text primary key constraint ck_reply_id check (id ~ '^[0-9a-f]{32}$'),
    sealed bytea,
    problem text,
    written_at timestamptz not null default now(),
    constraint ck_reply_outcome check ((sealed is null) <> (problem is null))
);
comment on column mailbox.reply.sealed is 'AES-256-GCM under a key made from the resident''s code, which is in this zone never stored';
comment on column mailbox.reply.problem is 'why a mail could not be read at all: unreadable, invalid';
create index ix_reply_written_at on mailbox.reply (written_at);

create table mailbox.paper (
    name text primary key,
    body bytea not null,
    written_at timestamptz not null default now()
);
comment on table mailbox.paper is 'what everybody may read: gzipped JSON by name';

create table mailbox.sheet (
    kind text not null,
    x integer not null,
    y integer not null,
    body bytea not null,
    primary key (kind, x, y)
);
comment on table mailbox.sheet is 'public map sheets of zoom 14, gzipped JSON: sketch (streets) and around (counts and cases)';

grant usage on schema mailbox to portal;
grant select on mailbox.version, mailbox.government_key, mailbox.reply, mailbox.paper, mailbox.sheet to portal;
grant insert (id, kind, key_id, sealed, sender) on mailbox.mail to portal;
grant select (id, received_at) on mailbox.mail to portal;
