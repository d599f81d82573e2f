-- Read models as they were at an earlier position of the log: all tables of a replay are in the schema replay_NAME.
create table if not exists projections.replays (
    name        text        primary key,
    -- The last event in it, and when that was recorded.
    position    bigint      not null,
    recorded_at timestamptz not null,
    -- Where it holds the events of one loan alone.
    loan        uuid,
    -- Of what its tables look like.
    shape       text        not null,
    began_at    timestamptz not null,
    -- Null while it is made, and where that was broken off.
    finished_at timestamptz
);
