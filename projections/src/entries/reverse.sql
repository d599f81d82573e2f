update entries e
   set reversed_on = r.reversed_on, reversal_booked_on = r.booked_on, reversal_reason = r.reason, version = r.version,
       position = r.position, updated_at = r.updated_at
  from unnest($1::uuid[], $2::date[], $3::date[], $4::text[], $5::bigint[], $6::bigint[], $7::timestamptz[])
       as r (id, reversed_on, booked_on, reason, version, position, updated_at)
 where e.id = r.id
