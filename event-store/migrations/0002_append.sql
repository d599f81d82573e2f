-- Appends a batch of commands in one transaction, all or nothing: a unique violation says that a stream moved on, or
-- that a key or a claim is taken; `append_refusals` then tells which command stands in whose way.
--
-- The caller orders the batch: the commands of a stream follow each other, so its sequences have no gap.
create function append_events(
    stream_types text[], stream_ids text[], sequences bigint[], event_types text[], event_versions text[],
    payloads text[], metadatas text[],
    clients text[], keys text[], request_hashes bytea[], first_events int[], event_counts int[],
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

    insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                        position, recorded_at)
    select e.stream_type, e.stream_id, e.sequence, e.type, e.version, e.payload::json, e.metadata::json,
           position_before + e.number, appended_at
      from unnest(stream_types, stream_ids, sequences, event_types, event_versions, payloads, metadatas)
           with ordinality as e (stream_type, stream_id, sequence, type, version, payload, metadata, number);

    insert into idempotency_keys (client, key, request_hash, first_position, event_count)
    select k.client, k.key, k.request_hash, position_before + k.first_event, k.event_count
      from unnest(clients, keys, request_hashes, first_events, event_counts)
           as k (client, key, request_hash, first_event, event_count);

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
    perform pg_notify('razao_events', '');
end $$;

-- The commands of a batch that stand in its way, by their number, and why: `repeated` (the idempotency key is known),
-- `conflict` (the stream moved on), `claimed` (a claim is taken), `borrower` (the tax id belongs to a borrower of
-- another id). Of each stream only the first command is asked about: the others build on it.
create function append_refusals(
    head_commands int[], head_types text[], head_ids text[], head_expected bigint[],
    key_commands int[], clients text[], keys text[],
    claim_commands int[], claim_kinds text[], claim_values text[],
    borrower_commands int[], borrower_ids uuid[], borrower_tax_ids text[]
) returns table (command int, reason text) language sql stable as $$
    select k.command, 'repeated'
      from unnest(key_commands, clients, keys) as k (command, client, key)
     where exists (select from idempotency_keys known where known.client = k.client and known.key = k.key)
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
