"""Make forms and read answers: drafts, bindings to registry fields, reviews; where a submission is from, and who sees it."""

from alembic import op

revision = "0019"
down_revision = "0018"

STATEMENTS = (
    """create table form_draft (
    id integer generated always as identity constraint pk_form_draft primary key,
    form integer constraint fk_form_draft_form references form on delete cascade,
    title text not null,
    content jsonb not null,
    revision integer default 1 not null,
    account_id integer constraint fk_form_draft_account_id references account on delete set null,
    area_layer text,
    area_codes text[] default '{}' not null,
    updated_at timestamptz default now() not null
)""",
    "create index ix_form_draft_form on form_draft (form)",
    "create index ix_form_draft_account_id on form_draft (account_id)",
    "comment on table form_draft is 'a form that somebody composes'",
    "comment on column form_draft.form is 'what it becomes the next version of; null: a new form'",
    "comment on column form_draft.content is 'the form as forms.xlsform.as_json writes it'",
    "comment on column form_draft.revision is 'one more each time it is saved: who saves an old one is told'",
    "comment on column form_draft.area_layer is 'null: a draft of the whole city'",
    """create table form_binding (
    form integer not null constraint fk_form_binding_form references form on delete cascade,
    path text not null,
    field text not null,
    constraint pk_form_binding primary key (form, path)
)""",
    "create index ix_form_binding_field on form_binding (field)",
    "comment on table form_binding is 'questions that are about a field of the registry'",
    "comment on column form_binding.path is 'of the question'",
    "comment on column form_binding.field is 'e.g. person.phone'",
    "alter table form_submission add column review text default 'received' not null",
    "alter table form_submission add constraint ck_form_submission_review"
    " check (review in ('received', 'approved', 'issue', 'rejected'))",
    "alter table form_submission add column geom geometry(Point, 4326)",
    "alter table form_submission add column areas jsonb default '{}'::jsonb not null",
    "comment on column form_submission.review is 'what its newest form_review says'",
    "comment on column form_submission.areas is 'by layer, as of a case'",
    "create index ix_form_submission_geom on form_submission using gist (geom)",
    "create index ix_form_submission_received on form_submission (form, received_at)",
    """create table form_review (
    id bigint generated always as identity constraint pk_form_review primary key,
    submission_id bigint not null constraint fk_form_review_submission_id
        references form_submission on delete cascade,
    state text not null,
    note text default '' not null,
    reviewer text not null,
    at timestamptz default now() not null,
    constraint ck_form_review_state check (state in ('received', 'approved', 'issue', 'rejected'))
)""",
    "create index ix_form_review_submission_id on form_review (submission_id)",
    "comment on table form_review is 'what staff found of an answer; rows are only added'",
    "comment on column form_review.reviewer is 'username of the account'",
    """create function areas_at(place geometry) returns jsonb
    language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(jsonb_object_agg(layer, code), '{}') from (
        select generation.layer, area.code from area
          join generation on generation.id = generation_id and valid_to is null where st_covers(area.geom, place)
        union all
        select generation.layer, grid_cell.code from grid_cell
          join generation on generation.id = generation_id and valid_to is null where st_covers(grid_cell.geom, place)
    ) as covering
$$""",
    """create function place_by_link() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    select link.geom, link.areas into new.geom, new.areas from link where link.id = new.link_id;
    new.areas := coalesce(new.areas, '{}');
    return new;
end $$""",
    """create trigger place_by_link before insert on form_submission for each row
    when (new.link_id is not null) execute function place_by_link()""",
    """create function place_by_answer() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
declare place geometry;
begin
    execute format('select ($1).%I', tg_argv[0]) using new into place;
    update form_submission set geom = place, areas = case when areas = '{}' then areas_at(place) else areas end
     where id = new.submission_id and geom is null;
    return null;
end $$""",
)

#: Whether the account that a transaction works for sees what was made for an area: the city's staff all, a street's that of
#: its own areas, everybody what is their own.
SEES_WORK = """
create function sees_work(author integer, wanted_layer text, wanted text[]) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from staff() where author = staff.id
            or (staff.layer is null and staff.department is null and staff.team is null)
            or (wanted_layer = staff.layer and wanted <@ staff.codes and wanted <> '{}'))
$$
"""
SEES_FORM = """
create or replace function sees_form(wanted integer) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from form where form.id = wanted and sees_work(account_id, area_layer, area_codes))
$$
"""
SEES_FORM_BEFORE = """
create or replace function sees_form(wanted integer) returns boolean
    language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from form, staff() where form.id = wanted
           and (staff.layer is null or form.account_id = staff.id
                or (form.area_layer = staff.layer and form.area_codes <@ staff.codes and form.area_codes <> '{}')))
$$
"""
#: An answer is seen with its form, or by whose area it is from. The forms are looked up once a query, not once a row.
SEES_ANSWER = """
create policy staff on form_submission to needle_staff using (
    form = any (array(select id from form where sees_work(account_id, area_layer, area_codes)))
    or areas ->> (select layer from staff() where department is null and team is null)
       = any ((select codes from staff())::text[]))
"""
POLICIES = (
    "alter table form_draft enable row level security",
    "create policy staff on form_draft to needle_staff using (sees_work(account_id, area_layer, area_codes))",
    "alter table form_review enable row level security",
    "create policy staff on form_review to needle_staff using"
    " (exists (select from form_submission where form_submission.id = submission_id))",
)
#: The tables of answers that were made before.
REDO = """
do $$ declare answer record; begin
    for answer in select name, form from form_table loop
        execute format('drop policy staff on answers.%I', answer.name);
        execute format('create policy staff on answers.%I to needle_staff using ({})', answer.name{});
    end loop;
end $$
"""
OF_SUBMISSION = "exists (select from form_submission where form_submission.id = submission_id)"


def upgrade() -> None:
    """Make the tables, say where submissions are from, and who sees what."""
    for statement in STATEMENTS:
        op.execute(statement)
    op.execute(SEES_WORK)
    op.execute(SEES_FORM)
    op.execute("drop policy staff on form_submission")
    op.execute(SEES_ANSWER)
    for statement in POLICIES:
        op.execute(statement)
    op.execute(REDO.format(OF_SUBMISSION, ""))


def downgrade() -> None:
    """Away with them; the triggers of answers' tables go with their function."""
    op.execute(REDO.format("(select sees_form(%s))", ", answer.form"))
    op.execute("drop policy staff on form_submission")
    op.execute(SEES_FORM_BEFORE)
    op.execute("create policy staff on form_submission to needle_staff using (sees_form(form))")
    for table in ("form_review", "form_binding", "form_draft"):
        op.execute(f"drop table {table}")
    op.execute("drop function sees_work(integer, text, text[])")
    op.execute("drop trigger place_by_link on form_submission")
    op.execute(
        "drop function place_by_link(); drop function place_by_answer() cascade; drop function areas_at(geometry)"
    )
    for column in ("review", "geom", "areas"):
        op.execute(f"alter table form_submission drop column {column}")
    op.execute("drop index if exists ix_form_submission_received")
