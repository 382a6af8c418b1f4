-- The base schema as of the first release. Never edited: what changes, changes in a later revision.

create table building (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT,
    address TEXT NOT NULL,
    use TEXT NOT NULL,
    floors SMALLINT NOT NULL,
    height_m FLOAT NOT NULL,
    geom geometry(POLYGON,4326) NOT NULL,
    CONSTRAINT pk_building PRIMARY KEY (id),
    CONSTRAINT uq_building_code UNIQUE (code)
);
CREATE INDEX ix_building_geom ON building USING gist (geom);
COMMENT ON COLUMN building.use IS 'residential, commercial, office, industrial, public';

create table case_state (
    code TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    stage TEXT NOT NULL,
    terminal BOOLEAN NOT NULL,
    CONSTRAINT pk_case_state PRIMARY KEY (code)
);

create table channel (
    code TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    crs TEXT,
    uncertainty_m FLOAT NOT NULL,
    CONSTRAINT pk_channel PRIMARY KEY (code)
);
COMMENT ON COLUMN channel.code IS '''12345'', ''snap'' 随手拍, ''grid'', ''sensor'', ''walk_in'', ...';
COMMENT ON COLUMN channel.crs IS 'declared datum of untagged points; null: refuse them';
COMMENT ON COLUMN channel.uncertainty_m IS 'of a point that brings none of its own';

create table city (
    "only" BOOLEAN DEFAULT true NOT NULL,
    profile TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    timezone TEXT DEFAULT 'Asia/Shanghai' NOT NULL,
    settings JSONB DEFAULT '{}'::jsonb NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_city PRIMARY KEY ("only"),
    CONSTRAINT ck_city_one_row CHECK ("only")
);
COMMENT ON COLUMN city."only" IS 'one row: one city a database';
COMMENT ON COLUMN city.profile IS '''demo'', or the name of the profile that loaded it';
COMMENT ON COLUMN city.settings IS 'view, layers shown, clock';

create table department (
    code TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    level TEXT NOT NULL,
    parent_code TEXT,
    CONSTRAINT pk_department PRIMARY KEY (code),
    CONSTRAINT ck_department_level CHECK (level in ('city', 'district', 'street')),
    CONSTRAINT fk_department_parent_code FOREIGN KEY(parent_code) REFERENCES department (code)
);
CREATE INDEX ix_department_parent_code ON department (parent_code);
COMMENT ON COLUMN department.level IS 'city, district, street';
COMMENT ON COLUMN department.parent_code IS 'who rules above';

create table landscape (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    name TEXT,
    geom geometry(MULTIPOLYGON,4326) NOT NULL,
    CONSTRAINT pk_landscape PRIMARY KEY (id),
    CONSTRAINT ck_landscape_kind CHECK (kind in ('water', 'park', 'square'))
);
CREATE INDEX ix_landscape_geom ON landscape USING gist (geom);
COMMENT ON COLUMN landscape.kind IS 'water, park, square';

create table layer (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    rank SMALLINT NOT NULL,
    CONSTRAINT pk_layer PRIMARY KEY (name),
    CONSTRAINT ck_layer_kind CHECK (kind in ('area', 'jurisdiction', 'grid'))
);
COMMENT ON COLUMN layer.name IS '''district'', ''subdistrict'', ''community'', ''cell'', ''police'', ...';
COMMENT ON COLUMN layer.kind IS 'area: administrative; jurisdiction: a department''s; grid: unit cells';
COMMENT ON COLUMN layer.rank IS '0 widest; the order in lists and on the map';

create table matter (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    scheme TEXT NOT NULL,
    edition TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    major_code TEXT NOT NULL,
    major_name TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    CONSTRAINT pk_matter PRIMARY KEY (id),
    CONSTRAINT uq_matter_scheme_edition_kind_code UNIQUE (scheme, edition, kind, code),
    CONSTRAINT ck_matter_kind CHECK (kind in ('component', 'event'))
);
COMMENT ON COLUMN matter.scheme IS '''GB/T 47678.5'', ''GB/T 30428.2'', or a city''s own';
COMMENT ON COLUMN matter.edition IS '''2026'', ''2013'', ...; never rewritten on old cases';
COMMENT ON COLUMN matter.kind IS 'component 部件, event 事项';

create table rule_set (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    body TEXT NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    accepted_by TEXT NOT NULL,
    CONSTRAINT pk_rule_set PRIMARY KEY (id)
);
COMMENT ON TABLE rule_set IS 'powers and routing rules; the newest row is in force, older ones explain older decisions';
COMMENT ON COLUMN rule_set.body IS 'the rules in their readable form, verbatim';

create table street (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT,
    class TEXT NOT NULL,
    speed_kmh FLOAT NOT NULL,
    oneway BOOLEAN DEFAULT false NOT NULL,
    geom geometry(LINESTRING,4326) NOT NULL,
    CONSTRAINT pk_street PRIMARY KEY (id)
);
CREATE INDEX ix_street_geom ON street USING gist (geom);
COMMENT ON COLUMN street.class IS 'motorway, primary, secondary, tertiary, residential, path';

create table case_transition (
    from_state TEXT NOT NULL,
    action TEXT NOT NULL,
    to_state TEXT NOT NULL,
    CONSTRAINT pk_case_transition PRIMARY KEY (from_state, action, to_state),
    CONSTRAINT fk_case_transition_from_state FOREIGN KEY(from_state) REFERENCES case_state (code),
    CONSTRAINT fk_case_transition_to_state FOREIGN KEY(to_state) REFERENCES case_state (code)
);
CREATE INDEX ix_case_transition_to_state ON case_transition (to_state);
COMMENT ON TABLE case_transition IS 'the legal moves; case_event refers to it, so the database refuses every other';

create table filing_condition (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    matter_id INTEGER NOT NULL,
    number SMALLINT NOT NULL,
    condition TEXT NOT NULL,
    closing_action TEXT NOT NULL,
    limit_value FLOAT NOT NULL,
    limit_unit TEXT NOT NULL,
    CONSTRAINT pk_filing_condition PRIMARY KEY (id),
    CONSTRAINT uq_filing_condition_matter_id_number UNIQUE (matter_id, number),
    CONSTRAINT ck_filing_condition_limit_value CHECK (limit_value > 0),
    CONSTRAINT ck_filing_condition_limit_unit CHECK (limit_unit in ('urgent_hour', 'urgent_day', 'work_hour', 'work_day', 'natural_day')),
    CONSTRAINT fk_filing_condition_matter_id FOREIGN KEY(matter_id) REFERENCES matter (id) ON DELETE CASCADE
);
CREATE INDEX ix_filing_condition_matter_id ON filing_condition (matter_id);
COMMENT ON COLUMN filing_condition.limit_unit IS 'urgent_hour, urgent_day, work_hour, work_day, natural_day';

create table generation (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    layer TEXT NOT NULL,
    number INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    source TEXT NOT NULL,
    report JSONB DEFAULT '{}'::jsonb NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_generation PRIMARY KEY (id),
    CONSTRAINT uq_generation_layer_number UNIQUE (layer, number),
    CONSTRAINT fk_generation_layer FOREIGN KEY(layer) REFERENCES layer (name)
);
CREATE UNIQUE INDEX uq_generation_in_force ON generation (layer) WHERE valid_to is null;
COMMENT ON COLUMN generation.number IS '1, 2, ... within the layer; last year''s case keeps last year''s';
COMMENT ON COLUMN generation.valid_to IS 'null: in force';
COMMENT ON COLUMN generation.source IS 'file name and declared CRS';
COMMENT ON COLUMN generation.report IS 'what the import repaired';

create table report (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    channel TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body JSONB NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    handled_at TIMESTAMP WITH TIME ZONE,
    case_id BIGINT,
    problem TEXT,
    CONSTRAINT pk_report PRIMARY KEY (id),
    CONSTRAINT uq_report_channel_idempotency_key UNIQUE (channel, idempotency_key),
    CONSTRAINT fk_report_channel FOREIGN KEY(channel) REFERENCES channel (code)
);
CREATE INDEX ix_report_case_id ON report (case_id) WHERE case_id is not null;
CREATE INDEX ix_report_waiting ON report (id) WHERE handled_at is null;
COMMENT ON COLUMN report.body IS 'verbatim: what the channel said';
COMMENT ON COLUMN report.case_id IS 'the case it became';
COMMENT ON COLUMN report.problem IS 'error code when it became none';

create table team (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    department_code TEXT NOT NULL,
    scope_layer TEXT,
    scope_code TEXT,
    skills TEXT[] DEFAULT '{}' NOT NULL,
    capacity SMALLINT NOT NULL,
    speed_kmh FLOAT NOT NULL,
    base geometry(POINT,4326) NOT NULL,
    position geometry(POINT,4326),
    position_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_team PRIMARY KEY (id),
    CONSTRAINT ck_team_capacity CHECK (capacity >= 0),
    CONSTRAINT ck_team_speed_kmh CHECK (speed_kmh > 0),
    CONSTRAINT ck_team_scope CHECK ((scope_layer is null) = (scope_code is null)),
    CONSTRAINT ck_team_position CHECK ((position is null) = (position_at is null)),
    CONSTRAINT uq_team_code UNIQUE (code),
    CONSTRAINT fk_team_department_code FOREIGN KEY(department_code) REFERENCES department (code),
    CONSTRAINT fk_team_scope_layer FOREIGN KEY(scope_layer) REFERENCES layer (name)
);
CREATE INDEX ix_team_department_code ON team (department_code);
CREATE INDEX ix_team_scope_layer ON team (scope_layer);
COMMENT ON COLUMN team.scope_layer IS 'null: the whole city';
COMMENT ON COLUMN team.scope_code IS 'the area of scope_layer where the team works';
COMMENT ON COLUMN team.capacity IS 'open tasks at once';

create table area (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    generation_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    parent_code TEXT,
    geom geometry(MULTIPOLYGON,4326) NOT NULL,
    CONSTRAINT pk_area PRIMARY KEY (id),
    CONSTRAINT uq_area_generation_id_code UNIQUE (generation_id, code),
    CONSTRAINT fk_area_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id) ON DELETE CASCADE
);
CREATE INDEX ix_area_geom ON area USING gist (geom);
COMMENT ON TABLE area IS 'administrative areas and departments'' jurisdictions, one row a polygon of a layer''s generation';
COMMENT ON COLUMN area.parent_code IS 'code of the area above, null at the top';

create table cases (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    number TEXT NOT NULL,
    channel TEXT NOT NULL,
    matter_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    address TEXT,
    geom geometry(POINT,4326),
    uncertainty_m FLOAT,
    cell_code TEXT,
    areas JSONB DEFAULT '{}'::jsonb NOT NULL,
    borders JSONB DEFAULT '{}'::jsonb NOT NULL,
    h3_9 BIGINT,
    state TEXT NOT NULL,
    urgent BOOLEAN DEFAULT false NOT NULL,
    department_code TEXT,
    team_id INTEGER,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    filed_at TIMESTAMP WITH TIME ZONE,
    dispatched_at TIMESTAMP WITH TIME ZONE,
    due_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    returns SMALLINT DEFAULT '0' NOT NULL,
    reworks SMALLINT DEFAULT '0' NOT NULL,
    seq INTEGER NOT NULL,
    hash BYTEA NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_cases PRIMARY KEY (id),
    CONSTRAINT uq_cases_number UNIQUE (number),
    CONSTRAINT fk_cases_channel FOREIGN KEY(channel) REFERENCES channel (code),
    CONSTRAINT fk_cases_matter_id FOREIGN KEY(matter_id) REFERENCES matter (id),
    CONSTRAINT fk_cases_state FOREIGN KEY(state) REFERENCES case_state (code),
    CONSTRAINT fk_cases_department_code FOREIGN KEY(department_code) REFERENCES department (code),
    CONSTRAINT fk_cases_team_id FOREIGN KEY(team_id) REFERENCES team (id)
);
CREATE INDEX ix_cases_cell_code ON cases (cell_code);
CREATE INDEX ix_cases_channel ON cases (channel);
CREATE INDEX ix_cases_department_code ON cases (department_code);
CREATE INDEX ix_cases_geom ON cases USING gist (geom);
CREATE INDEX ix_cases_h3_9 ON cases (h3_9);
CREATE INDEX ix_cases_matter_id ON cases (matter_id);
CREATE INDEX ix_cases_open_geom ON cases USING gist (geom) WHERE closed_at is null;
CREATE INDEX ix_cases_open_state ON cases (state, due_at) WHERE closed_at is null;
CREATE INDEX ix_cases_reported_at ON cases (reported_at);
CREATE INDEX ix_cases_state ON cases (state);
CREATE INDEX ix_cases_team_id ON cases (team_id);
CREATE INDEX ix_cases_updated_at ON cases (updated_at);
COMMENT ON TABLE cases IS 'the fold of each case''s events, kept in the same transaction';
COMMENT ON COLUMN cases.number IS '案卷号, as people quote it';
COMMENT ON COLUMN cases.areas IS 'layer -> code, of its time';
COMMENT ON COLUMN cases.borders IS 'layer -> {m: distance to its border, other: code beyond, ambiguous: bool}';
COMMENT ON COLUMN cases.seq IS 'of its last event: optimistic lock';
COMMENT ON COLUMN cases.hash IS 'of its last event';

create table grid_cell (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    generation_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    geom geometry(POLYGON,4326) NOT NULL,
    CONSTRAINT pk_grid_cell PRIMARY KEY (id),
    CONSTRAINT uq_grid_cell_generation_id_code UNIQUE (generation_id, code),
    CONSTRAINT ck_grid_cell_code CHECK (code ~ '^[0-9A-Z]{15}$'),
    CONSTRAINT fk_grid_cell_generation_id FOREIGN KEY(generation_id) REFERENCES generation (id) ON DELETE CASCADE
);
CREATE INDEX ix_grid_cell_geom ON grid_cell USING gist (geom);
COMMENT ON COLUMN grid_cell.code IS '15 characters: 12-digit community + 3 serial';

create table shift (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    team_id INTEGER NOT NULL,
    weekday SMALLINT NOT NULL,
    starts TIME WITHOUT TIME ZONE NOT NULL,
    ends TIME WITHOUT TIME ZONE NOT NULL,
    CONSTRAINT pk_shift PRIMARY KEY (id),
    CONSTRAINT ck_shift_weekday CHECK (weekday between 0 and 6),
    CONSTRAINT fk_shift_team_id FOREIGN KEY(team_id) REFERENCES team (id) ON DELETE CASCADE
);
CREATE INDEX ix_shift_team_id ON shift (team_id);
COMMENT ON COLUMN shift.weekday IS '0 Monday .. 6 Sunday, local';
COMMENT ON COLUMN shift.ends IS 'not later than starts: ends the next day';

create table case_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    payload JSONB DEFAULT '{}'::jsonb NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_case_event PRIMARY KEY (id),
    CONSTRAINT uq_case_event_case_id_seq UNIQUE (case_id, seq),
    CONSTRAINT fk_case_event_transition FOREIGN KEY(from_state, action, to_state) REFERENCES case_transition (from_state, action, to_state),
    CONSTRAINT ck_case_event_hash CHECK (octet_length(hash) = 32),
    CONSTRAINT fk_case_event_case_id FOREIGN KEY(case_id) REFERENCES cases (id)
);
CREATE INDEX ix_case_event_at ON case_event (at);
CREATE INDEX ix_case_event_transition ON case_event (from_state, action, to_state);
COMMENT ON TABLE case_event IS 'append-only, hash-chained per case: history, audit and the source of every figure';
COMMENT ON COLUMN case_event.id IS 'order of catch-up for readers';
COMMENT ON COLUMN case_event.seq IS '1, 2, ... within the case';
COMMENT ON COLUMN case_event.actor IS '''system'', ''operator:x'', ''team:x'', ''department:x'', ''resident''';

create table decision (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    rule_set_id INTEGER NOT NULL,
    rule TEXT,
    outcome TEXT NOT NULL,
    team_id INTEGER,
    department_code TEXT,
    goes_up_to TEXT,
    travel_s FLOAT,
    candidates JSONB NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (id),
    CONSTRAINT fk_decision_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
    CONSTRAINT fk_decision_rule_set_id FOREIGN KEY(rule_set_id) REFERENCES rule_set (id),
    CONSTRAINT fk_decision_team_id FOREIGN KEY(team_id) REFERENCES team (id),
    CONSTRAINT fk_decision_department_code FOREIGN KEY(department_code) REFERENCES department (code)
);
CREATE INDEX ix_decision_case_id ON decision (case_id);
CREATE INDEX ix_decision_department_code ON decision (department_code);
CREATE INDEX ix_decision_rule_set_id ON decision (rule_set_id);
CREATE INDEX ix_decision_team_id ON decision (team_id);
COMMENT ON COLUMN decision.rule IS 'name of the rule that gave the power; null when none did';
COMMENT ON COLUMN decision.outcome IS 'reason code of the whole: ''chosen'', ''no_power'', ''nobody_free'', ...';
COMMENT ON COLUMN decision.team_id IS 'null: nobody, see outcome and goes_up_to';
COMMENT ON COLUMN decision.goes_up_to IS 'the level that rules when nobody is found';
COMMENT ON COLUMN decision.candidates IS '[{team, reason, travel_s, cost_s, ...}], the chosen first';

create table task (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    case_id BIGINT NOT NULL,
    team_id INTEGER NOT NULL,
    assigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    done_at TIMESTAMP WITH TIME ZONE,
    due_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    CONSTRAINT pk_task PRIMARY KEY (id),
    CONSTRAINT ck_task_outcome CHECK ((done_at is null) = (outcome is null)),
    CONSTRAINT fk_task_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
    CONSTRAINT fk_task_team_id FOREIGN KEY(team_id) REFERENCES team (id)
);
CREATE INDEX ix_task_case_id ON task (case_id);
CREATE INDEX ix_task_team_id ON task (team_id);
CREATE INDEX ix_task_team_open ON task (team_id) WHERE done_at is null;
CREATE UNIQUE INDEX uq_task_open ON task (case_id) WHERE done_at is null;
COMMENT ON TABLE task IS 'who is on it: at most one open lead a case';
COMMENT ON COLUMN task.outcome IS 'done, returned, reassigned; null while open';

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger append_only before update or delete or truncate on case_event
for each statement execute function refuse_change();
