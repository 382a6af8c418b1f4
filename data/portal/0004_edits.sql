-- Answers that their sender edits after they were filed: an edit takes the place of an answer and is no other use of its link.
alter table mailbox.mail add column replaces text;
comment on column mailbox.mail.replaces is 'an answer that came before by the same link: this one takes its place';

create table mailbox.edit (
    mail_id text primary key,
    link_id bigint not null references mailbox.link,
    replaces text not null,
    at timestamptz not null default now()
);
comment on table mailbox.edit is 'stays when the mail is fetched, as link_use does: the same mail sent again is no other edit';
create index ix_edit_link_id on mailbox.edit (link_id);
create index ix_edit_replaces on mailbox.edit (replaces);

-- 'kept', also for the same mail again; or why not: unknown, revoked, expired; used_up for who has edited too often.
create function mailbox.edit_by_link(
    shown bytea, new_mail text, new_key text, new_sealed bytea, new_sender bytea, old_mail text
) returns text
    language plpgsql security definer set search_path = mailbox, pg_temp as $$
declare
    found_link mailbox.link;
    edits integer;
begin
    select * into found_link from link where hash = shown or short_hash = shown;
    if found_link.id is null
       or not exists (select from link_use where mail_id = old_mail and link_id = found_link.id and not given_back
                      union all select from edit where mail_id = old_mail and link_id = found_link.id) then
        return 'unknown';
    end if;
    if exists (select from edit where mail_id = new_mail and link_id = found_link.id) then
        return 'kept';
    end if;
    if found_link.revoked or found_link.expires_at <= now() then
        return link_state(found_link);
    end if;
    select count(*) into edits from edit where replaces = old_mail and link_id = found_link.id;
    if edits >= 20 then
        return 'used_up';
    end if;
    insert into mail (id, kind, key_id, sealed, sender, link_id, replaces)
        values (new_mail, 'answer', new_key, new_sealed, new_sender, found_link.id, old_mail) on conflict do nothing;
    if not found then -- the same mail at the same instant, or an id that is another mail's
        return case when exists (select from edit where mail_id = new_mail and link_id = found_link.id)
                    then 'kept' else 'unknown' end;
    end if;
    insert into edit (mail_id, link_id, replaces) values (new_mail, found_link.id, old_mail);
    return 'kept';
end
$$;

drop function mailbox.use_links(bytea[], text[], text[], bytea[], bytea[]);
create function mailbox.use_links(
    shown bytea[], new_mail text[], new_key text[], new_sealed bytea[], new_sender bytea[], old_mail text[]
) returns table (mail_id text, outcome text)
    language plpgsql security definer set search_path = mailbox, pg_temp as $$
declare
    one record;
begin
    for one in select * from unnest(shown, new_mail, new_key, new_sealed, new_sender, old_mail)
                    as u (hash, mail, key, sealed, sender, replaces)
                order by hash -- everybody locks links in the same order
    loop
        mail_id := one.mail;
        if not exists (select from government_key where key_id = one.key) then
            outcome := 'key_unknown';
        elsif one.replaces is null then
            outcome := use_link(one.hash, one.mail, one.key, one.sealed, one.sender);
        else
            outcome := edit_by_link(one.hash, one.mail, one.key, one.sealed, one.sender, one.replaces);
        end if;
        return next;
    end loop;
end
$$;

revoke execute on function mailbox.edit_by_link(bytea, text, text, bytea, bytea, text),
    mailbox.use_links(bytea[], text[], text[], bytea[], bytea[], text[]) from public;
grant execute on function mailbox.use_links(bytea[], text[], text[], bytea[], bytea[], text[]) to portal;
