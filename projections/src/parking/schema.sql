-- Streams of which a read model cannot take an event. What comes after that event in its stream waits behind it, in
-- order; all other streams go on. Rows that are lost or emptied come back with the next rebuild.
create table if not exists projections.parked_streams (
    -- Names the stream with the event to blame: once another event is to blame, it has another id.
    id              uuid        primary key,
    projection      text        not null,
    stream_type     text        not null,
    stream_id       text        not null,
    -- The event to blame, and why.
    position        bigint      not null,
    sequence        bigint      not null,
    event_type      text        not null,
    cause           text        not null,
    attempts        int         not null,
    first_failed_at timestamptz not null,
    last_failed_at  timestamptz not null,
    -- When it is tried again by itself; null once it is a dead letter, which waits for somebody.
    next_attempt_at timestamptz,
    dead_since      timestamptz,
    -- When the dead letter was published to Kafka.
    published_at    timestamptz,
    unique (projection, stream_type, stream_id),
    check ((next_attempt_at is null) = (dead_since is not null))
);

-- Every event that is set aside: the one to blame, and those behind it. What they say is in the log.
create table if not exists projections.parked_events (
    projection  text        not null,
    stream_type text        not null,
    stream_id   text        not null,
    position    bigint      not null,
    sequence    bigint      not null,
    event_type  text        not null,
    parked_at   timestamptz not null,
    primary key (projection, stream_type, stream_id, position)
);
alter table projections.parked_events drop column if exists raw;

-- Events that somebody decided to do without, for the auditor. A read model that is projected anew leaves them out
-- again, unless it can take them by then: `restored_at`.
create table if not exists projections.discarded_events (
    projection   text        not null,
    position     bigint      not null,
    stream_type  text        not null,
    stream_id    text        not null,
    sequence     bigint      not null,
    event_type   text        not null,
    cause        text        not null,
    reason       text        not null,
    discarded_by text        not null,
    discarded_at timestamptz not null,
    restored_at  timestamptz,
    primary key (projection, position)
);
