-- $1 name, $2 type of stream, $3 after which position, $4 up to which position
with changed as (
    insert into derived (name, stream_id)
    select distinct $1, e.aggregate_id::uuid
      from events e
     where e.position > $3 and e.position <= $4 and e.aggregate_type = $2
        on conflict (name, stream_id) do update set value = null
    returning xmax = 0 as is_new
)
insert into derived_positions as known (name, position, streams)
select $1, $4, count(*) filter (where is_new) from changed
    on conflict (name) do update set position = excluded.position, streams = known.streams + excluded.streams
