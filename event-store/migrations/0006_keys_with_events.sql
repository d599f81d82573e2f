-- A command's idempotency key stands with the first of its events, and how many events the command has: a row and an
-- index entry less for each command than in a table of its own. Stock postgres-es writes no keys, so a unique
-- violation still tells it that a race was lost.
alter table events
    add column client          text,
    add column idempotency_key text,
    add column request_hash    bytea,
    add column command_events  int;

alter table events disable trigger only_append;
update events e
   set client = k.client, idempotency_key = k.key, request_hash = k.request_hash, command_events = k.event_count
  from idempotency_keys k
 where e.position = k.first_position;
alter table events enable trigger only_append;
drop table idempotency_keys;

create unique index events_idempotency_key on events (idempotency_key, client) where idempotency_key is not null;

-- Appends a batch of commands in one transaction, all or nothing: a unique violation says that a stream moved on, or
-- that a key or a claim is taken; `append_refusals` then tells which command stands in whose way.
--
-- The caller orders the batch: the commands of a stream follow each other, so its sequences have no gap.
-- `decided_under` is the sequence of the last event of the accounting periods that was known when the batch was
-- decided. If a period was closed or reopened since, all of it is refused (RZ001), to be decided again. Null: nothing
-- in it depends on the periods.
--
-- Readers are told by the caller, after the commit: a notification here would make each commit wait for those of
-- others.
drop function append_events;
create function append_events(
    decided_under bigint,
    stream_types text[], stream_ids text[], sequences bigint[], event_types text[], event_versions text[],
    payloads json[], metadatas json[],
    clients text[], keys text[], request_hashes bytea[], command_events int[],
    claim_kinds text[], claim_values text[],
    borrower_ids uuid[], borrower_tax_ids text[], borrower_names text[],
    out position_before bigint, out appended_at timestamptz
) language plpgsql as $$
declare
    appended bigint := cardinality(sequences);
begin
    -- Whoever holds this row is the only one to append, so positions are handed out in the order of commits.
    update event_head h
       set position = h.position + appended, recorded_at = greatest(h.recorded_at, clock_timestamp())
     returning h.position - appended, h.recorded_at into position_before, appended_at;

    -- What holds now holds until the commit: the statement has a snapshot of its own, taken after the wait for the row.
    if decided_under <> coalesce((
        select max(e.sequence) from events e
         where e.aggregate_type = 'Periods' and e.aggregate_id = '70657269-6f64-8000-8000-000000000001'), 0)
    then
        raise exception 'an accounting period was closed or reopened' using errcode = 'RZ001';
    end if;

    insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                        position, recorded_at, client, idempotency_key, request_hash, command_events)
    select e.stream_type, e.stream_id, e.sequence, e.type, e.version, e.payload, e.metadata,
           position_before + e.number, appended_at, e.client, e.key, e.request_hash, e.command_events
      from unnest(stream_types, stream_ids, sequences, event_types, event_versions, payloads, metadatas,
                  clients, keys, request_hashes, command_events)
           with ordinality as e (stream_type, stream_id, sequence, type, version, payload, metadata,
                                 client, key, request_hash, command_events, number);

    if cardinality(claim_kinds) > 0 then
        insert into claims (kind, value, position)
        select c.kind, c.value, position_before + appended from unnest(claim_kinds, claim_values) as c (kind, value);
    end if;
    if cardinality(borrower_ids) > 0 then
        -- Another id for a known tax id is a unique violation too.
        insert into borrowers (id, tax_id, name)
        select b.id, b.tax_id, b.name
          from unnest(borrower_ids, borrower_tax_ids, borrower_names) as b (id, tax_id, name)
            on conflict (id) do update set name = excluded.name;
    end if;
end $$;

-- As before, with the keys where they are now.
create or replace function append_refusals(
    head_commands int[], head_types text[], head_ids text[], head_expected bigint[],
    key_commands int[], clients text[], keys text[],
    claim_commands int[], claim_kinds text[], claim_values text[],
    borrower_commands int[], borrower_ids uuid[], borrower_tax_ids text[]
) returns table (command int, reason text) language sql stable as $$
    select k.command, 'repeated'
      from unnest(key_commands, clients, keys) as k (command, client, key)
     where exists (select from events known where known.client = k.client and known.idempotency_key = k.key)
    union all
    select h.command, 'conflict'
      from unnest(head_commands, head_types, head_ids, head_expected) as h (command, type, id, expected)
     where h.expected <> coalesce((
            select max(e.sequence) from events e where e.aggregate_type = h.type and e.aggregate_id = h.id), 0)
    union all
    select c.command, 'claimed'
      from unnest(claim_commands, claim_kinds, claim_values) as c (command, kind, value)
     where exists (select from claims known where known.kind = c.kind and known.value = c.value)
    union all
    select b.command, 'borrower'
      from unnest(borrower_commands, borrower_ids, borrower_tax_ids) as b (command, id, tax_id)
     where exists (select from borrowers known where known.tax_id = b.tax_id and known.id <> b.id)
$$;
