create schema if not exists projections;
create table if not exists projections.projection_checkpoints (
    name        text        primary key,
    position    bigint      not null,
    recorded_at timestamptz,
    -- The text of the tables that the rows were written for: with another one they are projected anew.
    shape       text        not null,
    stopped_by  text
) with (fillfactor = 10);
-- By which road events come: `log`, or a topic of a Kafka. Who comes by another one writes nothing.
alter table projections.projection_checkpoints add column if not exists road text not null default 'log';
-- Before this position it is only half built, and answers nothing.
alter table projections.projection_checkpoints add column if not exists serves_from bigint not null default 0;
-- Where events come by Kafka, the consumer group that feeds it: another one takes it only when nobody of that is left.
alter table projections.projection_checkpoints add column if not exists fed_by text;
-- Why processes of another group do not feed it, and when they tried last.
alter table projections.projection_checkpoints add column if not exists refused text;
alter table projections.projection_checkpoints add column if not exists refused_at timestamptz;
-- Where events come by Kafka, how far each partition is.
create table if not exists projections.projection_partitions (
    name        text        not null,
    partition   int         not null,
    -- Counts up whenever somebody takes the partition over: whoever had it before writes nothing more.
    epoch       bigint      not null default 0,
    -- Every event of the partition up to here is in the rows.
    position    bigint      not null,
    -- When the event there was recorded.
    recorded_at timestamptz,
    -- The range of the record of completeness that comes right before `next_offset`. Null: read by time.
    proven_from bigint,
    proven_to   bigint,
    next_offset bigint,
    -- The last thing that was wrong with what came, and when.
    trouble     text,
    trouble_at  timestamptz,
    primary key (name, partition)
) with (fillfactor = 10);
