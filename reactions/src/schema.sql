create schema if not exists reactions;

-- How far the log was sent to a topic of a Kafka cluster: everything up to `position` was acknowledged.
create table if not exists reactions.relay_checkpoints (
    topic       text        not null,
    cluster     text        not null,
    position    bigint      not null check (position >= 0),
    recorded_at timestamptz,
    moved_at    timestamptz not null default clock_timestamp(),
    primary key (topic, cluster)
);

grant usage on schema reactions to razao_app;
grant select, insert, update on reactions.relay_checkpoints to razao_app;
