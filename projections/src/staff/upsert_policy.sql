insert into policies (name, limits, changed_on, reason, position, updated_at)
values ('second_person_above', $1, $2, $3, $4, $5)
    on conflict (name) do update
   set limits = excluded.limits, changed_on = excluded.changed_on, reason = excluded.reason,
       position = excluded.position, updated_at = excluded.updated_at
