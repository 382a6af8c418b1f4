create table registry_entity (
    id bigint generated always as identity,
    code text not null,
    kind text not null,
    root_id bigint not null,
    merged_into bigint,
    golden jsonb default '{}'::jsonb not null,
    name text,
    id_number text,
    phone text,
    birth_date date,
    sex text,
    credit_code text,
    address text,
    building text,
    unit text,
    room text,
    areas jsonb default '{}'::jsonb not null,
    geom geometry(POINT,4326),
    incomplete boolean default true not null,
    fresh_until date,
    stale boolean default false not null,
    claims integer default '0' not null,
    created_at timestamp with time zone default now() not null,
    updated_at timestamp with time zone default now() not null,
    erased_at timestamp with time zone,
    constraint pk_registry_entity primary key (id),
    constraint ck_registry_entity_kind check (kind in ('person', 'household', 'building', 'room', 'enterprise')),
    constraint ck_registry_entity_root check ((merged_into is null) = (root_id = id)),
    constraint uq_registry_entity_code unique (code),
    constraint fk_registry_entity_root_id foreign key(root_id) references registry_entity (id),
    constraint fk_registry_entity_merged_into foreign key(merged_into) references registry_entity (id)
);
create index ix_registry_entity_ageing on registry_entity (fresh_until) where not stale and fresh_until is not null;
create index ix_registry_entity_building on registry_entity (building, kind);
create index ix_registry_entity_credit_code on registry_entity (credit_code) where credit_code is not null;
create index ix_registry_entity_geom on registry_entity using gist (geom);
create index ix_registry_entity_id_number on registry_entity (id_number) where id_number is not null;
create index ix_registry_entity_merged_into on registry_entity (merged_into);
create index ix_registry_entity_name on registry_entity (name, kind) where name is not null;
create index ix_registry_entity_phone on registry_entity (phone) where phone is not null;
create index ix_registry_entity_root_id on registry_entity (root_id);
comment on table registry_entity is 'a person, household, building, room or enterprise: the golden values of its claims';
comment on column registry_entity.code is 'what others know it by: 26 characters, unguessable';
comment on column registry_entity.root_id is 'what it was merged into in the end; itself where it was not';
comment on column registry_entity.merged_into is 'one step towards root_id';
comment on column registry_entity.golden is 'data.registry.golden';
comment on column registry_entity.building is 'code of the ground''s building';
comment on column registry_entity.areas is 'by layer, and by hexagon';
comment on column registry_entity.incomplete is 'an expected field is unknown';
comment on column registry_entity.fresh_until is 'last day on which no expected value is stale; null: never stale';
comment on column registry_entity.claims is 'that stand for something';
create table registry_source (
    id bigint generated always as identity,
    kind text not null,
    reference text not null,
    label text default '' not null,
    purposes text[] default '{*}' not null,
    consent text,
    by text default '' not null,
    at timestamp with time zone default now() not null,
    withdrawn_at timestamp with time zone,
    constraint pk_registry_source primary key (id),
    constraint ck_registry_source_kind check (kind in ('form', 'channel', 'import', 'department', 'resident', 'worker'))
);
create index ix_registry_source_consent on registry_source (consent) where consent is not null;
create unique index uq_registry_source_kind_reference on registry_source (kind, reference);
comment on table registry_source is 'where claims came from, once for all that came together';
comment on column registry_source.reference is 'mark of the submission, import or correction';
comment on column registry_source.label is 'as people read it';
comment on column registry_source.purposes is 'allowed; *: all';
comment on column registry_source.consent is 'what it rests on; null: a law or a duty';
comment on column registry_source.withdrawn_at is 'its consent was withdrawn';
create table registry_claim (
    id bigint generated always as identity,
    entity_id bigint not null,
    source_id bigint not null,
    field text not null,
    value jsonb,
    verification text default 'none' not null,
    at timestamp with time zone not null,
    created_at timestamp with time zone default now() not null,
    withdrawn_at timestamp with time zone,
    erased_at timestamp with time zone,
    constraint pk_registry_claim primary key (id),
    constraint ck_registry_claim_verification check (verification in ('none', 'sms', 'worker', 'department', 'document', 'face')),
    constraint ck_registry_claim_erased check ((value is null) = (erased_at is not null)),
    constraint fk_registry_claim_entity_id foreign key(entity_id) references registry_entity (id),
    constraint fk_registry_claim_source_id foreign key(source_id) references registry_source (id)
);
create index ix_registry_claim_entity_id on registry_claim (entity_id, field);
create index ix_registry_claim_source_id on registry_claim (source_id);
comment on table registry_claim is 'what was said of an entity; never changed, only withdrawn, and erased where the law asks it';
comment on column registry_claim.entity_id is 'whom it was said of, whatever was merged since';
comment on column registry_claim.field is 'of data/registry/tables/fields.csv';
comment on column registry_claim.value is 'null: erased';
comment on column registry_claim.at is 'when it was so';
create table registry_relation (
    id bigint generated always as identity,
    subject_id bigint not null,
    kind text not null,
    object_id bigint not null,
    source_id bigint not null,
    since date,
    until date,
    created_at timestamp with time zone default now() not null,
    withdrawn_at timestamp with time zone,
    constraint pk_registry_relation primary key (id),
    constraint ck_registry_relation_kind check (kind in ('lives_in', 'owns', 'rents', 'works_at', 'guardian_of', 'part_of')),
    constraint ck_registry_relation_two check (subject_id <> object_id),
    constraint ck_registry_relation_days check (until >= since),
    constraint fk_registry_relation_subject_id foreign key(subject_id) references registry_entity (id),
    constraint fk_registry_relation_object_id foreign key(object_id) references registry_entity (id),
    constraint fk_registry_relation_source_id foreign key(source_id) references registry_source (id)
);
create index ix_registry_relation_object_id on registry_relation (object_id);
create index ix_registry_relation_source_id on registry_relation (source_id);
create index ix_registry_relation_subject_id on registry_relation (subject_id);
create unique index uq_registry_relation_live on registry_relation (subject_id, kind, object_id) where withdrawn_at is null and until is null;
comment on table registry_relation is 'subject lives in, owns, rents, works at, is guardian of, is part of object';
create table registry_merge (
    id bigint generated always as identity,
    survivor_id bigint not null,
    absorbed_id bigint not null,
    weight float,
    evidence jsonb default '[]'::jsonb not null,
    by text not null,
    at timestamp with time zone default now() not null,
    undone_by text,
    undone_at timestamp with time zone,
    constraint pk_registry_merge primary key (id),
    constraint ck_registry_merge_two check (survivor_id <> absorbed_id),
    constraint ck_registry_merge_undone check ((undone_by is null) = (undone_at is null)),
    constraint fk_registry_merge_survivor_id foreign key(survivor_id) references registry_entity (id),
    constraint fk_registry_merge_absorbed_id foreign key(absorbed_id) references registry_entity (id)
);
create index ix_registry_merge_absorbed_id on registry_merge (absorbed_id);
create index ix_registry_merge_survivor_id on registry_merge (survivor_id);
create unique index uq_registry_merge_standing on registry_merge (absorbed_id) where undone_at is null;
comment on table registry_merge is 'two entities that were found to be one; every merge can be undone';
comment on column registry_merge.weight is 'of the linker; null: by a person alone';
create table registry_apart (
    left_id bigint not null,
    right_id bigint not null,
    by text not null,
    at timestamp with time zone default now() not null,
    constraint pk_registry_apart primary key (left_id, right_id),
    constraint ck_registry_apart_ordered check (left_id < right_id),
    constraint fk_registry_apart_left_id foreign key(left_id) references registry_entity (id),
    constraint fk_registry_apart_right_id foreign key(right_id) references registry_entity (id)
);
create index ix_registry_apart_right_id on registry_apart (right_id);
comment on table registry_apart is 'found to be two: linkage never merges them again';
create table registry_doubt (
    id bigint generated always as identity,
    left_id bigint not null,
    right_id bigint not null,
    cluster bigint,
    weight float not null,
    evidence jsonb default '[]'::jsonb not null,
    state text default 'open' not null,
    created_at timestamp with time zone default now() not null,
    decided_by text,
    decided_at timestamp with time zone,
    constraint pk_registry_doubt primary key (id),
    constraint ck_registry_doubt_state check (state in ('open', 'merged', 'apart', 'dropped')),
    constraint ck_registry_doubt_ordered check (left_id < right_id),
    constraint fk_registry_doubt_left_id foreign key(left_id) references registry_entity (id),
    constraint fk_registry_doubt_right_id foreign key(right_id) references registry_entity (id)
);
create index ix_registry_doubt_left_id on registry_doubt (left_id);
create index ix_registry_doubt_queue on registry_doubt (weight, id) where state = 'open';
create index ix_registry_doubt_right_id on registry_doubt (right_id);
create unique index uq_registry_doubt_open on registry_doubt (left_id, right_id) where state = 'open';
comment on table registry_doubt is 'two entities that may be one, for a person to decide';
comment on column registry_doubt.cluster is 'least number of the entities that hang together; null: only these two';
comment on column registry_doubt.weight is 'log2 of the odds that they are one';
comment on column registry_doubt.evidence is 'by field, as the linker says';
create table registry_purpose (
    code text not null,
    name_zh text not null,
    name_en text not null,
    needs text[] not null,
    basis text not null,
    active boolean default true not null,
    constraint pk_registry_purpose primary key (code)
);
comment on table registry_purpose is 'what the registry may be called for, and which fields that needs';
comment on column registry_purpose.needs is 'keys of fields, e.g. person.phone';
comment on column registry_purpose.basis is 'the law or duty';
create table registry_density (
    layer text not null,
    place text not null,
    kind text not null,
    areas jsonb,
    entities integer default '0' not null,
    incomplete integer default '0' not null,
    stale integer default '0' not null,
    constraint pk_registry_density primary key (layer, kind, place),
    constraint ck_registry_density_kind check (kind in ('person', 'household', 'building', 'room', 'enterprise'))
);
comment on table registry_density is 'entities counted by place, by triggers on registry_entity in the same transaction';
comment on column registry_density.layer is 'a layer, building, hex7 to hex10; empty: the whole city';
comment on column registry_density.place is 'code within the layer';
comment on column registry_density.areas is 'of a building: where it lies; of a layer''s area: itself; null: seen by the whole city';
create table registry_pyramid (
    layer text not null,
    place text not null,
    sex text not null,
    birth_year smallint not null,
    areas jsonb,
    persons integer default '0' not null,
    constraint pk_registry_pyramid primary key (layer, place, sex, birth_year)
);
comment on table registry_pyramid is 'persons by sex and year of birth, in areas and the whole city, kept as registry_density';
comment on column registry_pyramid.sex is 'male, female, or empty';
comment on column registry_pyramid.birth_year is '0: not known';
comment on column registry_pyramid.areas is 'as of registry_density';
create table registry_filling (
    link_id bigint not null,
    asked integer not null,
    filled integer not null,
    kept integer,
    corrected integer,
    at timestamp with time zone default now() not null,
    constraint pk_registry_filling primary key (link_id),
    constraint ck_registry_filling_counts check (filled <= asked and kept + corrected <= filled),
    constraint fk_registry_filling_link_id foreign key(link_id) references link (id)
);
comment on table registry_filling is 'how much of a form was filled in for its recipient';
comment on column registry_filling.asked is 'questions of the form bound to fields of the registry';
comment on column registry_filling.filled is 'of them, filled in before';
comment on column registry_filling.kept is 'of those, sent back as they were; null: not answered yet';
comment on column registry_filling.corrected is 'of those, changed by the resident';
