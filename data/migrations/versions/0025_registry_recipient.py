"""Whom a link asks, in the registry; what a form allows; what was filled in, by recipient.

Packets are made before their links have numbers.
"""

from alembic import op

revision = "0025"
down_revision = "0024"

RECIPIENT = """
create table registry_recipient (
    link_id bigint not null,
    kind text not null,
    entity_id bigint not null,
    constraint pk_registry_recipient primary key (link_id, kind),
    constraint ck_registry_recipient_kind check (kind in ('person', 'household', 'building', 'room', 'enterprise')),
    constraint fk_registry_recipient_link_id foreign key (link_id) references link (id),
    constraint fk_registry_recipient_entity_id foreign key (entity_id) references registry_entity (id)
);
create index ix_registry_recipient_entity_id on registry_recipient (entity_id);
comment on table registry_recipient is 'whom a link''s answers were said of, so that the same recipient is known again';
create policy staff on registry_recipient to needle_staff using (exists (select from link where link.id = link_id));
alter table registry_recipient enable row level security;
create index ix_link_recipient on link (target, kind);
"""
FILLING = """
drop table registry_filling;
create table registry_filling (
    outreach_id bigint not null,
    kind text not null,
    target text not null,
    asked integer not null,
    filled integer not null,
    claims bigint[] default '{}' not null,
    kept integer,
    corrected integer,
    at timestamptz default now() not null,
    constraint pk_registry_filling primary key (outreach_id, kind, target),
    constraint ck_registry_filling_counts check (filled <= asked and kept + corrected <= filled),
    constraint fk_registry_filling_outreach_id foreign key (outreach_id) references outreach (id)
);
comment on table registry_filling is 'how much of a form was filled in for its recipient';
comment on column registry_filling.target is 'as of its link';
comment on column registry_filling.asked is 'questions of the form bound to fields of the registry';
comment on column registry_filling.filled is 'of them, filled in before';
comment on column registry_filling.claims is 'of the registry, that were filled in';
comment on column registry_filling.kept is 'of the claims, sent back as they were; null: not answered yet';
comment on column registry_filling.corrected is 'of the claims, changed by the resident';
create policy staff on registry_filling to needle_staff using (exists (
    select from link l where (l.outreach_id, l.kind, l.target)
                           = (registry_filling.outreach_id, registry_filling.kind, registry_filling.target)));
alter table registry_filling enable row level security;
"""
FILLING_BEFORE = """
drop table registry_filling;
create table registry_filling (
    link_id bigint not null,
    asked integer not null,
    filled integer not null,
    kept integer,
    corrected integer,
    at timestamptz default now() not null,
    constraint pk_registry_filling primary key (link_id),
    constraint ck_registry_filling_counts check (filled <= asked and kept + corrected <= filled),
    constraint fk_registry_filling_link_id foreign key (link_id) references link (id)
);
comment on table registry_filling is 'how much of a form was filled in for its recipient';
create policy staff on registry_filling to needle_staff using (exists (select from link where link.id = link_id));
alter table registry_filling enable row level security;
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(RECIPIENT)
    op.execute(FILLING)
    op.execute("alter table form_version add column purposes text[] default '{*}' not null")
    said = "what its answers may be used for in the registry; *: all"
    op.execute(f"comment on column form_version.purposes is '{said}'")


def downgrade() -> None:
    """Drop what is new, and count by link again."""
    op.execute(FILLING_BEFORE)
    op.execute("drop table registry_recipient; drop index ix_link_recipient")
    op.execute("alter table form_version drop column purposes")
