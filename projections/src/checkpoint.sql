create schema if not exists projections;
create table if not exists projections.projection_checkpoints (
    name        text        primary key,
    position    bigint      not null,
    recorded_at timestamptz,
    -- The text of the tables that the rows were written for: with another one they are projected anew.
    shape       text        not null,
    stopped_by  text
) with (fillfactor = 10);
