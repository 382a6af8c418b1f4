-- Answers to forms: which paper shows a link's form, uses given back, and many answers kept in one transaction.
alter table mailbox.outreach add column paper text;
comment on column mailbox.outreach.paper is 'name of the paper with the newest version of its form; null until it hangs out';

alter table mailbox.link_use add column given_back boolean not null default false;
comment on column mailbox.link_use.given_back is 'the answer was rejected: its sender may correct it and send it anew';

drop function mailbox.look_at_link(bytea);
create function mailbox.look_at_link(shown bytea)
    returns table (form text, title text, asks text, until timestamptz, kind text, state text, prefill bytea, paper text)
    language sql stable security definer set search_path = mailbox, pg_temp as $$
    select o.form, o.title, o.asks, least(o.until, link.expires_at), link.kind, link_state(link),
           case when link_state(link) = 'open' then link.prefill end, o.paper
      from link join outreach o on o.id = outreach_id where hash = shown or short_hash = shown
$$;

-- The same as use_link for many at once, each for itself; 'key_unknown' for what is sealed to no key of ours.
create function mailbox.use_links(shown bytea[], new_mail text[], new_key text[], new_sealed bytea[], new_sender bytea[])
    returns table (mail_id text, outcome text)
    language plpgsql security definer set search_path = mailbox, pg_temp as $$
declare
    one record;
begin
    for one in select * from unnest(shown, new_mail, new_key, new_sealed, new_sender) as u (hash, mail, key, sealed, sender)
                order by hash -- everybody locks links in the same order
    loop
        mail_id := one.mail;
        if exists (select from government_key where key_id = one.key) then
            outcome := use_link(one.hash, one.mail, one.key, one.sealed, one.sender);
        else
            outcome := 'key_unknown';
        end if;
        return next;
    end loop;
end
$$;

revoke execute on function mailbox.look_at_link(bytea),
    mailbox.use_links(bytea[], text[], text[], bytea[], bytea[]) from public;
grant execute on function mailbox.look_at_link(bytea),
    mailbox.use_links(bytea[], text[], text[], bytea[], bytea[]) to portal;
