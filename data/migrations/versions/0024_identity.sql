CREATE TABLE identity_purpose (
    id INTEGER GENERATED ALWAYS AS IDENTITY, 
    name TEXT NOT NULL, 
    legal_basis TEXT NOT NULL, 
    necessity TEXT NOT NULL, 
    owner TEXT NOT NULL, 
    contact TEXT NOT NULL, 
    kept_days INTEGER NOT NULL, 
    begins_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    until TIMESTAMP WITH TIME ZONE NOT NULL, 
    wanted_fmr FLOAT NOT NULL, 
    most_risk FLOAT NOT NULL, 
    opened_at TIMESTAMP WITH TIME ZONE, 
    ended_at TIMESTAMP WITH TIME ZONE, 
    by TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_identity_purpose PRIMARY KEY (id), 
    CONSTRAINT ck_identity_purpose_times CHECK (kept_days > 0 and until > begins_at), 
    CONSTRAINT ck_identity_purpose_rates CHECK (wanted_fmr > 0 and wanted_fmr < 1 and most_risk > 0 and most_risk <= 1)
);
CREATE UNIQUE INDEX uq_identity_purpose_open ON identity_purpose ((true)) WHERE opened_at is not null and ended_at is null;
COMMENT ON TABLE identity_purpose IS 'what faces are compared for; one is open at a time, none at first';
COMMENT ON COLUMN identity_purpose.legal_basis IS 'law and article, or consent';
COMMENT ON COLUMN identity_purpose.necessity IS 'why no milder way does';
COMMENT ON COLUMN identity_purpose.owner IS 'who answers for it';
COMMENT ON COLUMN identity_purpose.contact IS 'how residents reach them';
COMMENT ON COLUMN identity_purpose.kept_days IS 'how long a template is kept at most';
COMMENT ON COLUMN identity_purpose.most_risk IS 'of liveness, above which a person looks';
COMMENT ON COLUMN identity_purpose.opened_at IS 'faces are compared from here';

CREATE TABLE identity_notice (
    purpose_id INTEGER NOT NULL, 
    version INTEGER NOT NULL, 
    zh TEXT NOT NULL, 
    en TEXT NOT NULL, 
    by TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_identity_notice PRIMARY KEY (purpose_id, version), 
    CONSTRAINT fk_identity_notice_purpose_id FOREIGN KEY(purpose_id) REFERENCES identity_purpose (id)
);
COMMENT ON TABLE identity_notice IS 'what is told before a camera opens; a change is a new version, and old consents need renewing';

CREATE TABLE identity_assessment (
    id INTEGER GENERATED ALWAYS AS IDENTITY, 
    purpose_id INTEGER NOT NULL, 
    content JSONB NOT NULL, 
    digest TEXT NOT NULL, 
    approved_by TEXT NOT NULL, 
    approved_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    until TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_identity_assessment PRIMARY KEY (id), 
    CONSTRAINT fk_identity_assessment_purpose_id FOREIGN KEY(purpose_id) REFERENCES identity_purpose (id)
);
CREATE INDEX ix_identity_assessment_purpose_id ON identity_assessment (purpose_id);
COMMENT ON TABLE identity_assessment IS 'impact assessments as they were approved; append-only, kept three years';
COMMENT ON COLUMN identity_assessment.content IS 'what it said, and the settings that it was made from';
COMMENT ON COLUMN identity_assessment.digest IS 'SHA-256 of the settings: others need another assessment';

CREATE TABLE identity_calibration (
    id INTEGER GENERATED ALWAYS AS IDENTITY, 
    model TEXT NOT NULL, 
    detector TEXT NOT NULL, 
    library TEXT NOT NULL, 
    data TEXT NOT NULL, 
    genuine INTEGER NOT NULL, 
    impostors INTEGER NOT NULL, 
    wanted_fmr FLOAT NOT NULL, 
    threshold FLOAT NOT NULL, 
    fmr FLOAT NOT NULL, 
    fmr_upper FLOAT NOT NULL, 
    fnmr FLOAT NOT NULL, 
    eer FLOAT NOT NULL, 
    curve JSONB NOT NULL, 
    by TEXT NOT NULL, 
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_identity_calibration PRIMARY KEY (id)
);
CREATE INDEX ix_identity_calibration_model ON identity_calibration (model, detector, id);
COMMENT ON TABLE identity_calibration IS 'thresholds by measured rates; the newest of a model is used; append-only';
COMMENT ON COLUMN identity_calibration.data IS 'what it was measured on';
COMMENT ON COLUMN identity_calibration.fmr_upper IS 'upper bound of its interval';
COMMENT ON COLUMN identity_calibration.curve IS '[threshold, fmr, fnmr], strict to lax';

CREATE TABLE identity_consent (
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    purpose_id INTEGER NOT NULL, 
    version INTEGER NOT NULL, 
    subject TEXT NOT NULL, 
    guardian BYTEA, 
    keeps BOOLEAN NOT NULL, 
    channel TEXT NOT NULL, 
    mail_id TEXT, 
    receipt TEXT NOT NULL, 
    given_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    withdrawn_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_identity_consent PRIMARY KEY (id), 
    CONSTRAINT fk_identity_consent_purpose_id_version FOREIGN KEY(purpose_id, version) REFERENCES identity_notice (purpose_id, version), 
    CONSTRAINT uq_identity_consent_mail_id UNIQUE (mail_id), 
    CONSTRAINT uq_identity_consent_receipt UNIQUE (receipt)
);
CREATE INDEX ix_identity_consent_purpose_id_version ON identity_consent (purpose_id, version);
CREATE INDEX ix_identity_consent_subject ON identity_consent (subject);
COMMENT ON TABLE identity_consent IS 'separate consents, one text''s version each';
COMMENT ON COLUMN identity_consent.guardian IS 'who consented for a child under 14, sealed; null: nobody had to';
COMMENT ON COLUMN identity_consent.keeps IS 'whether the template may be kept for the next time';
COMMENT ON COLUMN identity_consent.channel IS 'portal, worker';
COMMENT ON COLUMN identity_consent.mail_id IS 'what it came by';

CREATE TABLE identity_reference (
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    subject TEXT NOT NULL, 
    purpose_id INTEGER NOT NULL, 
    consent_id BIGINT NOT NULL, 
    source TEXT NOT NULL, 
    model TEXT NOT NULL, 
    sealed BYTEA NOT NULL, 
    by TEXT NOT NULL, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    CONSTRAINT pk_identity_reference PRIMARY KEY (id), 
    CONSTRAINT ck_identity_reference_source CHECK (source in ('enrolled', 'document')), 
    CONSTRAINT fk_identity_reference_purpose_id FOREIGN KEY(purpose_id) REFERENCES identity_purpose (id), 
    CONSTRAINT fk_identity_reference_consent_id FOREIGN KEY(consent_id) REFERENCES identity_consent (id)
);
CREATE INDEX ix_identity_reference_consent_id ON identity_reference (consent_id);
CREATE INDEX ix_identity_reference_expires_at ON identity_reference (expires_at);
CREATE INDEX ix_identity_reference_purpose_id ON identity_reference (purpose_id);
CREATE UNIQUE INDEX uq_identity_reference_subject_model ON identity_reference (subject, purpose_id, model);
COMMENT ON TABLE identity_reference IS 'templates to compare with; no pictures';
COMMENT ON COLUMN identity_reference.source IS 'enrolled by an official, or from a document';
COMMENT ON COLUMN identity_reference.sealed IS 'AES-GCM under a key outside the database';

CREATE TABLE identity_check (
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    begun_id TEXT NOT NULL, 
    mail_id TEXT NOT NULL, 
    reply_key BYTEA NOT NULL, 
    submission_id BIGINT, 
    entity_id BIGINT, 
    subject TEXT NOT NULL, 
    way TEXT NOT NULL, 
    state TEXT DEFAULT 'asked' NOT NULL, 
    purpose_id INTEGER, 
    consent_id BIGINT, 
    asked TEXT[] DEFAULT '{}' NOT NULL, 
    code_hash BYTEA, 
    phone BYTEA, 
    sealed BYTEA, 
    tries SMALLINT DEFAULT '0' NOT NULL, 
    reply JSONB DEFAULT '{}'::jsonb NOT NULL, 
    told BOOLEAN DEFAULT true NOT NULL, 
    by TEXT, 
    pass_hash BYTEA, 
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    sent_at TIMESTAMP WITH TIME ZONE, 
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
    done_at TIMESTAMP WITH TIME ZONE, 
    CONSTRAINT pk_identity_check PRIMARY KEY (id), 
    CONSTRAINT ck_identity_check_way CHECK (way in ('face', 'sms', 'worker')), 
    CONSTRAINT ck_identity_check_state CHECK (state in ('asked', 'waiting', 'passed', 'failed', 'expired', 'withdrawn')), 
    CONSTRAINT ck_identity_check_face_purpose CHECK (way <> 'face' or (purpose_id is not null and consent_id is not null)), 
    CONSTRAINT ck_identity_check_nothing_kept CHECK (state in ('asked', 'waiting') or (sealed is null and phone is null)), 
    CONSTRAINT ck_identity_check_done CHECK ((done_at is null) = (state in ('asked', 'waiting'))), 
    CONSTRAINT uq_identity_check_begun_id UNIQUE (begun_id), 
    CONSTRAINT uq_identity_check_mail_id UNIQUE (mail_id), 
    CONSTRAINT fk_identity_check_submission_id FOREIGN KEY(submission_id) REFERENCES form_submission (id) ON DELETE CASCADE, 
    CONSTRAINT fk_identity_check_entity_id FOREIGN KEY(entity_id) REFERENCES registry_entity (id), 
    CONSTRAINT fk_identity_check_purpose_id FOREIGN KEY(purpose_id) REFERENCES identity_purpose (id), 
    CONSTRAINT fk_identity_check_consent_id FOREIGN KEY(consent_id) REFERENCES identity_consent (id), 
    CONSTRAINT uq_identity_check_pass_hash UNIQUE (pass_hash)
);
CREATE INDEX ix_identity_check_code_hash ON identity_check (code_hash) WHERE code_hash is not null;
CREATE INDEX ix_identity_check_consent_id ON identity_check (consent_id);
CREATE INDEX ix_identity_check_entity_id ON identity_check (entity_id);
CREATE INDEX ix_identity_check_open ON identity_check (expires_at) WHERE done_at is null;
CREATE INDEX ix_identity_check_purpose_id ON identity_check (purpose_id);
CREATE INDEX ix_identity_check_subject ON identity_check (subject, way);
CREATE INDEX ix_identity_check_submission_id ON identity_check (submission_id);
CREATE INDEX ix_identity_check_untold ON identity_check (id) WHERE not told;
COMMENT ON TABLE identity_check IS 'somebody says who they are, by one of the ways';
COMMENT ON COLUMN identity_check.begun_id IS 'mail that began it';
COMMENT ON COLUMN identity_check.mail_id IS 'mail whose sender is told next';
COMMENT ON COLUMN identity_check.purpose_id IS 'of a face';
COMMENT ON COLUMN identity_check.consent_id IS 'of a face';
COMMENT ON COLUMN identity_check.asked IS 'movements of the challenge';
COMMENT ON COLUMN identity_check.code_hash IS 'SHA-256 of the code that a worker enters';
COMMENT ON COLUMN identity_check.phone IS 'where the code goes, sealed; gone when it is over';
COMMENT ON COLUMN identity_check.sealed IS 'code or frames, sealed; gone when it is over';
COMMENT ON COLUMN identity_check.by IS 'account of the worker who confirmed it';
COMMENT ON COLUMN identity_check.pass_hash IS 'SHA-256 of what the phone shows for half an hour';
COMMENT ON COLUMN identity_check.sent_at IS 'when the code went out';

CREATE TABLE identity_comparison (
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    check_id BIGINT NOT NULL, 
    purpose_id INTEGER NOT NULL, 
    calibration_id INTEGER NOT NULL, 
    model TEXT NOT NULL, 
    detector TEXT NOT NULL, 
    library TEXT NOT NULL, 
    reference TEXT NOT NULL, 
    distance FLOAT, 
    threshold FLOAT NOT NULL, 
    fmr FLOAT NOT NULL, 
    fnmr FLOAT NOT NULL, 
    risk FLOAT NOT NULL, 
    signs TEXT[] NOT NULL, 
    measured JSONB NOT NULL, 
    frame_marks TEXT[] NOT NULL, 
    outcome TEXT NOT NULL, 
    seconds FLOAT NOT NULL, 
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_identity_comparison PRIMARY KEY (id), 
    CONSTRAINT ck_identity_comparison_outcome CHECK (outcome in ('match', 'no_match', 'unusable', 'doubtful')), 
    CONSTRAINT fk_identity_comparison_purpose_id FOREIGN KEY(purpose_id) REFERENCES identity_purpose (id), 
    CONSTRAINT fk_identity_comparison_calibration_id FOREIGN KEY(calibration_id) REFERENCES identity_calibration (id)
);
CREATE INDEX ix_identity_comparison_calibration_id ON identity_comparison (calibration_id);
CREATE INDEX ix_identity_comparison_check_id ON identity_comparison (check_id);
CREATE INDEX ix_identity_comparison_frame_marks ON identity_comparison USING gin (frame_marks);
CREATE INDEX ix_identity_comparison_purpose_id ON identity_comparison (purpose_id);
COMMENT ON TABLE identity_comparison IS 'the record of every comparison; append-only, kept three years';
COMMENT ON COLUMN identity_comparison.check_id IS 'identity_check, as it was numbered then';
COMMENT ON COLUMN identity_comparison.reference IS 'enrolled, document, none';
COMMENT ON COLUMN identity_comparison.distance IS 'null: a picture could not be used';
COMMENT ON COLUMN identity_comparison.risk IS 'of liveness, 0 to 1';
COMMENT ON COLUMN identity_comparison.measured IS 'numbers of the frames; no picture, no template';
COMMENT ON COLUMN identity_comparison.frame_marks IS 'keyed hashes by which the same frame is known again';

CREATE TABLE identity_deletion (
    id BIGINT GENERATED ALWAYS AS IDENTITY, 
    subject TEXT NOT NULL, 
    what TEXT NOT NULL, 
    why TEXT NOT NULL, 
    count INTEGER NOT NULL, 
    receipt TEXT NOT NULL, 
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    CONSTRAINT pk_identity_deletion PRIMARY KEY (id), 
    CONSTRAINT ck_identity_deletion_why CHECK (why in ('withdrawn', 'expired', 'purpose_ended', 'asked'))
);
CREATE INDEX ix_identity_deletion_at ON identity_deletion (at);
COMMENT ON TABLE identity_deletion IS 'what was deleted, with a receipt; append-only';
COMMENT ON COLUMN identity_deletion.what IS 'template, capture';

CREATE TABLE identity_duty (
    id INTEGER GENERATED ALWAYS AS IDENTITY, 
    kind TEXT NOT NULL, 
    detail JSONB DEFAULT '{}'::jsonb NOT NULL, 
    due_on DATE, 
    opened_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
    done_at TIMESTAMP WITH TIME ZONE, 
    by TEXT, 
    CONSTRAINT pk_identity_duty PRIMARY KEY (id), 
    CONSTRAINT ck_identity_duty_kind CHECK (kind in ('file', 'change_filing', 'cancel_filing', 'incident', 'request'))
);
CREATE UNIQUE INDEX uq_identity_duty_open ON identity_duty (kind) WHERE kind = 'file' and done_at is null;
COMMENT ON TABLE identity_duty IS 'what has to be done towards authorities and persons, with its last day';
COMMENT ON COLUMN identity_duty.due_on IS 'last day for it';

alter table form_version add column identity text default 'none' not null
    constraint ck_form_version_identity check (identity in ('none', 'any', 'without_face'));
comment on column form_version.identity is 'whether and how residents say who they are';
alter table form_submission add column verification text default 'none' not null
    constraint ck_form_submission_verification check (verification in ('none', 'sms', 'worker', 'face'));
alter table form_submission add column verified_at timestamptz;
comment on column form_submission.verification is 'how its sender said who they are';

create function keep_identity_records() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at < now() - interval '3 years' then return old; end if;
    raise exception 'rows of % are kept for three years and never changed', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger kept before update or delete on identity_comparison for each row execute function keep_identity_records();
create trigger kept before update or delete on identity_deletion for each row execute function keep_identity_records();
create trigger append_only before update or delete or truncate on identity_assessment execute function refuse_change();
create trigger append_only before update or delete or truncate on identity_calibration execute function refuse_change();
create trigger append_only before update or delete or truncate on identity_notice execute function refuse_change();
