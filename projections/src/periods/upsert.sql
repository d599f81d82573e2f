insert into periods (month, is_closed, closed_through, changed_on, reason, position, updated_at)
select * from unnest($1::text[], $2::boolean[], $3::date[], $4::date[], $5::text[], $6::bigint[], $7::timestamptz[])
    on conflict (month) do update
   set is_closed = excluded.is_closed, closed_through = excluded.closed_through, changed_on = excluded.changed_on,
       reason = excluded.reason, position = excluded.position, updated_at = excluded.updated_at
