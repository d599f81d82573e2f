insert into projections.projection_checkpoints as c (name, position, shape)
values ($1, 0, md5($2))
    on conflict (name) do update set position = 0, recorded_at = null, stopped_by = null, shape = excluded.shape
