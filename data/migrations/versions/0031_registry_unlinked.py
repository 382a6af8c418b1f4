"""Entities that wait to be linked, what linkage has learned, and by which transaction an entity was last written."""

from alembic import op

revision = "0031"
down_revision = "0029"

#: A row of the queue tells the transaction that put it there, so that what changed meanwhile is not taken for done.
QUEUE = """
create table registry_unlinked (
    entity_id bigint not null,
    version bigint default pg_current_xact_id()::text::bigint not null,
    at timestamptz default now() not null,
    constraint pk_registry_unlinked primary key (entity_id),
    constraint fk_registry_unlinked_entity_id foreign key (entity_id) references registry_entity (id)
);
comment on table registry_unlinked is 'entities that are new, or say something new of who they are, and wait to be linked';
comment on column registry_unlinked.version is 'the transaction that said so last';
create table registry_weights (
    id bigint generated always as identity,
    kind text not null,
    records integer not null,
    weights jsonb not null,
    at timestamptz default now() not null,
    constraint pk_registry_weights primary key (id),
    constraint ck_registry_weights_kind check (kind in ('person', 'enterprise'))
);
comment on table registry_weights is 'what linkage has learned of a kind; the newest holds';
comment on column registry_weights.records is 'how many there were when it was learned';
comment on column registry_weights.weights is 'data.linkage.weights';
"""
VERSION = """
alter table registry_entity add column version bigint not null default 0;
alter table registry_entity alter column version set default pg_current_xact_id()::text::bigint;
comment on column registry_entity.version is 'the transaction that wrote it last';
create index ix_registry_entity_version on registry_entity (version);
create function note_version() returns trigger language plpgsql as $$
begin
    new.version := pg_current_xact_id()::text::bigint;
    return new;
end $$;
create trigger note_version before update on registry_entity for each row execute function note_version();
"""
WAITING = """
create function queue_new_entities() returns trigger language plpgsql as $$
begin
    insert into registry_unlinked (entity_id)
    select id from added where kind in ('person', 'household', 'enterprise') and erased_at is null order by id
    on conflict (entity_id) do update set version = excluded.version;
    return null;
end $$;
create function queue_changed_entities() returns trigger language plpgsql as $$
begin
    insert into registry_unlinked (entity_id)
    select n.id from added as n join gone as o using (id)
     where n.kind in ('person', 'household', 'enterprise') and n.erased_at is null
       and (n.name, n.id_number, n.phone, n.birth_date, n.sex, n.credit_code, n.building, n.unit, n.room)
           is distinct from (o.name, o.id_number, o.phone, o.birth_date, o.sex, o.credit_code, o.building, o.unit, o.room)
     order by n.id
    on conflict (entity_id) do update set version = excluded.version;
    return null;
end $$;
create trigger queue_new after insert on registry_entity referencing new table as added
    for each statement execute function queue_new_entities();
create trigger queue_changed after update on registry_entity referencing new table as added old table as gone
    for each statement execute function queue_changed_entities();
"""


def upgrade() -> None:
    """Make them; nothing waits at first: what is there was linked by the batch, or will be."""
    for statements in (QUEUE, VERSION, WAITING):
        op.execute(statements)


def downgrade() -> None:
    """Drop them."""
    op.execute("""
        drop trigger queue_new on registry_entity; drop trigger queue_changed on registry_entity;
        drop trigger note_version on registry_entity; drop function queue_new_entities();
        drop function queue_changed_entities(); drop function note_version(); drop table registry_unlinked;
        drop table registry_weights; alter table registry_entity drop column version
    """)
