create schema if not exists requests;

-- What became of each request. Its answer is that of the command: status, headers and body.
create table if not exists requests.requests (
    id             uuid        primary key,
    client         text        not null,
    status         text        not null check (status in ('queued', 'done', 'refused', 'failed')),
    accepted_at    timestamptz not null,
    finished_at    timestamptz,
    answer_status  smallint,
    answer_headers json,
    answer_body    text,
    check ((status = 'queued') = (finished_at is null)),
    check ((status = 'queued') = (answer_status is null))
);
create index if not exists requests_queued on requests.requests (accepted_at) where status = 'queued';
create index if not exists requests_finished on requests.requests (finished_at) where status <> 'queued';

-- The commands that wait, where there is no Kafka. Those of a stream are in one lane, and lanes are worked off in the
-- order of numbers by one worker at a time.
create table if not exists requests.queue (
    number  bigint   generated always as identity primary key,
    lane    smallint not null,
    id      uuid     not null,
    command json     not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index if not exists queue_lane on requests.queue (lane, number);

-- What each worker is executing.
create table if not exists requests.taken (
    worker   uuid        primary key,
    ids      uuid[]      not null,
    taken_at timestamptz not null default clock_timestamp()
);

-- Commands that workers had taken who ended amidst it, and how often.
create table if not exists requests.suspects (
    id      uuid        primary key,
    ends    int         not null,
    last_at timestamptz not null default clock_timestamp()
);

grant usage on schema requests to razao_app;
grant select, insert, update, delete
    on requests.requests, requests.queue, requests.taken, requests.suspects to razao_app;
