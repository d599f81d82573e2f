-- A batch may depend on the accounting periods: `decided_under` is the sequence of the last event of the periods'
-- stream that was known when it was decided. If a period was closed or reopened since, all of it is refused (RZ001), to
-- be decided again. Null: nothing in it depends on the periods.
drop function append_events;
create function append_events(
    decided_under bigint,
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

    -- What holds now holds until the commit: the statement has a snapshot of its own, taken after the wait for the row.
    if decided_under <> coalesce((
        select max(e.sequence) from events e
         where e.aggregate_type = 'Periods' and e.aggregate_id = '70657269-6f64-8000-8000-000000000001'), 0)
    then
        raise exception 'an accounting period was closed or reopened' using errcode = 'RZ001';
    end if;

    insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                        position, recorded_at)
    select e.stream_type, e.stream_id, e.sequence, e.type, e.version, e.payload::json, e.metadata::json,
           position_before + e.number, appended_at
      from unnest(stream_types, stream_ids, sequences, event_types, event_versions, payloads, metadatas)
           with ordinality as e (stream_type, stream_id, sequence, type, version, payload, metadata, number);

    if cardinality(keys) > 0 then
        insert into idempotency_keys (client, key, request_hash, first_position, event_count)
        select k.client, k.key, k.request_hash, position_before + k.first_event, k.event_count
          from unnest(clients, keys, request_hashes, first_events, event_counts)
               as k (client, key, request_hash, first_event, event_count);
    end if;

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
