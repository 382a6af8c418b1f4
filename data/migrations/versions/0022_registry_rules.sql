-- A claim is never changed: it is withdrawn once, and erased where the law asks it. Entities stay as tombstones.
create function refuse_claim_change() returns trigger language plpgsql as $$
begin
    if (new.id, new.entity_id, new.source_id, new.field, new.verification, new.at, new.created_at)
           is distinct from (old.id, old.entity_id, old.source_id, old.field, old.verification, old.at, old.created_at)
       or (new.value is distinct from old.value and new.value is not null)
       or (old.withdrawn_at is not null and new.withdrawn_at is distinct from old.withdrawn_at)
       or (old.erased_at is not null and new.erased_at is distinct from old.erased_at) then
        raise exception 'registry_claim is append-only' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger only_withdrawn before update on registry_claim for each row execute function refuse_claim_change();
create trigger append_only before delete or truncate on registry_claim for each statement execute function refuse_change();
create trigger append_only before delete or truncate on registry_entity for each statement execute function refuse_change();
create trigger append_only before delete or truncate on registry_merge for each statement execute function refuse_change();

-- What a row of registry_density and registry_pyramid is seen by: of a building, all of where it lies; of a cell, the areas that
-- its code puts it in; of an area, itself; hexagons and the whole city cross every limit, so that they are seen with no limit only.
create function registry_scope(layer text, place text, areas jsonb) returns jsonb language sql immutable parallel safe as $$
    select case when layer = 'building' then areas
                when layer = 'cell' then jsonb_strip_nulls(jsonb_build_object('cell', place, 'community', areas -> 'community',
                                         'subdistrict', areas -> 'subdistrict', 'district', areas -> 'district'))
                when layer = '' or layer like 'hex%' then null
                else jsonb_build_object(layer, place) end
$$;

-- Rows of one statement are added up by place in a fixed order, so that two statements never wait for each other in a ring.
create function count_new_entities() returns trigger language plpgsql as $$
begin
    insert into registry_density as held (layer, place, kind, areas, entities, incomplete, stale)
    select layer, place, kind, registry_scope(layer, place, (array_agg(areas))[1]), count(*), count(*) filter (where incomplete),
           count(*) filter (where stale)
      from added, lateral (select key as layer, value as place from jsonb_each_text(areas) union all select '', '') as places
     where root_id = id and erased_at is null
     group by layer, place, kind order by layer, kind, place
    on conflict (layer, kind, place) do update
       set entities = held.entities + excluded.entities, incomplete = held.incomplete + excluded.incomplete,
           stale = held.stale + excluded.stale, areas = coalesce(excluded.areas, held.areas);
    insert into registry_pyramid as held (layer, place, sex, birth_year, areas, persons)
    select layer, place, coalesce(sex, ''), coalesce(extract(year from birth_date), 0)::smallint,
           registry_scope(layer, place, (array_agg(areas))[1]), count(*)
      from added, lateral (select key as layer, value as place from jsonb_each_text(areas) union all select '', '') as places
     where kind = 'person' and root_id = id and erased_at is null and layer not in ('building', 'cell') and layer not like 'hex%'
     group by layer, place, 3, 4 order by layer, place, 3, 4
    on conflict (layer, place, sex, birth_year) do update set persons = held.persons + excluded.persons;
    return null;
end $$;

create function count_changed_entities() returns trigger language plpgsql as $$
begin
    with moved as (
        select 1 as sign, n.* from added as n join gone as o using (id)
         where (n.root_id, n.erased_at, n.areas, n.incomplete, n.stale)
               is distinct from (o.root_id, o.erased_at, o.areas, o.incomplete, o.stale)
        union all
        select -1, o.* from added as n join gone as o using (id)
         where (n.root_id, n.erased_at, n.areas, n.incomplete, n.stale)
               is distinct from (o.root_id, o.erased_at, o.areas, o.incomplete, o.stale)),
    summed as (
        select layer, place, kind, registry_scope(layer, place, (array_agg(areas order by sign desc))[1]) as areas,
               sum(sign) as entities, sum(sign) filter (where incomplete) as incomplete, sum(sign) filter (where stale) as stale
          from moved, lateral (select key as layer, value as place from jsonb_each_text(areas) union all select '', '') as places
         where root_id = id and erased_at is null
         group by layer, place, kind)
    insert into registry_density as held (layer, place, kind, areas, entities, incomplete, stale)
    select layer, place, kind, areas, entities, coalesce(incomplete, 0), coalesce(stale, 0) from summed
     where (entities, coalesce(incomplete, 0), coalesce(stale, 0)) <> (0, 0, 0) order by layer, kind, place
    on conflict (layer, kind, place) do update
       set entities = held.entities + excluded.entities, incomplete = held.incomplete + excluded.incomplete,
           stale = held.stale + excluded.stale, areas = coalesce(excluded.areas, held.areas);
    with moved as (
        select 1 as sign, n.* from added as n join gone as o using (id)
         where (n.root_id, n.erased_at, n.areas, n.sex, n.birth_date)
               is distinct from (o.root_id, o.erased_at, o.areas, o.sex, o.birth_date)
        union all
        select -1, o.* from added as n join gone as o using (id)
         where (n.root_id, n.erased_at, n.areas, n.sex, n.birth_date)
               is distinct from (o.root_id, o.erased_at, o.areas, o.sex, o.birth_date)),
    summed as (
        select layer, place, coalesce(sex, '') as sex, coalesce(extract(year from birth_date), 0)::smallint as birth_year,
               registry_scope(layer, place, (array_agg(areas order by sign desc))[1]) as areas, sum(sign) as persons
          from moved, lateral (select key as layer, value as place from jsonb_each_text(areas) union all select '', '') as places
         where kind = 'person' and root_id = id and erased_at is null and layer not in ('building', 'cell') and layer not like 'hex%'
         group by layer, place, 3, 4)
    insert into registry_pyramid as held (layer, place, sex, birth_year, areas, persons)
    select layer, place, sex, birth_year, areas, persons from summed where persons <> 0 order by layer, place, sex, birth_year
    on conflict (layer, place, sex, birth_year) do update set persons = held.persons + excluded.persons;
    return null;
end $$;

create trigger count_new after insert on registry_entity referencing new table as added
    for each statement execute function count_new_entities();
create trigger count_changed after update on registry_entity referencing new table as added old table as gone
    for each statement execute function count_changed_entities();

-- Who sees the whole city sees everything; who is limited to areas sees what lies there. Departments and teams see nothing here:
-- departments call by their keys.
create policy staff on registry_entity to needle_staff using (
    exists (select from staff() where department is null and team is null)
    and ((select layer from staff()) is null or areas ->> (select layer from staff()) = any ((select codes from staff())::text[])));
create policy staff on registry_density to needle_staff using (
    exists (select from staff() where department is null and team is null)
    and ((select layer from staff()) is null or areas ->> (select layer from staff()) = any ((select codes from staff())::text[])));
create policy staff on registry_pyramid to needle_staff using (
    exists (select from staff() where department is null and team is null)
    and ((select layer from staff()) is null or areas ->> (select layer from staff()) = any ((select codes from staff())::text[])));
create policy staff on registry_claim to needle_staff using (
    exists (select from registry_entity e where e.id = entity_id));
create policy staff on registry_relation to needle_staff using (
    exists (select from registry_entity e where e.id = subject_id) and exists (select from registry_entity e where e.id = object_id));
create policy staff on registry_merge to needle_staff using (
    exists (select from registry_entity e where e.id = survivor_id));
create policy staff on registry_apart to needle_staff using (
    exists (select from registry_entity e where e.id = left_id) and exists (select from registry_entity e where e.id = right_id));
create policy staff on registry_doubt to needle_staff using (
    exists (select from registry_entity e where e.id = left_id) and exists (select from registry_entity e where e.id = right_id));
create policy staff on registry_filling to needle_staff using (
    exists (select from link where link.id = link_id));
alter table registry_entity enable row level security;
alter table registry_density enable row level security;
alter table registry_pyramid enable row level security;
alter table registry_claim enable row level security;
alter table registry_relation enable row level security;
alter table registry_merge enable row level security;
alter table registry_apart enable row level security;
alter table registry_doubt enable row level security;
alter table registry_filling enable row level security;
