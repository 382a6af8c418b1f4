"""File what residents answer: whom a submission came from, its files, parked letters, uses given back; passwords of programs."""

from alembic import op

revision = "0018"
down_revision = "0017"

STATEMENTS = (
    "alter table form_submission add column link_id bigint constraint fk_form_submission_link_id references link",
    "alter table form_submission add column mail_id text constraint uq_form_submission_mail_id unique",
    "alter table form_submission add column receipt text constraint uq_form_submission_receipt unique",
    "alter table form_submission add column account_id integer"
    " constraint fk_form_submission_account_id references account",
    "create index ix_form_submission_link_id on form_submission (link_id)",
    "create index ix_form_submission_account_id on form_submission (account_id)",
    "comment on column form_submission.link_id is 'who was asked; null: by no link'",
    "comment on column form_submission.mail_id is 'what it came by, from a resident'",
    "comment on column form_submission.receipt is 'what the resident keeps: 12 letters'",
    "comment on column form_submission.account_id is 'the field worker who filled it in'",
    """create table form_attachment (
    submission_id bigint not null constraint fk_form_attachment_submission_id
        references form_submission on delete cascade,
    name text not null,
    digest text not null,
    media_type text not null,
    bytes integer not null,
    constraint pk_form_attachment primary key (submission_id, name)
)""",
    "create index ix_form_attachment_digest on form_attachment (digest)",
    "comment on table form_attachment is 'files of answers; pictures without EXIF'",
    "comment on column form_attachment.name is 'as the answer names it'",
    "comment on column form_attachment.digest is 'SHA-256 of the content, by which it is kept'",
    "comment on column form_attachment.media_type is 'told from the content, never from the name'",
    "create policy staff on form_attachment to needle_staff using"
    " (exists (select from form_submission where form_submission.id = submission_id))",
    "alter table form_attachment enable row level security",
    "alter table link_use add column given_back boolean default false not null",
    "comment on column link_use.given_back is 'its answer was rejected: no use'",
    """create table parked_letter (
    mail_id text constraint pk_parked_letter primary key,
    kind text not null,
    key_id text not null,
    link_id bigint,
    sealed bytea not null,
    received_at timestamptz not null,
    parked_at timestamptz default now() not null,
    reason text not null,
    detail jsonb default '{}'::jsonb not null,
    tries smallint default '1' not null,
    retry_at timestamptz,
    settled_at timestamptz
)""",
    "create index ix_parked_letter_open on parked_letter (parked_at) where settled_at is null",
    "comment on table parked_letter is"
    " 'letters that cannot be filed as they are; the courier tries them again when asked'",
    "comment on column parked_letter.link_id is 'what an answer came by, as the mailbox said'",
    "comment on column parked_letter.sealed is 'as it came: opened only to try it again'",
    "comment on column parked_letter.reason is 'code of the catalogue of errors'",
    "comment on column parked_letter.detail is 'what its sentence names'",
    "comment on column parked_letter.retry_at is 'when somebody asked to try it again'",
    "comment on column parked_letter.settled_at is 'filed or answered after all, or put aside by somebody'",
    """create table app_password (
    id integer generated always as identity constraint pk_app_password primary key,
    account_id integer not null constraint fk_app_password_account_id references account on delete cascade,
    name text not null,
    hash bytea not null constraint uq_app_password_hash unique
        constraint ck_app_password_hash check (octet_length(hash) = 32),
    created_at timestamptz default now() not null,
    used_at timestamptz,
    revoked_at timestamptz
)""",
    "create index ix_app_password_account_id on app_password (account_id)",
    "comment on table app_password is 'by which programs that know no sign-in page (ODK Collect) speak for an account'",
    "comment on column app_password.name is 'the device or program that it is for'",
    "comment on column app_password.hash is 'SHA-256: it is random and long'",
)


def upgrade() -> None:
    """Make it."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Away with it; answers stay."""
    op.execute("drop table app_password, parked_letter, form_attachment")
    op.execute("alter table link_use drop column given_back")
    for column in ("account_id", "receipt", "mail_id", "link_id"):
        op.execute(f"alter table form_submission drop column {column}")
