with head as (
    update event_head set position = position + cardinality($3::bigint[]), recorded_at = greatest(recorded_at, clock_timestamp())
 returning position - cardinality($3::bigint[]) as before, recorded_at
), appended as (
    insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position, recorded_at)
    select e.stream_type, e.stream_id, e.sequence, e.type, '1', e.payload::json, '{"actor":"test"}', head.before + e.number,
           head.recorded_at
      from head, unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])
           with ordinality as e (stream_type, stream_id, sequence, type, payload, number)
)
select pg_notify('razao_events', '')
