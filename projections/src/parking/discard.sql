insert into projections.discarded_events as d (projection, position, stream_type, stream_id, sequence, event_type, cause,
       reason, discarded_by, discarded_at)
select projection, position, stream_type, stream_id, sequence, event_type, cause, $2, $3, now()
  from projections.parked_streams
 where id = $1
    on conflict (projection, position) do update
       set cause = excluded.cause, reason = excluded.reason, discarded_by = excluded.discarded_by,
           discarded_at = excluded.discarded_at, restored_at = null
