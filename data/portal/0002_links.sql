-- Links by which residents answer. The portal's role can neither read nor change them: it shows one token's hash to two
-- functions, which look it up, and which keep an answer and count its use in one transaction.
create table mailbox.outreach (
    id bigint primary key,
    form text not null,
    title text not null,
    asks text not null,
    until timestamptz not null
);

create table mailbox.link (
    id bigint primary key,
    outreach_id bigint not null references mailbox.outreach,
    kind text not null,
    hash bytea not null unique constraint ck_link_hash check (octet_length(hash) = 32),
    short_hash bytea unique,
    prefill bytea,
    uses_allowed integer constraint ck_link_uses_allowed check (uses_allowed > 0),
    uses integer not null default 0,
    expires_at timestamptz not null,
    revoked boolean not null
);
comment on column mailbox.link.uses is 'counted where their number is limited, for the newest issue';
comment on column mailbox.link.prefill is 'AES-GCM; its key is in the fragment of the link, which no server sees';
create index ix_link_outreach_id on mailbox.link (outreach_id);

create table mailbox.link_use (
    mail_id text primary key,
    link_id bigint not null references mailbox.link,
    at timestamptz not null default now(),
    told boolean not null default false
);
comment on table mailbox.link_use is 'stays when the mail is fetched: the same mail sent again is not a second use';
create index ix_link_use_link_id on mailbox.link_use (link_id);
create index ix_link_use_untold on mailbox.link_use (at) where not told;

create table mailbox.opt_out (
    link_id bigint primary key references mailbox.link,
    at timestamptz not null default now()
);
comment on table mailbox.opt_out is 'whose recipient wants no messages; the courier takes it out';

alter table mailbox.mail add column link_id bigint references mailbox.link;
alter table mailbox.mail add constraint ck_mail_link check ((kind = 'answer') = (link_id is not null));
create index ix_mail_link_id on mailbox.mail (link_id) where link_id is not null;

create function mailbox.link_state(one mailbox.link) returns text
    language sql stable set search_path = mailbox, pg_temp as $$
    select case when one.revoked then 'revoked' when one.expires_at <= now() then 'expired'
                when one.uses >= one.uses_allowed then 'used_up' else 'open' end
$$;

create function mailbox.look_at_link(shown bytea)
    returns table (form text, title text, asks text, until timestamptz, kind text, state text, prefill bytea)
    language sql stable security definer set search_path = mailbox, pg_temp as $$
    select o.form, o.title, o.asks, least(o.until, link.expires_at), link.kind, link_state(link),
           case when link_state(link) = 'open' then link.prefill end
      from link join outreach o on o.id = outreach_id where hash = shown or short_hash = shown
$$;

-- 'kept', also for the same mail again; or why not: unknown, revoked, expired, used_up.
-- Two uses at the same instant wait for one another at the link's row, but only where uses are limited.
create function mailbox.use_link(shown bytea, new_mail text, new_key text, new_sealed bytea, new_sender bytea) returns text
    language plpgsql security definer set search_path = mailbox, pg_temp as $$
declare
    found_link mailbox.link;
    state text;
begin
    select * into found_link from link where hash = shown or short_hash = shown;
    if found_link.id is null then
        return 'unknown';
    end if;
    if found_link.uses_allowed is not null then
        select * into found_link from link where id = found_link.id for update;
        if shown not in (found_link.hash, coalesce(found_link.short_hash, found_link.hash)) then
            return 'unknown';
        end if;
    end if;
    if exists (select from link_use where mail_id = new_mail and link_id = found_link.id) then
        return 'kept';
    end if;
    state := link_state(found_link);
    if state <> 'open' then
        return state;
    end if;
    insert into mail (id, kind, key_id, sealed, sender, link_id)
        values (new_mail, 'answer', new_key, new_sealed, new_sender, found_link.id) on conflict do nothing;
    if not found then -- the same mail at the same instant, or an id that is another mail's
        return case when exists (select from link_use where mail_id = new_mail and link_id = found_link.id)
                    then 'kept' else 'unknown' end;
    end if;
    insert into link_use (mail_id, link_id) values (new_mail, found_link.id);
    if found_link.uses_allowed is not null then
        update link set uses = uses + 1 where id = found_link.id;
    end if;
    return 'kept';
end
$$;

create function mailbox.opt_out_by_link(shown bytea) returns boolean
    language sql security definer set search_path = mailbox, pg_temp as $$
    with known as (select id from link where hash = shown and kind in ('person', 'household')),
         noted as (insert into opt_out (link_id) select id from known on conflict do nothing)
    select exists (select from known)
$$;

revoke execute on function mailbox.link_state(mailbox.link), mailbox.look_at_link(bytea),
    mailbox.use_link(bytea, text, text, bytea, bytea), mailbox.opt_out_by_link(bytea) from public;
grant execute on function mailbox.look_at_link(bytea), mailbox.use_link(bytea, text, text, bytea, bytea),
    mailbox.opt_out_by_link(bytea) to portal;
