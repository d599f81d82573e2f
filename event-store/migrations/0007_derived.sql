-- What follows from each stream of a kind, kept by name so that it need not be derived again: a cache that may be
-- emptied at any time. Null: something happened to the stream since, or nothing was derived of it yet.
create table derived (
    name      text not null,
    stream_id uuid not null,
    value     text,
    primary key (name, stream_id)
);
-- Up to where the log was searched for streams that changed, and how many there are.
create table derived_positions (
    name     text   primary key,
    position bigint not null,
    streams  bigint not null
);
grant select, insert, update, delete on derived, derived_positions to razao_app;
