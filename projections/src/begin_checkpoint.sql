-- One that is projected anew answers again when it is where it was, and one that is new when it is where the others are.
with forgotten as (delete from projections.projection_partitions where name = $1 returning position)
insert into projections.projection_checkpoints as c (name, position, shape, serves_from)
select $1, 0, md5($2), coalesce(max(position), 0) from projections.projection_checkpoints
    on conflict (name) do update
       set position = 0, recorded_at = null, stopped_by = null, shape = excluded.shape, road = 'log',
           serves_from = greatest(c.serves_from, c.position, (select min(position) from forgotten))
