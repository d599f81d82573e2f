with before as (
    delete from projections.parked_streams where projection = $1
    returning *
)
update projections.parked_streams s
   set projection = $1,
       id = coalesce(b.id, s.id),
       attempts = coalesce(b.attempts, s.attempts),
       first_failed_at = coalesce(b.first_failed_at, s.first_failed_at),
       next_attempt_at = case when b.id is null then s.next_attempt_at else b.next_attempt_at end,
       dead_since = b.dead_since,
       published_at = b.published_at
  from projections.parked_streams n
  left join before b on b.stream_type = n.stream_type and b.stream_id = n.stream_id and b.position = n.position
 where n.projection = $2 and s.id = n.id
