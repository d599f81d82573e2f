update products p
   set version = coalesce(c.version, p.version), retired_on = coalesce(c.retired_on, p.retired_on),
       retirement_reason = coalesce(c.reason, p.retirement_reason), position = c.position, updated_at = c.updated_at
  from unnest($1::uuid[], $2::int[], $3::date[], $4::text[], $5::bigint[], $6::timestamptz[])
       as c (id, version, retired_on, reason, position, updated_at)
 where p.id = c.id
