with forgotten as (delete from projections.projection_partitions where name = $1)
insert into projections.projection_checkpoints as c (name, position, shape)
values ($1, 0, md5($2))
    on conflict (name) do update
       set position = 0, recorded_at = null, stopped_by = null, shape = excluded.shape, road = 'log'
