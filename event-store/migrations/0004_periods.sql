-- Appends a batch that was decided under accounting periods as they stood at `decided_under`, the sequence of the last
-- event of the periods' stream. If a period was closed or reopened since, all of it is refused (RZ001), to be decided
-- again. Null: nothing in it depends on the periods.
create function append_decided(
    decided_under bigint,
    stream_types text[], stream_ids text[], sequences bigint[], event_types text[], event_versions text[],
    payloads text[], metadatas text[],
    clients text[], keys text[], request_hashes bytea[], first_events int[], event_counts int[],
    claim_kinds text[], claim_values text[],
    borrower_ids uuid[], borrower_tax_ids text[], borrower_names text[],
    out position_before bigint, out appended_at timestamptz
) language plpgsql as $$
begin
    if decided_under is not null then
        -- Whoever holds this row is the only one to append, so what holds now holds until the commit. The next
        -- statement has a snapshot of its own, taken after the wait for the row.
        perform from event_head for update;
        if decided_under <> coalesce((
            select max(e.sequence) from events e
             where e.aggregate_type = 'Periods' and e.aggregate_id = '70657269-6f00-8000-8000-000000000001'), 0)
        then
            raise exception 'an accounting period was closed or reopened' using errcode = 'RZ001';
        end if;
    end if;
    select a.position_before, a.appended_at
      into append_decided.position_before, append_decided.appended_at
      from append_events(stream_types, stream_ids, sequences, event_types, event_versions, payloads, metadatas,
                         clients, keys, request_hashes, first_events, event_counts, claim_kinds, claim_values,
                         borrower_ids, borrower_tax_ids, borrower_names) a;
end $$;
