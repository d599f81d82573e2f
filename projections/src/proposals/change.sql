update proposals p
   set status = c.status, accepted = coalesce(c.accepted, p.accepted), ended = coalesce(c.ended, p.ended),
       outcome = coalesce(c.outcome, p.outcome), version = c.version, position = c.position, updated_at = c.updated_at
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::timestamptz[])
       as c (id, status, accepted, ended, outcome, version, position, updated_at)
 where p.id = c.id
