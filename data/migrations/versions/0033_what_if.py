"""Keep what-ifs, and boundaries that were tried in them."""

from alembic import op

revision = "0033"
down_revision = "0032"

STATEMENTS = (
    """create table what_if (
    id integer generated always as identity,
    owner text not null,
    name text,
    shared boolean default false not null,
    scope text not null,
    asked jsonb not null,
    found jsonb not null,
    made_at timestamptz default now() not null,
    constraint pk_what_if primary key (id),
    constraint uq_what_if_owner_name unique (owner, name),
    constraint ck_what_if_name check (name <> '')
)""",
    "comment on table what_if is 'past cases replayed with something changed: what was asked and what came of it'",
    "comment on column what_if.owner is 'who asked'",
    "comment on column what_if.name is 'null: nobody saved it, it goes when its owner has asked often enough again'",
    "comment on column what_if.scope is 'the cases that its owner saw, as the query of an address'",
    "comment on column what_if.asked is 'period, cases, changes'",
    "comment on column what_if.found is 'figures with intervals, teams, cells'",
    """create table tried_layer (
    id integer generated always as identity,
    owner text not null,
    layer text not null,
    source text not null,
    brought_at timestamptz default now() not null,
    constraint pk_tried_layer primary key (id),
    constraint fk_tried_layer_layer foreign key(layer) references layer (name)
)""",
    "create index ix_tried_layer_layer on tried_layer (layer)",
    "comment on table tried_layer is 'boundaries brought for a what-if; they are never in force'",
    "comment on column tried_layer.owner is 'who brought it'",
    "comment on column tried_layer.layer is 'in whose place it is tried'",
    "comment on column tried_layer.source is 'file name'",
    """create table tried_area (
    id bigint generated always as identity,
    tried_layer_id integer not null,
    code text not null,
    name text not null,
    geom geometry(MultiPolygon, 4326) not null,
    constraint pk_tried_area primary key (id),
    constraint fk_tried_area_tried_layer_id foreign key(tried_layer_id) references tried_layer (id) on delete cascade,
    constraint uq_tried_area_tried_layer_id_code unique (tried_layer_id, code)
)""",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for table in ("tried_area", "tried_layer", "what_if"):
        op.execute(f"drop table {table}")
