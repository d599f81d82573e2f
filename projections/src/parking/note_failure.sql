-- $4: it was tried by itself, so the next wait ($5) or the end of trying is decided; otherwise what was decided stays.
update projections.parked_streams
   set attempts = $2, cause = $3, last_failed_at = now(),
       next_attempt_at = case when $4 then clock_timestamp() + $5 * interval '1 millisecond' else next_attempt_at end,
       dead_since = case when $4 and $5::bigint is null then now() else dead_since end
 where id = $1
