insert into limits (subject, limits, changed_on, reason, position, updated_at)
select * from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::bigint[], $6::timestamptz[])
    on conflict (subject) do update
   set limits = excluded.limits, changed_on = excluded.changed_on, reason = excluded.reason,
       position = excluded.position, updated_at = excluded.updated_at
