update projections.parked_streams
   set id = $2, position = $3, sequence = $4, event_type = $5, cause = $6, attempts = 1, first_failed_at = now(),
       last_failed_at = now(), next_attempt_at = now(), dead_since = null, published_at = null
 where id = $1
